"""The inbox: what reached us from outside, stored under its identity before anything acts."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    bindparam,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Utc, id_column, keyring_of
from shared.base.privacy import Keyring
from shared.base.sealing import SEALED

KEEP_BODIES = timedelta(days=30)
KEEP_ASIDE = timedelta(days=120)
MOST_TRIES = 5
_PURPOSE = "inbox"


class Arrival(StrEnum):
    """What storing one item came to."""

    STORED = "stored"
    REPEATED = "repeated"
    """The same identity with the same body: heard before."""
    CONFLICT = "conflict"
    """The same identity with another body: a person decides."""


class Inbox(Base):
    """One update or event. `done_at` null: still to be heard; `set_aside_at`: poison."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_inbox_waiting", "kind", "done_at", "id"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(20))
    """Who hears it: `bank` or `telegram`."""
    source: Mapped[str] = mapped_column(String(255))
    external_id: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed hash of whom it names, by which it is found when they are erased; as long as the
    body."""
    body: Mapped[bytes | None] = mapped_column(LargeBinary, info={SEALED: _PURPOSE})
    received_at: Mapped[datetime] = mapped_column(Utc)
    done_at: Mapped[datetime | None] = mapped_column(Utc)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    set_aside_at: Mapped[datetime | None] = mapped_column(Utc)
    problem: Mapped[str | None] = mapped_column(String(120))


class InboxConflict(Base):
    """An event whose identity was known with another body; kept for the person who decides."""

    __tablename__ = "inbox_conflicts"
    __table_args__ = (UniqueConstraint("inbox_id", "digest"),)

    id: Mapped[int] = id_column()
    inbox_id: Mapped[int] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary, info={SEALED: _PURPOSE})
    received_at: Mapped[datetime] = mapped_column(Utc)


@dataclass(frozen=True)
class Item:
    """One thing to store: its identity and its JSON body."""

    source: str
    external_id: str
    body: dict[str, Any]
    owner: str = ""
    """Who wrote it or whom it names, where that is known: `telegram:7001`, a number in E.164."""


def canonical(body: dict[str, Any]) -> bytes:
    """The same JSON value always as the same bytes."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def store(session: Session, kind: str, items: list[Item], now: datetime) -> list[Arrival]:
    """Store a batch under its identities; the answers stand in the order of the items."""
    keyring = keyring_of(session)
    digest_key = keyring.blind_key
    known = _known(session, items)
    arrivals: list[Arrival] = []
    fresh: list[dict[str, Any]] = []
    for item in items:
        plain = canonical(item.body)
        digest = hmac.new(digest_key, plain, hashlib.sha256).hexdigest()
        before = known.get((item.source, item.external_id))
        if before is None:
            known[(item.source, item.external_id)] = (0, digest)
            fresh.append(
                {
                    "kind": kind,
                    "source": item.source,
                    "external_id": item.external_id,
                    "digest": digest,
                    "owner": _owner(keyring, item.owner),
                    "body": keyring.seal(plain, _PURPOSE),
                    "received_at": now,
                    "tries": 0,
                }
            )
            arrivals.append(Arrival.STORED)
        elif before[1] == digest:
            arrivals.append(Arrival.REPEATED)
        else:
            arrivals.append(Arrival.CONFLICT)
            if before[0]:
                body, owner = keyring.seal(plain, _PURPOSE), _owner(keyring, item.owner)
                _keep_conflict(session, before[0], digest, body, owner, now)
    if fresh:
        session.execute(Inbox.__table__.insert(), fresh)  # type: ignore[attr-defined]
    return arrivals


def _owner(keyring: Keyring, owner: str) -> str | None:
    return keyring.blind("owner", owner) if owner else None


def names(session: Session, owner: str) -> ColumnElement[bool]:
    """Whether a row names somebody: `telegram:7001`, a number in E.164."""
    return Inbox.owner == _owner(keyring_of(session), owner)


def forget_owner(session: Session, owner: str) -> int:
    """Empty all that names somebody and was heard, and whom it named; how many."""
    mine = names(session, owner)
    session.execute(
        delete(InboxConflict).where(InboxConflict.inbox_id.in_(select(Inbox.id).where(mine)))
    )
    heard = or_(Inbox.done_at.is_not(None), Inbox.set_aside_at.is_not(None))
    emptied = session.execute(update(Inbox).where(mine, heard).values(body=None, owner=None))
    return int(emptied.rowcount)  # type: ignore[attr-defined]


def _known(session: Session, items: list[Item]) -> dict[tuple[str, str], tuple[int, str]]:
    found: dict[tuple[str, str], tuple[int, str]] = {}
    by_source: dict[str, list[str]] = {}
    for item in items:
        by_source.setdefault(item.source, []).append(item.external_id)
    for source, ids in by_source.items():
        for start in range(0, len(ids), 500):
            rows = session.execute(
                select(Inbox.external_id, Inbox.id, Inbox.digest).where(
                    Inbox.source == source, Inbox.external_id.in_(ids[start : start + 500])
                )
            )
            found.update({(source, r.external_id): (r.id, r.digest) for r in rows})
    return found


def _keep_conflict(
    session: Session, inbox_id: int, digest: str, sealed: bytes, owner: str | None, now: datetime
) -> None:
    kept = session.scalar(
        select(InboxConflict.id).where(
            InboxConflict.inbox_id == inbox_id, InboxConflict.digest == digest
        )
    )
    if kept is None:
        session.add(InboxConflict(inbox_id=inbox_id, digest=digest, body=sealed, received_at=now))
    if owner is not None:  # it may have been forgotten with the body of what came first
        session.execute(update(Inbox).where(Inbox.id == inbox_id).values(owner=owner))


def waiting(session: Session, kind: str, most: int) -> list[Inbox]:
    """The oldest rows nobody has heard yet, locked for this transaction where the engine can."""
    query = (
        select(Inbox)
        .where(Inbox.kind == kind, Inbox.done_at.is_(None), Inbox.set_aside_at.is_(None))
        .order_by(Inbox.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(query))


def read_body(session: Session, row: Inbox) -> dict[str, Any]:
    """The body of a row that is not yet erased."""
    assert row.body is not None
    body = json.loads(keyring_of(session).open(row.body, _PURPOSE))
    assert isinstance(body, dict)
    return body


_TABLE = Inbox.metadata.tables[Inbox.__tablename__]
_TAKE = (
    update(_TABLE)  # by Core: a hot path
    .where(
        _TABLE.c.id.in_(bindparam("ids", expanding=True)),
        _TABLE.c.done_at.is_(None),
        _TABLE.c.set_aside_at.is_(None),
    )
    .values(done_at=bindparam("now"))
    .returning(_TABLE.c.id)
)


def take(session: Session, row_ids: list[int], now: datetime) -> set[int]:
    """Make these rows' effects ours and mark them done; without those somebody else has had.

    Rolls back with the effects, so what failed is waiting again.
    """
    taken = session.execute(_TAKE, {"ids": row_ids, "now": now})
    return set(taken.scalars())


def mark_done(session: Session, row_ids: list[int], now: datetime) -> None:
    """These rows have had their effect, in this same transaction."""
    if row_ids:
        session.execute(update(Inbox).where(Inbox.id.in_(row_ids)).values(done_at=now))


def mark_failed(session: Session, row_id: int, problem: str, now: datetime) -> None:
    """Count a failed try; after MOST_TRIES the row is set aside and the rest flow on.

    `problem` is an error's class or code, never its text (texts may hold personal data).
    """
    row = session.get(Inbox, row_id)
    if row is None:
        return
    row.tries += 1
    row.problem = problem[:120]
    if row.tries >= MOST_TRIES:
        row.set_aside_at = now


def replay(session: Session, row_id: int) -> None:
    """Let a row that was set aside be heard again."""
    session.execute(
        update(Inbox).where(Inbox.id == row_id).values(set_aside_at=None, tries=0, problem=None)
    )


def replay_set_aside(session: Session, kind: str) -> int:
    """Let what was set aside and still has its body be heard again; how many rows."""
    rows = session.scalars(
        select(Inbox.id).where(
            Inbox.kind == kind, Inbox.set_aside_at.is_not(None), Inbox.body.is_not(None)
        )
    ).all()
    for row_id in rows:
        replay(session, row_id)
    return len(rows)


def erase_old_bodies(session: Session, now: datetime) -> int:
    """Empty what was done 30 days ago, and whom it named; identities and digests stay.

    What was set aside, and other bodies under an identity that was known, wait four times as
    long for a person.
    """
    gone = InboxConflict.received_at < now - KEEP_ASIDE
    conflicts = session.execute(delete(InboxConflict).where(gone))
    waits = select(InboxConflict.id).where(InboxConflict.inbox_id == Inbox.id).exists()
    old = or_(Inbox.done_at < now - KEEP_BODIES, Inbox.set_aside_at < now - KEEP_ASIDE)
    erased = session.execute(update(Inbox).where(old, Inbox.body.is_not(None)).values(body=None))
    session.execute(update(Inbox).where(old, Inbox.owner.is_not(None), ~waits).values(owner=None))
    return int(erased.rowcount + conflicts.rowcount)  # type: ignore[attr-defined]
