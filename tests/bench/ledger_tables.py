"""A long ledger straight in the tables: one grant after the other, each member's far apart.

Hashes are counted, not chained: what is measured here reads the ledger and does not verify it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url
from stage import Stage

EACH = 20
"""Grants of a member."""
_BEGAN = "2026-01-01 00:00:00"
_FILL = (
    """INSERT INTO entries (id, campaign_id, party, clause, occasion, revision, member_id, at,
                            why, prev_hash, hash)
       SELECT g, 1, 'member:' || m, 'base', 'referral:' || g, 1, m, {at}, '{{"version": 1}}',
              {hash}, {hash}
       FROM (SELECT g, g % {members} + 1 AS m FROM {counted}) AS each""",
    """INSERT INTO legs (entry_id, account, unit, amount)
       SELECT g, account, 'CNY', amount
       FROM {counted},
            (SELECT 'funding' AS account, -10000 AS amount
             UNION ALL SELECT 'pending', 10000) AS leg""",
    """INSERT INTO admissions (campaign_id, party, clause, occasion, member_id, verdict, unit,
                               amount, asked, draws, at)
       SELECT 1, 'member:' || m, 'base', 'referral:' || g, m, 'admitted', 'CNY', 10000, 10000,
              '[]', {at}
       FROM (SELECT g, g % {members} + 1 AS m FROM {counted}) AS each""",
)
_TABLES = "'entries'::regclass, 'legs'::regclass, 'admissions'::regclass"


def write_ledger(stage: Stage, grants: int) -> None:
    """So many grants of the first campaign, each of ¥100 and pending."""
    members = max(1, grants // EACH)
    if stage.is_default:
        _write_file(str(make_url(stage.url).database), grants, members)
    else:
        _write_server(stage.url, grants, members)


def _write_file(path: str, grants: int, members: int) -> None:
    words = {
        "members": members,
        "at": f"strftime('%Y-%m-%d %H:%M:%f000', '{_BEGAN}', '+' || g || ' seconds')",
        "hash": "printf('%064x', g)",
        "counted": f"""(WITH RECURSIVE counted(g) AS (
            SELECT 1 UNION ALL SELECT g + 1 FROM counted WHERE g < {grants}
        ) SELECT g FROM counted)""",
    }
    file = sqlite3.connect(path)
    # Indices are written in no order at all, so their pages stay in memory until the end.
    for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-1500000"):
        file.execute(f"PRAGMA {pragma}")
    for sql in _FILL:
        file.execute(sql.format(**words))
    file.execute("ANALYZE")
    file.commit()
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.close()


def _write_server(url: str, grants: int, members: int) -> None:
    words = {
        "members": members,
        "at": f"timestamptz '{_BEGAN}+00' + g * interval '1 second'",
        "hash": "lpad(to_hex(g), 64, '0')",
        "counted": f"generate_series(1, {grants}) AS counted(g)",
    }
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SET synchronous_commit = off")
        server.execute("SET maintenance_work_mem = '256MB'")
        with _without_indices(server):
            for sql in _FILL:
                server.execute(sql.format(**words))  # type: ignore[arg-type]
        server.execute("VACUUM (ANALYZE) entries, legs, admissions")


@contextmanager
def _without_indices(server: psycopg.Connection[tuple[str, ...]]) -> Iterator[None]:
    """Constraints and indices are made when the rows are there, which takes a fraction; and
    nobody asks for a leg's entry that no index could find."""
    server.execute("ALTER TABLE legs DISABLE TRIGGER legs_of_entries")
    constraints = server.execute(
        f"""SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
            FROM pg_constraint WHERE conrelid IN ({_TABLES}) AND contype IN ('p', 'u', 'f')
            ORDER BY contype = 'f'"""
    ).fetchall()
    for table, name, _ in reversed(constraints):
        server.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    indices = server.execute(
        f"""SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
            FROM pg_index WHERE indrelid IN ({_TABLES})"""
    ).fetchall()
    for name, _ in indices:
        server.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indices:
        server.execute(definition)
    for table, name, definition in constraints:
        server.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    server.execute("ALTER TABLE legs ENABLE TRIGGER legs_of_entries")
