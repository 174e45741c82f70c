"""The nightly look for friends who were missed, and numbers found in any campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim_sweeps",
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "night", name=op.f("pk_claim_sweeps")),
    )
    op.create_index("ix_registrations_number", "registrations", ["phone_blind"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_registrations_number", "registrations")
    op.drop_table("claim_sweeps")
