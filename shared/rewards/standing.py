"""Where a due's amount stands, given the life of its key: paid, taxed, held, expired, owed back.

Life events are facts like any other: they only grow.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import BigInteger, Index, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.direct import Direct, among
from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.rewards.owed import ClauseRef, Due

HELD_FOR_INACTIVE = timedelta(days=30)
"""How long a released reward waits for a member who is not active before it expires."""


class Happening(StrEnum):
    """What can happen to a key apart from the bank's facts."""

    HELD = "held"
    RELEASED = "released"
    PAID = "paid"
    CHOSEN = "chosen"
    """Which option was picked: `amount` is its number, from 1."""
    EXPIRED = "expired"
    RECOVERED = "recovered"
    """What was paid and no longer owed came back, netted from a later payment."""
    FORGIVEN = "forgiven"
    """It will not come back: two people wrote it off."""
    GOODWILL = "goodwill"
    """Two people gave it; no clause owes it."""


GOODWILL = "goodwill"
"""What stands in a key instead of a clause when two people gave it."""


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
    """Of a payment: what it took of the due."""
    tax: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Of a payment: what was withheld."""
    borne: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Of a payment: what the issuer put on top for the tax (`gross_up`)."""


@dataclass(frozen=True)
class KeyLife:
    """What happened to a key so far; amounts by unit."""

    paid: Mapping[Unit, int] = field(default_factory=dict)
    """What payments took of the due; gross, but for what the issuer bears."""
    expired: Mapping[Unit, int] = field(default_factory=dict)
    held: bool = False
    """A person holds it (a risk case)."""
    lifted_at: datetime | None = None
    """When the last hold on it ended."""
    chosen: int = 0
    """Which option was picked, from 1; 0: none."""
    inactive_since: datetime | None = None
    """Since when its member is not active; None: active, or the key is a friend's."""
    tax: Mapping[Unit, int] = field(default_factory=dict)
    """What was withheld of the payments."""
    borne: Mapping[Unit, int] = field(default_factory=dict)
    """What the issuer put on top of them."""
    recovered: Mapping[Unit, int] = field(default_factory=dict)
    """What came back of them, net: as it went to the party."""
    forgiven: Mapping[Unit, int] = field(default_factory=dict)
    goodwill: Mapping[Unit, int] = field(default_factory=dict)
    given_at: datetime | None = None
    """When goodwill was given first."""


@dataclass(frozen=True)
class Paid:
    """What was paid for a key: `gross` of its due, and `borne` on top, less `tax`."""

    gross: int
    tax: int
    borne: int

    @property
    def net(self) -> int:
        """What the party has of it."""
        return self.gross + self.borne - self.tax

    def keeping(self, gross: int) -> Paid:
        """The same payment had it been for less: tax in proportion, in whole fen."""
        if gross >= self.gross:
            return self
        return Paid(gross, self.tax * gross // self.gross, self.borne * gross // self.gross)

    def kept(self, due: int, have: int) -> Paid:
        """The part that stays: no more than is due, nor than the party still has (`have`, net)."""
        most = self.keeping(due)
        if most.net <= have:
            return most
        places = range(most.gross + 1)
        gross = bisect_right(places, have, key=lambda part: self.keeping(part).net) - 1
        return self.keeping(max(0, gross))


def standing(due: Due | None, life: KeyLife, now: datetime) -> Balance:
    """The position that a key should have; sums to zero, funding is negative.

    Of what was paid, the part still owed stands as paid (net) and withheld (tax). When less is
    owed than was paid, the tax shrinks in proportion and the rest of what the party got stands
    as recoverable, or written off. What came back and is owed again waits like any reward.
    """
    if due is not None and not (life.paid or life.expired):
        waits = (_waits_in(due, life, now), due.unit)
        return Balance({waits: due.amount, (_source(due.unit), due.unit): -due.amount})
    owed = {due.unit: due.amount} if due is not None else {}
    amounts: dict[tuple[Account, Unit], int] = {}
    for unit in owed.keys() | life.paid.keys():
        due_now = owed.get(unit, 0)
        given = Paid(life.paid.get(unit, 0), life.tax.get(unit, 0), life.borne.get(unit, 0))
        have = given.net - life.recovered.get(unit, 0)
        kept = given.kept(due_now, have)
        back = max(0, have - kept.net)
        forgiven = min(life.forgiven.get(unit, 0), back)
        expired = min(life.expired.get(unit, 0), due_now - kept.gross)
        amounts[Account.PAID, unit] = kept.net
        amounts[Account.WITHHELD, unit] = kept.tax
        amounts[Account.RECOVERABLE, unit] = back - forgiven
        amounts[Account.WRITTEN_OFF, unit] = forgiven
        amounts[Account.EXPIRED, unit] = expired
        amounts[_source(unit), unit] = -(due_now + kept.borne + back)
        if due is not None and (rest := due_now - kept.gross - expired):
            place = (_waits_in(due, life, now), unit)
            amounts[place] = amounts.get(place, 0) + rest
    return Balance(amounts)


def _source(unit: Unit) -> Account:
    """What gives: gifts come out of stock, everything else out of the issuer's funds."""
    return Account.STOCK if unit is Unit.GIFT else Account.FUNDING


def _waits_in(due: Due, life: KeyLife, now: datetime) -> Account:
    if due.held or life.held or now < due.release:
        return Account.PENDING
    if due.expires is not None and now >= due.expires:
        return Account.EXPIRED
    if life.inactive_since is not None and life.inactive_since <= due.release:
        lapsed = now >= _lapses(due, life)
        return Account.EXPIRED if lapsed else Account.PENDING
    return Account.AVAILABLE


def _lapses(due: Due, life: KeyLife) -> datetime:
    """When an inactive member's reward expires: a hold that ended later begins the days anew."""
    since = due.release if life.lifted_at is None else max(due.release, life.lifted_at)
    return since + HELD_FOR_INACTIVE


def next_change(due: Due, life: KeyLife, now: datetime) -> datetime | None:
    """When time alone will move a due's amount next; None: never."""
    if due.amount == 0 or due.held or life.held:
        return None
    if now < due.release:
        return due.release  # everything else comes after it
    times = []
    if due.expires is not None:
        times.append(due.expires)
    if life.inactive_since is not None:
        times.append(_lapses(due, life))
    return min((at for at in times if at > now), default=None)


def load_lives(session: Session, campaign_id: int, *member_ids: int) -> dict[Key, KeyLife]:
    """The lives of some members' keys that have one."""
    events: dict[Key, list[_Event]] = defaultdict(list)
    for party, clause, occasion, *told in _EVENTS.read(
        session, campaign=campaign_id, members=member_ids
    ):
        events[Key(campaign_id, party, clause, occasion)].append(_Event(*told))
    return {key: _life(told) for key, told in events.items()}


class _Event(NamedTuple):
    kind: str
    at: datetime
    unit: str | None
    amount: int
    tax: int
    borne: int


_LIVES = KeyEvent.metadata.tables[KeyEvent.__tablename__]
_EVENTS = Direct(
    select(*(_LIVES.c[name] for name in ("party", "clause", "occasion", *_Event._fields)))
    .where(_LIVES.c.campaign_id == bindparam("campaign"), among(_LIVES.c.member_id, "members"))
    .order_by(_LIVES.c.at, _LIVES.c.id)
)


_SUMS = {
    Happening.PAID: "paid",
    Happening.EXPIRED: "expired",
    Happening.RECOVERED: "recovered",
    Happening.FORGIVEN: "forgiven",
    Happening.GOODWILL: "goodwill",
}
"""Which of a life's sums an event's amount belongs to."""


def _life(events: list[_Event]) -> KeyLife:
    sums: dict[str, dict[Unit, int]] = defaultdict(lambda: defaultdict(int))
    held, chosen, given_at, lifted_at = False, 0, None, None
    for event in events:
        kind = Happening(event.kind)
        if kind in (Happening.HELD, Happening.RELEASED):
            held = kind is Happening.HELD
            lifted_at = event.at if kind is Happening.RELEASED else lifted_at
        if kind is Happening.CHOSEN:
            chosen = chosen or event.amount  # the first choice stands
        if kind is Happening.GOODWILL:
            given_at = given_at or event.at
        if kind not in _SUMS or event.unit is None:
            continue
        unit = Unit(event.unit)
        parts = {_SUMS[kind]: event.amount, "tax": event.tax, "borne": event.borne}
        for name, amount in parts.items():
            sums[name][unit] += amount
    return KeyLife(
        paid=sums["paid"],
        tax=sums["tax"],
        borne=sums["borne"],
        recovered=sums["recovered"],
        forgiven=sums["forgiven"],
        expired=sums["expired"],
        goodwill=sums["goodwill"],
        held=held,
        lifted_at=lifted_at,
        chosen=chosen,
        given_at=given_at,
    )


def goodwill_dues(lives: Mapping[Key, KeyLife], version: int) -> dict[Key, Due]:
    """What two people gave, as dues that draw on no limit and wait for nothing.

    `version`: the newest, as no clause of it is the reason.
    """
    why = ClauseRef(version, GOODWILL)
    return {
        key: Due(key, unit, amount, life.given_at, life.given_at, (), why, amount)
        for key, life in lives.items()
        for unit, amount in life.goodwill.items()
        if life.given_at is not None
    }


def happen(
    session: Session,
    key: Key,
    member_id: int,
    kind: Happening,
    now: datetime,
    *,
    unit: Unit | None = None,
    amount: int = 0,
    tax: int = 0,
    borne: int = 0,
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
            tax=tax,
            borne=borne,
        )
    )
