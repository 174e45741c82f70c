"""Since when a member is not active, whatever became of them after that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("inactive_since", shared.base.database.Utc(), nullable=True))
    op.execute("UPDATE members SET inactive_since = status_since WHERE status <> 'active'")


def downgrade() -> None:
    op.drop_column("members", "inactive_since")
