"""Which tests are one turn of one worker, and whom coverage watches."""

from __future__ import annotations

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

DOMAIN = ("tests/shared/", "tests/bot/flows/")
"""Each of their tests stands alone; a file of the other tests shares one demo or browser."""

_TO_PROCESSES = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


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


def watched(item: pytest.Item) -> bool:
    """Whether coverage watches this test. It slows Python by half, so it is asked of the domain
    only, and of one engine: the other runs the same lines."""
    spared = item.get_closest_marker("no_cover") or item.get_closest_marker("postgres")
    return item.nodeid.startswith(DOMAIN) and spared is None


class Watch:
    """Processes that an unwatched test starts are unwatched too."""

    def __init__(self) -> None:
        self._kept = {name: os.environ[name] for name in _TO_PROCESSES if name in os.environ}

    def turn_to(self, item: pytest.Item) -> None:
        for name, value in self._kept.items():
            if watched(item):
                os.environ[name] = value
            else:
                os.environ.pop(name, None)
