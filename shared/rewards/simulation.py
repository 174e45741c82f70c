"""Simulation: what a draft would have cost on a history. The same `dues`, with other terms.

Two passes in bounded memory: member by member what would have been owed, then, in time's
order, who would have found room at the shared limits. No session, no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.base.clock import local_midnight
from shared.base.money import Unit
from shared.campaigns.clauses import BaseClause, WelcomeClause
from shared.campaigns.prizes import Reward
from shared.campaigns.rules import MONTHLY_CAP, Cap, LimitId, Programme, Terms
from shared.ledger.balance import Key
from shared.referrals.histories import Batch
from shared.rewards.allotting import EPOCH, Claim, InTimesOrder, Shares, claim_of
from shared.rewards.owed import Due
from shared.rewards.programme import dues

DRAFT = 0
"""The version under which every referral is judged; stored ones count from 1."""
_PROBE = "qualified_friends"
"""A clause that pays nobody: where no clause of the draft stands for `qualifies`, it counts."""

Picks = Callable[[Sequence[int]], Mapping[int, Mapping[Key, int]]]
"""Of some members, the options they picked, by member and key (options count from 1)."""


@dataclass(frozen=True)
class Draft:
    """What is tried out: a programme and its limits, as if they had held from the beginning."""

    campaign: int
    """Whose history it is tried on."""
    zone: str
    programme: Programme
    monthly_cap: int | None
    """Fen."""
    limits: Mapping[LimitId, int]
    """Shared limits: amounts in the unit's smallest piece, or places."""


@dataclass(frozen=True)
class Bound:
    """How a limit bound: what it refused (or the monthly cap clipped), how often, and since when
    there was nothing left."""

    times: int = 0
    amounts: Mapping[Unit, int] = field(default_factory=dict)
    """What was refused, by unit."""
    used: int = 0
    exhausted: datetime | None = None
    """Nothing was left, or the first was refused; None: never."""


@dataclass(frozen=True)
class Outcome:
    """What a programme cost, simulated or in fact. Amounts in the unit's smallest piece; days
    and months are those of the campaign's zone."""

    costs: Mapping[tuple[str, str, Unit], int]
    """By month (YYYY-MM), clause and unit."""
    days: Mapping[tuple[date, Unit], int]
    """By day and unit."""
    steps: Mapping[tuple[str, int], int]
    """How many members were rewarded for a step, by ladder clause and step."""
    limits: Mapping[LimitId, Bound]
    friends: int
    """How many friends qualified."""
    members: int
    """How many members were looked at."""

    def total(self, *units: Unit) -> int:
        """The cost in some units together."""
        return sum(amount for (_, _, unit), amount in self.costs.items() if unit in units)


def simulate(
    batches: Iterable[Batch],
    draft: Draft,
    now: datetime,
    *,
    picks: Picks = lambda _: {},
    told: Callable[[int], object] = lambda _: None,
) -> Outcome:
    """What the draft would have granted by `now` to the members of a history.

    Shared limits are allotted by due time across all members (earned, then key). `picks`: which
    options some members chose, where they did. `told` hears how many members are done.
    """
    terms, counts = draft_terms(draft)
    friends = members = 0
    with InTimesOrder() as claims:
        for batch in batches:
            chosen = picks(batch.members)
            for history in batch.told:
                owed = dues(
                    history.credits, history.facts, terms, now,
                    member=history.member, chosen=chosen.get(history.member),
                )  # fmt: skip
                for due in owed.values():
                    friends += counts(due)
                    if due.key.clause != _PROBE:
                        claims.add(claim_of(due, members, draft.limits))
                members += 1
            told(members)
        tally = _Tally(draft, members)
        for claim in claims:
            tally.take(claim)
    return tally.outcome(friends, members)


def draft_terms(draft: Draft) -> tuple[Terms, Callable[[Due], bool]]:
    """The draft as terms, and which due stands for a friend who qualified."""
    programme = draft.programme
    clause = next(
        (
            each.id
            for each in programme.clauses
            if isinstance(each, (BaseClause, WelcomeClause))
            and each.trigger == programme.qualifying
        ),
        None,
    )
    if clause is None:
        clause = _PROBE
        probe = BaseClause(
            id=_PROBE,
            trigger=programme.qualifying,
            amount=Reward(amount=1, unit=Unit.POINTS),
            cooling_days=0,
        )
        programme = programme.model_copy(update={"clauses": (*programme.clauses, probe)})
    caps = (Cap(EPOCH, draft.monthly_cap),) if draft.monthly_cap is not None else ()
    terms = Terms(draft.campaign, draft.zone, {DRAFT: programme}, caps)

    def counts(due: Due) -> bool:
        return due.key.clause == clause and "/" not in due.key.occasion

    return terms, counts


class _Tally:
    """Counts claims as they come, in time's order."""

    def __init__(self, draft: Draft, members: int) -> None:
        self._draft = draft
        self._shares = Shares(draft.limits)
        self._days = _Days(draft.zone)
        self._granted: Counter[tuple[str, date, Unit]] = Counter()
        self._steps = StepCounter(members)
        self._refused: dict[LimitId, Counter[Unit]] = {}
        self._times: Counter[LimitId] = Counter()

    def take(self, claim: Claim) -> None:
        unit = Unit(claim.unit)
        if claim.amount < claim.full:
            self._refuse(MONTHLY_CAP, unit, claim.full - claim.amount)
        if not claim.amount:
            return
        obstacle = self._shares.take(claim)
        if obstacle is not None:
            self._refuse(obstacle, unit, claim.amount)
            return
        self._granted[claim.clause, self._days.of(claim.earned), unit] += claim.amount
        step = step_of(claim.occasion)
        if step is not None:
            self._steps.reach(claim.clause, step, claim.place)

    def _refuse(self, limit: LimitId, unit: Unit, amount: int) -> None:
        self._times[limit] += 1
        self._refused.setdefault(limit, Counter())[unit] += amount

    def outcome(self, friends: int, members: int) -> Outcome:
        costs, days = spread(self._granted)
        return Outcome(costs, days, self._steps.reached, self._bounds(), friends, members)

    def _bounds(self) -> dict[LimitId, Bound]:
        found: dict[LimitId, Bound] = {}
        for limit in [*self._draft.limits, *self._times.keys() - self._draft.limits.keys()]:
            at = self._shares.exhausted.get(limit)
            found[limit] = Bound(
                times=self._times[limit],
                amounts=dict(self._refused.get(limit, {})),
                used=self._shares.used[limit],
                exhausted=EPOCH + timedelta(microseconds=at) if at is not None else None,
            )
        return found


def spread(
    granted: Mapping[tuple[str, date, Unit], int],
) -> tuple[dict[tuple[str, str, Unit], int], dict[tuple[date, Unit], int]]:
    """Amounts by clause, day and unit, summed by (month, clause, unit) and by (day, unit)."""
    costs: Counter[tuple[str, str, Unit]] = Counter()
    days: Counter[tuple[date, Unit]] = Counter()
    for (clause, day, unit), amount in granted.items():
        costs[f"{day:%Y-%m}", clause, unit] += amount
        days[day, unit] += amount
    return dict(sorted(costs.items())), dict(sorted(days.items()))


def step_of(occasion: str) -> int | None:
    """Which step of a ladder an occasion is for (`step:3`, `step:3/round:2`); None: another."""
    if not occasion.startswith("step:"):
        return None
    return int(occasion[5:].partition("/")[0])


class StepCounter:
    """Members by step, each counted once: one bit a member and step."""

    def __init__(self, members: int) -> None:
        self._size = members // 8 + 1
        self._seen: dict[tuple[str, int], bytearray] = {}
        self.reached: Counter[tuple[str, int]] = Counter()

    def reach(self, clause: str, step: int, place: int) -> None:
        """The member at a place of the order reached a step, for the first time or again."""
        seen = self._seen.setdefault((clause, step), bytearray(self._size))
        bit = 1 << place % 8
        if not seen[place // 8] & bit:
            seen[place // 8] |= bit
            self.reached[clause, step] += 1


class _Days:
    """The calendar days of a zone for moments that come in order: looked up once a day."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._begin = self._end = 0
        self._day = date(1970, 1, 1)

    def of(self, at: int) -> date:
        """The day of a moment in microseconds since 1970."""
        if not self._begin <= at < self._end:
            moment = EPOCH + timedelta(microseconds=at)
            self._day = moment.astimezone(ZoneInfo(self._zone)).date()
            self._begin = self._count(self._day)
            self._end = self._count(self._day + timedelta(days=1))
        return self._day

    def _count(self, day: date) -> int:
        return (local_midnight(day, self._zone) - EPOCH) // timedelta(microseconds=1)


def months_between(first: str, last: str) -> Iterator[str]:
    """Every month from one to another, both YYYY-MM and both included."""
    year, month = map(int, first.split("-"))
    while (here := f"{year:04d}-{month:02d}") <= last:
        yield here
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
