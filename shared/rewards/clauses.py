"""What each kind of clause owes for one friend: a few lines a kind over the same core. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.applications.facts import Fact, Kind
from shared.base.clock import day_of, local_midnight, months_after
from shared.campaigns.clauses import (
    BaseClause,
    Clause,
    LadderClause,
    Multiplier,
    Party,
    ShareClause,
    Span,
    StageClause,
    Weekday,
    WelcomeClause,
)
from shared.campaigns.conditions import Trigger
from shared.campaigns.prizes import Prize, Reward
from shared.campaigns.rules import FRIENDS, REFERRERS, Programme, Terms, first_of
from shared.ledger.balance import Key
from shared.rewards.owed import (
    Draw,
    Due,
    budgets_of,
    clause_ref,
    first_place,
    reserved_for,
    with_reserve,
)
from shared.rewards.triggers import approved_at, fraud_at, left_of_purchases, reached


@dataclass(frozen=True)
class Journey:
    """One referral: its version, its facts by application, and when it qualified."""

    referral: int
    version: int
    segment: str
    """The member's segment when the friend registered."""
    applications: tuple[tuple[Fact, ...], ...]
    at: datetime | None
    held: bool
    """Whether the last word on any of its accounts is `flagged`."""
    claimed: bool = False
    """Whether a claim alone made it count: its rewards draw on the claim reserve too."""


def flagged(facts: Iterable[Fact]) -> bool:
    """Whether the last word on one of an application's accounts is `flagged`."""
    last = None
    for fact in facts:
        if fact.kind is Kind.FLAGGED or fact.kind is Kind.CLEARED:
            last = fact.kind
    return last is Kind.FLAGGED


class Case(NamedTuple):
    """What a clause looks at: whose, under which terms, which friend, and their rank."""

    member: int
    terms: Terms
    journey: Journey
    now: datetime
    rank: int
    """The k of the k-th qualified friend; 0: not qualified."""
    month: str
    """The month of qualifying, YYYY-MM in the campaign's zone; empty: not qualified."""
    month_rank: int
    """The same among the friends of that month."""
    held: bool
    """Whether this friend or one ranked before is held."""

    @property
    def programme(self) -> Programme:
        """The version the friend registered under."""
        return self.terms.versions[self.journey.version]


def first_reached(
    trigger: Trigger,
    applications: Iterable[tuple[Fact, ...]],
    claw_back_days: int,
    now: datetime,
) -> datetime | None:
    """When the earliest of a friend's applications met a trigger, and still does."""
    window = timedelta(days=claw_back_days)
    first = None
    for facts in applications:
        at = reached(trigger, facts, window, now)
        if at is not None and (first is None or at < first):
            first = at
    return first


def _per_friend(case: Case, clause: Clause) -> Iterator[Due]:
    """Base and welcome rewards: once per friend, when the clause's own trigger is met; a part
    at once, where the clause says so, as an occasion of its own."""
    assert isinstance(clause, (BaseClause, WelcomeClause))
    told, claw_back = case.journey.applications, case.programme.claw_back_days
    at = case.journey.at
    if clause.id not in case.programme.at_qualifying:
        at = first_reached(clause.trigger, told, claw_back, case.now)
    if at is None:
        return
    occasion = f"referral:{case.journey.referral}"
    friend = Draw(FRIENDS, f"friend:{case.journey.referral}")
    prize = multiplied(clause.amount, clause.multipliers, case, at)
    at_once = prize.amount * clause.at_once_percent // 100
    places: tuple[Draw, ...] = (friend,)
    if at_once:
        places = (friend, Draw(first_of(clause.id), occasion))
        part = prize.model_copy(update={"amount": at_once})
        yield owed(case, clause, f"{occasion}/now", part, at, case.journey.held, *places, days=0)
        prize = prize.model_copy(update={"amount": prize.amount - at_once})
    yield owed(case, clause, occasion, prize, at, case.journey.held, *places)


def multiplied(
    prize: Reward, multipliers: tuple[Multiplier, ...], case: Case, at: datetime
) -> Reward:
    """The prize times the largest multiplier that holds; fractions of the unit are dropped."""
    if not multipliers:
        return prize
    day = day_of(at, case.terms.zone)
    weekday = list(Weekday)[day.weekday()]
    percent = max(
        (
            each.percent
            for each in multipliers
            if each.segment in (None, case.journey.segment)
            and (not each.weekdays or weekday in each.weekdays)
            and (each.starts is None or each.ends is None or each.starts <= day <= each.ends)
        ),
        default=100,
    )
    return prize.model_copy(update={"amount": prize.amount * percent // 100})


def _ladder(case: Case, clause: Clause) -> Iterator[Due]:
    """The k-th qualified friend earns step k of that friend's version."""
    assert isinstance(clause, LadderClause)
    if case.journey.at is None:
        return
    rank = case.month_rank if clause.per is Span.MONTH else case.rank
    top, turn = clause.steps[-1].at, 1
    if clause.rounds:
        turn, rank = (rank - 1) // top + 1, (rank - 1) % top + 1
    for place, step in enumerate(clause.steps):
        if step.at == rank:
            occasion = f"step:{step.at}" + (f"/round:{turn}" if turn > 1 else "")
            if clause.per is Span.MONTH:
                occasion += f"/month:{case.month}"
            yield owed(case, clause, occasion, clause.pays(place), case.journey.at, case.held)


def _share(case: Case, clause: Clause) -> Iterator[Due]:
    """A band's amount for each month that ended, of a friend who qualified.

    Once the friend is found to be a fraud no month is owed that ends later, or ended within the
    claw-back window before.
    """
    assert isinstance(clause, ShareClause)
    if case.journey.at is None:
        return
    claw_back = timedelta(days=case.programme.claw_back_days)
    for told in case.journey.applications:
        left, fraud = left_of_purchases(told, claw_back), fraud_at(told)
        for month, begin, end in share_months(clause, told, case.terms.zone):
            if fraud is not None and fraud < end + claw_back:
                break
            spent = sum(left[f.id] for f in told if f.id in left and begin <= f.at < end)
            bands = [band for band in clause.bands if band.at_least.amount <= spent]
            if bands and end <= case.now:
                occasion = f"referral:{case.journey.referral}/month:{month}"
                prize = Prize.model_validate(bands[-1].amount)
                yield owed(case, clause, occasion, prize, end, case.journey.held)
        if approved_at(told) is not None:
            return  # one card a friend: the first that was approved


def share_months(
    clause: ShareClause, told: tuple[Fact, ...], zone: str
) -> Iterator[tuple[str, datetime, datetime]]:
    """The calendar months whose purchases count, from the month of the approval on: YYYY-MM,
    its first moment and the first moment after it."""
    approval = approved_at(told)
    if approval is None:
        return
    first = day_of(approval, zone).replace(day=1)
    for k in range(clause.months):
        begin, end = months_after(first, k), months_after(first, k + 1)
        yield f"{begin:%Y-%m}", local_midnight(begin, zone), local_midnight(end, zone)


def _stage(case: Case, clause: Clause) -> Iterator[Due]:
    """The friend's benefit, once each of the first months saw enough purchases; a fraud's as
    a month's share."""
    assert isinstance(clause, StageClause)
    claw_back = timedelta(days=case.programme.claw_back_days)
    zone = case.terms.zone
    for told in case.journey.applications:
        approval = approved_at(told)
        if approval is None or case.journey.at is None:
            continue
        left = left_of_purchases(told, claw_back)
        begin, at = approval, approval
        for k in range(1, clause.months + 1):
            end = local_midnight(months_after(day_of(approval, zone), k), zone)
            met = _met_in(told, left, begin, end, clause.at_least.amount)
            if met is None:
                break
            begin, at = end, met
        else:
            occasion = f"referral:{case.journey.referral}"
            friend = Draw(FRIENDS, f"friend:{case.journey.referral}")
            at, fraud = max(at, case.journey.at), fraud_at(told)
            if fraud is not None and fraud < at + claw_back:
                continue
            yield owed(case, clause, occasion, clause.amount, at, case.journey.held, friend)
            return


def _met_in(
    told: tuple[Fact, ...], left: dict[str, int], begin: datetime, end: datetime, amount: int
) -> datetime | None:
    """When the purchases of a period came to an amount."""
    spent = 0
    for fact in told:
        if fact.kind is Kind.PURCHASE and begin <= fact.at < end:
            spent += left[fact.id]
            if spent >= amount:
                return fact.at
    return None


CLAUSES: dict[str, Callable[[Case, Clause], Iterator[Due]]] = {
    "base": _per_friend,
    "welcome": _per_friend,
    "ladder": _ladder,
    "share": _share,
    "stage": _stage,
}
"""What each kind of clause owes in a case. A new kind is a new line."""


def owed(
    case: Case,
    clause: Clause,
    occasion: str,
    prize: Prize,
    at: datetime,
    held: bool,
    *places: Draw,
    days: int | None = None,
) -> Due:
    """A due with its key, its release (`days` instead of the clause's cooling) and its draws."""
    terms, zone = case.terms, case.terms.zone
    options = prize.options if isinstance(prize, Reward) else ()
    budgets = reserved_for(options, at, zone) if options else budgets_of(prize, at, zone)
    if case.journey.claimed:
        budgets = with_reserve(budgets)
    first = first_place(clause.id)
    if not places or first.limit not in [draw.limit for draw in places]:
        places = (first, *places)
    if clause.to is Party.FRIEND:
        party = f"friend:{case.journey.referral}"
    else:
        party = f"member:{case.member}"
        places = (*places, Draw(REFERRERS, party))
    release = at + timedelta(days=clause.cooling_days if days is None else days)
    lapses = prize.within_days if isinstance(prize, Reward) and options else None
    return Due(  # by place: there are many, and names take twice as long
        Key(terms.campaign, party, clause.id, occasion),
        prize.unit,
        prize.amount,
        at,  # earned
        release,
        (*budgets, *places),
        clause_ref(case.journey.version, clause.id),
        prize.amount,  # in full
        held,
        prize.item,
        options,
        release + timedelta(days=lapses) if lapses else None,
    )
