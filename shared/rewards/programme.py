"""What is owed: a pure function of credits, facts, the programme's versions and the time.

No session, no clock. The same credits and facts give the same dues in whatever order and
however often they arrived. Windows are half open and count by when a thing happened. What
each kind of clause owes is in `shared.rewards.clauses`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from shared.applications.facts import Fact
from shared.base.clock import month_of
from shared.base.money import Unit
from shared.campaigns.rules import MONTHLY_CAP, Terms
from shared.ledger.balance import Key
from shared.referrals.referrals import Credit, Source
from shared.rewards.clauses import CLAUSES, Case, Journey, first_reached, flagged, share_months
from shared.rewards.owed import Due, turned_into
from shared.rewards.triggers import comes_at


def dues(
    credits: Iterable[Credit],
    facts: Iterable[Fact],
    terms: Terms,
    now: datetime,
    *,
    member: int,
    chosen: Mapping[Key, int] | None = None,
    held: Collection[int] = (),
) -> dict[Key, Due]:
    """Everything owed to one member and their friends in one campaign, by key.

    Facts that lie after `now` do not count yet. A due that the monthly cap clips to nothing
    stays in the result with its reason. `chosen`: which option was picked, where one was.
    `held`: referrals that a person looks at; what is owed for them waits, as behind a flag.
    """
    journeys = journeys_of(credits, facts, terms, now, held)
    done = sorted((j for j in journeys if j.at is not None), key=lambda j: (j.at, j.referral))
    cases = list(_cases(member, terms, journeys, done, now))
    owed = chosen_prizes((due for case in cases for due in _owed(case)), terms, chosen or {})
    return cap_months(sorted(owed, key=lambda due: (due.earned, due.key)), terms)


def next_moment(
    credits: Iterable[Credit], facts: Iterable[Fact], terms: Terms, now: datetime
) -> datetime | None:
    """When time alone next makes something owed: a card held long enough, a month's end."""
    if not any(programme.held_for or programme.shares for programme in terms.versions.values()):
        return None
    times = [
        at
        for journey in journeys_of(credits, facts, terms, now)
        for told in journey.applications
        for at in _moments(terms, journey.version, told)
        if at > now
    ]
    return min(times, default=None)


def _moments(terms: Terms, version: int, told: tuple[Fact, ...]) -> Iterator[datetime]:
    programme = terms.versions[version]
    for clause in programme.shares:
        yield from (end for _, _, end in share_months(clause, told, terms.zone))
    for trigger in programme.held_for:
        at = comes_at(trigger, told)
        if at is not None:
            yield at


def journeys_of(
    credits: Iterable[Credit],
    facts: Iterable[Fact],
    terms: Terms,
    now: datetime,
    held: Collection[int] = (),
) -> list[Journey]:
    """Every credited referral with the facts of all its applications, by referral."""
    by_application: dict[int, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.at <= now:
            by_application[fact.application].append(fact)
    versions: dict[int, Credit] = {}
    applications: dict[int, set[int]] = defaultdict(set)
    tracked: set[int] = set()
    for credit in credits:
        versions[credit.referral] = credit
        if credit.source is not Source.CLAIM:
            tracked.add(credit.referral)
        applications[credit.referral].add(credit.application)
    journeys = []
    for referral, credit in sorted(versions.items()):
        told = tuple(tuple(sorted(set(by_application[a]))) for a in sorted(applications[referral]))
        programme = terms.versions[credit.version]
        at = first_reached(programme.qualifying, told, programme.claw_back_days, now)
        waits = referral in held or any(map(flagged, told))
        claimed = referral not in tracked
        journeys.append(Journey(referral, credit.version, credit.segment, told, at, waits, claimed))
    return journeys


def _cases(
    member: int, terms: Terms, journeys: list[Journey], done: list[Journey], now: datetime
) -> Iterator[Case]:
    held = False
    of_month: Counter[str] = Counter()
    for rank, journey in enumerate(done, 1):
        assert journey.at is not None
        held = held or journey.held
        month = month_of(journey.at, terms.zone)
        of_month[month] += 1
        yield Case(member, terms, journey, now, rank, month, of_month[month], held)
    for journey in journeys:
        if journey.at is None:
            yield Case(member, terms, journey, now, 0, "", 0, journey.held)


def _owed(case: Case) -> Iterator[Due]:
    for clause in case.programme.clauses:
        yield from CLAUSES[clause.kind](case, clause)


def chosen_prizes(owed: Iterable[Due], terms: Terms, chosen: Mapping[Key, int]) -> Iterator[Due]:
    """Choices that were made become what was chosen (options count from 1)."""
    for due in owed:
        number = chosen.get(due.key, 0) if due.unit is Unit.CHOICE else 0
        if 0 < number <= len(due.options):
            yield turned_into(due, due.options[number - 1], terms.zone)
        else:
            yield due


def cap_months(owed: Iterable[Due], terms: Terms) -> dict[Key, Due]:
    """Clip the member's money to the monthly cap, in the order given (earned, then key).

    A month is a calendar month of the campaign's zone; the cap is the one in force when the
    due was earned. What is clipped keeps its reason, also when nothing is left.
    """
    earned: dict[str, int] = defaultdict(int)
    capped: dict[Key, Due] = {}
    for due in owed:
        capped[due.key] = due
        if due.unit is not Unit.CNY or not due.key.party.startswith("member:"):
            continue
        cap = _cap_at(terms, due.earned)
        if cap is None:
            continue
        month = month_of(due.earned, terms.zone)
        amount = min(due.full, max(0, cap - earned[month]))
        earned[month] += amount
        if amount < due.full:
            why = due.why._replace(limit=MONTHLY_CAP)
            capped[due.key] = due._replace(amount=amount, why=why)
    return capped


def _cap_at(terms: Terms, at: datetime) -> int | None:
    for cap in reversed(terms.caps):
        if cap.since <= at:
            return cap.amount
    return None


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
            added[key] = due._replace(amount=due.amount - before)
    return added
