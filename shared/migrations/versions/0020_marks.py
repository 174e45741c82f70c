"""An act in the audit carries a mark that only our programs can make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit", sa.Column("mark", sa.String(48), nullable=True))
    op.create_index(op.f("ix_audit_mark"), "audit", ["mark"], unique=True)


def downgrade() -> None:
    raise RuntimeError("acts without their marks could be anybody's; restore a backup")
