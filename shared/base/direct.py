"""Direct statements: written in Core, compiled once, run by the driver. For hot paths only.

SQLAlchemy's execution costs several times what SQLite needs for one indexed row. Parameters are
texts, numbers, bytes, moments (`Utc`), JSON, and many values of a column at once (`among`). Rows
come back as the driver's plain tuples (`all`, `first`; moments by `moment_reader`), or with each
column read as its type says (`read`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Dialect,
    String,
    Text,
    bindparam,
    literal_column,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine


@dataclass(frozen=True)
class Line:
    """A driver's connection and the dialect it speaks."""

    connection: Any
    dialect: Dialect

    @property
    def driver(self) -> Any:
        """The driver's module, with its errors."""
        return self.dialect.loaded_dbapi

    def known(self, statement: str, problem: Exception) -> BaseException:
        """A driver's error as SQLAlchemy would raise it; without the parameters, which nobody
        is to read."""
        return DBAPIError.instance(
            statement, None, problem, self.driver.Error, dialect=self.dialect
        )


def line_of(session: Session) -> Line:
    """The connection of a session: what runs on it is part of its transaction and sees what
    the session has to write."""
    session.flush()
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


class _Many(TypeDecorator[Collection[Any]]):
    """Many numbers or texts in one parameter: a JSON text on SQLite, and on PostgreSQL an array,
    written out here, as its driver would ask each element for its type."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        # Not VARCHAR(n): that would cut longer ones off, and then find another's.
        self.of = Text() if isinstance(of, String) else of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        plain = Text() if dialect.name == "sqlite" else ARRAY(self.of)
        return dialect.type_descriptor(plain)

    def bind_processor(self, dialect: Dialect) -> Callable[[Collection[Any] | None], str]:
        """A text on either engine; PostgreSQL reads it by the type that the statement names."""
        if dialect.name == "sqlite":
            return lambda values: json.dumps(list(values or ()))
        return lambda values: f"{{{','.join(map(_element, values or ()))}}}"


def _element(value: int | str | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if value is None else str(value)


class among(FunctionElement[bool]):
    """Whether a column has one of the values of a parameter; none is fine.

    One parameter, however many values: the statement stays the same, so that it is compiled once
    and the server keeps its plan, which `IN` with its list of parameters never is.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: InstrumentedAttribute[Any] | ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Many(column.type)))

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002
        """As it is: for SQLite a condition would be compared with 1, and no index serves that."""
        return self


@compiles(among)
def _among(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    if compiler.dialect.name == "sqlite":
        return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 (as compiled)
    return f"{column} = ANY ({values})"


def passed_over(column: InstrumentedAttribute[int] | ColumnElement[int]) -> ColumnElement[int]:
    """A column that no index is to be looked up by: where the statistics do not know a value yet,
    the planner takes it for rare, and reads all that there is of it."""
    return column + literal_column("0")


@dataclass(frozen=True)
class _Ready:
    sql: str
    order: tuple[str, ...] | None
    writers: Mapping[str, Callable[[Any], Any] | None]
    """Of the parameters that a caller gives."""
    constants: Mapping[str, Any]
    """What the statement itself says, written."""
    readers: tuple[Callable[[Any], Any] | None, ...]
    """Of the columns that are selected."""


class Direct:
    """One statement, made ready at its first use with each engine."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def first(self, line: Line, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run it; the first row, or None. KeyError names a missing parameter."""
        rows = self.all(line, parameters)
        return tuple(rows[0]) if rows else None

    def read(self, session: Session, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run it in a session; every row, each column as its type reads it."""
        line = line_of(session)
        rows = self.all(line, parameters)
        readers = self._ready[line.dialect.name].readers
        if not rows or not any(readers):
            return rows
        columns = zip(*rows, strict=True)
        return list(
            zip(
                *(
                    column if reader is None else map(reader, column)
                    for column, reader in zip(columns, readers, strict=True)
                ),
                strict=True,
            )
        )

    def all(self, line: Line, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it; every row. KeyError names a missing parameter."""
        ready = self._ready.get(line.dialect.name) or self._make_ready(line.dialect)
        written = {
            name: value if (value := parameters[name]) is None or write is None else write(value)
            for name, write in ready.writers.items()
        }
        if ready.constants:
            written |= ready.constants
        given = written if ready.order is None else tuple(written[name] for name in ready.order)
        cursor = line.connection.cursor()
        try:
            cursor.execute(ready.sql, given)
            # All of them: SQLite commits a statement at its end.
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        except line.driver.Error as problem:
            raise line.known(ready.sql, problem) from problem
        finally:
            cursor.close()
        return rows

    def _make_ready(self, dialect: Dialect) -> _Ready:
        compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        writers, constants = {}, {}
        for name, bind in compiled.binds.items():
            write = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                writers[name] = write
            else:
                value = bind.effective_value
                constants[name] = value if write is None else write(value)
        order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
        selected = getattr(self._statement, "selected_columns", ())
        readers = tuple(
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in selected
        )
        ready = _Ready(str(compiled), order, writers, constants, readers)
        self._ready[dialect.name] = ready
        return ready
