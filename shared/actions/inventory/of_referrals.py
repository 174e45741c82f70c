"""The inventory of referrals: from the invite to what the bank reports."""

from __future__ import annotations

from shared.actions.inventory.kept import About, Goes, Kept

_FACT = "a reward rests on it; by the bank's own references, which name nobody here"

REFERRALS = {
    "invites": Kept(
        About.MEMBER,
        ours="id campaign_id member_id", random="code", plain="created_at", sealed="greeting",
        emptied="greeting", copied="code greeting created_at",
        until={"greeting": "friends_forgotten"},
    ),
    "visits": Kept(
        About.FRIEND,
        ours="id invite_id", plain="kind", told="at channel utm site", keyed="device",
        emptied="device utm site",
        stays={"*": "an opening of the page by nobody in particular: counted"},
        copied="at channel utm site:came_from",
        until={"device": "devices_forgotten"},
    ),
    "registrations": Kept(
        About.FRIEND,
        ours="id campaign_id invite_id person_id visit_id branch_id staff_id tablet_id version",
        random="handle referral_token receipt", plain="looked_at erased_at",
        told="channel started_at proven_at proven_by", keyed="phone_blind",
        emptied="phone_blind",
        stays={"*": "that somebody registered: the reward of who invited them rests on it"},
        copied="receipt referral_token:token_for_the_bank channel started_at proven_at proven_by",
        until={"phone_blind": "friends_forgotten"},
    ),
    "referrals": Kept(
        About.FRIEND,
        ours="id campaign_id member_id registration_id claim_id person_id version ordinal",
        told="registered_at segment", sealed="nickname",
        emptied="nickname",
        stays={"*": "by it is computed what the member earned"},
        copied="ordinal nickname registered_at",  # to the member, whose words a nickname is
        withheld={"segment": "the member's own, told there"},
        until={"nickname": "friends_forgotten"},
    ),
    "credits": Kept(
        About.FRIEND,
        ours="id referral_id application_id", plain="credited_on source created_at superseded_at",
    ),
    "applications": Kept(
        About.FRIEND, ours="id", banks="application_ref", plain="first_heard_at",
        stays={"*": _FACT}, withheld={"*": "told with its facts"},
        until={"*": "facts_forgotten"},  # when nobody was credited for it
    ),
    "facts": Kept(
        About.FRIEND,
        ours="id", random="referral_token", plain="event received_at",
        banks="application_ref customer_ref card_ref transaction_ref",
        told="kind at amount currency existing_customer product branch", keyed="phone_blind",
        emptied="phone_blind",
        stays={"*": _FACT},
        copied="application_ref:application customer_ref card_ref transaction_ref kind at amount"
        " currency product branch",
        withheld={"existing_customer": "what the bank knows of its own customers (rule 11)"},
        until={"*": "facts_forgotten"},
    ),
}  # fmt: skip

RISK = {
    "traces": Kept(
        About.FRIEND,
        ours="registration_id campaign_id", plain="at", keyed="device address network series",
        goes=Goes.AT_ONCE, until={"*": "traces_forgotten"},
    ),
    "payout_accounts": Kept(
        About.PERSON,
        banks="party", plain="told_at", keyed="account",
        goes=Goes.AT_ONCE, until={"*": "traces_forgotten"},
        withheld={"party": "the bank's own reference, told with the facts and the member"},
    ),
    "blacklist": Kept(
        About.PERSON,
        ours="id case_id", plain="mark listed_at until", keyed="hash",
        stays={"hash": "abuse that two people confirmed, until its term ends"},
        until={"*": "traces_forgotten"},
    ),
    "risk_looks": Kept(
        About.MEMBER, ours="referral_id campaign_id member_id", plain="due_at",
    ),
    "assessments": Kept(
        About.MEMBER,
        ours="id referral_id campaign_id member_id", plain="at score action signals",
    ),
    "cases": Kept(
        About.MEMBER,
        ours="id subject campaign_id member_id assigned_to evidence",
        plain="kind opened_at closed_at state score due_at escalated_at",
    ),
    "case_referrals": Kept(
        About.MEMBER,
        ours="case_id referral_id member_id", plain="held_at released_at score signals",
    ),
    "case_findings": Kept(
        About.MEMBER,
        ours="id case_id proposed_by confirmed_by appealed_by appeal_decided_by",
        plain="finding proposed_at sent_back_at confirmed_at appealed_at appeal_decided_at",
    ),
    "case_steps": Kept(
        About.MEMBER,
        ours="id case_id actor", plain="at act count", sealed="note",
        emptied="note",  # of a decided case; else when it is
        withheld={"note": "what risk checks saw is told to nobody"},
        until={"note": "notes_forgotten"},
    ),
    "findings": Kept(
        About.MEMBER,
        ours="id campaign_id member_id referral_id remedy_id", plain="word at decided_at",
    ),
}  # fmt: skip

CLAIMS = {
    "claims": Kept(
        About.MEMBER,
        ours="id campaign_id member_id version registration_id visit_id assigned_to",
        random="number",
        plain="judge_at paused_at override decided_at late_at appeal_until forgotten_at template"
        " escalate_at escalated_at",
        told="named last_four how roughly state reason filed_at due_at told_at appealed_at",
        keyed="phone_blind slips",
        emptied="last_four phone_blind slips",  # of a decided claim; else when its appeal is over
        stays={"*": "what was asked for and decided; it names nobody"},
        copied="number last_four how roughly:when state filed_at due_at told_at:answered_at"
        " appealed_at",
        withheld={
            "reason": "the bank's decision about somebody else (rule 11)",
            "named": "by what the friend was named; the claim says it",
        },
        until={"*": "claims_forgotten"},
    ),
    "claim_steps": Kept(
        About.MEMBER, ours="id claim_id actor details", plain="at before after",
    ),
    "claim_asks": Kept(
        About.FRIEND,
        ours="id claim_id", plain="way ends_at", told="asked_at answered_at answer locale"
        " text_version",
        stays={"*": "proof of what the friend confirmed; it names nobody"},
        copied="asked_at answered_at answer locale:language text_version",
    ),
    "claim_opinions": Kept(
        About.MEMBER,
        ours="claim_id", plain="ask_at asked_at", told="opinion given_at",
        stays={"*": "counted by month; it names nobody"},
        copied="opinion given_at",
    ),
    "claim_pictures": Kept(
        About.MEMBER,
        ours="id claim_id person_id", plain="channel state sent tries sent_at next_at",
        sealed="source", persons="image",
        goes=Goes.AT_ONCE,
        copied="image sent_at:picture_sent_at",
        withheld={"source": "the channel's own name of the file, until it was fetched"},
        until={"*": "claims_forgotten"},
    ),
    "claim_notes": Kept(
        About.MEMBER,
        ours="id claim_id person_id staff_id", plain="at", persons="words",
        emptied="words",
        withheld={"words": "what the bank's people say to each other of a friend (rule 11)"},
        until={"words": "claims_forgotten"},
    ),
    "claim_sweeps": Kept(About.NOBODY, ours="campaign_id", plain="night at invited"),
}  # fmt: skip
