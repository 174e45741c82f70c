"""A file of bank events, stored and heard in batches, beside the same one row at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from event_lines import write_events
from pairs import Row, Run, compare
from sqlalchemy import func, select
from stage import NewStage, Stage

from shared.applications.facts import FactRow
from shared.referrals.referrals import CreditRow

TARGET = 10.0
FLAT = 1.15
"""How much more memory ten times the lines may take."""
_CHILD = Path(__file__).with_name("event_child.py")


@dataclass(frozen=True)
class Sizes:
    """Lines of the whole file, of the one read row by row, of the small one to compare memory."""

    whole: int
    rows: int
    small: int = 0
    """0: memory is not looked at."""


def event_import(new: NewStage, folder: Path, pairs: int, sizes: Sizes) -> Iterator[Row]:
    """The rows of speed and of memory; every run has a fresh database and process."""
    peaks: list[int] = []

    def by_file() -> Run:
        run, peak = _import(new, folder, "file", sizes.whole)
        peaks.append(peak)
        return run

    with new() as stage:
        engine, target = stage.engine, TARGET if stage.is_default else None
    yield compare(
        f"Events by file, {sizes.whole:,} lines stored and heard, to row by row ({engine})",
        lambda: _import(new, folder, "rows", sizes.rows)[0],
        by_file,
        pairs,
        unit="events/s",
        at_least=target,
    )
    if sizes.small:
        _, small = _import(new, folder, "file", sizes.small)
        yield Row(
            f"Memory at {sizes.whole:,} lines, to {sizes.small:,} ({engine})",
            "MB",
            ours=max(peaks) / 1e6,
            limit=small / 1e6,
            ratio=max(peaks) / small,
            at_most=FLAT,
        )


def _import(new: NewStage, folder: Path, way: str, lines: int) -> tuple[Run, int]:
    with new() as stage:
        path = folder / f"events-{lines}-{stage.engine}.jsonl"
        if not path.exists():
            write_events(path, lines, stage.began)
        said = subprocess.run(
            [sys.executable, str(_CHILD), way, stage.url, str(path)],
            check=True,
            stdout=subprocess.PIPE,
        )
        _everything_is_heard(stage, lines)
    took = json.loads(said.stdout)
    return Run(took["lines"], took["seconds"], took["cpu"]), took["peak"]


def _everything_is_heard(stage: Stage, lines: int) -> None:
    """Both ways must have come to the same: each event a fact, friends' applications credited."""
    database = stage.open()
    with database.reading() as session:
        facts = session.scalar(select(func.count()).select_from(FactRow))
        credits = session.scalar(select(func.count()).select_from(CreditRow))
    database.close()
    if facts != lines or not credits:
        raise RuntimeError(f"of {lines} events, {facts} are facts; {credits} credits")
