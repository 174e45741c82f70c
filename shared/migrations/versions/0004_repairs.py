"""Repairs that a review proposes, until a second person applies them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repairs",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("remedy", sa.String(length=10), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("proposed_by", sa.String(length=60), nullable=False),
        sa.Column("proposed_at", shared.base.database.Utc(), nullable=False),
        sa.Column("applied_by", sa.String(length=60), nullable=True),
        sa.Column("applied_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repairs")),
    )
    op.create_index(
        "ux_repairs_open",
        "repairs",
        ["campaign_id", "member_id", "remedy"],
        unique=True,
        sqlite_where=sa.text("applied_at IS NULL"),
        postgresql_where=sa.text("applied_at IS NULL"),
    )


def downgrade() -> None:
    raise RuntimeError("a ledger is not downgraded; restore a backup")
