"""Where a due's amount stands, given the life of its key: paid, held, expired.

Life events are facts like any other: they only grow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.rewards.programme import Due

HELD_FOR_INACTIVE = timedelta(days=30)
"""How long a released reward waits for a member who is not active before it expires."""


class Happening(StrEnum):
    """What can happen to a key apart from the bank's facts."""

    HELD = "held"
    RELEASED = "released"
    PAID = "paid"
    CHOSEN = "chosen"
    EXPIRED = "expired"


class KeyEvent(Base):
    """One event of a key's life."""

    __tablename__ = "key_events"
    __table_args__ = (Index("ix_key_events_member", "campaign_id", "member_id"),)

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id)
    party: Mapped[str] = mapped_column(String(40))
    clause: Mapped[str] = mapped_column(String(40))
    occasion: Mapped[str] = mapped_column(String(80))
    member_id: Mapped[int] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(Utc)
    unit: Mapped[str | None] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger, default=0)


@dataclass(frozen=True)
class KeyLife:
    """What happened to a key so far; amounts by unit."""

    paid: Mapping[Unit, int] = field(default_factory=dict)
    expired: Mapping[Unit, int] = field(default_factory=dict)
    held: bool = False
    """A person holds it (a risk case)."""
    inactive_since: datetime | None = None
    """Since when its member is not active; None: active, or the key is a friend's."""


def standing(due: Due | None, life: KeyLife, now: datetime) -> Balance:
    """The position that a key should have; sums to zero, funding is negative.

    What was paid and is no longer owed stands as recoverable.
    """
    owed = {due.unit: due.amount} if due is not None else {}
    amounts: dict[tuple[Account, Unit], int] = {}
    for unit in owed.keys() | life.paid.keys():
        due_now, was_paid = owed.get(unit, 0), life.paid.get(unit, 0)
        paid = min(was_paid, due_now)
        recoverable = was_paid - paid
        expired = min(life.expired.get(unit, 0), due_now - paid)
        amounts[Account.PAID, unit] = paid
        amounts[Account.RECOVERABLE, unit] = recoverable
        amounts[Account.EXPIRED, unit] = expired
        amounts[Account.FUNDING, unit] = -(due_now + recoverable)
        if due is not None and (rest := due_now - paid - expired):
            place = (_waits_in(due, life, now), unit)
            amounts[place] = amounts.get(place, 0) + rest
    return Balance(amounts)


def _waits_in(due: Due, life: KeyLife, now: datetime) -> Account:
    if due.held or life.held or now < due.release:
        return Account.PENDING
    if life.inactive_since is not None and life.inactive_since <= due.release:
        lapsed = now >= due.release + HELD_FOR_INACTIVE
        return Account.EXPIRED if lapsed else Account.PENDING
    return Account.AVAILABLE


def next_change(due: Due, life: KeyLife, now: datetime) -> datetime | None:
    """When time alone will move a due's amount next; None: never."""
    if due.amount == 0 or due.held or life.held:
        return None
    times = [due.release]
    if life.inactive_since is not None:
        times.append(due.release + HELD_FOR_INACTIVE)
    return min((at for at in times if at > now), default=None)


def load_lives(session: Session, campaign_id: int, *member_ids: int) -> dict[Key, KeyLife]:
    """The lives of some members' keys that have one."""
    events: dict[Key, list[KeyEvent]] = defaultdict(list)
    query = (
        select(KeyEvent)
        .where(KeyEvent.campaign_id == campaign_id, KeyEvent.member_id.in_(member_ids))
        .order_by(KeyEvent.at, KeyEvent.id)
    )
    for event in session.scalars(query):
        events[Key(campaign_id, event.party, event.clause, event.occasion)].append(event)
    return {key: _life(told) for key, told in events.items()}


def _life(events: list[KeyEvent]) -> KeyLife:
    paid: dict[Unit, int] = defaultdict(int)
    expired: dict[Unit, int] = defaultdict(int)
    held = False
    for event in events:
        kind = Happening(event.kind)
        if kind is Happening.PAID and event.unit is not None:
            paid[Unit(event.unit)] += event.amount
        elif kind is Happening.EXPIRED and event.unit is not None:
            expired[Unit(event.unit)] += event.amount
        elif kind in (Happening.HELD, Happening.RELEASED):
            held = kind is Happening.HELD
    return KeyLife(dict(paid), dict(expired), held)


def happen(
    session: Session,
    key: Key,
    member_id: int,
    kind: Happening,
    now: datetime,
    *,
    unit: Unit | None = None,
    amount: int = 0,
) -> None:
    """Add an event to a key's life; the caller wakes the settler."""
    session.add(
        KeyEvent(
            campaign_id=key.campaign,
            party=key.party,
            clause=key.clause,
            occasion=key.occasion,
            member_id=member_id,
            kind=kind.value,
            at=now,
            unit=unit.value if unit else None,
            amount=amount,
        )
    )
