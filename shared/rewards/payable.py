"""What could be paid: what stands in a campaign's ledger, and which of it is on its way already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.ledger.balance import Account, Key
from shared.ledger.entries import Entry, Leg
from shared.rewards.payouts import Part
from shared.rewards.queue import SettleTask


class Standing(NamedTuple):
    """What one key has in an account that payouts look at. A tuple: they are sorted."""

    member: int
    key: Key
    unit: Unit
    account: Account
    amount: int


def unsettled(session: Session, campaign_id: int, now: datetime) -> set[int]:
    """Members of whom something was heard that the ledger does not say yet."""
    query = select(SettleTask.member_id).where(
        SettleTask.campaign_id == campaign_id,
        or_(SettleTask.due_at <= now, SettleTask.tries > 0),
    )
    return set(session.scalars(query))


def open_keys(session: Session, campaign_id: int) -> set[tuple[Key, Unit]]:
    """Keys that an open line holds."""
    columns = (Part.party, Part.clause, Part.occasion, Part.unit)
    query = select(*columns).where(Part.campaign_id == campaign_id, Part.open)
    return {
        (Key(campaign_id, party, clause, occasion), Unit(unit))
        for party, clause, occasion, unit in session.execute(query)
    }


def legs_to_sum(campaign_id: int) -> Select[int]:
    """What preparing a payout has to read: every leg of the accounts that it looks at."""
    accounts = [Account.AVAILABLE.value, Account.RECOVERABLE.value]
    return (
        select(Leg.entry_id)
        .join(Entry, Entry.id == Leg.entry_id)
        .where(Entry.campaign_id == campaign_id, Leg.account.in_(accounts))
    )


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
