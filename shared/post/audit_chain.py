"""The audit's chain: a second, append-only list that makes a changed or missing act show.

Acts are written by every process at once, so they are chained afterwards, by one at a time, in
the order in which they are found. A link is a keyed hash over the one before and the act: who
lacks the keys cannot make another that fits. What was cut off at the end shows only against a
head that was noted elsewhere; the worker's log notes each.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, keyring_of
from shared.post.audit import Audit

STRAGGLERS = 5_000
"""How far behind the newest chained act one may lie that was committed late."""
SETTLED_AFTER = timedelta(hours=1)
"""An act this old is in the chain, or something is wrong."""
_FIRST = "0" * 64
_LOCK = 0x4A41554449  # one process chains at a time; SQLite's writers are one at a time anyway


class Link(Base):
    """One act's place in the chain. The database refuses to change or delete a row."""

    __tablename__ = "audit_chain"

    place: Mapped[int] = mapped_column(Id, primary_key=True)
    audit_id: Mapped[int] = mapped_column(Id, unique=True)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Flaw:
    """What is wrong at a place of the chain: `missing`, `gap`, `changed` or `unchained`."""

    place: int
    what: str


@dataclass(frozen=True)
class Head:
    """How long the chain is, and its last hash."""

    place: int
    hash: str


def head(session: Session) -> Head:
    """The chain's end."""
    last = session.scalars(select(Link).order_by(Link.place.desc()).limit(1)).first()
    return Head(last.place, last.hash) if last is not None else Head(0, _FIRST)


def chain_new(session: Session, most: int = 500) -> int:
    """Append what is not in the chain yet; how many acts that was."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    newest = session.scalar(select(func.max(Link.audit_id))) or 0
    rows = session.execute(
        select(Audit.id, Audit.at, Audit.actor, Audit.act, Audit.subject, Audit.details)
        .outerjoin(Link, Link.audit_id == Audit.id)
        .where(Link.place.is_(None), Audit.id > newest - STRAGGLERS)
        .order_by(Audit.id)
        .limit(most)
    ).all()
    key, end = keyring_of(session).blind_key, head(session)
    for act in rows:
        end = Head(end.place + 1, _link(key, end, act))
        session.add(Link(place=end.place, audit_id=act.id, hash=end.hash))
    session.flush()
    return len(rows)


def _link(key: bytes, before: Head, act: Row[tuple[int, datetime, str, str, str, object]]) -> str:
    said = [
        "audit", before.hash, before.place + 1, act.id, act.at.astimezone(UTC).isoformat(),
        act.actor, act.act, act.subject, act.details,
    ]  # fmt: skip
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()


def flaws(session: Session, now: datetime) -> Iterator[Flaw]:
    """Walk the whole chain; memory does not grow with it."""
    key, end = keyring_of(session).blind_key, Head(0, _FIRST)
    links = session.execute(
        select(
            Link.place, Link.hash, Link.audit_id,
            Audit.id, Audit.at, Audit.actor, Audit.act, Audit.subject, Audit.details,
        )
        .outerjoin(Audit, Audit.id == Link.audit_id)
        .order_by(Link.place)
        .execution_options(yield_per=1000)
    )  # fmt: skip
    for row in links:
        if row.place != end.place + 1:
            yield Flaw(end.place + 1, "gap")
            end = Head(row.place - 1, end.hash)
        if row.id is None:
            yield Flaw(row.place, "missing")
        elif _link(key, end, row) != row.hash:
            yield Flaw(row.place, "changed")
        end = Head(row.place, row.hash)
    late = session.scalar(
        select(func.count())
        .select_from(Audit)
        .outerjoin(Link, Link.audit_id == Audit.id)
        .where(Link.place.is_(None), Audit.at < now - SETTLED_AFTER)
    )
    if late:
        yield Flaw(end.place, "unchained")
