"""Erasures: whose data was destroyed on their own word, so that a restored backup forgets again.

Rows hold a person's id and since when that person was known, nothing else. Ids alone would not
do: after a restore the same id may become somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.people.persons import Person


class Erasure(Base):
    """One person who is not known any more. The database refuses to change or delete a row."""

    __tablename__ = "erasures"

    id: Mapped[int] = id_column()
    person_id: Mapped[int] = mapped_column(Id, unique=True)
    known_since: Mapped[datetime] = mapped_column(Utc)
    at: Mapped[datetime] = mapped_column(Utc)


@dataclass(frozen=True, order=True)
class Erased:
    """An erasure as it is kept outside the database."""

    person: int
    known_since: datetime
    at: datetime


def note_erasure(session: Session, person: Person, at: datetime) -> None:
    """Write down that a person is erased; a second time changes nothing."""
    if session.scalar(select(Erasure.id).where(Erasure.person_id == person.id)) is None:
        session.add(Erasure(person_id=person.id, known_since=person.created_at, at=at))
        session.flush()


def erasures(session: Session, after: int = 0) -> list[Erased]:
    """Every erasure behind a row's number, in the order they were noted."""
    rows = session.scalars(select(Erasure).where(Erasure.id > after).order_by(Erasure.id))
    return [Erased(row.person_id, row.known_since, row.at) for row in rows]


def was_erased(session: Session, person_id: int) -> bool:
    """Whether a person asked to be forgotten."""
    found = select(Erasure.id).where(Erasure.person_id == person_id)
    return session.scalar(found) is not None


def last_erasure(session: Session) -> int:
    """The number of the newest row; 0 when nobody was erased."""
    return session.scalar(select(func.max(Erasure.id))) or 0


def still_known(session: Session, erased: Erased) -> Person | None:
    """The person who was erased and is there again; None when they are not, or it is another."""
    person = session.get(Person, erased.person)
    if person is None or person.erased_at is not None:
        return None
    return person if person.created_at == erased.known_since else None
