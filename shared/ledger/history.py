"""The ledger at a moment, and how it came there. Moments are half open: what was posted at
`at` itself does not count yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key, total
from shared.ledger.entries import Entry, Leg


def balances_at(session: Session, campaign_id: int, at: datetime) -> Balance:
    """What stood in every account and unit of a campaign just before `at`."""
    rows = session.execute(
        select(Leg.account, Leg.unit, func.sum(Leg.amount))
        .join(Entry, Entry.id == Leg.entry_id)
        .where(Entry.campaign_id == campaign_id, Entry.at < at)
        .group_by(Leg.account, Leg.unit)
    )
    return Balance({(Account(account), Unit(unit)): int(n) for account, unit, n in rows})


def member_balances_at(
    session: Session, campaign_id: int, at: datetime
) -> Iterator[tuple[int, Balance]]:
    """The same for each member (with their friends' keys), by member; streams."""
    rows = session.execute(
        select(Entry.member_id, Leg.account, Leg.unit, func.sum(Leg.amount))
        .join(Leg, Leg.entry_id == Entry.id)
        .where(Entry.campaign_id == campaign_id, Entry.at < at)
        .group_by(Entry.member_id, Leg.account, Leg.unit)
        .order_by(Entry.member_id)
        .execution_options(yield_per=1000)
    )
    for member, group in groupby(rows, key=lambda row: int(row[0])):
        yield member, Balance({(Account(a), Unit(u)): int(n) for _, a, u, n in group})


def member_balance_at(session: Session, campaign_id: int, member_id: int, at: datetime) -> Balance:
    """The same for one member."""
    passed = history(session, campaign_id, [member_id]).get(member_id, {})
    return total(before(posted, at) for posted in passed.values())


@dataclass(frozen=True)
class Posted:
    """One entry of a key: when, and its legs."""

    entry: int
    at: datetime
    legs: Balance


History = dict[Key, list[Posted]]
"""A member's keys, each with its entries in the order posted."""


def history(session: Session, campaign_id: int, member_ids: Collection[int]) -> dict[int, History]:
    """Everything posted for some members in one campaign: one question, however many they are.

    Members for whom nothing was posted are left out.
    """
    rows = session.execute(
        select(Entry, Leg.account, Leg.unit, Leg.amount)
        .join(Leg, Leg.entry_id == Entry.id)
        .where(Entry.campaign_id == campaign_id, Entry.member_id.in_(member_ids))
        .order_by(Entry.id)
        .execution_options(yield_per=1000)
    )
    found: dict[int, History] = {}
    for _, group in groupby(rows, key=lambda row: int(row[0].id)):
        pairs = list(group)
        entry: Entry = pairs[0][0]
        legs = Balance({(Account(a), Unit(u)): int(n) for _, a, u, n in pairs})
        keys = found.setdefault(entry.member_id, {})
        keys.setdefault(entry.key, []).append(Posted(entry.id, entry.at, legs))
    return found


def before(posted: Collection[Posted], at: datetime) -> Balance:
    """Where a key stood just before a moment."""
    return total(each.legs for each in posted if each.at < at)
