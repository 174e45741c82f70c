"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import shared.base.database

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The ledger's own refusal to be rewritten, on both engines.
_APPEND_ONLY = {
    "sqlite": [
        """CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END""",
        """CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END""",
        """CREATE TRIGGER legs_no_update BEFORE UPDATE ON legs
BEGIN SELECT RAISE(ABORT, 'legs is append-only'); END""",
        """CREATE TRIGGER legs_no_delete BEFORE DELETE ON legs
BEGIN SELECT RAISE(ABORT, 'legs is append-only'); END""",
        """CREATE TRIGGER key_events_no_update BEFORE UPDATE ON key_events
BEGIN SELECT RAISE(ABORT, 'key_events is append-only'); END""",
        """CREATE TRIGGER key_events_no_delete BEFORE DELETE ON key_events
BEGIN SELECT RAISE(ABORT, 'key_events is append-only'); END""",
        """CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
        """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
        """CREATE TRIGGER campaign_versions_no_update BEFORE UPDATE ON campaign_versions
BEGIN SELECT RAISE(ABORT, 'campaign_versions is append-only'); END""",
        """CREATE TRIGGER campaign_versions_no_delete BEFORE DELETE ON campaign_versions
BEGIN SELECT RAISE(ABORT, 'campaign_versions is append-only'); END""",
        """CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts
BEGIN SELECT RAISE(ABORT, 'facts is append-only'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$""",
        """CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE ON entries
FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER legs_append_only BEFORE UPDATE OR DELETE ON legs
FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER key_events_append_only BEFORE UPDATE OR DELETE ON key_events
FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER campaign_versions_append_only BEFORE UPDATE OR DELETE ON campaign_versions
FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER facts_append_only BEFORE UPDATE ON facts
FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER legs_no_truncate BEFORE TRUNCATE ON legs
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER key_events_no_truncate BEFORE TRUNCATE ON key_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER campaign_versions_no_truncate BEFORE TRUNCATE ON campaign_versions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()""",
        """CREATE TRIGGER facts_no_truncate BEFORE TRUNCATE ON facts
FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()""",
    ],
}


def upgrade() -> None:
    op.create_table(
        "admissions",
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("limit_id", sa.String(length=60), nullable=True),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("draws", sa.JSON(), nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint(
            "campaign_id", "party", "clause", "occasion", name=op.f("pk_admissions")
        ),
    )
    op.create_index(
        "ix_admissions_member", "admissions", ["campaign_id", "member_id"], unique=False
    )
    op.create_table(
        "applications",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("application_ref", sa.String(length=64), nullable=False),
        sa.Column("first_heard_at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint("application_ref", name=op.f("uq_applications_application_ref")),
    )
    op.create_table(
        "audit",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_act"), "audit", ["act"], unique=False)
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)
    op.create_table(
        "binding_tokens",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("staff_id", shared.base.database.Id, nullable=True),
        sa.Column("expires_at", shared.base.database.Utc(), nullable=False),
        sa.Column("used_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_binding_tokens_token_hash")),
    )
    op.create_table(
        "branches",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
        sa.UniqueConstraint("name", name=op.f("uq_branches_name")),
    )
    op.create_table(
        "campaign_limits",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("limit_id", sa.String(length=60), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("from_at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_limits")),
    )
    op.create_index(
        "ix_campaign_limits",
        "campaign_limits",
        ["campaign_id", "limit_id", "from_at"],
        unique=False,
    )
    op.create_table(
        "campaign_versions",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_versions")),
        sa.UniqueConstraint(
            "campaign_id", "number", name=op.f("uq_campaign_versions_campaign_id_number")
        ),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("life", sa.String(length=10), nullable=False),
        sa.Column("life_since", shared.base.database.Utc(), nullable=False),
        sa.Column("paused_from", sa.String(length=10), nullable=True),
        sa.Column("starts_at", shared.base.database.Utc(), nullable=False),
        sa.Column("ends_at", shared.base.database.Utc(), nullable=False),
        sa.Column("created_at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("slug", name=op.f("uq_campaigns_slug")),
    )
    op.create_table(
        "cases",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("opened_at", shared.base.database.Utc(), nullable=False),
        sa.Column("closed_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_cases_kind_subject")),
    )
    op.create_table(
        "chats",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=True),
        sa.Column("proof", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("channel_language", sa.String(length=35), nullable=True),
        sa.Column("bound_at", shared.base.database.Utc(), nullable=True),
        sa.Column("blocked_at", shared.base.database.Utc(), nullable=True),
        sa.Column("seen_at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chats")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_chats_channel_address")),
    )
    op.create_index(op.f("ix_chats_member_id"), "chats", ["member_id"], unique=False)
    op.create_table(
        "claim_steps",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("claim_id", shared.base.database.Id, nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=True),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_steps")),
    )
    op.create_index(op.f("ix_claim_steps_claim_id"), "claim_steps", ["claim_id"], unique=False)
    op.create_table(
        "claims",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("phone_blind", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("registration_id", shared.base.database.Id, nullable=True),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("roughly", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("filed_at", shared.base.database.Utc(), nullable=False),
        sa.Column("due_at", shared.base.database.Utc(), nullable=False),
        sa.Column("decided_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint("number", name=op.f("uq_claims_number")),
    )
    op.create_index(op.f("ix_claims_member_id"), "claims", ["member_id"], unique=False)
    op.create_index(op.f("ix_claims_phone_blind"), "claims", ["phone_blind"], unique=False)
    op.create_index("ix_claims_queue", "claims", ["state", "due_at"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("person_id", shared.base.database.Id, nullable=True),
        sa.Column("chat_id", shared.base.database.Id, nullable=True),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("text_version", sa.String(length=20), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("given_at", shared.base.database.Utc(), nullable=False),
        sa.Column("withdrawn_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_chat_id"), "consents", ["chat_id"], unique=False)
    op.create_index(op.f("ix_consents_person_id"), "consents", ["person_id"], unique=False)
    op.create_table(
        "credits",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("referral_id", shared.base.database.Id, nullable=False),
        sa.Column("application_id", shared.base.database.Id, nullable=False),
        sa.Column("credited_on", shared.base.database.Utc(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("created_at", shared.base.database.Utc(), nullable=False),
        sa.Column("superseded_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credits")),
        sa.UniqueConstraint(
            "application_id", "referral_id", name=op.f("uq_credits_application_id_referral_id")
        ),
    )
    op.create_index(op.f("ix_credits_application_id"), "credits", ["application_id"], unique=False)
    op.create_index(op.f("ix_credits_referral_id"), "credits", ["referral_id"], unique=False)
    op.create_index(
        "ux_credits_standing",
        "credits",
        ["application_id"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "dialogues",
        sa.Column("chat_id", shared.base.database.Id, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_dialogues")),
    )
    op.create_table(
        "entries",
        sa.Column("id", shared.base.database.Id, autoincrement=False, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint(
            "campaign_id",
            "party",
            "clause",
            "occasion",
            "revision",
            name=op.f("uq_entries_campaign_id_party_clause_occasion_revision"),
        ),
        sa.UniqueConstraint("prev_hash", name=op.f("uq_entries_prev_hash")),
    )
    op.create_index("ix_entries_member", "entries", ["campaign_id", "member_id"], unique=False)
    op.create_table(
        "facts",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("event", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("received_at", shared.base.database.Utc(), nullable=False),
        sa.Column("application_ref", sa.String(length=64), nullable=True),
        sa.Column("customer_ref", sa.String(length=64), nullable=True),
        sa.Column("card_ref", sa.String(length=64), nullable=True),
        sa.Column("phone_blind", sa.String(length=64), nullable=True),
        sa.Column("referral_token", sa.String(length=64), nullable=True),
        sa.Column("transaction_ref", sa.String(length=64), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("existing_customer", sa.Boolean(), nullable=True),
        sa.Column("product", sa.String(length=40), nullable=True),
        sa.Column("branch", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
        sa.UniqueConstraint("event", name=op.f("uq_facts_event")),
    )
    op.create_index("ix_facts_application", "facts", ["application_ref", "at"], unique=False)
    op.create_index("ix_facts_customer", "facts", ["customer_ref", "at"], unique=False)
    op.create_index(op.f("ix_facts_phone_blind"), "facts", ["phone_blind"], unique=False)
    op.create_index(op.f("ix_facts_referral_token"), "facts", ["referral_token"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", shared.base.database.Utc(), nullable=False),
        sa.Column("done_at", shared.base.database.Utc(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("set_aside_at", shared.base.database.Utc(), nullable=True),
        sa.Column("problem", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_inbox_source_external_id")),
    )
    op.create_index("ix_inbox_waiting", "inbox", ["kind", "done_at", "id"], unique=False)
    op.create_table(
        "inbox_conflicts",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("inbox_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_conflicts")),
        sa.UniqueConstraint("inbox_id", "digest", name=op.f("uq_inbox_conflicts_inbox_id_digest")),
    )
    op.create_index(
        op.f("ix_inbox_conflicts_inbox_id"), "inbox_conflicts", ["inbox_id"], unique=False
    )
    op.create_table(
        "invites",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("greeting", sa.String(length=120), nullable=True),
        sa.Column("created_at", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint(
            "campaign_id", "member_id", name=op.f("uq_invites_campaign_id_member_id")
        ),
        sa.UniqueConstraint("code", name=op.f("uq_invites_code")),
    )
    op.create_index(op.f("ix_invites_member_id"), "invites", ["member_id"], unique=False)
    op.create_table(
        "key_check",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_key_check")),
    )
    op.create_table(
        "key_events",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_events")),
    )
    op.create_index(
        "ix_key_events_member", "key_events", ["campaign_id", "member_id"], unique=False
    )
    op.create_table(
        "leases",
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", shared.base.database.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("duty", name=op.f("pk_leases")),
    )
    op.create_table(
        "limit_uses",
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("limit_id", sa.String(length=60), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "limit_id", name=op.f("pk_limit_uses")),
    )
    op.create_table(
        "members",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("person_id", shared.base.database.Id, nullable=False),
        sa.Column("customer_ref", sa.String(length=64), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("card_products", sa.String(length=200), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_since", shared.base.database.Utc(), nullable=False),
        sa.Column("show_name", sa.Boolean(), nullable=False),
        sa.Column("on_leaderboard", sa.Boolean(), nullable=False),
        sa.Column("pushes", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("customer_ref", name=op.f("uq_members_customer_ref")),
        sa.UniqueConstraint("person_id", name=op.f("uq_members_person_id")),
    )
    op.create_table(
        "one_time_codes",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("use", sa.String(length=20), nullable=False),
        sa.Column("subject_id", shared.base.database.Id, nullable=False),
        sa.Column("phone_blind", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", shared.base.database.Utc(), nullable=False),
        sa.Column("expires_at", shared.base.database.Utc(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_codes")),
    )
    op.create_index(
        op.f("ix_one_time_codes_phone_blind"), "one_time_codes", ["phone_blind"], unique=False
    )
    op.create_index(
        op.f("ix_one_time_codes_subject_id"), "one_time_codes", ["subject_id"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("chat_id", shared.base.database.Id, nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("once", sa.String(length=160), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", shared.base.database.Utc(), nullable=False),
        sa.Column("not_before", shared.base.database.Utc(), nullable=False),
        sa.Column("taken_until", shared.base.database.Utc(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", shared.base.database.Utc(), nullable=True),
        sa.Column("failed_at", shared.base.database.Utc(), nullable=True),
        sa.Column("problem", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("once", name=op.f("uq_outbox_once")),
    )
    op.create_index(op.f("ix_outbox_chat_id"), "outbox", ["chat_id"], unique=False)
    op.create_index(
        "ix_outbox_open", "outbox", ["channel", "sent_at", "failed_at", "not_before"], unique=False
    )
    op.create_table(
        "persons",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_blind", sa.String(length=64), nullable=True),
        sa.Column("tail_blind", sa.String(length=64), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("created_at", shared.base.database.Utc(), nullable=False),
        sa.Column("erased_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
    )
    op.create_index(op.f("ix_persons_phone_blind"), "persons", ["phone_blind"], unique=False)
    op.create_index(op.f("ix_persons_tail_blind"), "persons", ["tail_blind"], unique=False)
    op.create_table(
        "referrals",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("registration_id", shared.base.database.Id, nullable=True),
        sa.Column("claim_id", shared.base.database.Id, nullable=True),
        sa.Column("person_id", shared.base.database.Id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("registered_at", shared.base.database.Utc(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("nickname", sa.String(length=30), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint(
            "campaign_id",
            "member_id",
            "ordinal",
            name=op.f("uq_referrals_campaign_id_member_id_ordinal"),
        ),
        sa.UniqueConstraint("claim_id", name=op.f("uq_referrals_claim_id")),
        sa.UniqueConstraint("registration_id", name=op.f("uq_referrals_registration_id")),
    )
    op.create_index(
        "ix_referrals_member",
        "referrals",
        ["campaign_id", "member_id", "registered_at"],
        unique=False,
    )
    op.create_index(op.f("ix_referrals_person_id"), "referrals", ["person_id"], unique=False)
    op.create_table(
        "registrations",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("invite_id", shared.base.database.Id, nullable=False),
        sa.Column("person_id", shared.base.database.Id, nullable=True),
        sa.Column("phone_blind", sa.String(length=64), nullable=True),
        sa.Column("handle", sa.String(length=64), nullable=False),
        sa.Column("referral_token", sa.String(length=40), nullable=False),
        sa.Column("receipt", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("visit_id", shared.base.database.Id, nullable=True),
        sa.Column("branch_id", shared.base.database.Id, nullable=True),
        sa.Column("staff_id", shared.base.database.Id, nullable=True),
        sa.Column("tablet_id", shared.base.database.Id, nullable=True),
        sa.Column("started_at", shared.base.database.Utc(), nullable=False),
        sa.Column("proven_at", shared.base.database.Utc(), nullable=True),
        sa.Column("proven_by", sa.String(length=10), nullable=True),
        sa.Column("looked_at", shared.base.database.Utc(), nullable=True),
        sa.Column("erased_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("handle", name=op.f("uq_registrations_handle")),
        sa.UniqueConstraint("receipt", name=op.f("uq_registrations_receipt")),
        sa.UniqueConstraint("referral_token", name=op.f("uq_registrations_referral_token")),
    )
    op.create_index(
        op.f("ix_registrations_invite_id"), "registrations", ["invite_id"], unique=False
    )
    op.create_index(
        op.f("ix_registrations_looked_at"), "registrations", ["looked_at"], unique=False
    )
    op.create_index(
        op.f("ix_registrations_person_id"), "registrations", ["person_id"], unique=False
    )
    op.create_index(
        "ix_registrations_phone", "registrations", ["campaign_id", "phone_blind"], unique=False
    )
    op.create_table(
        "settle_tasks",
        sa.Column("campaign_id", shared.base.database.Id, nullable=False),
        sa.Column("member_id", shared.base.database.Id, nullable=False),
        sa.Column("due_at", shared.base.database.Utc(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id", "member_id", name=op.f("pk_settle_tasks")),
    )
    op.create_index("ix_settle_tasks_due", "settle_tasks", ["due_at"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("person_id", shared.base.database.Id, nullable=False),
        sa.Column("staff_no", sa.String(length=40), nullable=False),
        sa.Column("branch_id", shared.base.database.Id, nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("customer_ref", sa.String(length=64), nullable=True),
        sa.Column("pin_hash", sa.String(length=160), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("wrong_pins", sa.Integer(), nullable=False),
        sa.Column("locked_until", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("person_id", name=op.f("uq_staff_person_id")),
        sa.UniqueConstraint("staff_no", name=op.f("uq_staff_staff_no")),
    )
    op.create_index(op.f("ix_staff_branch_id"), "staff", ["branch_id"], unique=False)
    op.create_index(op.f("ix_staff_customer_ref"), "staff", ["customer_ref"], unique=False)
    op.create_table(
        "staff_sessions",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", shared.base.database.Id, nullable=False),
        sa.Column("tablet_id", shared.base.database.Id, nullable=True),
        sa.Column("started_at", shared.base.database.Utc(), nullable=False),
        sa.Column("seen_at", shared.base.database.Utc(), nullable=False),
        sa.Column("ended_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_sessions_token_hash")),
    )
    op.create_index(
        op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False
    )
    op.create_table(
        "tablets",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("branch_id", shared.base.database.Id, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("enrol_hash", sa.String(length=64), nullable=True),
        sa.Column("enrol_until", shared.base.database.Utc(), nullable=True),
        sa.Column("secret_hash", sa.String(length=64), nullable=True),
        sa.Column("enrolled_at", shared.base.database.Utc(), nullable=True),
        sa.Column("revoked_at", shared.base.database.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tablets")),
        sa.UniqueConstraint("enrol_hash", name=op.f("uq_tablets_enrol_hash")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_tablets_secret_hash")),
    )
    op.create_index(op.f("ix_tablets_branch_id"), "tablets", ["branch_id"], unique=False)
    op.create_table(
        "visits",
        sa.Column("id", shared.base.database.Id, autoincrement=True, nullable=False),
        sa.Column("invite_id", shared.base.database.Id, nullable=False),
        sa.Column("at", shared.base.database.Utc(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("utm", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    op.create_index(op.f("ix_visits_device"), "visits", ["device"], unique=False)
    op.create_index("ix_visits_invite", "visits", ["invite_id", "at"], unique=False)
    op.create_table(
        "legs",
        sa.Column("entry_id", shared.base.database.Id, nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_legs_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "account", "unit", name=op.f("pk_legs")),
    )
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("a ledger is not downgraded; restore a backup")
