"""Unmaskings: each time staff had somebody's name and number shown in full, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, LargeBinary, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column, keyring_of
from shared.people.persons import Person

_FIELD = "unmasking"


class Unmasking(Base):
    """One look at one person. The database refuses to change or delete a row."""

    __tablename__ = "unmaskings"
    __table_args__ = (Index("ix_unmaskings_staff", "staff_id", "at"),)

    id: Mapped[int] = id_column()
    person_id: Mapped[int] = mapped_column(Id)
    staff_id: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Utc)
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    """In the employee's words, under the person's own key: who is erased takes them along."""


@dataclass(frozen=True)
class Look:
    """One look as it is read. `reason` is empty once the person is erased."""

    staff_id: int
    at: datetime
    reason: str


def note_look(session: Session, person: Person, staff_id: int, reason: str, at: datetime) -> int:
    """Write down that somebody was shown in full; the row's number."""
    assert person.key is not None
    sealed = keyring_of(session).person_seal(person.key, reason, _FIELD)
    look = Unmasking(person_id=person.id, staff_id=staff_id, at=at, reason=sealed)
    session.add(look)
    session.flush()
    return look.id


def looks_at(session: Session, person: Person, most: int | None = None) -> list[Look]:
    """Every look at a person, or the newest so many; the newest first."""
    query = select(Unmasking).where(Unmasking.person_id == person.id)
    rows = session.scalars(query.order_by(Unmasking.id.desc()).limit(most))
    return [Look(row.staff_id, row.at, _reason(session, person, row)) for row in rows]


def _reason(session: Session, person: Person, row: Unmasking) -> str:
    if person.key is None:
        return ""
    return keyring_of(session).person_open(person.key, row.reason, _FIELD)


def looks_since(session: Session, staff_id: int, since: datetime) -> int:
    """How many looks an employee has had since a moment."""
    found = select(func.count()).where(Unmasking.staff_id == staff_id, Unmasking.at > since)
    return session.scalar(found) or 0
