"""What settling asks is answered by the index of members, also of a campaign that PostgreSQL's
statistics have not seen: on its first day that is where everything happens."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shared.base.database import Database
from shared.base.direct import Direct, line_of
from shared.ledger import entries
from shared.referrals import referrals
from shared.rewards import admission

MANY = 20_000
NEW = 2
FILL = (
    "INSERT INTO entries (id, campaign_id, party, clause, occasion, revision, member_id, at, why,"
    " prev_hash, hash) SELECT g, 1, 'member:' || g, 'base', 'x', 1, g, now(), '{}', g, g"
    f" FROM generate_series(1, {MANY}) AS g",
    "INSERT INTO admissions (campaign_id, party, clause, occasion, member_id, verdict, unit,"
    " amount, asked, draws, at) SELECT 1, 'member:' || g, 'base', 'x', g, 'admitted', 'CNY', 1, 1,"
    f" '[]', now() FROM generate_series(1, {MANY}) AS g",
    "INSERT INTO referrals (campaign_id, member_id, version, registered_at, ordinal)"
    f" SELECT 1, g, 1, now(), 1 FROM generate_series(1, {MANY}) AS g",
    "INSERT INTO applications (id, application_ref, first_heard_at)"
    " SELECT id, 'A' || id, now() FROM referrals",
    "INSERT INTO credits (referral_id, application_id, credited_on, source, created_at)"
    " SELECT id, id, now(), 'link', now() FROM referrals",
    "ANALYZE entries",
    "ANALYZE admissions",
    "ANALYZE referrals",
    "ANALYZE credits",
)


@pytest.fixture
def database(postgres_database: Database) -> Database:
    return postgres_database


def plan(database: Database, asked: Direct) -> str:
    """How PostgreSQL would answer it for some members of the new campaign."""
    with database.reading() as session:
        line = line_of(session)
        cursor = line.connection.cursor()
        sql = str(asked._statement.compile(dialect=line.dialect))
        members = "{" + ",".join(map(str, range(1, 501))) + "}"
        cursor.execute(f"EXPLAIN {sql}", {"campaign": NEW, "members": members})
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("asked", "index", "table"),
    [
        (entries._STANDINGS, "ix_entries_member", "entries"),
        (admission._HELD, "ix_admissions_member", "admissions"),
        (referrals._CREDITS, "ix_referrals_member", "referrals"),
    ],
)
def test_a_batch_never_reads_the_whole_of_a_new_campaign(
    database: Database, asked: Direct, index: str, table: str
) -> None:
    with database.transaction() as session:
        for statement in FILL:
            session.execute(text(statement))
    said = plan(database, asked)
    assert index in said, said
    assert f"Seq Scan on {table}" not in said
