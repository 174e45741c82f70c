"""The blacklist: keyed hashes of what a confirmed abuser used, for a term.

Nobody is turned away by it: who matches is held for a person, and reads what everybody reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column, keyring_of


class Mark(StrEnum):
    """What a hash is of."""

    NUMBER = "number"
    DEVICE = "device"
    CUSTOMER = "customer"
    ACCOUNT = "account"


class Listed(Base):
    """One hash of one case. Deleted when its term ends, or at once when an appeal clears it."""

    __tablename__ = "blacklist"
    __table_args__ = (Index("ix_blacklist_hash", "mark", "hash"),)

    id: Mapped[int] = id_column()
    mark: Mapped[str] = mapped_column(String(10))
    hash: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[int] = mapped_column(Id, index=True)
    listed_at: Mapped[datetime] = mapped_column(Utc)
    until: Mapped[datetime] = mapped_column(Utc, index=True)


def customer_hash(session: Session, customer_ref: str) -> str:
    """The keyed hash of the bank's reference of a customer."""
    return keyring_of(session).blind("customer", customer_ref)


def list_all(
    session: Session,
    case_id: int,
    marks: Iterable[tuple[Mark, str]],
    now: datetime,
    until: datetime,
) -> int:
    """Put hashes on the blacklist; how many."""
    rows = sorted({(mark.value, each) for mark, each in marks if each})
    session.add_all(
        Listed(mark=mark, hash=each, case_id=case_id, listed_at=now, until=until)
        for mark, each in rows
    )
    session.flush()
    return len(rows)


def found_among(session: Session, mark: Mark, hashes: Collection[str], now: datetime) -> set[str]:
    """Which of some hashes are listed."""
    if not hashes:
        return set()
    query = select(Listed.hash).where(
        Listed.mark == mark.value, Listed.hash.in_(hashes), Listed.until > now
    )
    return set(session.scalars(query))


def strike(session: Session, case_id: int, now: datetime) -> int:
    """What a case listed counts no longer from now on; how many."""
    ended = update(Listed).where(Listed.case_id == case_id, Listed.until > now).values(until=now)
    return int(session.execute(ended).rowcount)  # type: ignore[attr-defined]


def forget_listed(session: Session, now: datetime) -> int:
    """Delete hashes whose term is over; how many."""
    return int(session.execute(delete(Listed).where(Listed.until <= now)).rowcount)  # type: ignore[attr-defined]
