"""Long questions of the desk, which the worker answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inquiries",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", shared.base.database.Id, nullable=False),
        sa.Column("asked_at", shared.base.database.Utc(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=True),
        sa.Column("seen_at", shared.base.database.Utc(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("lines", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiries")),
    )
    op.create_index("ix_inquiries_state", "inquiries", ["state", "id"], unique=False)
    op.create_index("ix_inquiries_kind", "inquiries", ["kind", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("inquiries")
