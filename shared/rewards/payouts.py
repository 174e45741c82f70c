"""Payouts: batches prepared by one person and confirmed by another, their lines and parts.

A line is one payment to one party, by the reference the bank echoes; its parts are the keys it
pays and those it takes back from. A key is in one open line at a time: the database says so.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.base.sealing import Sealed


class State(StrEnum):
    """Where a batch stands."""

    PREPARED = "prepared"
    CONFIRMED = "confirmed"
    EXPORTED = "exported"
    """The bank has the file: only its answer goes on from here."""
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PREPARED: frozenset({State.CONFIRMED, State.CANCELLED}),
    State.CONFIRMED: frozenset({State.EXPORTED, State.CANCELLED, State.ACKNOWLEDGED}),
    State.EXPORTED: frozenset({State.ACKNOWLEDGED}),
    State.ACKNOWLEDGED: frozenset(),
    State.CANCELLED: frozenset(),
}
"""Confirmed and at once acknowledged: everything in it was netted, nothing goes to the bank."""


class LineState(StrEnum):
    """Where a line stands."""

    WAITING = "waiting"
    PAID = "paid"
    FAILED = "failed"
    """The bank could not pay; the amount is available again."""
    WITHDRAWN = "withdrawn"
    """It never went to the bank: the batch was cancelled, or less is owed by now."""


class PartKind(StrEnum):
    """What a part does with its key."""

    PAY = "pay"
    NET = "net"
    """Takes back what was paid and is no longer owed."""


class Batch(Base):
    """One payout of one campaign."""

    __tablename__ = "payout_batches"

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(String(12))
    prepared_by: Mapped[str] = mapped_column(String(60))
    """The maker, as the audit calls them."""
    prepared_at: Mapped[datetime] = mapped_column(Utc)
    confirmed_by: Mapped[str | None] = mapped_column(String(60))
    """The checker: another one."""
    confirmed_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class Line(Base):
    """One payment. Amounts never change; `net = gross + borne - tax - netted`."""

    __tablename__ = "payout_lines"
    __table_args__ = (
        UniqueConstraint("batch_id", "ordinal"),
        Index("ix_payout_lines_party", "campaign_id", "party"),
    )

    id: Mapped[int] = id_column()
    batch_id: Mapped[int] = mapped_column(Id, ForeignKey("payout_batches.id"))
    ordinal: Mapped[int] = mapped_column(Integer)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    """Whose settling owns the keys."""
    party: Mapped[str] = mapped_column(String(40))
    customer_ref: Mapped[str | None] = mapped_column(String(64))
    application_ref: Mapped[str | None] = mapped_column(String(64))
    """By which the bank knows a friend."""
    unit: Mapped[str] = mapped_column(String(10))
    item: Mapped[str] = mapped_column(String(40))
    """The clause that says which gift, privilege or cause; empty for money and points."""
    gross: Mapped[int] = mapped_column(BigInteger)
    borne: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    netted: Mapped[int] = mapped_column(BigInteger)
    net: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), index=True)
    reason: Mapped[str | None] = mapped_column(Sealed("payout"))
    """Why it failed, in the bank's words, or the code of why it was withdrawn."""
    answered_at: Mapped[datetime | None] = mapped_column(Utc)


class Part(Base):
    """One key in a line. While it is open no other line may hold the key."""

    __tablename__ = "payout_parts"
    __table_args__ = (
        Index(
            "ux_payout_parts_open",
            "campaign_id",
            "party",
            "clause",
            "occasion",
            "unit",
            unique=True,
            sqlite_where=text("open"),
            postgresql_where=text("open"),
        ),
    )

    id: Mapped[int] = id_column()
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("payout_lines.id"), index=True)
    kind: Mapped[str] = mapped_column(String(4))
    campaign_id: Mapped[int] = mapped_column(Id)
    party: Mapped[str] = mapped_column(String(40))
    clause: Mapped[str] = mapped_column(String(40))
    occasion: Mapped[str] = mapped_column(String(80))
    unit: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger)
    """Of the due; of a key that is netted: what comes back, net."""
    tax: Mapped[int] = mapped_column(BigInteger)
    borne: Mapped[int] = mapped_column(BigInteger)
    open: Mapped[bool] = mapped_column(Boolean)


def move(batch: Batch, to: State, now: datetime) -> None:
    """Change a batch's state. Refusal `payout.state` for a step that is not there."""
    if to not in TRANSITIONS[State(batch.state)]:
        raise Refusal("payout.state", number=batch.id, state=batch.state)
    batch.state = to.value
    if not TRANSITIONS[to]:
        batch.ended_at = now


def batch_for_update(session: Session, number: int) -> Batch:
    """A batch as it stands now, nobody else's until the end. Refusal `payout.unknown`."""
    batch = session.get(Batch, number, with_for_update=True, populate_existing=True)
    if batch is None:
        raise Refusal("payout.unknown", number=number)
    return batch
