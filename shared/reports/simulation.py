"""A draft campaign file tried on recorded history, beside what was granted in fact. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, campaign_by_slug, limits_at, terms_of
from shared.campaigns.clauses import BaseClause
from shared.campaigns.file import CampaignFile
from shared.campaigns.rules import MONTHLY_CAP, LimitId
from shared.ledger.balance import Account, Key
from shared.ledger.entries import Entry, Leg
from shared.referrals.histories import Judged, count_members, histories
from shared.rewards.admission import Admission, LimitUse
from shared.rewards.room import Verdict
from shared.rewards.simulation import DRAFT, Bound, Draft, Outcome, simulate, spread, step_of
from shared.rewards.standing import GOODWILL, Happening, KeyEvent

MONEY = (Unit.CNY, Unit.DONATION)
"""What a customer costs in money."""
SHARE_OF_VALUE = 3
"""A customer may cost at most one third of their lifetime value (domain.md)."""


@dataclass(frozen=True)
class Trial:
    """A draft beside what happened. `ltv`: a customer's lifetime value in fen, where given."""

    slug: str
    zone: str
    until: datetime
    draft: Draft
    simulated: Outcome
    actual: Outcome
    limits: dict[LimitId, int]
    """The shared limits in force at `until`."""
    ltv: int | None = None


def per_friend(outcome: Outcome) -> int | None:
    """What a qualified friend cost in money, in fen, rounded half up; None: none qualified."""
    if not outcome.friends:
        return None
    return (2 * outcome.total(*MONEY) + outcome.friends) // (2 * outcome.friends)


def within_value(outcome: Outcome, ltv: int) -> bool | None:
    """Whether a customer cost at most one third of their value; None: none qualified."""
    if not outcome.friends:
        return None
    return SHARE_OF_VALUE * outcome.total(*MONEY) <= ltv * outcome.friends


def draft_of(file: CampaignFile, campaign: Campaign) -> Draft:
    """A file as what is tried out. Its dates and its life do not matter: a history is past."""
    limits = file.dated_limits()
    cap = limits.pop(MONTHLY_CAP, None)
    return Draft(
        campaign=campaign.id,
        zone=campaign.zone,
        programme=file,
        monthly_cap=cap[1] if cap is not None else None,
        limits={limit: amount for limit, (_, amount) in limits.items()},
    )


def try_out(
    session: Session,
    file: CampaignFile,
    now: datetime,
    *,
    slug: str | None = None,
    until: datetime | None = None,
    ltv: int | None = None,
    told: Callable[[int, int], object] = lambda _done, _of: None,
) -> Trial:
    """Rerun a draft over a campaign's history up to `until` (now), and what happened beside it.

    The campaign is the file's own unless `slug` names another; Refusal `simulate.no_campaign`
    when there is none. `told` hears how many members of how many are done.
    """
    name = slug or file.slug
    campaign = campaign_by_slug(session, name)
    if campaign is None:
        raise Refusal("simulate.no_campaign", slug=name)
    until = min(until or now, now)
    draft = draft_of(file, campaign)
    judged = Judged(DRAFT, file.new_customer_months, file.attribution_days)
    total = count_members(session, campaign.id)
    simulated = simulate(
        histories(session, campaign.id, judged),
        draft,
        until,
        picks=lambda members: _picks(session, campaign.id, members),
        told=lambda done: told(done, total),
    )
    in_force = {
        limit: row.amount
        for limit, row in limits_at(session, campaign.id, until).items()
        if row.amount is not None
    }
    actual = what_happened(session, campaign, until, members=total)
    return Trial(name, campaign.zone, until, draft, simulated, actual, in_force, ltv)


def _picks(session: Session, campaign_id: int, members: Sequence[int]) -> dict[int, dict[Key, int]]:
    """The options that members picked; of one key the first pick stands."""
    picks: dict[int, dict[Key, int]] = {}
    query = (
        select(KeyEvent)
        .where(
            KeyEvent.campaign_id == campaign_id,
            KeyEvent.member_id.in_(members),
            KeyEvent.kind == Happening.CHOSEN.value,
        )
        .order_by(KeyEvent.at, KeyEvent.id)
    )
    for event in session.scalars(query):
        key = Key(campaign_id, event.party, event.clause, event.occasion)
        picks.setdefault(event.member_id, {}).setdefault(key, event.amount)
    return picks


def what_happened(
    session: Session, campaign: Campaign, until: datetime, *, members: int
) -> Outcome:
    """What the ledger granted by `until`, in the shape of a simulation.

    A grant counts in the month in which it was first posted, with what it came to by `until`;
    what was taken back counts for nothing, and goodwill stands apart.
    """
    granted: Counter[tuple[str, date, Unit]] = Counter()
    steps: Counter[tuple[str, int]] = Counter()
    last: dict[tuple[str, int], int] = {}
    zone = ZoneInfo(campaign.zone)
    for member, clause, occasion, unit, at, amount in _grants(session, campaign.id, until):
        granted[clause, at.astimezone(zone).date(), Unit(unit)] += int(amount)
        step = step_of(occasion)
        if step is not None and last.get((clause, step)) != member:
            last[clause, step] = member
            steps[clause, step] += 1
    costs, days = spread(granted)
    friends = _friends(session, campaign.id, until)
    return Outcome(costs, days, steps, _bounds(session, campaign.id, until), friends, members)


_GRANTED = [
    account.value
    for account in (
        Account.PENDING, Account.AVAILABLE, Account.PAID, Account.WITHHELD, Account.EXPIRED,
    )
]  # fmt: skip
"""Where an amount stands that is owed; what was taken back is recoverable or written off."""


def _grants(session: Session, campaign_id: int, until: datetime) -> Any:
    """A row a key and unit: member, clause, occasion, unit, when first posted, what is granted."""
    amount = func.sum(case((Leg.account.in_(_GRANTED), Leg.amount), else_=0))
    query = (
        select(
            Entry.member_id,
            Entry.clause,
            Entry.occasion,
            Leg.unit,
            func.min(Entry.at, type_=Entry.at.type),
            amount,
        )
        .join(Leg, Leg.entry_id == Entry.id)
        .where(Entry.campaign_id == campaign_id, Entry.at <= until, Entry.clause != GOODWILL)
        .group_by(Entry.member_id, Entry.party, Entry.clause, Entry.occasion, Leg.unit)
        .having(amount > 0)
        .order_by(Entry.member_id)
        .execution_options(yield_per=2000)
    )
    return session.execute(query)


def _friends(session: Session, campaign_id: int, until: datetime) -> int:
    """Friends for whom a base reward was admitted, clipped or refused: those who qualified."""
    clauses = {
        clause.id
        for programme in terms_of(session, campaign_id).versions.values()
        for clause in programme.clauses
        if isinstance(clause, BaseClause)
    }
    turned_away = Admission.verdict.in_([Verdict.REFUSED.value, Verdict.CAPPED.value])
    query = select(func.count(Admission.occasion.distinct())).where(
        Admission.campaign_id == campaign_id,
        Admission.clause.in_(clauses),
        Admission.at <= until,
        ~Admission.occasion.contains("/"),
        (Admission.amount > 0) | turned_away,
    )
    return session.scalar(query) or 0


def _bounds(session: Session, campaign_id: int, until: datetime) -> dict[LimitId, Bound]:
    """What each limit refused by `until`, since when, and how much of it is used now.

    Of what the monthly cap clipped only the number of times is on record.
    """
    used = {
        row.limit_id: row.used
        for row in session.scalars(select(LimitUse).where(LimitUse.campaign_id == campaign_id))
    }
    missing = Admission.asked - Admission.amount
    query = (
        select(
            Admission.limit_id,
            Admission.unit,
            func.count(),
            func.sum(missing),
            func.min(Admission.at, type_=Admission.at.type),
        )
        .where(
            Admission.campaign_id == campaign_id,
            Admission.limit_id.is_not(None),
            Admission.at <= until,
            (missing > 0) | (Admission.limit_id == MONTHLY_CAP),
        )
        .group_by(Admission.limit_id, Admission.unit)
    )
    times: Counter[LimitId] = Counter()
    amounts: dict[LimitId, dict[Unit, int]] = {}
    since: dict[LimitId, datetime] = {}
    for limit, unit, count, amount, first in session.execute(query):
        assert limit is not None
        times[limit] += count
        if amount:
            amounts.setdefault(limit, {})[Unit(unit)] = int(amount)
        since[limit] = min(first, since.get(limit, first))
    return {
        limit: Bound(times[limit], amounts.get(limit, {}), used.get(limit, 0), since.get(limit))
        for limit in sorted(used.keys() | times.keys())
    }
