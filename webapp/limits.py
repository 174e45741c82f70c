"""How often one address may do a thing in any sixty seconds.

Counted in Redis where there is one, else in a small file that the worker processes of this
machine share; only the few views that need it ask, and the limits come from the campaign.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import Protocol, cast

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from shared.base.log import log
from shared.base.settings import Settings

COUNTS_FILE = "JIANKA_COUNTS_FILE"
"""Set by `webapp.program.run` for its workers: the file they share."""
_KEY = "jianka.limits"
_WINDOW = 60.0
_log = log("web")


class Counter(Protocol):
    """Counts hits of somebody; False once there are more than `per_minute`."""

    def hit(self, what: str, who: str, per_minute: int) -> bool: ...


class FileCounter:
    """Hits of the last minute in a SQLite file: exact for every process that opens it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    def hit(self, what: str, who: str, per_minute: int) -> bool:
        """A refused hit is not counted, so that patience is rewarded."""
        now = time.time()
        file = self._connection()
        file.execute("BEGIN IMMEDIATE")
        try:
            file.execute("DELETE FROM hits WHERE at < ?", (now - _WINDOW,))
            count = "SELECT count(*) FROM hits WHERE what = ? AND who = ?"
            allowed: bool = file.execute(count, (what, who)).fetchone()[0] < per_minute
            if allowed:
                file.execute("INSERT INTO hits VALUES (?, ?, ?)", (what, who, now))
        finally:
            file.execute("COMMIT")
        return allowed

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "file", None)
        if found is None:
            found = sqlite3.connect(self._path, isolation_level=None, timeout=10)
            found.execute("PRAGMA synchronous=OFF")  # a minute's counts need no disk
            found.execute("CREATE TABLE IF NOT EXISTS hits (what TEXT, who TEXT, at REAL)")
            found.execute("CREATE INDEX IF NOT EXISTS ix_hits ON hits (what, who)")
            found.execute("CREATE INDEX IF NOT EXISTS ix_hits_at ON hits (at)")
            self._local.file = found
        return found


class RedisCounter:
    """Hits in Redis, shared by machines. A Redis that is away must not close the door."""

    def __init__(self, url: str, fallback: Counter) -> None:
        self._window = MovingWindowRateLimiter(storage_from_string(url))
        self._fallback = fallback

    def hit(self, what: str, who: str, per_minute: int) -> bool:
        """Counted here alone while Redis is away."""
        item = RateLimitItemPerMinute(per_minute, namespace="jianka")
        try:
            return self._window.hit(item, what, who)
        except RedisError as error:
            _log.warning("counter away", error=type(error).__name__)
            return self._fallback.hit(what, who, per_minute)


def address() -> str:
    """Where this request comes from; with JIANKA_TRUSTED_PROXIES, as the proxy tells it."""
    return request.remote_addr or "unknown"


def within(what: str, per_minute: int) -> bool:
    """Count one `what` of this request's address; whether it is still allowed this minute."""
    counter = cast(Counter, current_app.extensions[_KEY])
    return counter.hit(what, address(), per_minute)


def install_limits(app: Flask, settings: Settings) -> None:
    """Count where the settings say."""
    path = os.environ.get(COUNTS_FILE)
    if path is None:
        own = tempfile.TemporaryDirectory(prefix="jianka-counts-")
        app.extensions[f"{_KEY}.directory"] = own  # goes with the application
        path = str(Path(own.name) / "counts.sqlite")
    counter: Counter = FileCounter(Path(path))
    if settings.redis_url:
        counter = RedisCounter(settings.redis_url, counter)
    app.extensions[_KEY] = counter
