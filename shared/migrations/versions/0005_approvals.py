"""What one person proposes and another confirms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("made_by", shared.base.database.Id, nullable=False),
        sa.Column("made_at", shared.base.database.Utc(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", shared.base.database.Id, nullable=True),
        sa.Column("decided_at", shared.base.database.Utc(), nullable=True),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> made_by)",
            name=op.f("ck_approvals_two_people"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_campaign_id"), "approvals", ["campaign_id"], unique=False)
    op.create_index("ix_approvals_state", "approvals", ["state", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("approvals")
