"""The review: what should have been posted against what was, without posting anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from shared.campaigns.rules import LimitId
from shared.ledger.balance import Balance, Key
from shared.ledger.entries import Entry
from shared.referrals.referrals import Referral
from shared.rewards.admission import NOTHING, Admission, LimitUse, Room, load_holdings, load_room
from shared.rewards.settle import situation, steps


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
    for member_id in _members(session, campaign_id):
        here = situation(session, campaign_id, member_id, now)
        room = load_room(session, campaign_id, here.holdings, now, lock=False)
        for step in steps(here, room, now):
            if step.moves:
                yield Difference(member_id, step.key, step.after, step.before, step.new.limit)


@dataclass(frozen=True)
class Miscount:
    """A shared limit whose counter is not what the admissions hold."""

    limit: LimitId
    counted: int
    held: int


def miscounts(session: Session, campaign_id: int) -> list[Miscount]:
    """Hold every limit's counter against the admissions themselves."""
    held: Counter[LimitId] = Counter()
    for member_id in session.scalars(
        select(Admission.member_id).where(Admission.campaign_id == campaign_id).distinct()
    ):
        held.update(_held(session, campaign_id, member_id))
    counted = {
        row.limit_id: row.used
        for row in session.scalars(select(LimitUse).where(LimitUse.campaign_id == campaign_id))
    }
    return [
        Miscount(limit, counted.get(limit, 0), held[limit])
        for limit in sorted(held.keys() | counted.keys())
        if counted.get(limit, 0) != held[limit]
    ]


def _held(session: Session, campaign_id: int, member_id: int) -> Counter[LimitId]:
    holdings = load_holdings(session, campaign_id, member_id)
    room = Room({}, {}, {})
    for key, holding in holdings.items():
        room.swap(key, NOTHING, holding)
    return room.used


def _members(session: Session, campaign_id: int) -> list[int]:
    query = union(
        select(Referral.member_id).where(Referral.campaign_id == campaign_id),
        select(Entry.member_id).where(Entry.campaign_id == campaign_id),
    )
    return sorted(session.scalars(query))
