"""A member's statement where the ledger is long, beside the same where it is short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter, process_time

from ledger_tables import EACH, write_ledger
from pairs import Row, Run, compare
from stage import MEMBERS, NewStage

from shared.base.database import Database
from shared.reports.statement import statement, totals

SHORT = 10_000
"""Grants of the ledger that the other is held against."""
_A_PAGE = 3


def statement_row(new: NewStage, pairs: int, grants: int, times: int) -> Row:
    """A page with the totals; 1/1.5 of the short ledger's rate is the least."""
    with new() as short, new() as long:
        write_ledger(short, SHORT)
        write_ledger(long, grants)
        few, many = short.open(), long.open()
        try:
            return compare(
                f"statement, {grants:,} grants in the ledger beside {SHORT:,} ({short.engine})",
                _pages(few, times),
                _pages(many, times),
                pairs,
                unit="pages/s",
                at_least=round(1 / 1.5, 3),
                by_cpu=short.is_default,
            )
        finally:
            few.close()
            many.close()


def _pages(database: Database, times: int) -> Callable[[], Run]:
    def run() -> Run:
        now = datetime.now(UTC)
        began, spent = perf_counter(), process_time()
        for number in range(times):
            with database.reading() as session:
                member = 1 + number % MEMBERS  # members who exist, with names and campaigns
                page = statement(session, member, now, most=_A_PAGE)
                assert len(page.lines) == _A_PAGE
                sums = totals(session, member)
                assert [total.pending for total in sums] == [EACH * 10_000]
        return Run(times, perf_counter() - began, process_time() - spent)

    return run
