"""Notes on claims: what staff know of it, in their own words, for the people who decide.

No machine reads them. A note is never changed; its words are under the claimant's own key and
are emptied when the claim's term is over.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column, keyring_of
from shared.people.persons import Person

_FIELD = "claim_note"


class ClaimNote(Base):
    """One note. The database refuses every change but that its words are forgotten."""

    __tablename__ = "claim_notes"

    id: Mapped[int] = id_column()
    claim_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(Id, index=True)
    """The claimant, under whose key the words are sealed."""
    staff_id: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Utc)
    words: Mapped[bytes | None] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class Note:
    """One note as it is read."""

    at: datetime
    staff_id: int
    words: str


def add_note(
    session: Session, claim_id: int, person: Person, staff_id: int, words: str, now: datetime
) -> int:
    """Write a note down; its number."""
    assert person.key is not None
    sealed = keyring_of(session).person_seal(person.key, words, _FIELD)
    row = ClaimNote(claim_id=claim_id, person_id=person.id, staff_id=staff_id, at=now, words=sealed)
    session.add(row)
    session.flush()
    return row.id


def notes_on(session: Session, claim_id: int) -> list[Note]:
    """What was noted, oldest first; without what is forgotten."""
    rows = session.execute(
        select(ClaimNote, Person.key)
        .join(Person, Person.id == ClaimNote.person_id)
        .where(ClaimNote.claim_id == claim_id, ClaimNote.words.is_not(None))
        .order_by(ClaimNote.id)
    ).all()
    keyring = keyring_of(session)
    return [
        Note(row.at, row.staff_id, keyring.person_open(key, bytes(row.words or b""), _FIELD))
        for row, key in rows
        if key is not None
    ]


def count_notes(session: Session, claim_id: int) -> int:
    """How many notes a claim has ever had."""
    query = select(func.count()).select_from(ClaimNote).where(ClaimNote.claim_id == claim_id)
    return session.scalar(query) or 0


def empty_notes(session: Session, claim_ids: Collection[int]) -> None:
    """What was noted on some claims is forgotten."""
    if claim_ids:
        _empty(session, ClaimNote.claim_id.in_(claim_ids))


def empty_notes_of(session: Session, person_id: int) -> None:
    """What was noted on a person's claims is forgotten."""
    _empty(session, ClaimNote.person_id == person_id)


def _empty(session: Session, which: object) -> None:
    session.execute(
        update(ClaimNote).where(which, ClaimNote.words.is_not(None)).values(words=None)  # type: ignore[arg-type]
    )
