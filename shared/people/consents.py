"""Consents: who agreed to what, in which words, when, and when they took it back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.direct import Direct, line_of


class Purpose(StrEnum):
    """Each is asked, shown and withdrawn apart."""

    CHAT = "chat"
    """A chat's start: messages pass through the channel's servers, which may be abroad."""
    REFERRAL = "referral"
    """A friend's required one: details go to the bank; the inviter learns of a reward earned."""
    PROGRESS = "progress"
    """A friend's optional one: the inviter may see approval, activation and first purchase."""
    MASKED_NAME = "masked_name"
    """A friend's optional one: the inviter may see the masked name."""
    MARKETING = "marketing"
    """A friend's optional one: one gentle reminder."""
    ADULT = "adult"
    """Not a consent but a declaration: 18 or older."""


class Consent(Base):
    """One agreement. Never edited but for its withdrawal."""

    __tablename__ = "consents"

    id: Mapped[int] = id_column()
    person_id: Mapped[int | None] = mapped_column(Id, index=True)
    chat_id: Mapped[int | None] = mapped_column(Id, index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    text_version: Mapped[str] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(20))
    """Where it was given: `landing`, `tablet`, `telegram`."""
    given_at: Mapped[datetime] = mapped_column(Utc)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Utc)


TEXT_VERSION = "2026-11-29"
"""The version of the consent texts in the catalogues; a changed text gets a new one."""


def give(
    session: Session,
    purpose: Purpose,
    now: datetime,
    *,
    locale: str,
    source: str,
    person_id: int | None = None,
    chat_id: int | None = None,
) -> None:
    """Record an agreement to the texts in force; a standing one to them is not doubled.

    One to older texts ends where the new one begins.
    """
    standing = [
        consent
        for consent in standing_consents(session, person_id=person_id, chat_id=chat_id)
        if consent.purpose == purpose
    ]
    for consent in standing:
        if consent.text_version != TEXT_VERSION:
            consent.withdrawn_at = now
    if all(consent.text_version != TEXT_VERSION for consent in standing):
        session.add(
            Consent(
                person_id=person_id,
                chat_id=chat_id,
                purpose=purpose.value,
                text_version=TEXT_VERSION,
                locale=locale,
                source=source,
                given_at=now,
            )
        )
        session.flush()


_STANDING = select(Consent).where(Consent.withdrawn_at.is_(None)).order_by(Consent.id)
_OF_PERSON = _STANDING.where(Consent.person_id == bindparam("whose"))
_OF_CHAT = _STANDING.where(Consent.chat_id == bindparam("whose"))


def standing_consents(
    session: Session, *, person_id: int | None = None, chat_id: int | None = None
) -> list[Consent]:
    """The agreements that stand, oldest first."""
    query, whose = (_OF_CHAT, chat_id) if person_id is None else (_OF_PERSON, person_id)
    return list(session.scalars(query, {"whose": whose})) if whose is not None else []


_HOLDS = select(Consent.id).where(
    Consent.withdrawn_at.is_(None), Consent.purpose == bindparam("purpose")
)
_PERSON_HOLDS = Direct(_HOLDS.where(Consent.person_id == bindparam("whose")))
_CHAT_HOLDS = Direct(_HOLDS.where(Consent.chat_id == bindparam("whose")))


def holds(
    session: Session, purpose: Purpose, *, person_id: int | None = None, chat_id: int | None = None
) -> bool:
    """Whether an agreement stands now."""
    query, whose = (_CHAT_HOLDS, chat_id) if person_id is None else (_PERSON_HOLDS, person_id)
    if whose is None:
        return False
    session.flush()
    return query.first(line_of(session), {"whose": whose, "purpose": purpose.value}) is not None


def holders(session: Session, purpose: Purpose, person_ids: Collection[int]) -> set[int]:
    """Of some persons, those whose agreement stands now."""
    if not person_ids:
        return set()
    query = select(Consent.person_id).where(
        Consent.withdrawn_at.is_(None),
        Consent.purpose == purpose.value,
        Consent.person_id.in_(person_ids),
    )
    return {person_id for person_id in session.scalars(query) if person_id is not None}


def withdraw(
    session: Session,
    purpose: Purpose,
    now: datetime,
    *,
    person_id: int | None = None,
    chat_id: int | None = None,
) -> bool:
    """Take an agreement back; whether one stood. Posted rewards stand."""
    found = False
    for consent in standing_consents(session, person_id=person_id, chat_id=chat_id):
        if consent.purpose == purpose:
            consent.withdrawn_at = now
            found = True
    return found
