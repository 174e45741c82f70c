"""Claims: whose work one is, when it goes to the managers, which answer was chosen, one appeal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("escalate_at", shared.base.database.Utc()),
    ("escalated_at", shared.base.database.Utc()),
    ("assigned_to", shared.base.database.Id),
    ("template", sa.String(length=20)),
    ("appealed_at", shared.base.database.Utc()),
)
_UNDECIDED = "('filed', 'asked', 'with_person', 'second_person')"


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("claims", sa.Column(name, kind, nullable=True))
    op.create_index(op.f("ix_claims_assigned_to"), "claims", ["assigned_to"], unique=False)
    op.create_index("ix_claims_escalate", "claims", ["state", "escalate_at"], unique=False)
    # What was filed before goes to the managers when its time is over.
    op.execute(f"UPDATE claims SET escalate_at = due_at WHERE state IN {_UNDECIDED}")  # noqa: S608


def downgrade() -> None:
    op.drop_index("ix_claims_escalate", "claims")
    op.drop_index(op.f("ix_claims_assigned_to"), "claims")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("claims", name)
