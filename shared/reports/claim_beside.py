"""What stands beside a claim's evidence for people: the member's picture, and staff's notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from shared.actions.claim_noting import may_note
from shared.actions.claim_picturing import may_see_picture
from shared.claims.claims import Claim
from shared.claims.notes import notes_on
from shared.claims.pictures import PictureState, picture_of
from shared.people.staff import Staff
from shared.reports.desk_people import who


@dataclass(frozen=True)
class NoteLine:
    """One note. `by`: name and number of who wrote it."""

    at: datetime
    by: str
    words: str


@dataclass(frozen=True)
class Beside:
    """`picture`: where the member's picture stands, if they sent one."""

    picture: PictureState | None
    may_see: bool
    notes: tuple[NoteLine, ...]
    may_note: bool


def beside(session: Session, staff: Staff, claim: Claim) -> Beside:
    """What a reader who is no party finds beside a claim."""
    row = picture_of(session, claim.id)
    return Beside(
        PictureState(row.state) if row is not None else None,
        may_see_picture(session, staff, claim),
        tuple(
            NoteLine(note.at, who(session, note.staff_id), note.words)
            for note in notes_on(session, claim.id)
        ),
        may_note(session, staff, claim),
    )
