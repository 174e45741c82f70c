"""Persons: the encrypted name and number behind a member, a friend or a member of staff."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Utc, id_column, keyring_of
from shared.base.sealing import SEALED


class Person(Base):
    """Fields sealed under the person's own wrapped key. `erased_at`: the key is destroyed."""

    __tablename__ = "persons"

    id: Mapped[int] = id_column()
    key: Mapped[bytes | None] = mapped_column(LargeBinary, info={SEALED: "person"})
    name: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_blind: Mapped[str | None] = mapped_column(String(64), index=True)
    tail_blind: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed hash of the last four digits, for finding somebody at the counter."""
    locale: Mapped[str | None] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(Utc)
    erased_at: Mapped[datetime | None] = mapped_column(Utc)


def phone_blind(session: Session, e164: str) -> str:
    """The keyed hash by which a number is matched."""
    return keyring_of(session).blind("phone", e164)


def tail_blind(session: Session, last_four: str) -> str:
    """The keyed hash of a number's last four digits."""
    return keyring_of(session).blind("tail", last_four)


def add_person(
    session: Session, now: datetime, *, name: str = "", phone: str = "", locale: str | None = None
) -> Person:
    """A new person with a key of their own. `phone` in E.164 or empty."""
    person = Person(key=keyring_of(session).new_person_key(), created_at=now, locale=locale)
    set_details(session, person, name=name, phone=phone)
    session.add(person)
    session.flush()
    return person


def set_details(
    session: Session, person: Person, *, name: str | None = None, phone: str | None = None
) -> None:
    """Seal a new name or number; None leaves what is there, an empty text clears it."""
    keyring = keyring_of(session)
    assert person.key is not None
    if name is not None:
        person.name = keyring.person_seal(person.key, name, "name") if name else None
    if phone is not None:
        person.phone = keyring.person_seal(person.key, phone, "phone") if phone else None
        person.phone_blind = phone_blind(session, phone) if phone else None
        person.tail_blind = tail_blind(session, phone[-4:]) if phone else None


def name_of(session: Session, person: Person) -> str:
    """The person's name; empty when unknown or erased."""
    return opened_name(session, person.key, person.name)


def opened_name(session: Session, key: bytes | None, name: bytes | None) -> str:
    """The same of a person's two columns, for reading many."""
    if key is None or name is None:
        return ""
    return keyring_of(session).person_open(key, name, "name")


def phone_of(session: Session, person: Person) -> str:
    """The person's number in E.164; empty when unknown or erased."""
    if person.key is None or person.phone is None:
        return ""
    return keyring_of(session).person_open(person.key, person.phone, "phone")


def persons_by_id(session: Session, ids: Collection[int]) -> list[Person]:
    """Some persons; unknown ids are left out."""
    return list(session.scalars(select(Person).where(Person.id.in_(ids)))) if ids else []


def by_phone(session: Session, e164: str) -> list[Person]:
    """Everybody known under a number, oldest first: a number is not unique."""
    query = select(Person).where(Person.phone_blind == phone_blind(session, e164))
    return list(session.scalars(query.order_by(Person.id)))


def erase(person: Person, now: datetime) -> None:
    """Destroy the person's key and everything it opened. Rows that name the id stay."""
    person.key = person.name = person.phone = None
    person.phone_blind = person.tail_blind = person.locale = None
    person.erased_at = now
