"""How fast a channel may be used, and how patiently it is tried when it is away."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any


@dataclass(frozen=True)
class Pace:
    """Messages at once and then a second: for each chat, and for all together."""

    chat_burst: int = 5
    chat_rate: float = 1.0
    all_burst: int = 30
    all_rate: float = 30.0
    kept_for_answers: int = 5
    """Of `all_burst`: what pushes leave to answers."""


class Bucket:
    """Room for `burst` messages at once, refilled by `rate` a second (real time)."""

    def __init__(self, burst: int, rate: float) -> None:
        self._burst, self._rate = burst, rate
        self._room, self._at = float(burst), monotonic()

    def wait(self, spare: int = 0) -> float:
        """Seconds until there is room for one more and `spare` beside it; 0 when now."""
        self._refill()
        return max(0.0, (1 + spare - self._room) / self._rate)

    def take(self) -> None:
        """Use the room of one message."""
        self._refill()
        self._room -= 1

    @property
    def full(self) -> bool:
        """Nothing was used lately."""
        self._refill()
        return self._room >= self._burst

    def _refill(self) -> None:
        now = monotonic()
        self._room = min(float(self._burst), self._room + (now - self._at) * self._rate)
        self._at = now


class Outage:
    """A channel or database that is away: one line in the log when it goes, one when it is back."""

    LONGEST = 30.0

    def __init__(self, log: Any, what: str) -> None:
        self._log, self._what = log, what
        self._pause = 0.0

    def goes_on(self, problem: str) -> float:
        """Seconds to wait before the next try: 1, 2, 4 … 30."""
        if not self._pause:
            self._log.warning("outage", what=self._what, problem=problem)
        self._pause = min(self.LONGEST, self._pause * 2 or 1.0)
        return self._pause

    def is_over(self) -> None:
        """A try went well."""
        if self._pause:
            self._log.info("outage_over", what=self._what)
            self._pause = 0.0
