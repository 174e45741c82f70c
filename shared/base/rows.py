"""Many rows in one statement, for hot paths: PostgreSQL reads arrays, SQLite row after row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Dialect, Table
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
    connection = session.connection()
    arrays = tuple(_array(table, name, rows, connection.dialect) for name in names)
    connection.exec_driver_sql(_for_postgres(table, names, upsert), arrays)


def _array(
    table: Table, name: str, rows: Sequence[Mapping[str, Any]], dialect: Dialect
) -> list[Any]:
    """A column of the rows, as the driver writes it."""
    write = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    if write is None:
        return [row[name] for row in rows]
    return [None if row[name] is None else write(row[name]) for row in rows]


@cache
def _for_postgres(table: Table, names: tuple[str, ...], upsert: bool) -> str:
    speaks = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = [table.c[name].type.compile(speaks) for name in names]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    columns = ", ".join(f'"{name}"' for name in names)
    statement = f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM unnest({arrays})'  # noqa: S608 (our own names)
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
