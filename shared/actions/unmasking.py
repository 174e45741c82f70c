"""Unmasking: a name and a number in full, one person at a time, for a reason that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shared.actions.approvals import check_right
from shared.actions.finding import is_party_to
from shared.actions.kinship import circle_of
from shared.base.errors import Refusal
from shared.people.members import Member
from shared.people.persons import Person, name_of, phone_of
from shared.people.staff import Staff
from shared.people.unmasking import looks_since, note_look
from shared.post.audit import record
from shared.referrals.referrals import Referral

SHORTEST_REASON = 8
LONGEST_REASON = 120
MOST_AN_HOUR = 20


@dataclass(frozen=True)
class Plain:
    """What was shown. `phone` in E.164; each empty when it was never told."""

    name: str
    phone: str


def person_behind(session: Session, party: str) -> Person | None:
    """The person of `member:1` or `friend:2` (a referral); None of a friend who was claimed.

    LookupError when there is no such member or friend.
    """
    kind, _, number = party.partition(":")
    owner: Member | Referral | None = None
    if number.isdecimal() and len(number) <= 18:
        if kind == "member":
            owner = session.get(Member, int(number))
        elif kind == "friend":
            owner = session.get(Referral, int(number))
    if owner is None:
        raise LookupError(party)
    return session.get(Person, owner.person_id) if owner.person_id is not None else None


def _is_party(session: Session, staff: Staff, party: str) -> bool:
    kind, _, number = party.partition(":")
    if kind == "friend":
        return is_party_to(session, staff, session.get_one(Referral, int(number)))
    return int(number) in circle_of(session, staff).members


def unmask(session: Session, staff: Staff, party: str, reason: str, now: datetime) -> Plain:
    """Show one person in full; the look is kept with its reason, and audited.

    Refusals: `desk.read_only`, `unmask.reason` (least), `unmask.often` (most, minutes),
    `unmask.own` (oneself, or somebody close), `unmask.erased`. LookupError as `person_behind`.
    """
    check_right(staff)
    session.refresh(staff, with_for_update=True)  # two looks at once are counted one by one
    person = person_behind(session, party)
    if _is_party(session, staff, party):
        raise Refusal("unmask.own")
    words = " ".join(reason.split())[:LONGEST_REASON]
    if sum(character.isalnum() for character in words) < SHORTEST_REASON:
        raise Refusal("unmask.reason", least=SHORTEST_REASON)
    if person is None or person.erased_at is not None:
        raise Refusal("unmask.erased")
    if looks_since(session, staff.id, now - timedelta(hours=1)) >= MOST_AN_HOUR:
        raise Refusal("unmask.often", most=MOST_AN_HOUR)
    look = note_look(session, person, staff.id, words, now)
    record(
        session, f"staff:{staff.id}", "person.unmasked", f"person:{person.id}", now,
        look=look, party=party,
    )  # fmt: skip
    return Plain(name_of(session, person), phone_of(session, person))
