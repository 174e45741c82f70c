"""Findings: what two people decided about a friend, fraud or cleared again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_APPEND_ONLY = {
    "sqlite": [
        """CREATE TRIGGER findings_no_update BEFORE UPDATE ON findings
BEGIN SELECT RAISE(ABORT, 'findings is append-only'); END""",
        """CREATE TRIGGER findings_no_delete BEFORE DELETE ON findings
BEGIN SELECT RAISE(ABORT, 'findings is append-only'); END""",
    ],
    "postgresql": [
        """CREATE TRIGGER findings_append_only BEFORE UPDATE OR DELETE ON findings
FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER findings_no_truncate BEFORE TRUNCATE ON findings
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()""",
    ],
}
"""As they were on this day, whatever the code says later."""


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("referral_id", shared.base.database.Id, nullable=False),
        sa.Column("word", sa.String(length=10), nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("decided_at", shared.base.database.Utc(), nullable=False),
        sa.Column("remedy_id", shared.base.database.Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("remedy_id", name=op.f("uq_findings_remedy_id")),
    )
    op.create_index("ix_findings_member", "findings", ["campaign_id", "member_id"], unique=False)
    op.create_index(op.f("ix_findings_referral_id"), "findings", ["referral_id"], unique=False)
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("findings are not taken back; restore a backup")
