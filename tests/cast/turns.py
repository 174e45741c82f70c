"""Which tests are one turn of one worker, whom coverage watches, and what waits for the night."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from typing import Any

import pytest
from coverage import Coverage
from xdist.scheduler import LoadScopeScheduling

DOMAIN = ("tests/shared/", "tests/bot/flows/")
"""Each of their tests stands alone; a file of the other tests shares one demo or browser."""

BOTH_BY_DAY = frozenset(
    {
        "test_append_only.py", "test_at_once.py", "test_contention.py", "test_migrations.py",
        "test_starting_at_once.py", "test_state_machine.py",
    }
)  # fmt: skip
"""Files whose tests are about the engines themselves."""

_TO_PROCESSES = "COVERAGE_PROCESS_CONFIG"
"""What makes a Python that is started watch itself."""


class Turns(LoadScopeScheduling):
    """The domain's tests go out one by one, the faces' by file, in the order of collection."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(DOMAIN) else nodeid.split("::", 1)[0]


def turn(item: pytest.Item) -> int:
    """What mostly waits starts first, then the browsers and all that is one long turn."""
    if item.get_closest_marker("waits"):
        return 0
    if item.get_closest_marker("browser"):
        return 1
    return 3 if item.nodeid.startswith(DOMAIN) else 2


def further_inputs(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Tests of which another one among these is the same with another input."""
    known: set[str] = set()
    found = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        if test in known:
            found.append(item)
        known.add(test)
    return found


def left_to_the_night(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """By day a test that is asked on two engines is asked on one, half of them on either; by night
    on both. Which one is drawn by its name, so it is the same every day, input by input."""
    twins: dict[str, dict[str, pytest.Item]] = {}
    for item in items:
        engine = engine_of(item)
        if engine and item.path.name not in BOTH_BY_DAY:
            test, _, inputs = item.nodeid.partition("[")
            twins.setdefault(f"{test}[{inputs.replace(engine, '', 1)}", {})[engine] = item
    return [
        pair["sqlite" if zlib.crc32(name.encode()) & 1 else "postgres"]
        for name, pair in twins.items()
        if len(pair) > 1
    ]


def engine_of(item: pytest.Item) -> str:
    """The engine that a test is asked on, where it says so."""
    call = getattr(item, "callspec", None)
    return str(call.params.get("database_url", "")) if call is not None else ""


def watched(item: pytest.Item) -> bool:
    """Whether coverage watches this test. It slows Python by half, so it is asked of the domain's
    own tests only, of their first inputs by day: the others run the same lines."""
    spared = any(item.get_closest_marker(mark) for mark in ("unwatched", "nightly"))
    return item.nodeid.startswith("tests/shared/") and not spared


class Watch:
    """Lets coverage rest, in this process and in those that a test starts."""

    def __init__(self) -> None:
        self._kept: str | None = None
        self._resting: list[Coverage] = []
        self._rests = False

    def turn_to(self, item: pytest.Item) -> None:
        """Before any fixture of a test."""
        if self._rests is watched(item):
            self._rests = not self._rests
            if self._rests:
                self._rest()
            else:
                self._watch()

    def _rest(self) -> None:
        self._kept = os.environ.pop(_TO_PROCESSES, None)
        # In a worker of xdist several are stacked: when the upper one stops, the one below goes on.
        while (watching := Coverage.current()) is not None:
            watching.stop()
            self._resting.append(watching)

    def _watch(self) -> None:
        if self._kept is not None:
            os.environ[_TO_PROCESSES] = self._kept
        while self._resting:
            self._resting.pop().start()
