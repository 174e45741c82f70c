"""What every view needs and nobody below may look for: settings, database, clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Flask, current_app

from shared.base.clock import Clock
from shared.base.database import Database
from shared.base.settings import Settings

_KEY = "jianka"


@dataclass(frozen=True)
class Wiring:
    """The application's own parts. `clock` gives UTC."""

    settings: Settings
    database: Database
    clock: Clock

    def now(self) -> datetime:
        """The moment of this request, UTC."""
        return self.clock()


def wire(app: Flask, settings: Settings, database: Database, clock: Clock) -> Wiring:
    """Hang the parts on the application."""
    parts = Wiring(settings, database, clock)
    app.extensions[_KEY] = parts
    return parts


def wiring() -> Wiring:
    """The parts of the application that answers this request."""
    return cast(Wiring, current_app.extensions[_KEY])
