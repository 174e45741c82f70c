"""The audit's chain: whoever changes, removes or hides an act is seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.base.database import Database
from shared.post.audit import record
from shared.post.audit_chain import chain_new, flaws, head


def write(database: Database, now: datetime, count: int = 5) -> None:
    with database.transaction() as session:
        for number in range(count):
            record(session, "staff:1", "member.searched", "branch:1", now, found=[number], 名="值")


def chain(database: Database) -> int:
    with database.transaction() as session:
        return chain_new(session)


def found(database: Database, now: datetime) -> list[tuple[int, str]]:
    with database.reading() as session:
        return [(flaw.place, flaw.what) for flaw in flaws(session, now)]


@pytest.fixture
def unguarded(database: Database, now: datetime) -> Iterator[Database]:
    """As somebody with the database's own password would have it: past the triggers."""
    write(database, now)
    chain(database)
    with database.transaction() as session:
        if database.engine.dialect.name == "sqlite":
            for table in ("audit", "audit_chain"):
                for act in ("update", "delete"):
                    session.execute(text(f"DROP TRIGGER {table}_no_{act}"))
        else:
            session.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
            session.execute(text("ALTER TABLE audit_chain DISABLE TRIGGER ALL"))
    yield database
    if database.engine.dialect.name == "postgresql":
        with database.transaction() as session:
            session.execute(text("ALTER TABLE audit ENABLE TRIGGER ALL"))
            session.execute(text("ALTER TABLE audit_chain ENABLE TRIGGER ALL"))


def test_acts_are_chained_once_and_the_chain_holds(database: Database, now: datetime) -> None:
    write(database, now)
    assert (chain(database), chain(database)) == (5, 0)
    write(database, now, 2)
    assert chain(database) == 2
    assert found(database, now) == []
    with database.reading() as session:
        assert head(session).place == 7


@pytest.mark.parametrize(
    ("deed", "flaw"),
    [
        (
            "UPDATE audit SET actor = 'staff:2' WHERE id = (SELECT min(id) + 2 FROM audit)",
            "changed",
        ),
        ("UPDATE audit SET details = '{}' WHERE id = (SELECT min(id) + 2 FROM audit)", "changed"),
        ("DELETE FROM audit WHERE id = (SELECT min(id) + 2 FROM audit)", "missing"),
        ("DELETE FROM audit_chain WHERE place = 3", "gap"),
    ],
)
def test_tampering_is_seen_where_it_was_done(
    unguarded: Database, now: datetime, deed: str, flaw: str
) -> None:
    with unguarded.transaction() as session:
        session.execute(text(deed))
    assert (3, flaw) in found(unguarded, now)


def test_an_act_that_was_never_chained_is_missed_after_an_hour(
    database: Database, now: datetime
) -> None:
    write(database, now)
    assert found(database, now + timedelta(minutes=30)) == []
    assert found(database, now + timedelta(hours=2)) == [(0, "unchained")]


@pytest.mark.parametrize("table", ["audit_chain", "erasures", "unmaskings"])
def test_the_database_itself_refuses_to_rewrite(
    database: Database, now: datetime, table: str
) -> None:
    write(database, now)
    chain(database)
    with database.transaction() as session:
        session.execute(
            text("INSERT INTO erasures (person_id, known_since, at) VALUES (1, :at, :at)"),
            {"at": now},
        )
        session.execute(
            text(
                "INSERT INTO unmaskings (person_id, staff_id, at, reason) VALUES (1, 1, :at, :by)"
            ),
            {"at": now, "by": b"x"},
        )
    column = "hash" if table == "audit_chain" else "person_id"
    for deed in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
        with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
            session.execute(text(deed))
