"""Leases: which process may do what only one may do at a time.

A holder renews inside the transaction of its work (`hold`), so a holder that was taken over
while it slept commits nothing: its conditional update finds another name and raises.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Utc
from shared.base.direct import Direct
from shared.base.rows import insert_new_rows

TERM = timedelta(seconds=2)


class Lease(Base):
    """One row a duty; made by the migration's first holder, then only updated."""

    __tablename__ = "leases"

    duty: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime] = mapped_column(Utc)


_LEASES = Lease.metadata.tables[Lease.__tablename__]


class LostLease(Exception):
    """Another process holds the duty now; what this one was about to commit is void."""


def take(session: Session, duty: str, holder: str, now: datetime) -> bool:
    """Try to become or stay the holder until now + TERM (real time, UTC)."""
    row = session.get(Lease, duty, with_for_update=True)
    if row is None:  # of those who ask first at once, one is
        insert_new_rows(session, _LEASES, ("duty", "holder", "until"), [(duty, holder, now + TERM)])
        row = session.get_one(Lease, duty, with_for_update=True)
    if row.holder != holder and row.until > now:
        return False
    row.holder, row.until = holder, now + TERM
    session.flush()
    return True


def hold(session: Session, duty: str, holder: str, now: datetime) -> None:
    """Renew inside the work's own transaction, or LostLease: the fence against two settlers.

    As late as can be: whoever holds it keeps the holder's other transactions from their end. And
    after every lock on a member, in every transaction: so none that holds it waits for another
    that asks for it.
    """
    if not _RENEW.read(session, which=duty, whose=holder, then=now + TERM):
        raise LostLease(duty)


_RENEW = Direct(
    update(Lease)
    .where(Lease.duty == bindparam("which"), Lease.holder == bindparam("whose"))
    .values(until=bindparam("then"))
    .returning(Lease.duty)
)


def give_up(session: Session, duty: str, holder: str, now: datetime) -> None:
    """Let a standby take over at once (an orderly stop)."""
    session.execute(
        update(Lease).where(Lease.duty == duty, Lease.holder == holder).values(until=now)
    )
