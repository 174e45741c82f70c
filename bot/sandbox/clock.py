"""The simulated time that the sandbox shares with the product by a file."""

import os
from datetime import datetime
from pathlib import Path

from shared.base.clock import Clock, file_clock, system_clock

DAY = 86_400


class SandboxClock:
    """Real time plus the seconds in a file; without a file, real time."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.now: Clock = file_clock(path) if path else system_clock

    def advance(self, days: int) -> datetime:
        """Moves simulated time by whole days; raises ValueError where there is no file."""
        if self._path is None:
            raise ValueError("this sandbox has no clock file")
        written = self._path.read_text().strip() if self._path.exists() else ""
        ahead = float(written or 0) + days * DAY
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{ahead:.0f}\n")
        os.replace(fresh, self._path)
        return self.now()
