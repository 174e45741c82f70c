"""Noting: what an employee knows of a claim, said to who decides it.

A note is for people. It weighs nothing with the machine, and no member reads it: it may speak of
the friend.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy.orm import Session

from shared.actions.deciding import is_party, refuse_party
from shared.base.errors import Refusal
from shared.claims import claims
from shared.claims.claims import OPEN, Claim, State
from shared.claims.notes import add_note, count_notes
from shared.people.members import get_member, person_of
from shared.people.staff import Role, Staff
from shared.post.audit import record

LONGEST = 500
"""Characters of a note."""
MOST = 20
"""Notes on one claim."""
_LOOKS_ONLY = Role.AUDITOR.value


def note_on_claim(session: Session, staff: Staff, claim_id: int, words: str, now: datetime) -> int:
    """Write a note beside a claim that waits; its number.

    Refusals: `claim.unknown`, `claim.decided`, `claim.party`, `desk.read_only` (an auditor),
    `claim_note.empty`, `claim_note.long` (most), `claim_note.many` (most), `claim_note.erased`.
    """
    claim = claims.claim_for_update(session, claim_id)
    if State(claim.state) not in OPEN:
        raise Refusal("claim.decided", number=claim.number)
    refuse_party(session, staff, claim)
    if not _may(staff):
        raise Refusal("desk.read_only")
    said = plain_words(words)
    if not said:
        raise Refusal("claim_note.empty")
    if len(said) > LONGEST:
        raise Refusal("claim_note.long", most=LONGEST)
    if count_notes(session, claim.id) >= MOST:
        raise Refusal("claim_note.many", most=MOST)
    person = person_of(session, get_member(session, claim.member_id))
    if person.key is None:
        raise Refusal("claim_note.erased")
    number = add_note(session, claim.id, person, staff.id, said, now)
    record(session, f"staff:{staff.id}", "claim.noted", f"claim:{claim.id}", now, note=number)
    return number


def may_note(session: Session, staff: Staff, claim: Claim) -> bool:
    """Whether somebody may write a note on a claim."""
    return State(claim.state) in OPEN and _may(staff) and not is_party(session, staff, claim)


def _may(staff: Staff) -> bool:
    return staff.active and staff.role != _LOOKS_ONLY


def plain_words(words: str) -> str:
    """What was typed, in lines without what is not to be seen."""
    lines = (
        "".join(c for c in line if unicodedata.category(c)[0] != "C")
        for line in words.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    )
    return "\n".join(" ".join(line.split()) for line in lines).strip()
