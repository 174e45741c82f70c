"""A process that imports events and says what it took: `event_child.py file|rows URL PATH`.

`file` is what `jianka events import` and the worker do; `rows` stores and hears each event in
transactions of its own, as a program without batches would.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from stage import Stage

from shared.actions.hearing import accept_events, hear_waiting
from shared.applications.event_files import check_event_file, events_of
from shared.base import lease
from shared.base.database import Database
from shared.jobs.event_files import store_event_file
from shared.rewards.settle import DUTY

_HOLDER = "bench"


def by_file(database: Database, path: Path, now: datetime) -> int:
    """Check, store and hear a file as the product does."""
    lines = check_event_file(path, now)
    store_event_file(database, path, now)
    while hear_waiting(database, _HOLDER, now):
        pass
    return lines


def by_rows(database: Database, path: Path, now: datetime) -> int:
    """The same effects, an event at a time."""
    lines = 0
    for _, event in events_of(path, now):
        with database.transaction() as session:
            accept_events(session, [event], now)
        hear_waiting(database, _HOLDER, now)
        lines += 1
    return lines


def peak_memory() -> int:
    """The most memory this process ever held, in bytes (in the unit of getrusage elsewhere)."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage counts what the parent held before this program was loaded.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(way: str, url: str, path: str) -> None:
    ways: dict[str, Callable[[Database, Path, datetime], int]] = {"file": by_file, "rows": by_rows}
    now = datetime.now(UTC)
    database = Stage(url, (), now).open()
    with database.transaction() as session:
        assert lease.take(session, DUTY, _HOLDER, now)
    begin, cpu = perf_counter(), process_time()
    lines = ways[way](database, Path(path), now)
    took = {"seconds": perf_counter() - begin, "cpu": process_time() - cpu}
    database.close()
    sys.stdout.write(json.dumps({"lines": lines, "peak": peak_memory(), **took}))


if __name__ == "__main__":
    main(*sys.argv[1:])
