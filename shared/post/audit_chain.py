"""The audit's chain: a second, append-only list that makes a changed or missing act show.

Acts are written by every process at once, so they are chained afterwards, by one at a time, in
the order in which they are found. A link is a keyed hash over the one before and the act: who
lacks the keys cannot make another that fits. An act whose mark is not ours is never chained, so
that what was put into the table by hand is found there. What was cut off at the end shows only
against a head that was noted elsewhere; the worker's log notes each.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Row, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, keyring_of
from shared.post.audit import Audit, is_genuine

STRAGGLERS = 5_000
"""How far behind the newest chained act one may lie that was committed late."""
SETTLED_AFTER = timedelta(hours=1)
"""An act this old is in the chain, or something is wrong."""
_FIRST = "0" * 64
_LOCK = 0x4A41554449  # one process chains at a time; SQLite's writers are one at a time anyway


_Act = Row[tuple[int, datetime, str, str, str, Any, str | None]]
_SAID = (
    Audit.id, Audit.at, Audit.actor, Audit.act, Audit.subject, Audit.details, Audit.mark,
)  # fmt: skip


class Link(Base):
    """One act's place in the chain. The database refuses to change or delete a row."""

    __tablename__ = "audit_chain"

    place: Mapped[int] = mapped_column(Id, primary_key=True)
    audit_id: Mapped[int] = mapped_column(Id, unique=True)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Flaw:
    """What is wrong at a place of the chain, and with which act (0: nobody knows).

    `missing`, `gap`, `changed`; beside the chain (place 0) `inserted`, whose mark is not ours,
    and `unchained`.
    """

    place: int
    what: str
    act: int = 0


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
        select(*_SAID)
        .outerjoin(Link, Link.audit_id == Audit.id)
        .where(Link.place.is_(None), Audit.id > newest - STRAGGLERS)
        .order_by(Audit.id)
        .execution_options(yield_per=most)
    )
    key, end = keyring_of(session).blind_key, head(session)
    fit = list(islice(_genuine(rows, key, marked=_marks_began(session)), most))
    rows.close()
    for act in fit:
        end = Head(end.place + 1, _link(key, end, act))
        session.add(Link(place=end.place, audit_id=act.id, hash=end.hash))
    session.flush()
    return len(fit)


def _genuine(rows: Iterable[_Act], key: bytes, *, marked: bool) -> Iterator[_Act]:
    """Acts that one of our programs wrote. Those from before there were marks are believed
    until the first marked one is chained."""
    for act in rows:
        marked = marked or act.mark is not None
        if not marked or is_genuine(key, act):
            yield act


def _marks_began(session: Session) -> bool:
    marked = select(Link.place).join(Audit, Audit.id == Link.audit_id)
    marked = marked.where(Audit.mark.is_not(None)).order_by(Link.place.desc())
    return session.scalar(marked.limit(1)) is not None


def _link(key: bytes, before: Head, act: _Act) -> str:
    said = [
        "audit", before.hash, before.place + 1, act.id, act.at.astimezone(UTC).isoformat(),
        act.actor, act.act, act.subject, act.details,
    ]  # fmt: skip
    if act.mark is not None:
        said.append(act.mark)
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()


def flaws(session: Session, now: datetime) -> Iterator[Flaw]:
    """Walk the whole chain and what stands beside it; memory does not grow with it."""
    key, end = keyring_of(session).blind_key, Head(0, _FIRST)
    links = session.execute(
        select(*_SAID, Link.place, Link.hash, Link.audit_id)
        .select_from(Link)
        .outerjoin(Audit, Audit.id == Link.audit_id)
        .order_by(Link.place)
        .execution_options(yield_per=1000)
    )
    for row in links:
        if row.place != end.place + 1:
            yield Flaw(end.place + 1, "gap")
            end = Head(row.place - 1, end.hash)
        if row.id is None:
            yield Flaw(row.place, "missing", row.audit_id)
        elif _link(key, end, row) != row.hash:
            yield Flaw(row.place, "changed", row.audit_id)
        end = Head(row.place, row.hash)
    yield from _beside(session, now)


def _beside(session: Session, now: datetime) -> Iterator[Flaw]:
    """Acts that are not in the chain and should not be there, or should be by now."""
    key, marked = keyring_of(session).blind_key, _marks_began(session)
    waiting = session.execute(
        select(*_SAID)
        .outerjoin(Link, Link.audit_id == Audit.id)
        .where(Link.place.is_(None))
        .order_by(Audit.id)
        .execution_options(yield_per=1000)
    )
    for act in waiting:
        if not is_genuine(key, act) and (marked or act.mark is not None):
            yield Flaw(0, "inserted", act.id)
        elif act.at < now - SETTLED_AFTER:
            yield Flaw(0, "unchained", act.id)
