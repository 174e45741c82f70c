"""The audit: who did what to which thing, when, from where. Internal ids only, append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Utc, id_column


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
    return Audit(at=now, actor=actor, act=act, subject=subject, details=details)
