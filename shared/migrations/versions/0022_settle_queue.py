"""Read who waits to be settled in their order, however many wait, instead of sorting them all.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_settle_tasks_due", "settle_tasks")
    op.create_index("ix_settle_tasks_due", "settle_tasks", ["due_at", "campaign_id", "member_id"])


def downgrade() -> None:
    op.drop_index("ix_settle_tasks_due", "settle_tasks")
    op.create_index("ix_settle_tasks_due", "settle_tasks", ["due_at"])
