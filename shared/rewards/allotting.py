"""Shared limits allotted by due time: who would have won, had every due come when it was earned.

Live, limits bind in the order of arrival (`shared.rewards.admission`); a simulation has no
arrivals, so it sorts every member's dues by (earned, key), on disk when they are many, and
gives room in that order by the same rule: a due that does not fit wholly is refused.
"""

from __future__ import annotations

import heapq
import marshal
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, NamedTuple

from shared.campaigns.rules import LimitId, counts_amounts, rule_of
from shared.rewards.owed import Due

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
RUN = 10_000
"""Dues sorted in memory at a time."""
MOST_RUNS = 64
"""Sorted runs that are read side by side."""
_BLOCK = 100
"""Dues read back at a time from each sorted run."""
_SIZE = 4
"""Bytes that say how long a block is."""


class Claim(NamedTuple):
    """A due as it waits for its turn: plain values that sort by (earned, key) and fit on disk."""

    earned: int
    """Microseconds since 1970, UTC."""
    party: str
    clause: str
    occasion: str
    unit: str
    amount: int
    full: int
    """Before the monthly cap."""
    place: int
    """Which member in the order looked at."""
    draws: tuple[tuple[str, str, str, int], ...]
    """Of each limit that the draft has: what is drawn on, under which limit, whose place it is
    when several dues share one (else empty), how much."""


def claim_of(due: Due, place: int, limits: Mapping[LimitId, int]) -> Claim:
    """A due in the form in which it waits. Limits that the draft does not have are left out."""
    amounts: list[tuple[str, str, str, int]] = []
    places: list[tuple[str, str, str, int]] = []
    for draw in due.draws:
        rule, is_amount = _kind_of(draw.limit)
        if rule not in limits:
            continue
        if is_amount:
            amounts.append((draw.limit, rule, "", draw.amount or due.amount))
        else:
            places.append((draw.limit, rule, draw.holder, 1))
    key = due.key
    earned = (due.earned - EPOCH) // _MICROSECOND
    return Claim(
        earned, key.party, key.clause, key.occasion, due.unit.value, due.amount, due.full, place,
        (*amounts, *sorted(places)),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _kind_of(limit: LimitId) -> tuple[LimitId, bool]:
    """Under which limit something is drawn, and whether amounts are."""
    return rule_of(limit), counts_amounts(limit)


class InTimesOrder(AbstractContextManager["InTimesOrder"]):
    """Takes claims in any order and gives them back by (earned, key), in bounded memory.

    Sorted runs lie on disk; `most` of them become one, and `most` of those again.
    """

    def __init__(self, run: int = RUN, most: int = MOST_RUNS) -> None:
        self._run = run
        self._most = most
        self._waiting: list[Claim] = []
        self._levels: list[list[IO[bytes]]] = []

    def add(self, claim: Claim) -> None:
        """One more."""
        self._waiting.append(claim)
        if len(self._waiting) >= self._run:
            self._waiting.sort()
            self._keep(_written(self._waiting), 0)
            self._waiting.clear()

    def _keep(self, run: IO[bytes], level: int) -> None:
        if level == len(self._levels):
            self._levels.append([])
        runs = self._levels[level]
        runs.append(run)
        if len(runs) == self._most:
            self._keep(_written(heapq.merge(*map(_read, runs))), level + 1)
            _close(runs)

    def __iter__(self) -> Iterator[Claim]:
        self._waiting.sort()
        return heapq.merge(self._waiting, *(_read(run) for runs in self._levels for run in runs))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for runs in self._levels:
            _close(runs)


def _close(runs: list[IO[bytes]]) -> None:
    for run in runs:
        run.close()
    runs.clear()


def _written(claims: Iterable[Claim]) -> IO[bytes]:
    """A sorted run on disk, in blocks that each begin with their size."""
    run = TemporaryFile(prefix="jianka-")  # noqa: SIM115 (closed by _close)
    plain = map(tuple, claims)
    while block := list(islice(plain, _BLOCK)):
        written = marshal.dumps(block)
        run.write(len(written).to_bytes(_SIZE) + written)
    return run


def _read(run: IO[bytes]) -> Iterator[Claim]:
    """A sorted run, a block at a time: what this process wrote itself a moment ago."""
    run.seek(0)
    while size := run.read(_SIZE):
        for plain in marshal.loads(run.read(int.from_bytes(size))):  # noqa: S302
            yield Claim._make(plain)


class Shares:
    """What is left of the draft's limits, taken in the order of asking."""

    def __init__(self, limits: Mapping[LimitId, int]) -> None:
        self._limits = limits
        self.used: Counter[LimitId] = Counter()
        """By what is drawn on: a day's share of a daily budget stands for itself."""
        self._holders: dict[LimitId, set[str]] = defaultdict(set)
        """Who has a place that later dues share; never more than the limit has places."""
        self.exhausted: dict[LimitId, int] = {}
        """When a limit first had nothing left or refused somebody, in microseconds."""

    def take(self, claim: Claim) -> LimitId | None:
        """Take what a claim draws on, all or nothing; the limit that refuses it, or None."""
        asked = [
            draw for draw in claim.draws if not draw[2] or draw[2] not in self._holders[draw[1]]
        ]
        for name, rule, _, amount in asked:
            if self.used[name] + amount > self._limits[rule]:
                self.exhausted.setdefault(rule, claim.earned)
                return rule
        for name, rule, holder, amount in asked:
            if holder:
                self._holders[rule].add(holder)
            self.used[name] += amount
            if self.used[name] >= self._limits[rule]:
                self.exhausted.setdefault(rule, claim.earned)
        return None
