"""Nearness: what is close to a registration, out of what was found around many. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from shared.risk.hard_checks import DAY
from shared.risk.known import Seen
from shared.risk.rings import identity, places_of


class Near:
    """Registrations by what they may share with a subject."""

    def __init__(self, tied: Iterable[Seen], days: Iterable[Seen]) -> None:
        self._rows: dict[tuple[str, object], dict[int, Seen]] = defaultdict(dict)
        self._days: dict[tuple[str, object], dict[int, Seen]] = defaultdict(dict)
        for row in tied:
            for place in places_of(row):
                self._rows[place][identity(row)] = row
        for row in days:
            self._rows["s", row.series][identity(row)] = row
            for kind, value in (("i", row.invite), ("a", row.address), ("t", row.tablet)):
                self._days[kind, value][identity(row)] = row

    def of(self, row: Seen) -> tuple[Seen, ...]:
        """Whatever is near a registration, but not itself."""
        places = [*places_of(row), ("s", row.series)]
        found: dict[int, Seen] = {}
        for kind, value in (("i", row.invite), ("a", row.address), ("t", row.tablet)):
            if value:
                found |= {
                    name: each
                    for name, each in self._days[kind, value].items()
                    if abs(each.at - row.at) < DAY
                }
        for place in places:
            if place[1]:
                found |= self._rows[place]
        found.pop(identity(row), None)
        return tuple(found.values())


def busiest_of(times: Sequence[datetime]) -> int:
    """The most moments within a day, of moments in time's order."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= DAY:
            first += 1
        most = max(most, last - first + 1)
    return most
