"""The audit's chain: whoever changes, removes or hides an act is seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from shared.base.database import Database
from shared.post.audit import Audit, record
from shared.post.audit_chain import Link, chain_new, flaws, head


def write(database: Database, now: datetime, count: int = 5) -> None:
    with database.transaction() as session:
        for number in range(count):
            record(session, "staff:1", "member.searched", "branch:1", now, found=[number], 名="值")


def chain(database: Database) -> int:
    with database.transaction() as session:
        return chain_new(session)


def found(database: Database, now: datetime) -> list[tuple[int, str, int]]:
    """What is wrong: (place, what, which act, counted from the first one)."""
    with database.reading() as session:
        first = session.scalar(select(func.min(Link.audit_id))) or 1
        return [
            (flaw.place, flaw.what, flaw.act and flaw.act - first + 1)
            for flaw in flaws(session, now)
        ]


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


THIRD = "(SELECT min(id) + 2 FROM audit)"


@pytest.mark.parametrize(
    ("deed", "flaw"),
    [
        (f"UPDATE audit SET actor = 'staff:2' WHERE id = {THIRD}", "changed"),
        (f"UPDATE audit SET details = '{{}}' WHERE id = {THIRD}", "changed"),
        (f"UPDATE audit SET mark = NULL WHERE id = {THIRD}", "changed"),
        (f"DELETE FROM audit WHERE id = {THIRD}", "missing"),
        ("DELETE FROM audit_chain WHERE place = 3", "gap"),
    ],
)
def test_tampering_is_seen_where_it_was_done(
    unguarded: Database, now: datetime, deed: str, flaw: str
) -> None:
    with unguarded.transaction() as session:
        session.execute(text(deed))
    assert found(unguarded, now)[0] == (3, flaw, 0 if flaw == "gap" else 3)


@pytest.mark.parametrize("mark", ["NULL", "''", "'0123456789abcdef'", "substr(mark, 17)"])
def test_an_act_put_there_by_hand_is_seen_at_once_and_never_chained(
    unguarded: Database, now: datetime, mark: str
) -> None:
    with unguarded.transaction() as session:
        session.execute(
            text(
                "INSERT INTO audit (id, at, actor, act, subject, details, mark)"
                " SELECT (SELECT max(id) + 20 FROM audit), at, actor, act, subject, details,"
                f" {mark} FROM audit WHERE id = (SELECT min(id) FROM audit)"
            )
        )
    write(unguarded, now, 2)
    for _ in range(2):
        assert (0, "inserted", 25) in found(unguarded, now)
        chain(unguarded)
    with unguarded.reading() as session:
        assert head(session).place == 7


def test_an_act_is_not_told_twice_by_copying_its_row(unguarded: Database) -> None:
    with pytest.raises(IntegrityError), unguarded.transaction() as session:
        session.execute(
            text(
                "INSERT INTO audit (id, at, actor, act, subject, details, mark) SELECT 999, at,"
                " actor, act, subject, details, mark FROM audit ORDER BY id LIMIT 1"
            )
        )


def test_acts_from_before_the_marks_are_believed_until_the_first_marked_one(
    database: Database, now: datetime
) -> None:
    def old(session: Session) -> None:
        session.add(Audit(at=now, actor="staff:1", act="x", subject="y", details={}))

    with database.transaction() as session:
        old(session)
    write(database, now, 1)
    assert (found(database, now), chain(database), found(database, now)) == ([], 2, [])
    with database.transaction() as session:
        old(session)
    assert (chain(database), found(database, now)) == (0, [(0, "inserted", 3)])


def test_an_act_that_was_never_chained_is_missed_after_an_hour(
    database: Database, now: datetime
) -> None:
    write(database, now)
    assert found(database, now + timedelta(minutes=30)) == []
    assert {flaw for _, flaw, _ in found(database, now + timedelta(hours=2))} == {"unchained"}


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
