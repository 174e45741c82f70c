"""Payout batches, their lines and parts, remedies, and what a payment withheld."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = ("campaign_id", "party", "clause", "occasion", "unit")


def upgrade() -> None:
    for name in ("tax", "borne"):
        op.add_column(
            "key_events", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        )
    _batches()
    _lines()
    _parts()
    _remedies()


def _batches() -> None:
    op.create_table(
        "payout_batches",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("prepared_by", sa.String(length=60), nullable=False),
        sa.Column("prepared_at", shared.base.database.Utc(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=60), nullable=True),
        sa.Column("confirmed_at", shared.base.database.Utc(), nullable=True),
        sa.Column("ended_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batches")),
    )
    op.create_index(
        op.f("ix_payout_batches_campaign_id"), "payout_batches", ["campaign_id"], unique=False
    )


def _lines() -> None:
    op.create_table(
        "payout_lines",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("batch_id", shared.base.database.Id, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("customer_ref", sa.String(length=64), nullable=True),
        sa.Column("application_ref", sa.String(length=64), nullable=True),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("borne", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("netted", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("answered_at", shared.base.database.Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payout_batches.id"], name=op.f("fk_payout_lines_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_lines")),
        sa.UniqueConstraint("batch_id", "ordinal", name=op.f("uq_payout_lines_batch_id_ordinal")),
        sa.UniqueConstraint("reference", name=op.f("uq_payout_lines_reference")),
    )
    op.create_index(op.f("ix_payout_lines_state"), "payout_lines", ["state"], unique=False)
    op.create_index("ix_payout_lines_party", "payout_lines", ["campaign_id", "party"], unique=False)


def _parts() -> None:
    op.create_table(
        "payout_parts",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("line_id", shared.base.database.Id, nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("borne", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["payout_lines.id"], name=op.f("fk_payout_parts_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_parts")),
    )
    op.create_index(op.f("ix_payout_parts_line_id"), "payout_parts", ["line_id"], unique=False)
    op.create_index(
        "ux_payout_parts_open",
        "payout_parts",
        [*_KEY],
        unique=True,
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )


def _remedies() -> None:
    op.create_table(
        "remedies",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", shared.base.database.Id, nullable=False),
        sa.Column("asked_at", shared.base.database.Utc(), nullable=False),
        sa.Column("decided_by", shared.base.database.Id, nullable=True),
        sa.Column("decided_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedies")),
    )
    op.create_index(
        "ux_remedies_asked",
        "remedies",
        ["kind", *_KEY],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )


def downgrade() -> None:
    raise RuntimeError("a ledger is not downgraded; restore a backup")
