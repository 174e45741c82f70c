"""A file of bank events into the inbox, in batches: all of it, or the rest the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from shared.actions.hearing import accept_events
from shared.applications.event_files import events_of
from shared.applications.events import BankEvent
from shared.base.database import Database
from shared.base.sheets import MOST_SHOWN
from shared.post.inbox import Arrival

BATCH = 2000
"""Events a transaction: what an interruption may have to store again, and all that is held."""


@dataclass(frozen=True)
class Stored:
    """What a file came to. `conflict_lines`: the first whose identity had another body."""

    stored: int
    repeated: int
    conflicts: int
    conflict_lines: tuple[int, ...]


def store_event_file(
    database: Database, path: Path, now: datetime, told: Callable[[int], None] | None = None
) -> Stored:
    """Store the events of a file that was checked; the worker hears them.

    What an earlier run stored is known by its identity and passed over.
    """
    counts = dict.fromkeys(Arrival, 0)
    conflict_lines: list[int] = []
    for batch in _batches(events_of(path, now)):
        with database.transaction() as session:
            arrivals = accept_events(session, [event for _, event in batch], now)
        for (line, _), arrival in zip(batch, arrivals, strict=True):
            counts[arrival] += 1
            if arrival is Arrival.CONFLICT and len(conflict_lines) < MOST_SHOWN:
                conflict_lines.append(line)
        if told:
            told(sum(counts.values()))
    return Stored(
        counts[Arrival.STORED],
        counts[Arrival.REPEATED],
        counts[Arrival.CONFLICT],
        tuple(conflict_lines),
    )


def _batches(events: Iterator[tuple[int, BankEvent]]) -> Iterator[list[tuple[int, BankEvent]]]:
    while batch := list(islice(events, BATCH)):
        yield batch
