"""The audit: who did what to which thing, when, from where. Internal ids only, append-only.

Every act carries a mark that only a program with the keys can make, over a word used once and
the act itself: a row that somebody wrote into the table by hand, or copied, has none that fits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Utc, id_column, keyring_of


class Audit(Base):
    """One act. The database refuses to change or delete a row."""

    __tablename__ = "audit"

    id: Mapped[int] = id_column()
    at: Mapped[datetime] = mapped_column(Utc, index=True)
    actor: Mapped[str] = mapped_column(String(60))
    """`member:12`, `staff:3`, `operator:root`, `worker`, `friend:44`."""
    act: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    mark: Mapped[str | None] = mapped_column(String(48), index=True, unique=True)
    """None on acts from before there were marks."""


class Said(Protocol):
    """What an act says: a row of the table, or a part of a wider one."""

    @property
    def at(self) -> datetime: ...
    @property
    def actor(self) -> str: ...
    @property
    def act(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def details(self) -> Any: ...
    @property
    def mark(self) -> str | None: ...


_TABLET = "audit.tablet"


def at_tablet(session: Session, tablet_id: int) -> None:
    """From here on this session's acts are done at a tablet."""
    session.info[_TABLET] = tablet_id


def record(
    session: Session, actor: str, act: str, subject: str, now: datetime, **details: object
) -> None:
    """Write one act into the same transaction as its effect. Details hold ids and codes only.

    An act at a tablet names it, without being told (`at_tablet`).
    """
    session.add(_row(session, actor, act, subject, now, details))


def recorded(
    session: Session, actor: str, act: str, subject: str, now: datetime, **details: object
) -> int:
    """The same, and its number, where something hangs on its being on record."""
    row = _row(session, actor, act, subject, now, details)
    session.add(row)
    session.flush()
    return row.id


def _row(
    session: Session, actor: str, act: str, subject: str, now: datetime, details: dict[str, object]
) -> Audit:
    if (tablet := session.info.get(_TABLET)) is not None:
        details.setdefault("tablet", tablet)
    said = Audit(at=now, actor=actor, act=act, subject=subject, details=details)
    said.mark = mark_of(keyring_of(session).blind_key, secrets.token_hex(8), said)
    return said


def mark_of(key: bytes, once: str, act: Said) -> str:
    """The mark of an act under a word that is used once (16 hex digits); 48 hex digits."""
    at = act.at.astimezone(UTC).isoformat()
    details = json.loads(json.dumps(act.details))  # as they are read back
    said = ["act", once, at, act.actor, act.act, act.subject, details]
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return once + hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()[:32]


def is_genuine(key: bytes, act: Said) -> bool:
    """Whether a program with the keys wrote this act."""
    mark = act.mark
    return mark is not None and mark_of(key, mark[:16], act) == mark
