"""How a command comes by its settings, clock and database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.base.clock import Clock, file_clock, system_clock
from shared.base.database import Database, open_database
from shared.base.privacy import read_keyring
from shared.base.settings import Settings, read_settings
from shared.migrations.upgrade import check


def clock_of(settings: Settings) -> Clock:
    """The clock the settings name."""
    return file_clock(settings.clock_file) if settings.clock_file else system_clock


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[tuple[Database, Clock]]:
    """The settings' database, up to date and under its own keys, and their clock.

    Misconfigured says what is missing.
    """
    settings = settings or read_settings()
    database = open_database(settings.database_url, read_keyring(settings))
    try:
        check(database)
        yield database, clock_of(settings)
    finally:
        database.close()
