"""Claims: one picture for people to look at, and what staff note beside the evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SAME = ("id", "claim_id", "person_id", "staff_id", "at")


def upgrade() -> None:
    _pictures()
    _notes()
    if op.get_bind().dialect.name == "sqlite":
        same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in _SAME)
        op.execute(
            "CREATE TRIGGER claim_notes_no_update BEFORE UPDATE ON claim_notes "
            f"WHEN NOT (NEW.words IS NULL AND {same})\n"
            "BEGIN SELECT RAISE(ABORT, 'claim_notes is append-only'); END"
        )
        op.execute(
            "CREATE TRIGGER claim_notes_no_delete BEFORE DELETE ON claim_notes\n"
            "BEGIN SELECT RAISE(ABORT, 'claim_notes is append-only'); END"
        )
        return
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in _SAME)
    for name, act, when in (
        ("append_only", "UPDATE", f"WHEN (NOT (NEW.words IS NULL AND {same})) "),
        ("no_delete", "DELETE", ""),
    ):
        op.execute(
            f"CREATE TRIGGER claim_notes_{name} BEFORE {act} ON claim_notes FOR EACH ROW "
            f"{when}EXECUTE FUNCTION refuse_rewrite()"
        )
    op.execute(
        "CREATE TRIGGER claim_notes_no_truncate BEFORE TRUNCATE ON claim_notes "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()"
    )


def _pictures() -> None:
    op.create_table(
        "claim_pictures",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("claim_id", shared.base.database.Id, nullable=False),
        sa.Column("person_id", shared.base.database.Id, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", shared.base.database.Utc(), nullable=False),
        sa.Column("next_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_pictures")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_claim_pictures_claim_id")),
    )
    op.create_index(op.f("ix_claim_pictures_person_id"), "claim_pictures", ["person_id"])
    op.create_index("ix_claim_pictures_wanted", "claim_pictures", ["state", "next_at"])


def _notes() -> None:
    op.create_table(
        "claim_notes",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("claim_id", shared.base.database.Id, nullable=False),
        sa.Column("person_id", shared.base.database.Id, nullable=False),
        sa.Column("staff_id", shared.base.database.Id, nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_notes")),
    )
    op.create_index(op.f("ix_claim_notes_claim_id"), "claim_notes", ["claim_id"])
    op.create_index(op.f("ix_claim_notes_person_id"), "claim_notes", ["person_id"])


def downgrade() -> None:
    raise RuntimeError("what people attached and noted is not thrown away; restore a backup")
