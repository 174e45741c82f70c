"""Many rows at once, for hot paths: PostgreSQL copies them, SQLite takes them one by one.

Rows are plain tuples in the order of the columns that are named: texts, numbers, moments, None;
a JSON column takes its text as it is to stand there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import JSON, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.base.database import Utc
from shared.base.direct import Line, line_of

Row = tuple[Any, ...]


def insert_rows(
    session: Session, table: Table, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Insert rows; none is fine. IntegrityError when the database refuses one."""
    if not rows:
        return
    line = line_of(session)
    if line.dialect.name != "postgresql":
        _one_by_one(line, _for_sqlite(table, columns, upsert=False), table, columns, rows)
        return
    statement = f'COPY "{table.name}" ({_listed(columns)}) FROM STDIN'
    with (
        _refusals(line, statement),
        line.connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for row in _said(line, table, columns, rows):
            copy.write_row(row)


def upsert_rows(
    session: Session, table: Table, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Insert rows of different primary keys, or bring those that are there up to the values."""
    if not rows:
        return
    line = line_of(session)
    if line.dialect.name != "postgresql":
        _one_by_one(line, _for_sqlite(table, columns, upsert=True), table, columns, rows)
        return
    said = json.dumps(
        [dict(zip(columns, row, strict=True)) for row in rows],
        default=_moment,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    statement = _for_postgres(table, columns)
    with _refusals(line, statement), line.connection.cursor() as cursor:
        cursor.execute(statement, (said,))


@contextmanager
def _refusals(line: Line, statement: str) -> Iterator[None]:
    """The driver's refusals by the name that callers of SQLAlchemy know."""
    driver = line.dialect.loaded_dbapi
    try:
        yield
    except driver.IntegrityError as problem:
        raise IntegrityError(statement, None, problem) from problem


def _one_by_one(
    line: Line, statement: str, table: Table, columns: tuple[str, ...], rows: Sequence[Row]
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
            rows = [(*row[:place], write(row[place]), *row[place + 1 :]) for row in rows]
    return rows


@lru_cache(maxsize=64)  # most rows of a batch were made at the same moment
def _moment(value: object) -> str:
    """A moment as JSON says it; TypeError for anything else that JSON has no word for."""
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is not written in many rows at once")
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return value.isoformat()


def _listed(columns: Sequence[str], before: str = "") -> str:
    return ", ".join(f'{before}"{name}"' for name in columns)


@cache
def _for_postgres(table: Table, columns: tuple[str, ...]) -> str:
    """An upsert that reads its rows from one JSON text: cheaper than an array a column, whose
    every word the driver quotes by itself."""
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
        f" SELECT {read} FROM json_to_recordset(%s::json) AS told({told})" + _over(table, columns)
    )


@cache
def _for_sqlite(table: Table, columns: tuple[str, ...], *, upsert: bool) -> str:
    places = ", ".join("?" * len(columns))
    statement = (
        f'INSERT INTO "{table.name}" ({_listed(columns)})'  # noqa: S608 (our own names)
        f" VALUES ({places})"
    )
    return statement + _over(table, columns) if upsert else statement


def _over(table: Table, columns: tuple[str, ...]) -> str:
    """What comes of a row whose primary key is there."""
    identity = [column.name for column in table.primary_key]
    rest = [name for name in columns if name not in identity]
    news = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
    return f" ON CONFLICT ({_listed(identity)}) DO UPDATE SET {news}"
