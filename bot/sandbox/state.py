"""The sandbox's memory: one SQLite file, one connection, one lock, and waiters told of changes."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")

_TABLES = """
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (
  id INTEGER PRIMARY KEY, body TEXT NOT NULL, phone TEXT NOT NULL, blocked INTEGER NOT NULL,
  seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS chats (
  id INTEGER PRIMARY KEY, body TEXT NOT NULL, keyboard TEXT, typing_until REAL NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS members (chat INTEGER, user INTEGER, PRIMARY KEY (chat, user));
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY, chat INTEGER NOT NULL, inline_id TEXT UNIQUE, body TEXT NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS messages_of_chat ON messages (chat, seq);
CREATE TABLE IF NOT EXISTS updates (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS queries (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, user INTEGER NOT NULL, asked REAL NOT NULL,
  body TEXT NOT NULL, answer TEXT, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, mime TEXT NOT NULL, body TEXT NOT NULL,
  content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sms (
  id INTEGER PRIMARY KEY, number TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL,
  seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS applications (
  id TEXT PRIMARY KEY, body TEXT NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id TEXT PRIMARY KEY, application TEXT NOT NULL, body TEXT NOT NULL, status INTEGER,
  answer TEXT, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
"""


class State:
    """Guards the file. `writing` is one transaction; `wait_for` sleeps until something changed."""

    def __init__(self, path: Path) -> None:
        if str(path) != ":memory:":
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._depth = 0
        # A play loses nothing of worth in a power cut, so commits need not wait for the disk.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _TABLES)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction (nested ones join it); wakes the waiters when it is over."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")
                self._changed.notify_all()

    def run(self, sql: str, *values: object) -> int:
        """Runs one statement and returns the number of rows it touched."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def next(self, counter: str, first: int = 1) -> int:
        """The next number of a counter."""
        row = self.row(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) "
            "DO UPDATE SET value = value + 1 RETURNING value",
            counter,
            first,
        )
        assert row is not None
        return int(row["value"])

    def seq(self) -> int:
        """The number of the latest change."""
        row = self.row("SELECT value FROM counters WHERE name = 'seq'")
        return int(row["value"]) if row else 0

    def change(self) -> int:
        """A new number for a change that devices shall see."""
        return self.next("seq")

    def fact(self, name: str, default: Any = None) -> Any:
        """A stored JSON value by its name."""
        row = self.row("SELECT body FROM facts WHERE name = ?", name)
        return json.loads(row["body"]) if row else default

    def keep(self, name: str, value: Any) -> None:
        """Stores a JSON value under a name."""
        self.run(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
            name,
            json.dumps(value, ensure_ascii=False),
        )

    def wait_for(self, found: Callable[[], T | None], seconds: float) -> T | None:
        """Asks `found` after every change until it answers or the seconds have passed."""
        deadline = time.monotonic() + seconds
        with self._lock:
            while True:
                answer = found()
                left = deadline - time.monotonic()
                if answer is not None or left <= 0:
                    return answer
                self._changed.wait(left)

    def wake(self) -> None:
        """Makes every waiter look again."""
        with self._lock:
            self._changed.notify_all()

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._db.close()


def dumped(value: Any) -> str:
    """JSON text as it is stored."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
