"""The database itself refuses to rewrite the ledger, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from shared.ledger.append_only import FROZEN, UNCHANGED, statements
from shared.ledger.verify import verify
from shared.post.audit import record

REWRITES = [
    "UPDATE entries SET member_id = 2 WHERE id = 1",
    "UPDATE legs SET amount = amount + 1",
    "DELETE FROM legs",
    "DELETE FROM entries WHERE id = 3",
    "UPDATE audit SET actor = 'nobody'",
    "DELETE FROM audit",
    "UPDATE facts SET amount = 1",
    "UPDATE facts SET phone_blind = 'another'",
    "UPDATE facts SET phone_blind = NULL, amount = 1",
    "UPDATE findings SET word = 'cleared'",
    "DELETE FROM findings",
    "UPDATE claim_notes SET words = '1'",
    "UPDATE claim_notes SET words = NULL, staff_id = 2",
    "DELETE FROM claim_notes",
]
SQLITE_ONLY = [
    "REPLACE INTO legs (entry_id, account, unit, amount) VALUES (1, 'pending', 'CNY', 999)",
    "INSERT OR REPLACE INTO legs (entry_id, account, unit, amount)"
    " VALUES (1, 'pending', 'CNY', 999)",
    "UPDATE OR REPLACE legs SET amount = 999 WHERE entry_id = 1",
]
POSTGRES_ONLY = [
    "TRUNCATE entries, legs",
    "TRUNCATE legs CASCADE",
    "TRUNCATE audit",
    "TRUNCATE facts",
    "TRUNCATE findings",
    "TRUNCATE claim_notes",
    "INSERT INTO legs (entry_id, account, unit, amount) VALUES (1, 'pending', 'CNY', 999)"
    " ON CONFLICT (entry_id, account, unit) DO UPDATE SET amount = 999",
]


@pytest.fixture
def told(posted, now):
    with posted.transaction() as session:
        record(session, "operator:test", "test.act", "campaign:1", now)
        session.execute(
            text(
                "INSERT INTO facts (event, kind, at, received_at, amount)"
                " VALUES ('bank|1', 'card.activated', '2026-03-04', '2026-03-04', 0)"
            )
        )
        session.execute(
            text(
                "INSERT INTO findings"
                " (campaign_id, member_id, referral_id, word, at, decided_at, remedy_id)"
                " VALUES (1, 1, 1, 'fraud', '2026-03-04', '2026-03-04', 1)"
            )
        )
        session.execute(
            text(
                "INSERT INTO claim_notes (claim_id, person_id, staff_id, at)"
                " VALUES (1, 1, 1, '2026-03-04')"
            )
        )
    return posted


def test_no_statement_rewrites_history(told):
    engine = told.engine.dialect.name
    tried = REWRITES + (SQLITE_ONLY if engine == "sqlite" else POSTGRES_ONLY)
    for statement in tried:
        with pytest.raises(DatabaseError, match="append-only"), told.transaction() as session:
            session.execute(text(statement))
    with told.reading() as session:
        assert verify(session) == []
        assert session.scalar(text("SELECT count(*) FROM audit")) == 1


def test_retention_may_delete_old_facts(told):
    with told.transaction() as session:
        session.execute(text("DELETE FROM facts"))
        assert session.scalar(text("SELECT count(*) FROM facts")) == 0


def test_a_fact_may_forget_the_number_it_named_and_a_note_its_words(told):
    with told.transaction() as session:
        session.execute(text("UPDATE facts SET phone_blind = NULL"))
        session.execute(text("UPDATE claim_notes SET words = NULL"))


def test_every_frozen_table_has_its_triggers_in_the_migrated_database(database):
    wanted = {line.split()[2] for line in statements(database.engine.dialect.name)}
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[database.engine.dialect.name]
    with database.reading() as session:
        found = set(session.scalars(text(query)))
    assert found >= {name for name in wanted if "refuse_rewrite" not in name}
    assert len(found) >= len(FROZEN) + len(UNCHANGED)


def test_another_engine_is_refused():
    with pytest.raises(ValueError, match="mysql"):
        statements("mysql")
