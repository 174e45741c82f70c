"""A start that many tests share is made once a process; later its rows are put back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from sqlalchemy import select

from shared.base.database import Database
from shared.people.persons import Person

T = TypeVar("T")

_SQLITE: dict[Hashable, tuple[sqlite3.Connection, Any]] = {}
_POSTGRES: dict[Hashable, tuple[_Rows, Any]] = {}


@dataclass(frozen=True)
class _Rows:
    """Every table that has rows, as PostgreSQL copies them, and how far the sequences are."""

    tables: dict[str, bytes]
    sequences: dict[str, int]


def begin_from(database: Database, start: Hashable, make: Callable[[], T]) -> T:
    """What `make()` does to an empty database and returns; the same `start` is made once.

    On a database that holds somebody already it is made, never put back.
    """
    with database.reading() as session:
        if session.scalar(select(Person.id).limit(1)) is not None:
            return make()
    place = (start, database.keyring.fingerprint())
    with _driver(database) as driver:
        if database.engine.dialect.name == "sqlite":
            return _begin_sqlite(driver, place, make)
        return _begin_postgres(driver, place, make)


EMPTY = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('alembic_version', 'key_check')
    LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
    LOOP PERFORM setval(quote_ident(name)::regclass, 1, false); END LOOP;
END $$
"""
"""Past the triggers that keep the ledger from being emptied; making a database takes longer, and
`ALTER SEQUENCE … RESTART` would write a new file for each."""


class Kept:
    """A database's rows as they are, to be put back as often as a test begins again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: _Rows | None = None
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        with _driver(database) as driver:
            if database.engine.dialect.name == "sqlite":
                driver.backup(self._copy)
            else:
                self._rows = _copy_out(driver)
                driver.rollback()

    def put_back(self) -> None:
        """Whatever was written since is gone."""
        with _driver(self._database) as driver:
            if self._rows is None:
                self._copy.backup(driver)
            else:
                driver.execute(EMPTY)
                _copy_in(driver, self._rows)
                driver.commit()

    def close(self) -> None:
        """Let go of what is kept."""
        self._copy.close()


@contextmanager
def _driver(database: Database) -> Iterator[Any]:
    raw = database.engine.raw_connection()
    try:
        yield raw.driver_connection
    finally:
        raw.close()


def _begin_sqlite(driver: sqlite3.Connection, place: Hashable, make: Callable[[], T]) -> T:
    if place not in _SQLITE:
        made = make()
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        driver.backup(kept)
        _SQLITE[place] = kept, made
        return made
    kept, made = _SQLITE[place]
    kept.backup(driver)
    return made  # type: ignore[no-any-return]


def _begin_postgres(driver: psycopg.Connection[Any], place: Hashable, make: Callable[[], T]) -> T:
    if place not in _POSTGRES:
        made = make()
        _POSTGRES[place] = _copy_out(driver), made
        driver.rollback()
        return made
    rows, made = _POSTGRES[place]
    _copy_in(driver, rows)
    driver.commit()
    return made  # type: ignore[no-any-return]


def _copy_out(driver: psycopg.Connection[Any]) -> _Rows:
    tables = {}
    named = driver.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        " AND tablename NOT IN ('alembic_version', 'key_check')"
    ).fetchall()
    for (name,) in named:
        with driver.cursor().copy(f'COPY "{name}" TO STDOUT (FORMAT binary)') as copy:
            rows = b"".join(bytes(part) for part in copy)
        if len(rows) > 21:  # the header and the end of a table without rows
            tables[name] = rows
    sequences = driver.execute(
        "SELECT sequencename, last_value FROM pg_sequences"
        " WHERE schemaname = 'public' AND last_value IS NOT NULL"
    ).fetchall()
    return _Rows(tables, dict(sequences))


def _copy_in(driver: psycopg.Connection[Any], rows: _Rows) -> None:
    driver.execute("SET LOCAL session_replication_role = replica")
    for name, body in rows.tables.items():
        with driver.cursor().copy(f'COPY "{name}" FROM STDIN (FORMAT binary)') as copy:
            copy.write(body)
    for name, last in rows.sequences.items():
        driver.execute("SELECT setval(%s, %s)", (f'"{name}"', last))
