"""`make bench`: how near ours comes to a limit measured in the same run, as one table and JSON.

Exit status 1 when a target is missed. Needs nothing running; with a PostgreSQL server at
JIANKA_TEST_POSTGRES its rows are there too. `--quick` is a rough look in a fraction of the time.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from drawing import poster_row, qr_row
from event_import import Sizes, event_import
from granting import granting
from history import Facts, history
from landing import landing
from pairs import Row
from rich.console import Console
from rich.table import Table
from stage import ROOT, NewStage, Stages, postgres_is_there
from statements import statement_row
from updates import bot_updates

from shared.base.log import configure_logs

RESULTS = ROOT / "bench-results.json"


@dataclass(frozen=True)
class Depth:
    """How long to look."""

    pairs: int
    seconds: float
    """Of each burst on the web."""
    updates: int
    events: Sizes
    events_on_postgres: Sizes
    pictures: int
    grants: int
    """In the ledger of which one member's statement is asked for."""
    earners: int
    """Members who earn in one run of the granting."""
    history: Facts


FULL = Depth(
    5,
    2.0,
    600,
    Sizes(whole=100_000, small=10_000, rows=600),
    Sizes(whole=10_000, rows=400),
    10,
    5_000_000,
    6000,
    Facts(whole=1_000_000, small=100_000),
)
QUICK = Depth(
    1,
    1.0,
    200,
    Sizes(whole=20_000, small=2_000, rows=200),
    Sizes(whole=4_000, rows=100),
    3,
    200_000,
    2000,
    Facts(whole=16_000, small=4_000),
)


def measured(stages: Stages, folder: Path, depth: Depth) -> Iterator[Row]:
    """Measure one thing after the other."""
    engines: list[tuple[NewStage, Sizes]] = [(stages.sqlite, depth.events)]
    if postgres_is_there():
        engines.append((stages.postgres, depth.events_on_postgres))
    for new, _ in engines:
        with new() as stage:
            yield landing(stage, folder, depth.pairs, depth.seconds)
    for new, _ in engines:
        with new() as stage:
            yield from bot_updates(stage, depth.pairs, depth.updates)
    for new, sizes in engines:
        yield from event_import(new, folder, depth.pairs, sizes)
    if postgres_is_there():
        yield from granting(stages.postgres, folder, depth.pairs, depth.seconds, depth.earners)
    for new, _ in engines:
        yield statement_row(new, depth.pairs, depth.grants, 40)
        # A million facts take a while; two pairs tell enough.
        yield from history(new, min(depth.pairs, 2), depth.history)
    yield qr_row(depth.pairs, depth.pictures)
    yield poster_row(depth.pairs, depth.pictures)


def main(arguments: list[str]) -> int:
    """Measure, show, write down; the exit status."""
    if set(arguments) - {"--quick"}:
        sys.stderr.write("usage: run.py [--quick]\n")
        return 2
    depth = QUICK if "--quick" in arguments else FULL
    logging.disable(logging.CRITICAL)
    configure_logs(logging.CRITICAL)
    console = Console(width=None if sys.stdout.isatty() else 140)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="jianka-bench-") as name:
        # No .env of the working directory is to reach a program that is measured.
        os.chdir(name)
        with Stages(Path(name)).ready() as stages, console.status("…") as status:
            for row in measured(stages, Path(name), depth):
                rows.append(row)
                status.update(row.name)
    console.print(_table(rows, depth))
    RESULTS.write_text(json.dumps(_kept(rows, depth), indent=2) + "\n", encoding="utf-8")
    console.print(f"written to {RESULTS}")
    missed = [row.name for row in rows if not row.ok]
    for name in missed:
        console.print(f"target missed: {name}", style="bold red")
    return 1 if missed else 0


def _table(rows: list[Row], depth: Depth) -> Table:
    table = Table(title=f"Ours to a limit of the same run, median of {depth.pairs} paired runs")
    table.add_column("what", overflow="fold")
    for heading in ("ours", "limit", "unit", "ratio", "by CPU", "target", "ok"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.name,
            f"{row.ours:,.0f}",
            f"{row.limit:,.0f}",
            row.unit,
            f"{row.ratio:.2f}",
            "" if row.cpu_ratio is None else f"{row.cpu_ratio:.2f}",
            _target(row),
            _verdict(row),
        )
    return table


def _target(row: Row) -> str:
    if row.at_least is not None:
        return f"≥ {row.at_least:g}" + (" by CPU" if row.by_cpu else "")
    return "" if row.at_most is None else f"≤ {row.at_most:g}"


def _verdict(row: Row) -> str:
    if not row.is_target:
        return ""
    return "[green]yes[/green]" if row.ok else "[bold red]no[/bold red]"


def _kept(rows: list[Row], depth: Depth) -> dict[str, object]:
    """The ratios travel between machines; rates and units say what this one did."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "pairs": depth.pairs,
        "ok": all(row.ok for row in rows),
        "rows": [asdict(row) | {"ok": row.ok if row.is_target else None} for row in rows],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
