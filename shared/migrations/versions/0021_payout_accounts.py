"""Payout accounts, as keyed hashes with a term."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_UTC = shared.base.database.Utc


def upgrade() -> None:
    op.create_table(
        "payout_accounts",
        sa.Column("party", sa.String(length=80), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("told_at", _UTC(), nullable=False),
        sa.PrimaryKeyConstraint("party", "account", name=op.f("pk_payout_accounts")),
    )
    for column in ("account", "told_at"):
        op.create_index(op.f(f"ix_payout_accounts_{column}"), "payout_accounts", [column])


def downgrade() -> None:
    raise RuntimeError("a ledger is not downgraded; restore a backup")
