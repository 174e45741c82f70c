"""Many rows at once, for hot paths: PostgreSQL copies them, SQLite takes them one by one.

Rows are plain tuples in the order of the columns that are named: texts, numbers, moments, None;
a JSON column takes its text as it is to stand there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import JSON, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from shared.base.database import Utc
from shared.base.direct import Line, line_of

Row = tuple[Any, ...]


def insert_rows(
    session: Session,
    table: Table,
    columns: tuple[str, ...],
    rows: Iterable[Row],
) -> None:
    """Insert rows; none is fine. IntegrityError when the database refuses one.

    Rows may be made while they are sent: the server then works on the first meanwhile.
    """
    line = line_of(session)
    if line.dialect.name != "postgresql":
        _one_by_one(line, _into(table, columns), table, columns, rows)
        return
    statement = f'COPY "{table.name}" ({_listed(columns)}) FROM STDIN'
    with (
        _refusals(line, statement),
        line.connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for row in _said(line, table, columns, rows):
            copy.write_row(row)


def insert_new_rows(
    session: Session, table: Table, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Insert rows, passing over those of which a unique key is there already."""
    _insert_over(session, table, columns, rows, " ON CONFLICT DO NOTHING")


def upsert_rows(
    session: Session,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Row],
    least: str | None = None,
) -> None:
    """Insert rows of different primary keys, in their order, or bring those that are there up to
    the values. `least`: of those only this column changes, and only to something less."""
    _insert_over(session, table, columns, rows, _over(table, columns, least))


def _insert_over(
    session: Session, table: Table, columns: tuple[str, ...], rows: Sequence[Row], over: str
) -> None:
    if not rows:
        return
    line = line_of(session)
    if line.dialect.name != "postgresql":
        _one_by_one(line, _into(table, columns) + over, table, columns, rows)
        return
    said = json.dumps(
        [
            {name: value for name, value in zip(columns, row, strict=True) if value is not None}
            for row in rows
        ],
        default=_moment,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    statement = _from_json(table, columns) + over
    with _refusals(line, statement), line.connection.cursor() as cursor:
        cursor.execute(statement, (said,))


@contextmanager
def _refusals(line: Line, statement: str) -> Iterator[None]:
    """The driver's refusals by the names that callers know."""
    try:
        yield
    except line.driver.Error as problem:
        raise line.known(statement, problem) from problem


def _one_by_one(
    line: Line, statement: str, table: Table, columns: tuple[str, ...], rows: Iterable[Row]
) -> None:
    with _refusals(line, statement):
        line.connection.cursor().executemany(statement, _said(line, table, columns, rows))


def _said(line: Line, table: Table, columns: tuple[str, ...], rows: Iterable[Row]) -> Iterable[Row]:
    """Rows with their moments as the engine is told them."""
    for place, name in enumerate(columns):
        if isinstance(kind := table.c[name].type, Utc):
            write: Any = _moment
            if line.dialect.name == "sqlite":
                write = kind.dialect_impl(line.dialect).bind_processor(line.dialect)
            rows = _said_at(rows, place, write)
    return rows


def _said_at(rows: Iterable[Row], place: int, write: Callable[[Any], Any]) -> Iterator[Row]:
    return ((*row[:place], write(row[place]), *row[place + 1 :]) for row in rows)


@lru_cache(maxsize=64)  # most rows of a batch were made at the same moment
def _moment(value: object) -> str:
    """A moment as JSON says it; TypeError for anything else that JSON has no word for."""
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is not written in many rows at once")
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return value.isoformat()


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


@cache
def _from_json(table: Table, columns: tuple[str, ...]) -> str:
    """Reads its rows from one JSON text: cheaper than an array a column, whose every word the
    driver quotes by itself."""
    speaks = postgresql.dialect()  # type: ignore[no-untyped-call]
    kinds = {name: table.c[name].type for name in columns}
    told = ", ".join(
        f'"{name}" {"text" if isinstance(kind, JSON) else kind.compile(speaks)}'
        for name, kind in kinds.items()
    )
    read = ", ".join(
        f'"{name}"::json' if isinstance(kind, JSON) else f'"{name}"' for name, kind in kinds.items()
    )
    return (
        f'INSERT INTO "{table.name}" ({_listed(columns)})'  # noqa: S608 (our own names)
        f" SELECT {read} FROM json_to_recordset(%s::json) AS told({told})"
    )


@cache
def _into(table: Table, columns: tuple[str, ...]) -> str:
    places = ", ".join("?" * len(columns))
    return f'INSERT INTO "{table.name}" ({_listed(columns)}) VALUES ({places})'  # noqa: S608


@cache
def _over(table: Table, columns: tuple[str, ...], least: str | None) -> str:
    """What comes of a row whose primary key is there."""
    identity = [column.name for column in table.primary_key]
    if least is not None:
        known, new = f'"{table.name}"."{least}"', f'excluded."{least}"'
        news = f'"{least}" = CASE WHEN {known} <= {new} THEN {known} ELSE {new} END'
    else:
        rest = [name for name in columns if name not in identity]
        news = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
    return f" ON CONFLICT ({_listed(identity)}) DO UPDATE SET {news}"
