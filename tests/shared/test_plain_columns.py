"""What is kept in the clear is named here, each with its reason: the rest is sealed or hashed."""

from __future__ import annotations

from sqlalchemy import JSON, LargeBinary, String

from shared.base.sealing import SEALED, Sealed, Veiled
from shared.migrations.tables import metadata

SHORT = 20
"""Characters in which no code of ours is longer: states, kinds, units, channels."""
CODES = {
    "audit": {"actor", "act", "subject", "details", "mark"},  # internal ids and codes
    "entries": {"party", "clause", "occasion", "hash", "prev_hash", "why"},
    "admissions": {"party", "clause", "occasion", "limit_id", "draws"},
    "limit_uses": {"limit_id"},
    "campaign_limits": {"limit_id"},
    "key_events": {"party", "clause", "occasion"},
    "payout_lines": {"party", "reference", "item", "customer_ref", "application_ref"},
    "payout_batches": {"prepared_by", "confirmed_by"},
    "payout_parts": {"party", "clause", "occasion"},
    "payout_accounts": {"party"},
    "remedies": {"party", "clause", "occasion"},
    "repairs": {"proposed_by", "applied_by"},
    "cases": {"subject", "evidence"},
    "assessments": {"signals"},
    "case_referrals": {"signals"},
    "case_steps": {"actor"},
    "claim_steps": {"actor", "details"},
    "settle_tasks": {"problem"},
    "leases": {"duty", "holder"},
    "inbox": {"source", "external_id", "problem"},  # the sender's own identity of a letter
    "outbox": {"once", "problem"},
    "master_keys": {"name"},
    "inquiries": {"asked", "holder"},
}
THE_BANKS = {
    "members": {"customer_ref", "segment", "region", "card_products"},
    "staff": {"staff_no", "customer_ref"},
    "applications": {"application_ref"},
    "facts": {"event", "kind", "application_ref", "customer_ref", "card_ref", "transaction_ref",
              "referral_token", "product", "branch"},
    "branches": {"name"},
    "tablets": {"name"},
}  # fmt: skip
"""References by which the bank knows somebody, and its own words; a name is none of them."""
OUR_TEXTS = {
    "campaigns": {"slug", "zone"},
    "campaign_versions": {"body"},
    "approvals": {"body"},
}
RANDOM = {
    "referrals": {"segment"},
    "registrations": {"handle", "referral_token"},
    "visits": {"utm", "site"},  # a host; nothing that looks like somebody's number or address
    "chats": {"channel_language"},
}
KEYED = {
    "traces": {"address", "network", "series"},
    "tablet_places": {"address"},
    "claims": {"slips"},
    "payout_accounts": {"account"},
    "audit": {"mark"},
}
"""Keyed hashes by other names."""
HASHED = ("_hash", "_blind", "hash", "digest", "device", "owner", "fingerprint")
PERSONS_OWN = {
    "persons": {"name", "phone"},
    "unmaskings": {"reason"},
    "claim_pictures": {"image"},
    "claim_notes": {"words"},
}
"""Sealed under the person's own key."""
FINE = (CODES, THE_BANKS, OUR_TEXTS, RANDOM, KEYED, PERSONS_OWN)


def test_every_column_that_could_hold_peoples_words_is_sealed_or_named() -> None:
    plain = []
    for table in metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            words = isinstance(kind, JSON | LargeBinary) or (
                isinstance(kind, String) and (kind.length is None or kind.length > SHORT)
            )
            sealed = isinstance(kind, Sealed | Veiled) or SEALED in column.info
            hashed = column.name.endswith(HASHED)
            named = any(column.name in each.get(table.name, ()) for each in FINE)
            if words and not sealed and not hashed and not named:
                plain.append(f"{table.name}.{column.name}")
    assert plain == []


def test_nothing_is_named_that_is_not_there() -> None:
    known = {
        (table.name, column.name) for table in metadata.sorted_tables for column in table.columns
    }
    named = {
        (table, column) for each in FINE for table, columns in each.items() for column in columns
    }
    assert named - known == set()
