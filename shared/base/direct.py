"""Direct statements: written in Core, compiled once, run by the driver. For hot paths only.

SQLAlchemy's execution costs several times what SQLite needs for one indexed row. Parameters are
texts, numbers, bytes, moments (`Utc`) and JSON; rows come back as the driver's plain tuples, so
a statement selects columns that need no reading, or reads moments by `moment_reader`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable


@dataclass(frozen=True)
class Line:
    """A driver's connection and the dialect it speaks."""

    connection: Any
    dialect: Dialect


def line_of(session: Session) -> Line:
    """The connection of a session: what runs on it is part of its transaction."""
    connection = session.connection()
    return Line(connection.connection, connection.dialect)


@contextmanager
def undone_on(session: Session, *errors: type[Exception]) -> Iterator[None]:
    """What the block wrote is undone when one of `errors` leaves it, and the session goes on.

    A savepoint by the driver: the session's own costs more than most of what it would guard.
    After an undoing the session holds no objects; load anew what is to be changed.
    """
    session.flush()
    cursor = line_of(session).connection.cursor()
    cursor.execute("SAVEPOINT undone_on")
    try:
        yield
    except errors:
        session.expunge_all()
        cursor.execute("ROLLBACK TO SAVEPOINT undone_on")
        raise
    session.flush()
    cursor.execute("RELEASE SAVEPOINT undone_on")
    cursor.close()


def moment_reader(line: Line) -> Callable[[Any], datetime]:
    """How a moment (`Utc`) that a direct statement selects is read."""
    if line.dialect.name == "sqlite":
        return lambda written: datetime.fromisoformat(f"{written}+00:00")
    return lambda moment: moment.astimezone(UTC)


@dataclass(frozen=True)
class _Ready:
    sql: str
    order: tuple[str, ...] | None
    writers: Mapping[str, Callable[[Any], Any] | None]


class Direct:
    """One statement, made ready at its first use with each engine."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def first(self, line: Line, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run it; the first row, or None. KeyError names a missing parameter."""
        rows = self.all(line, parameters)
        return tuple(rows[0]) if rows else None

    def all(self, line: Line, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it; every row. KeyError names a missing parameter."""
        ready = self._ready.get(line.dialect.name) or self._make_ready(line.dialect)
        written = {
            name: value if (value := parameters[name]) is None or write is None else write(value)
            for name, write in ready.writers.items()
        }
        given = written if ready.order is None else tuple(written[name] for name in ready.order)
        cursor = line.connection.cursor()
        try:
            cursor.execute(ready.sql, given)
            # All of them: SQLite commits a statement at its end.
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        finally:
            cursor.close()
        return rows

    def _make_ready(self, dialect: Dialect) -> _Ready:
        compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        writers = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
        ready = _Ready(str(compiled), order, writers)
        self._ready[dialect.name] = ready
        return ready
