"""The inventory of people: who they are, their chats, what they agreed to, what was said."""

from __future__ import annotations

from shared.actions.inventory.kept import About, Goes, Kept

_PROOF = "proof of what was agreed to and taken back; it names nobody once the person is erased"

PEOPLE = {
    "persons": Kept(
        About.PERSON,
        ours="id", plain="created_at erased_at", told="locale", keyed="phone_blind tail_blind",
        persons="name phone", sealed="key",
        emptied="key name phone phone_blind tail_blind locale",
        copied="name phone locale:language created_at:known_since",
        withheld={"key": "it opens the rest and says nothing"},
        until={"*": "friends_forgotten"},  # of a member: members_forgotten
    ),
    "members": Kept(
        About.MEMBER,
        ours="id person_id", banks="customer_ref",
        told="segment region card_products opened_on status status_since inactive_since show_name"
        " on_leaderboard pushes",
        emptied="segment region card_products",
        stays={
            "customer_ref": "the bank's reference: what was earned is paid by it",
            "show_name": "switched off", "on_leaderboard": "switched off", "pushes": "switched off",
            "*": "by it is judged what stands: who is paid, and who was a customer before",
        },
        copied="customer_ref segment region card_products opened_on status status_since"
        " inactive_since show_name on_leaderboard pushes",
        until=dict.fromkeys(("segment", "region", "card_products"), "members_forgotten"),
    ),
    "consents": Kept(
        About.PERSON,
        ours="id person_id chat_id", plain="purpose text_version",
        told="locale source given_at withdrawn_at",
        stays={"*": _PROOF},
        copied="purpose text_version locale:language source:where given_at withdrawn_at",
    ),
    "chats": Kept(
        About.CHAT,
        ours="id member_id", plain="proof blocked_at", sealed="address",
        told="channel language channel_language bound_at seen_at",
        goes=Goes.SOON,
        copied="channel address language channel_language bound_at seen_at",
        until={"*": "chats_forgotten"},
    ),
    "dialogues": Kept(
        About.CHAT,
        ours="chat_id", plain="changed_at", sealed="state",
        goes=Goes.AT_ONCE,
        withheld={"state": "where a question stands, for a day; the words are under messages"},
        until={"*": "dialogues_forgotten"},
    ),
    "binding_tokens": Kept(
        About.MEMBER,
        ours="id member_id staff_id", random="token_hash", plain="expires_at used_at",
        goes=Goes.AT_ONCE, until={"*": "codes_forgotten"},
    ),
    "one_time_codes": Kept(
        About.PERSON,
        ours="id", plain="use made_at expires_at tries used_at", random="code_hash",
        keyed="phone_blind subject_id",  # a number's code is found by a part of the number's hash
        goes=Goes.AT_ONCE, until={"*": "codes_forgotten"},
    ),
    "erasures": Kept(
        About.PERSON, ours="id person_id", plain="known_since at",
    ),
    "unmaskings": Kept(
        About.PERSON,
        ours="id person_id staff_id", plain="at", persons="reason",
        copied="at reason", until={"*": "friends_forgotten"},
    ),
    "staff": Kept(
        About.STAFF,
        ours="id person_id branch_id", banks="staff_no customer_ref", random="pin_hash",
        plain="role active wrong_pins locked_until",
    ),
    "staff_sessions": Kept(
        About.STAFF,
        ours="id staff_id tablet_id", random="token_hash", plain="started_at seen_at ended_at",
        until={"*": "sign_ins_forgotten"},
    ),
    "tablets": Kept(
        About.NOBODY,
        ours="id branch_id", random="enrol_hash secret_hash",
        plain="name enrol_until enrolled_at revoked_at",
        until={"enrol_hash": "tablets_forgotten", "secret_hash": "tablets_forgotten"},
    ),
    "tablet_places": Kept(
        About.NOBODY, ours="branch_id", keyed="address", plain="seen_at",
        until={"*": "traces_forgotten"},
    ),
    "branches": Kept(About.NOBODY, ours="id", plain="name"),
}  # fmt: skip

POST = {
    "inbox": Kept(
        About.PERSON,
        ours="id", plain="kind received_at done_at tries set_aside_at problem",
        banks="source external_id", keyed="digest owner", sealed="body",
        emptied="owner body",  # of what names a chat or a number; the bank's references have a term
        stays={
            "digest": "the same letter is known again by it",
            "*": "the sender's own number of a letter: it is not heard twice",
        },
        copied="received_at:at body:said",
        withheld={"*": "the sender's numbering; it says nothing of the person"},
        until={
            "digest": "while the same letter may come again", "*": "inbox_bodies_erased",
        },
    ),
    "inbox_conflicts": Kept(
        About.PERSON,
        ours="id inbox_id", plain="received_at", keyed="digest", sealed="body",
        goes=Goes.AT_ONCE,
        withheld={"body": "a letter of the bank about which a person still decides"},
        until={"*": "inbox_bodies_erased"},
    ),
    "outbox": Kept(
        About.PERSON,
        ours="id chat_id once",
        plain="channel urgency created_at not_before taken_until tries sent_at failed_at problem",
        keyed="owner", sealed="body",
        emptied="owner body",  # but for the answer that now goes out
        copied="created_at:written_at sent_at body:said",
        until={"*": "outbox_bodies_erased"},
    ),
    "audit": Kept(
        About.PERSON,
        ours="id actor subject details", random="mark", plain="at act", copied="at act",
    ),
    "audit_chain": Kept(About.NOBODY, ours="place audit_id", random="hash"),
}  # fmt: skip
