"""Many rows in one statement, for hot paths: PostgreSQL reads them from JSON, SQLite one by one.

The driver writes one text instead of an array a column, whose every word it quotes by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns; none is fine."""
    _write(session, table, rows, upsert=False)


def upsert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of different primary keys, or bring those that are there up to the values."""
    _write(session, table, rows, upsert=True)


def _write(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], *, upsert: bool
) -> None:
    if not rows:
        return
    names = tuple(rows[0])
    if session.get_bind().dialect.name != "postgresql":
        session.execute(_for_sqlite(table, names, upsert), rows)
        return
    session.flush()
    said = json.dumps(rows, default=_moment, ensure_ascii=False, separators=(",", ":"))
    session.connection().exec_driver_sql(_for_postgres(table, names, upsert), (said,))


def _moment(value: object) -> str:
    """A moment as JSON says it; TypeError for anything else that JSON has no word for."""
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is not written in many rows at once")
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return value.isoformat()


@cache
def _for_postgres(table: Table, names: tuple[str, ...], upsert: bool) -> str:
    speaks = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = ", ".join(f'"{name}" {table.c[name].type.compile(speaks)}' for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    statement = (
        f'INSERT INTO "{table.name}" ({columns})'  # noqa: S608 (our own names)
        f" SELECT {columns} FROM json_to_recordset(%s::json) AS told({types})"
    )
    if not upsert:
        return statement
    identity = [column.name for column in table.primary_key]
    rest = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in identity)
    return f"{statement} ON CONFLICT ({', '.join(identity)}) DO UPDATE SET {rest}"


@cache
def _for_sqlite(table: Table, names: tuple[str, ...], upsert: bool) -> Any:
    row = sqlite.insert(table)
    if not upsert:
        return row
    identity = [column.name for column in table.primary_key]
    rest = {name: row.excluded[name] for name in names if name not in identity}
    return row.on_conflict_do_update(index_elements=identity, set_=rest)
