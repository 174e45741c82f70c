"""A draft tried on a long history, beside merely reading the same facts; and its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from history_tables import write_history
from pairs import Row, Run, compare
from stage import NewStage, Stage

TARGET = 0.1
FLAT = 1.15
"""How much more memory ten times the facts may take."""
_CHILD = Path(__file__).with_name("history_child.py")


@dataclass(frozen=True)
class Facts:
    """Of the whole history, and of the small one that its memory is held against."""

    whole: int
    small: int


def history(new: NewStage, pairs: int, facts: Facts) -> Iterator[Row]:
    """The rows of speed and of memory; every run is a process of its own."""
    with new() as stage:
        write_history(stage, facts.small)
        _, small = _run(stage, "simulate", facts.small)
    runs: list[tuple[Run, int]] = []

    def simulate() -> Run:
        runs.append(_run(stage, "simulate", facts.whole))
        return runs[-1][0]

    with new() as stage:
        write_history(stage, facts.whole)
        yield compare(
            f"A draft tried on {facts.whole:,} facts, to reading them ({stage.engine})",
            lambda: _run(stage, "read", facts.whole)[0],
            simulate,
            pairs,
            unit="facts/s",
            at_least=TARGET,
            by_cpu=stage.is_default,
        )
        yield compare(
            f"The same, to the driver's bare rows ({stage.engine})",
            lambda: _run(stage, "driver", facts.whole)[0],
            lambda: runs[-1][0],
            1,
            unit="facts/s",
        )
    peak = max(peak for _, peak in runs)
    yield Row(
        f"Memory at {facts.whole:,} facts, to {facts.small:,} ({stage.engine})",
        "MB",
        ours=peak / 1e6,
        limit=small / 1e6,
        ratio=peak / small,
        at_most=FLAT,
    )


def _run(stage: Stage, way: str, facts: int) -> tuple[Run, int]:
    said = subprocess.run(
        [sys.executable, str(_CHILD), way, stage.url], check=True, stdout=subprocess.PIPE
    )
    took = json.loads(said.stdout)
    if took["facts"] != facts:
        raise RuntimeError(f"of {facts} facts {took['facts']} were seen")
    return Run(facts, took["seconds"], took["cpu"]), took["peak"]
