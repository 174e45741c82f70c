"""The review: what should have been posted against what was, without posting anything.

What the review calls should-have-been is what settling would post: it asks `situation` and
`steps`, as settling does. `shared.rewards.month_review` tells a month's differences apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from shared.campaigns.campaigns import limits_at
from shared.campaigns.rules import LimitId
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import Entry, Leg
from shared.people.members import Member
from shared.referrals.referrals import Referral
from shared.rewards.admission import Admission, LimitUse, load_holdings
from shared.rewards.room import NOTHING, Room
from shared.rewards.settle import Step, steps
from shared.rewards.situations import Situation, situations

GRANTED = (
    Account.PENDING,
    Account.AVAILABLE,
    Account.PAID,
    Account.WITHHELD,
    Account.EXPIRED,
)
"""Where an amount stands that a clause owes and the ledger holds."""
CHUNK = 250
"""Members whose rows are held at a time."""


@dataclass(frozen=True)
class Difference:
    """One key whose position is not what the facts owe."""

    member: int
    key: Key
    owed: Balance
    posted: Balance
    limit: LimitId | None
    """The limit that binds it."""


def differences(session: Session, campaign_id: int, now: datetime) -> Iterator[Difference]:
    """Every key of a campaign that settling would change, member by member."""
    for members in chunks(session, campaign_id):
        for member_id, look in look_at(session, campaign_id, members, now).items():
            for step in look.steps:
                if step.moves:
                    yield Difference(member_id, step.key, step.after, step.before, step.new.limit)


@dataclass(frozen=True)
class Look:
    """What settling one member would see and do."""

    here: Situation
    steps: list[Step]


def look_at(
    session: Session, campaign_id: int, member_ids: Collection[int], now: datetime
) -> dict[int, Look]:
    """Look at some members as settling would, each as if it were the next.

    Ids that are no member's are left out.
    """
    room = rooms(session, campaign_id, now)
    return {
        member_id: Look(here, steps(here, room(here), now))
        for member_id, here in situations_of(session, campaign_id, member_ids, now).items()
    }


def rooms(session: Session, campaign_id: int, now: datetime) -> Callable[[Situation], Room]:
    """What is left of the shared limits to a member who would be settled next."""
    used = {
        row.limit_id: row.used
        for row in session.execute(
            select(LimitUse.limit_id, LimitUse.used).where(LimitUse.campaign_id == campaign_id)
        )
    }
    limits = {
        limit: row.amount
        for limit, row in limits_at(session, campaign_id, now).items()
        if row.amount is not None
    }
    return lambda here: Room(limits, used, here.holdings)


def situations_of(
    session: Session, campaign_id: int, member_ids: Collection[int], now: datetime
) -> dict[int, Situation]:
    """What is known about some members as of `now`; ids that are no member's are left out."""
    known = session.scalars(select(Member.id).where(Member.id.in_(member_ids))).all()
    return situations(session, campaign_id, known, now)


@dataclass(frozen=True)
class Miscount:
    """A shared limit whose counter is not what the admissions hold."""

    limit: LimitId
    counted: int
    held: int


def miscounts(session: Session, campaign_id: int) -> list[Miscount]:
    """Hold every limit's counter against the admissions themselves."""
    held = held_of_limits(session, campaign_id)
    counted = {
        row.limit_id: row.used
        for row in session.scalars(select(LimitUse).where(LimitUse.campaign_id == campaign_id))
    }
    return [
        Miscount(limit, counted.get(limit, 0), held[limit])
        for limit in sorted(held.keys() | counted.keys())
        if counted.get(limit, 0) != held[limit]
    ]


def held_of_limits(session: Session, campaign_id: int) -> Counter[LimitId]:
    """What the admissions of a campaign hold of each shared limit."""
    held: Counter[LimitId] = Counter()
    for members in chunks(session, campaign_id):
        for member_id in members:
            room = Room({}, {}, {})
            for key, holding in load_holdings(session, campaign_id, member_id).items():
                room.swap(key, NOTHING, holding)
            held.update(room.used)
    return held


@dataclass(frozen=True)
class Unbacked:
    """A verdict that the ledger does not carry: another amount stands in the key's accounts."""

    member: int
    key: Key
    admitted: int
    stands: int


def unbacked(session: Session, campaign_id: int, most: int = 100) -> list[Unbacked]:
    """The first verdicts whose amount is not what the ledger holds for their key.

    Both are written in one transaction, so this also finds entries that were cut off at the
    chain's end. Tax that the issuer pays on top (gross-up) may stand beside the amount.
    """
    mine = and_(
        Entry.campaign_id == Admission.campaign_id,
        Entry.party == Admission.party,
        Entry.clause == Admission.clause,
        Entry.occasion == Admission.occasion,
    )
    granted = [account.value for account in GRANTED]
    counts = and_(Leg.unit == Admission.unit, Leg.account.in_(granted))
    stands = func.coalesce(func.sum(case((counts, Leg.amount), else_=0)), 0)
    taxed = and_(counts, Leg.account == Account.WITHHELD.value)
    tax = func.coalesce(func.sum(case((taxed, Leg.amount), else_=0)), 0)
    key = (Admission.party, Admission.clause, Admission.occasion)
    rows = session.execute(
        select(*key, Admission.member_id, Admission.amount, stands)
        .outerjoin(Entry, mine)
        .outerjoin(Leg, Leg.entry_id == Entry.id)
        .where(Admission.campaign_id == campaign_id)
        .group_by(*key, Admission.member_id, Admission.amount)
        .having(and_(stands != Admission.amount, stands - tax != Admission.amount))
        .order_by(Admission.member_id, *key)
        .limit(most)
    )
    return [
        Unbacked(member, Key(campaign_id, party, clause, occasion), admitted, int(held))
        for party, clause, occasion, member, admitted, held in rows
    ]


def chunks(session: Session, campaign_id: int) -> Iterator[list[int]]:
    """Every member with a referral, a verdict or an entry in a campaign, some at a time."""
    last = 0
    while True:
        found: set[int] = set()
        for table in (Referral, Admission, Entry):
            query = (
                select(table.member_id)
                .where(table.campaign_id == campaign_id, table.member_id > last)
                .distinct()
                .order_by(table.member_id)
                .limit(CHUNK)
            )
            found.update(session.scalars(query))
        if not found:
            return
        members = sorted(found)[:CHUNK]
        yield members
        last = members[-1]
