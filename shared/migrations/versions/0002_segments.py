"""The member's segment at a friend's registration: what a multiplier looks at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referrals", sa.Column("segment", sa.String(40), nullable=True))


def downgrade() -> None:
    raise RuntimeError("a ledger is not downgraded; restore a backup")
