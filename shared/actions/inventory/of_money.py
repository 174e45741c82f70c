"""The inventory of money, and of what is the house's own."""

from __future__ import annotations

from shared.actions.inventory.kept import About, Kept

_KEY = "campaign_id party clause occasion"

MONEY = {
    "entries": Kept(
        About.MEMBER,
        ours=f"id {_KEY} member_id why", random="prev_hash hash", plain="revision at",
        copied="id:entry at clause occasion",
    ),
    "legs": Kept(About.MEMBER, ours="entry_id", plain="account unit amount"),
    "key_events": Kept(
        About.MEMBER,
        ours=f"id {_KEY} member_id", plain="kind at unit amount tax borne",
        copied="at kind clause unit amount",
    ),
    "admissions": Kept(
        About.MEMBER,
        ours=f"{_KEY} member_id limit_id", plain="verdict unit amount asked draws at",
    ),
    "payout_batches": Kept(
        About.NOBODY,
        ours="id campaign_id prepared_by confirmed_by",
        plain="state prepared_at confirmed_at ended_at",
    ),
    "payout_lines": Kept(
        About.MEMBER,
        ours="id batch_id ordinal campaign_id member_id party reference",
        banks="customer_ref application_ref", sealed="reason",
        plain="unit item gross borne tax netted net state answered_at",
        emptied="reason",
        stays={"*": "what the bank was told to pay, and by which of its references"},
        copied="reference unit gross tax netted net state reason answered_at",
        withheld={"*": "told with the member, or with the application"},
        until={"reason": "while the payment stands in the books"},
    ),
    "payout_parts": Kept(
        About.MEMBER,
        ours=f"id line_id {_KEY}", plain="kind unit amount tax borne open",
    ),
    "remedies": Kept(
        About.MEMBER,
        ours=f"id {_KEY} member_id asked_by decided_by",
        plain="kind unit amount state asked_at decided_at", sealed="reason",
        emptied="reason",
        copied="kind unit amount reason state",
        until={"reason": "while what was done stands in the books"},
    ),
    "repairs": Kept(
        About.MEMBER,
        ours="id campaign_id member_id proposed_by applied_by",
        plain="remedy month cause proposed_at applied_at",
    ),
    "settle_tasks": Kept(
        About.MEMBER, ours="campaign_id member_id", plain="due_at tries problem",
    ),
}  # fmt: skip

HOUSE = {
    "campaigns": Kept(
        About.NOBODY, ours="id",
        plain="slug zone life life_since paused_from starts_at ends_at created_at",
    ),
    "campaign_versions": Kept(
        About.NOBODY, ours="id campaign_id", plain="number body digest created_at",
    ),
    "campaign_limits": Kept(
        About.NOBODY, ours="id campaign_id", plain="limit_id unit amount from_at",
    ),
    "limit_uses": Kept(About.NOBODY, ours="campaign_id", plain="limit_id used"),
    "approvals": Kept(
        About.NOBODY,
        ours="id campaign_id made_by decided_by", plain="kind body made_at state decided_at",
    ),
    "inquiries": Kept(
        About.NOBODY,
        ours="id campaign_id asked_by",
        plain="kind asked asked_at state holder seen_at tries done total ended_at",
        sealed="file answer lines",
        until={"file": "bank_files_forgotten", "*": "answers_forgotten"},
    ),
    "leases": Kept(About.NOBODY, plain="duty holder until"),
    "key_check": Kept(About.NOBODY, plain="name", random="fingerprint"),
    "master_keys": Kept(About.NOBODY, plain="name retired", random="fingerprint"),
}  # fmt: skip
