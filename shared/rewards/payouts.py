"""Payouts: batches prepared by one person and confirmed by another, their lines and parts.

A line is one payment to one party, by the reference the bank echoes; its parts are the keys it
pays and those it takes back from. A key is in one open line at a time: the database says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.ledger.balance import Account, Key
from shared.ledger.entries import Entry, Leg
from shared.rewards.queue import SettleTask


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
    reason: Mapped[str | None] = mapped_column(String(80))
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

    @property
    def key(self) -> Key:
        """The key it pays or takes from."""
        return Key(self.campaign_id, self.party, self.clause, self.occasion)


@dataclass(frozen=True, order=True)
class Standing:
    """What one key has in an account that payouts look at."""

    member: int
    key: Key
    unit: Unit
    account: Account
    amount: int


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


def lines_of(session: Session, batch_id: int, *states: LineState) -> list[Line]:
    """A batch's lines in order; of some states when any is named."""
    query = select(Line).where(Line.batch_id == batch_id).order_by(Line.ordinal)
    if states:
        query = query.where(Line.state.in_([state.value for state in states]))
    return list(session.scalars(query))


def parts_of(session: Session, lines: Iterable[Line]) -> dict[int, list[Part]]:
    """The parts of some lines, by line."""
    found: dict[int, list[Part]] = {line.id: [] for line in lines}
    ids = list(found)
    for start in range(0, len(ids), 500):
        query = select(Part).where(Part.line_id.in_(ids[start : start + 500])).order_by(Part.id)
        for part in session.scalars(query):
            found[part.line_id].append(part)
    return found


def close(
    line: Line, parts: Iterable[Part], to: LineState, reason: str | None, at: datetime
) -> None:
    """End a waiting line and free its keys."""
    assert line.state == LineState.WAITING.value
    line.state, line.reason, line.answered_at = to.value, reason, at
    for part in parts:
        part.open = False


def unsettled(session: Session, campaign_id: int, now: datetime) -> set[int]:
    """Members of whom something was heard that the ledger does not say yet."""
    query = select(SettleTask.member_id).where(
        SettleTask.campaign_id == campaign_id,
        or_(SettleTask.due_at <= now, SettleTask.tries > 0),
    )
    return set(session.scalars(query))


def open_keys(session: Session, campaign_id: int) -> set[tuple[Key, Unit]]:
    """Keys that an open line holds."""
    query = select(Part).where(Part.campaign_id == campaign_id, Part.open)
    return {(part.key, Unit(part.unit)) for part in session.scalars(query)}


def standings_in(
    session: Session, campaign_id: int, accounts: Sequence[Account], *, party: str | None = None
) -> list[Standing]:
    """Every key of a campaign (of one party) with something in one of these accounts."""
    query = (
        select(
            Entry.member_id,
            Entry.party,
            Entry.clause,
            Entry.occasion,
            Leg.unit,
            Leg.account,
            func.sum(Leg.amount),
        )
        .join(Leg, Leg.entry_id == Entry.id)
        .where(Entry.campaign_id == campaign_id)
        .where(Leg.account.in_([account.value for account in accounts]))
        .group_by(Entry.member_id, Entry.party, Entry.clause, Entry.occasion, Leg.unit, Leg.account)
        .having(func.sum(Leg.amount) > 0)
    )
    if party is not None:
        query = query.where(Entry.party == party)
    return sorted(
        Standing(
            member, Key(campaign_id, whose, clause, occasion), Unit(unit), Account(account), int(n)
        )
        for member, whose, clause, occasion, unit, account, n in session.execute(query)
    )


def versions_of(session: Session, campaign_id: int) -> dict[Key, int]:
    """The version that each key's last entry names, where it names one."""
    columns = (Entry.party, Entry.clause, Entry.occasion)
    last = (
        select(*columns, func.max(Entry.revision).label("revision"))
        .where(Entry.campaign_id == campaign_id)
        .group_by(*columns)
        .subquery()
    )
    rows = session.execute(
        select(*columns, Entry.why)
        .join(
            last,
            (last.c.party == Entry.party)
            & (last.c.clause == Entry.clause)
            & (last.c.occasion == Entry.occasion)
            & (last.c.revision == Entry.revision),
        )
        .where(Entry.campaign_id == campaign_id)
    )
    return {
        Key(campaign_id, party, clause, occasion): int(why["version"])
        for party, clause, occasion, why in rows
        if "version" in why
    }
