"""Claims: when the machine answers, the clock that stands still, what is asked of the friend."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("named", sa.String(length=10)),
    ("slips", sa.JSON()),
    ("visit_id", shared.base.database.Id),
    ("judge_at", shared.base.database.Utc()),
    ("paused_at", shared.base.database.Utc()),
    ("override", sa.Boolean()),
    ("told_at", shared.base.database.Utc()),
    ("late_at", shared.base.database.Utc()),
    ("appeal_until", shared.base.database.Utc()),
    ("forgotten_at", shared.base.database.Utc()),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("claims", sa.Column(name, kind, nullable=True))
    op.create_index("ix_claims_judge", "claims", ["state", "judge_at"], unique=False)
    op.create_table(
        "claim_asks",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("claim_id", shared.base.database.Id, nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("asked_at", shared.base.database.Utc(), nullable=False),
        sa.Column("ends_at", shared.base.database.Utc(), nullable=False),
        sa.Column("answered_at", shared.base.database.Utc(), nullable=True),
        sa.Column("answer", sa.String(length=10), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("text_version", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_asks")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_claim_asks_claim_id")),
    )
    op.create_index("ix_claim_asks_open", "claim_asks", ["answered_at", "ends_at"], unique=False)


def downgrade() -> None:
    op.drop_table("claim_asks")
    op.drop_index("ix_claims_judge", "claims")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("claims", name)
