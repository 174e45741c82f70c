"""Ours beside a limit, in turns: what a machine is busy with falls on both, so ratios hold."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One measured stretch: how much was done in how many seconds, of which processor time."""

    done: int
    seconds: float
    cpu: float | None = None

    @property
    def rate(self) -> float:
        """Done a second."""
        return self.done / self.seconds


@dataclass(frozen=True)
class Row:
    """One line of the table. `ours` and `limit` are medians of this machine; ratios travel."""

    name: str
    unit: str
    ours: float
    limit: float
    ratio: float
    """Median of the pairs' ratios."""
    cpu_ratio: float | None = None
    """The same by processor time: steadier, as neighbours and the load itself do not enter."""
    by_cpu: bool = False
    """The target is held by `cpu_ratio`, where it could be had."""
    at_least: float | None = None
    at_most: float | None = None
    """A row without either is for information."""

    @property
    def held(self) -> float:
        """The ratio that is held against the target."""
        return self.cpu_ratio if self.by_cpu and self.cpu_ratio is not None else self.ratio

    @property
    def ok(self) -> bool:
        """Whether the row holds its target."""
        return (self.at_least is None or self.held >= self.at_least) and (
            self.at_most is None or self.held <= self.at_most
        )

    @property
    def is_target(self) -> bool:
        return self.at_least is not None or self.at_most is not None


def compare(
    name: str,
    limit: Callable[[], Run],
    ours: Callable[[], Run],
    pairs: int,
    *,
    unit: str,
    at_least: float | None = None,
    by_cpu: bool = False,
) -> Row:
    """Run limit, ours, limit, ours …; the row of the pairs' medians, `unit` being of rates."""
    taken = [(limit(), ours()) for _ in range(pairs)]
    return Row(
        name,
        unit,
        ours=statistics.median(mine.rate for _, mine in taken),
        limit=statistics.median(bound.rate for bound, _ in taken),
        ratio=statistics.median(mine.rate / bound.rate for bound, mine in taken),
        cpu_ratio=_cpu_ratio(taken),
        by_cpu=by_cpu,
        at_least=at_least,
    )


def _cpu_ratio(taken: list[tuple[Run, Run]]) -> float | None:
    ratios = [
        (bound.cpu / bound.done) / (mine.cpu / mine.done)
        for bound, mine in taken
        if bound.cpu and mine.cpu
    ]
    return statistics.median(ratios) if ratios else None
