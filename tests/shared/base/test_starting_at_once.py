"""Programs that start at the same moment on a database that knows nothing yet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from shared.base import lease
from shared.base.database import Database
from shared.base.lease import Lease
from shared.migrations.upgrade import MasterKey, register_masters

PROGRAMS = 8


def at_once(database: Database, act: Callable[[Session, int], object]) -> list[object]:
    """What each of several transactions came to that were all open before the first one acted."""
    gate = threading.Barrier(PROGRAMS)
    outcomes: list[object] = []

    def run(number: int) -> None:
        try:
            gate.wait(10)
            with database.transaction() as session:
                outcomes.append(act(session, number))
        except Exception as problem:
            outcomes.append(problem)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(PROGRAMS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_all_of_them_know_a_new_key_and_none_fails(database: Database) -> None:
    with database.transaction() as session:
        session.execute(delete(MasterKey))
    assert at_once(database, lambda session, _: register_masters(session)) == [None] * PROGRAMS
    with database.reading() as session:
        assert [row.name for row in session.scalars(select(MasterKey))] == ["k1"]


def test_one_of_them_leads_and_none_fails(database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as session:
        session.execute(delete(Lease))
    outcomes = at_once(
        database, lambda session, number: lease.take(session, "settle", f"program {number}", now)
    )
    assert sorted(map(str, outcomes)) == ["False"] * (PROGRAMS - 1) + ["True"]


def test_a_retired_key_that_seals_again_is_so_no_more(database: Database) -> None:
    with database.transaction() as session:
        session.execute(delete(MasterKey))
        session.add(MasterKey(name="k1", fingerprint="0" * 16, retired=True))
    with database.transaction() as session:
        register_masters(session)
    with database.reading() as session:
        row = session.scalars(select(MasterKey)).one()
        assert (row.retired, row.fingerprint) == (False, "0" * 16)
