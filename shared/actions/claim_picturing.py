"""The picture of a claim: sent by the member, looked at by who decides.

It is shown to people only and is no evidence to the machine. Each look is an act on record, and
the record is what lets the picture be served, for a few minutes and to that person.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.deciding import DECIDERS, refuse_party
from shared.base.errors import Refusal
from shared.claims import pictures
from shared.claims.claims import OPEN, Claim, State
from shared.claims.pictures import ClaimPicture, PictureState, Sent
from shared.people.members import get_member, person_of
from shared.people.staff import Staff
from shared.post.audit import Audit, recorded

LOOK_TERM = timedelta(minutes=5)
"""For how long after the act a picture is served: a page may be drawn again."""
_LOOKED = "claim.picture_seen"


def send_picture(session: Session, member_id: int, number: str, sent: Sent, now: datetime) -> None:
    """The member sends a picture for a claim that waits, as the one before was lost.

    Refusals: `claim.unknown`, `claim.decided`, `picture.one`, `picture.often`.
    """
    claim = claim_to_picture(session, member_id, number)
    person = person_of(session, get_member(session, member_id))
    pictures.want(session, claim.id, person, sent, now)


def claim_to_picture(session: Session, member_id: int, number: str) -> Claim:
    """A member's claim that may still get a picture. Refusals as `send_picture`."""
    claim = session.scalar(
        select(Claim).where(Claim.number == number, Claim.member_id == member_id)
    )
    if claim is None:
        raise Refusal("claim.unknown")
    if State(claim.state) not in OPEN:
        raise Refusal("claim.decided", number=number)
    there = pictures.picture_of(session, claim.id)
    if there is not None and there.state != PictureState.LOST:
        raise Refusal("picture.one")
    return claim


def look_at_picture(session: Session, staff: Staff, claim_id: int, now: datetime) -> int:
    """Somebody looks at a claim's picture: an act on record, by whose number it is served.

    LookupError when there is none to be seen by this person.
    """
    claim, _ = _seen_by(session, staff, claim_id)
    return recorded(session, f"staff:{staff.id}", _LOOKED, f"claim:{claim.id}", now)


def picture_looked_at(
    session: Session, staff: Staff, claim_id: int, look: int, now: datetime
) -> bytes:
    """The picture as a JPEG, for who is on record as looking at it now. Else LookupError."""
    claim, row = _seen_by(session, staff, claim_id)
    act = session.get(Audit, look) if look < 2**62 else None
    if (
        act is None
        or (act.actor, act.act, act.subject) != (f"staff:{staff.id}", _LOOKED, f"claim:{claim.id}")
        or not act.at <= now < act.at + LOOK_TERM
    ):
        raise LookupError(f"look {look}")
    jpeg = pictures.jpeg_of(session, row)
    if jpeg is None:
        raise LookupError(f"picture of claim {claim_id}")
    return jpeg


def may_see_picture(session: Session, staff: Staff, claim: Claim) -> bool:
    """Whether there is a picture that this person may look at."""
    try:
        _seen_by(session, staff, claim.id)
    except LookupError:
        return False
    return True


def _seen_by(session: Session, staff: Staff, claim_id: int) -> tuple[Claim, ClaimPicture]:
    """Tellers and managers who are no party; the desk and auditors need none to do their work."""
    claim = session.get(Claim, claim_id)
    row = pictures.picture_of(session, claim_id) if claim is not None else None
    if claim is None or row is None or row.state != PictureState.KEPT:
        raise LookupError(f"picture of claim {claim_id}")
    if not staff.active or staff.role not in DECIDERS:
        raise LookupError(f"picture of claim {claim_id}")
    try:
        refuse_party(session, staff, claim)
    except Refusal:
        raise LookupError(f"picture of claim {claim_id}") from None
    return claim, row
