"""A member's statement where the ledger is long, beside the same where it is short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter, process_time

import psycopg
from pairs import Row, Run, compare
from stage import NewStage, Stage

from shared.base.database import Database
from shared.reports.statement import statement, totals

SHORT = 10_000
"""Grants of the ledger that the other is held against."""
_EACH = 20
"""Grants of a member, on both."""
_A_PAGE = 3

_FILL = (
    """INSERT INTO entries (id, campaign_id, party, clause, occasion, revision, member_id, at,
                            why, prev_hash, hash)
       SELECT g, 1, 'member:' || m, 'base', 'referral:' || g, 1, m,
              timestamptz '2026-01-01' + g * interval '1 second', '{"version": 1}',
              lpad(to_hex(g), 64, '0'), lpad(to_hex(g), 64, '0')
       FROM (SELECT g, g %% %(members)s + 1 AS m FROM generate_series(1, %(grants)s) g) AS each""",
    """INSERT INTO legs SELECT g, account, 'CNY', amount
       FROM generate_series(1, %(grants)s) g,
            (VALUES ('pending', 10000), ('funding', -10000)) AS leg (account, amount)""",
    """INSERT INTO admissions (campaign_id, party, clause, occasion, member_id, verdict, unit,
                               amount, asked, draws, at)
       SELECT 1, 'member:' || m, 'base', 'referral:' || g, m, 'admitted', 'CNY', 10000, 10000,
              '[]', timestamptz '2026-01-01'
       FROM (SELECT g, g %% %(members)s + 1 AS m FROM generate_series(1, %(grants)s) g) AS each""",
)


def statement_row(new: NewStage, pairs: int, grants: int, times: int) -> Row:
    """A page with the totals; 1/1.5 of the short ledger's rate is the least. PostgreSQL only."""
    with new() as short, new() as long:
        _fill(short, SHORT)
        _fill(long, grants)
        few, many = short.open(), long.open()
        try:
            return compare(
                f"statement, {grants:,} grants in the ledger beside {SHORT:,}",
                _pages(few, times),
                _pages(many, times),
                pairs,
                unit="pages/s",
                at_least=round(1 / 1.5, 3),
            )
        finally:
            few.close()
            many.close()


def _fill(stage: Stage, grants: int) -> None:
    members = max(1, grants // _EACH)
    with psycopg.connect(stage.url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for sql in _FILL:
            connection.execute(sql, {"members": members, "grants": grants})
        connection.execute("ANALYZE")


def _pages(database: Database, times: int) -> Callable[[], Run]:
    def run() -> Run:
        now = datetime.now(UTC)
        began, spent = perf_counter(), process_time()
        for number in range(times):
            with database.reading() as session:
                member = 1 + number % 200  # members who exist, with names and campaigns
                assert len(statement(session, member, now, most=_A_PAGE).lines) == _A_PAGE
                totals(session, member)
        return Run(times, perf_counter() - began, process_time() - spent)

    return run
