"""Find a member's entries, verdicts and friends by the member first, and by the campaign within.

By the campaign first, PostgreSQL took a campaign that was new to its statistics for an empty
one, read all of it for each batch and threw away whoever was not asked for: on the day when a
campaign begins, of all days. Who asks for a whole campaign has its keys' own index, and who asks
for members passes that one over (`direct.passed_over`).

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_entries_member": ("entries", ()),
    "ix_admissions_member": ("admissions", ()),
    "ix_referrals_member": ("referrals", ("registered_at",)),
}


def upgrade() -> None:
    for name, (table, rest) in _INDEXES.items():
        op.drop_index(name, table)
        op.create_index(name, table, ["member_id", "campaign_id", *rest])


def downgrade() -> None:
    for name, (table, rest) in _INDEXES.items():
        op.drop_index(name, table)
        op.create_index(name, table, ["campaign_id", "member_id", *rest])
