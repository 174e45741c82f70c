"""Risk: traces, looks, cases with their life, the blacklist; from which site a visit came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = shared.base.database.Id
_UTC = shared.base.database.Utc


def upgrade() -> None:
    op.add_column("visits", sa.Column("site", sa.String(length=80), nullable=True))
    _traces()
    _looks()
    _cases()
    op.create_table(
        "blacklist",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("mark", sa.String(length=10), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("listed_at", _UTC(), nullable=False),
        sa.Column("until", _UTC(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blacklist")),
    )
    op.create_index("ix_blacklist_hash", "blacklist", ["mark", "hash"])
    op.create_index(op.f("ix_blacklist_case_id"), "blacklist", ["case_id"])
    op.create_index(op.f("ix_blacklist_until"), "blacklist", ["until"])


def _traces() -> None:
    op.create_table(
        "traces",
        sa.Column("registration_id", _ID, autoincrement=False, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("at", _UTC(), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("series", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_traces")),
    )
    op.create_index("ix_traces_address", "traces", ["address", "at"])
    for column in ("at", "device", "network", "series"):
        op.create_index(op.f(f"ix_traces_{column}"), "traces", [column])
    op.create_table(
        "tablet_places",
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("branch_id", _ID, autoincrement=False, nullable=False),
        sa.Column("seen_at", _UTC(), nullable=False),
        sa.PrimaryKeyConstraint("address", "branch_id", name=op.f("pk_tablet_places")),
    )


def _looks() -> None:
    op.create_table(
        "risk_looks",
        sa.Column("referral_id", _ID, autoincrement=False, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("due_at", _UTC(), nullable=False),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_risk_looks")),
    )
    op.create_index("ix_risk_looks_due", "risk_looks", ["due_at"])
    op.create_table(
        "assessments",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("referral_id", _ID, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("at", _UTC(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
    )
    op.create_index("ix_assessments_referral", "assessments", ["referral_id", "id"])
    op.create_index("ix_assessments_action", "assessments", ["campaign_id", "action", "id"])


def _cases() -> None:
    for column in (
        sa.Column("state", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("campaign_id", _ID, nullable=True),
        sa.Column("member_id", _ID, nullable=True),
        sa.Column("score", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", _UTC(), nullable=True),
        sa.Column("assigned_to", _ID, nullable=True),
        sa.Column("escalated_at", _UTC(), nullable=True),
    ):
        op.add_column("cases", column)
    op.create_index("ix_cases_state", "cases", ["state", "due_at"])
    op.create_table(
        "case_referrals",
        sa.Column("case_id", _ID, autoincrement=False, nullable=False),
        sa.Column("referral_id", _ID, autoincrement=False, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("held_at", _UTC(), nullable=False),
        sa.Column("released_at", _UTC(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "referral_id", name=op.f("pk_case_referrals")),
    )
    op.create_index(
        "ux_case_referrals_held",
        "case_referrals",
        ["referral_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "case_findings",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("finding", sa.String(length=10), nullable=False),
        sa.Column("proposed_by", _ID, nullable=False),
        sa.Column("proposed_at", _UTC(), nullable=False),
        sa.Column("sent_back_at", _UTC(), nullable=True),
        sa.Column("confirmed_by", _ID, nullable=True),
        sa.Column("confirmed_at", _UTC(), nullable=True),
        sa.Column("appealed_by", _ID, nullable=True),
        sa.Column("appealed_at", _UTC(), nullable=True),
        sa.Column("appeal_decided_by", _ID, nullable=True),
        sa.Column("appeal_decided_at", _UTC(), nullable=True),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by",
            name=op.f("ck_case_findings_two_people"),
        ),
        sa.CheckConstraint(
            "appeal_decided_by IS NULL OR (appeal_decided_by <> proposed_by"
            " AND appeal_decided_by <> confirmed_by AND appeal_decided_by <> appealed_by)",
            name=op.f("ck_case_findings_another_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_findings")),
    )
    op.create_index(op.f("ix_case_findings_case_id"), "case_findings", ["case_id"])
    op.create_table(
        "case_steps",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("at", _UTC(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_steps")),
    )
    op.create_index(op.f("ix_case_steps_case_id"), "case_steps", ["case_id"])


def downgrade() -> None:
    raise RuntimeError("a ledger is not downgraded; restore a backup")
