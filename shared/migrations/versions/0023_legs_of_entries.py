"""On PostgreSQL, ask once a statement whether every leg has its entry, and not once a leg.

A foreign key asks for each of a batch's thousands of legs by itself and locks the entry it
finds: a fifth of a settling. The lock guards against an entry that goes meanwhile, and none
ever does. SQLite asks cheaply, and keeps the key.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Entry by entry through its index, whatever the planner believes of a table that grows by the
# hour: a plan is kept for as long as the connection is.
_FUNCTION = """CREATE FUNCTION legs_need_entries() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE missing bigint;
BEGIN
    SELECT entry_id INTO missing FROM (SELECT DISTINCT entry_id FROM told) AS named
    WHERE NOT EXISTS (SELECT FROM entries WHERE entries.id = named.entry_id) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = format('there is no entry %s', missing);
    END IF;
    RETURN NULL;
END $$"""
_TRIGGER = """CREATE TRIGGER legs_of_entries AFTER INSERT ON legs
REFERENCING NEW TABLE AS told FOR EACH STATEMENT EXECUTE FUNCTION legs_need_entries()"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("fk_legs_entry_id"), "legs", type_="foreignkey")
        op.execute(_FUNCTION)
        op.execute(_TRIGGER)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER legs_of_entries ON legs")
        op.execute("DROP FUNCTION legs_need_entries()")
        op.create_foreign_key(op.f("fk_legs_entry_id"), "legs", "entries", ["entry_id"], ["id"])
