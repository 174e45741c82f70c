"""What members think of how their claims were handled; of earlier claims nobody is asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim_opinions",
        sa.Column("claim_id", shared.base.database.Id, autoincrement=False, nullable=False),
        sa.Column("ask_at", shared.base.database.Utc(), nullable=True),
        sa.Column("asked_at", shared.base.database.Utc(), nullable=True),
        sa.Column("opinion", sa.String(length=10), nullable=True),
        sa.Column("given_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim_opinions")),
    )
    for column in ("ask_at", "given_at"):
        name = op.f(f"ix_claim_opinions_{column}")
        op.create_index(name, "claim_opinions", [column], unique=False)


def downgrade() -> None:
    op.drop_table("claim_opinions")
