"""`jianka doctor --ledger`: the whole ledger, read from end to end and held against the limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.base.database import Database
from shared.base.i18n import money, number
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign
from shared.jobs.console import language, progress, say, words
from shared.ledger.balance import Account, Balance
from shared.ledger.entries import Entry
from shared.ledger.history import balances_at
from shared.ledger.verify import Looked, entries_in, inspect
from shared.rewards.admission import LimitUse
from shared.rewards.review import miscounts, unbacked

_KNOWN_ACCOUNTS = frozenset(account.value for account in Account)
_KNOWN_UNITS = frozenset(unit.value for unit in Unit)


def examine_ledger(database: Database, now: datetime) -> int:
    """Verify chain, invariants, counters and balances, and say what was looked at.

    How many things are to be mended; the first bad row is named.
    """
    with database.reading() as session:
        with progress("progress.verifying", 2 * entries_in(session)) as told:
            looked = inspect(session, told)
        sick = _told_chain(looked)
        for campaign in session.scalars(select(Campaign).order_by(Campaign.id)).all():
            sick += _told_counters(session, campaign)
            sick += _told_verdicts(session, campaign)
            sick += _told_balances(session, campaign, looked, now)
    return sick


def _told_chain(looked: Looked) -> int:
    count = {
        name: number(language(), getattr(looked, name)) for name in ("entries", "legs", "keys")
    }
    if not looked.problems:
        say("doctor.well", what=words("ledger.chain", **count))
        return 0
    first = looked.problems[0]
    broken = words("doctor.broken", n=looked.wrong, entry=first.entry, what=first.what)
    say("doctor.mend", what=broken)
    meaning = words(f"ledger.problem.{first.what}")
    say("doctor.mend", what=words("ledger.first", entry=first.entry, meaning=meaning, **count))
    return 1


def _told_counters(session: Session, campaign: Campaign) -> int:
    wrong = miscounts(session, campaign.id)
    if wrong:
        first = wrong[0]
        say(
            "doctor.mend",
            what=words(
                "ledger.miscount",
                slug=campaign.slug,
                n=len(wrong),
                limit=first.limit,
                counted=first.counted,
                held=first.held,
            ),
        )
        return 1
    query = select(func.count()).where(LimitUse.campaign_id == campaign.id)
    n = session.scalar(query) or 0
    say("doctor.well", what=words("ledger.counters", slug=campaign.slug, n=n))
    return 0


def _told_verdicts(session: Session, campaign: Campaign) -> int:
    wrong = unbacked(session, campaign.id)
    if not wrong:
        say("doctor.well", what=words("ledger.verdicts", slug=campaign.slug))
        return 0
    first = wrong[0]
    key = f"{first.key.party} {first.key.clause} {first.key.occasion}"
    say(
        "doctor.mend",
        what=words(
            "ledger.unbacked",
            slug=campaign.slug,
            key=key,
            admitted=first.admitted,
            stands=first.stands,
        ),
    )
    return 1


def _told_balances(session: Session, campaign: Campaign, looked: Looked, now: datetime) -> int:
    """The balances as the database adds them up, held against those replayed entry by entry."""
    latest = session.scalar(select(func.max(Entry.at))) or now
    after = max(now, latest) + timedelta(microseconds=1)
    replayed = looked.sums.get(campaign.id, {})
    known = {
        (Account(account), Unit(unit)): amount
        for (account, unit), amount in replayed.items()
        if account in _KNOWN_ACCOUNTS and unit in _KNOWN_UNITS
    }
    try:
        summed = balances_at(session, campaign.id, after)
    except (ValueError, TypeError):  # an account that no program of ours wrote
        summed = None
    if summed != Balance(known) or len(known) != len(replayed):
        say("doctor.mend", what=words("ledger.unequal", slug=campaign.slug))
        return 1
    for line in _lines(summed):
        say("doctor.well", what=words("ledger.balance", slug=campaign.slug, balance=line))
    return 0


def _lines(balance: Balance) -> Iterator[str]:
    """One line a unit: `funding -¥150 · pending ¥150`."""
    separator = words("ledger.separator")
    for unit in Unit:
        parts = [
            f"{words(f'ledger.account.{account.value}')} {money(language(), amount, unit)}"
            for account in Account
            if (amount := balance.of(account, unit))
        ]
        if parts:
            yield separator.join(parts)
