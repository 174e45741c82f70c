"""What is owed: a pure function of credits, facts, the programme's versions and the time.

No session, no clock. The same credits and facts give the same dues in whatever order and
however often they arrived. Windows are half open and count by when a thing happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.applications.facts import Fact, Kind
from shared.base.clock import month_of
from shared.base.money import Unit
from shared.campaigns.rules import (
    FRIENDS,
    MONTHLY_CAP,
    REFERRERS,
    BaseClause,
    Clause,
    LadderClause,
    LimitId,
    Money,
    Party,
    Terms,
    Trigger,
    WelcomeClause,
    budget_of,
    first_of,
)
from shared.ledger.balance import Key
from shared.referrals.referrals import Credit
from shared.rewards.triggers import reached


@dataclass(frozen=True)
class Draw:
    """A shared limit that a due draws on. Budgets give its amount, other limits one place.

    `holder`: whose place it is when several dues share one; empty: the due's own.
    """

    limit: LimitId
    holder: str = ""


@dataclass(frozen=True)
class ClauseRef:
    """Why something is owed: the clause of a version, and the cap that clipped it, if any."""

    version: int
    clause: str
    limit: LimitId | None = None


@dataclass(frozen=True)
class Due:
    """What one clause owes one party for one occasion, in the unit's smallest piece."""

    key: Key
    unit: Unit
    amount: int
    earned: datetime
    release: datetime
    """When the cooling period ends."""
    draws: tuple[Draw, ...]
    why: ClauseRef
    full: int
    """The amount before the monthly cap."""
    held: bool = False
    """An account behind it is flagged and not cleared: it waits, whatever the release."""


@dataclass(frozen=True)
class Journey:
    """One referral: its version, its facts by application, and when it qualified."""

    referral: int
    version: int
    applications: tuple[tuple[Fact, ...], ...]
    at: datetime | None

    @property
    def held(self) -> bool:
        """Whether the last word on any of its accounts is `flagged`."""
        return any(_flagged(facts) for facts in self.applications)


def _flagged(facts: Iterable[Fact]) -> bool:
    words = [fact.kind for fact in facts if fact.kind in (Kind.FLAGGED, Kind.CLEARED)]
    return bool(words) and words[-1] is Kind.FLAGGED


@dataclass(frozen=True)
class Case:
    """What a clause looks at: whose, under which terms, which friend, and their rank."""

    member: int
    terms: Terms
    journey: Journey
    rank: int
    """The k of the k-th qualified friend; 0: not qualified."""
    held: bool
    """Whether this friend or one ranked before is held."""


def dues(
    credits: Iterable[Credit],
    facts: Iterable[Fact],
    terms: Terms,
    now: datetime,
    *,
    member: int,
) -> dict[Key, Due]:
    """Everything owed to one member and their friends in one campaign, by key.

    Facts that lie after `now` do not count yet. A due that the monthly cap clips to nothing
    stays in the result with its reason.
    """
    journeys = journeys_of(credits, facts, terms, now)
    done = sorted((j for j in journeys if j.at is not None), key=lambda j: (j.at, j.referral))
    owed = [due for case in _cases(member, terms, journeys, done) for due in _owed(case)]
    return cap_months(sorted(owed, key=lambda due: (due.earned, due.key)), terms)


def journeys_of(
    credits: Iterable[Credit], facts: Iterable[Fact], terms: Terms, now: datetime
) -> list[Journey]:
    """Every credited referral with the facts of all its applications, by referral."""
    by_application: dict[int, list[Fact]] = defaultdict(list)
    for fact in sorted(set(facts)):
        if fact.at <= now:
            by_application[fact.application].append(fact)
    versions: dict[int, int] = {}
    applications: dict[int, set[int]] = defaultdict(set)
    for credit in credits:
        versions[credit.referral] = credit.version
        applications[credit.referral].add(credit.application)
    journeys = []
    for referral, version in sorted(versions.items()):
        told = tuple(tuple(by_application[a]) for a in sorted(applications[referral]))
        programme = terms.versions[version]
        at = first_reached(programme.qualifying, told, programme.claw_back_days)
        journeys.append(Journey(referral, version, told, at))
    return journeys


def first_reached(
    trigger: Trigger, applications: Iterable[tuple[Fact, ...]], claw_back_days: int
) -> datetime | None:
    """When the earliest of a friend's applications met a trigger, and still does."""
    window = timedelta(days=claw_back_days)
    times = [reached(trigger, facts, window) for facts in applications]
    return min((at for at in times if at is not None), default=None)


def _cases(
    member: int, terms: Terms, journeys: list[Journey], done: list[Journey]
) -> Iterator[Case]:
    held = False
    for rank, journey in enumerate(done, 1):
        held = held or journey.held
        yield Case(member, terms, journey, rank, held)
    for journey in journeys:
        if journey.at is None:
            yield Case(member, terms, journey, 0, journey.held)


def _owed(case: Case) -> Iterator[Due]:
    for clause in case.terms.versions[case.journey.version].clauses:
        yield from CLAUSES[clause.kind](case, clause)


def _per_friend(case: Case, clause: Clause) -> Iterator[Due]:
    """Base and welcome rewards: once per friend, when the clause's own trigger is met."""
    assert isinstance(clause, (BaseClause, WelcomeClause))
    claw_back = case.terms.versions[case.journey.version].claw_back_days
    at = first_reached(clause.trigger, case.journey.applications, claw_back)
    if at is not None:
        occasion = f"referral:{case.journey.referral}"
        friend = Draw(FRIENDS, f"friend:{case.journey.referral}")
        yield _due(case, clause, occasion, clause.amount, at, case.journey.held, friend)


def _ladder(case: Case, clause: Clause) -> Iterator[Due]:
    """The k-th qualified friend earns step k of that friend's version."""
    assert isinstance(clause, LadderClause)
    for step in clause.steps:
        if step.at == case.rank and case.journey.at is not None:
            occasion = f"step:{step.at}"
            yield _due(case, clause, occasion, step.amount, case.journey.at, case.held)


CLAUSES: dict[str, Callable[[Case, Clause], Iterator[Due]]] = {
    "base": _per_friend,
    "welcome": _per_friend,
    "ladder": _ladder,
}
"""What each kind of clause owes in a case. A new kind is a new line."""


def _due(
    case: Case,
    clause: Clause,
    occasion: str,
    money: Money,
    at: datetime,
    held: bool,
    *draws: Draw,
) -> Due:
    party = f"member:{case.member}"
    shared = (Draw(budget_of(money.unit)), Draw(first_of(clause.id)), *draws)
    if clause.to is Party.FRIEND:
        party = f"friend:{case.journey.referral}"
    else:
        shared = (*shared, Draw(REFERRERS, party))
    return Due(
        key=Key(case.terms.campaign, party, clause.id, occasion),
        unit=money.unit,
        amount=money.amount,
        earned=at,
        release=at + timedelta(days=clause.cooling_days),
        draws=shared,
        why=ClauseRef(case.journey.version, clause.id),
        full=money.amount,
        held=held,
    )


def cap_months(owed: Iterable[Due], terms: Terms) -> dict[Key, Due]:
    """Clip the member's money to the monthly cap, in the order given (earned, then key).

    A month is a calendar month of the campaign's zone; the cap is the one in force when the
    due was earned. What is clipped keeps its reason, also when nothing is left.
    """
    earned: dict[str, int] = defaultdict(int)
    capped: dict[Key, Due] = {}
    for due in owed:
        capped[due.key] = due
        cap = _cap_at(terms, due.earned)
        if cap is None or due.unit is not Unit.CNY or not due.key.party.startswith("member:"):
            continue
        month = month_of(due.earned, terms.zone)
        amount = min(due.full, max(0, cap - earned[month]))
        earned[month] += amount
        if amount < due.full:
            why = replace(due.why, limit=MONTHLY_CAP)
            capped[due.key] = replace(due, amount=amount, why=why)
    return capped


def _cap_at(terms: Terms, at: datetime) -> int | None:
    return next((cap.amount for cap in reversed(terms.caps) if cap.since <= at), None)


def would_credit(
    credits: Iterable[Credit],
    facts: Iterable[Fact],
    claimed: Credit,
    terms: Terms,
    now: datetime,
    *,
    member: int,
) -> dict[Key, Due]:
    """What a claim would add: dues with its credit as of its day, minus dues without.

    Each due's amount is the difference; `facts` include those of the claimed application.
    """
    known, told = list(credits), list(facts)
    without = dues(known, told, terms, now, member=member)
    added: dict[Key, Due] = {}
    for key, due in dues([*known, claimed], told, terms, now, member=member).items():
        before = without[key].amount if key in without else 0
        if due.amount != before:
            added[key] = replace(due, amount=due.amount - before)
    return added
