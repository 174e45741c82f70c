"""Asking the friend: one question a claim, a link that proves itself, and what was answered.

The link carries the question's number and a keyed hash of it, so that it can be told again
and not be made up; it answers once, and not after its days.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column, keyring_of
from shared.base.errors import Refusal

_SIGNED = 32
"""Hexadecimal characters of the keyed hash in a link: 128 bits."""


class Way(StrEnum):
    """How the friend is reached."""

    SMS = "sms"
    """At the number of a registration under the claimant's invite, whose consent stands."""
    LINK = "link"
    """By a link that the member forwards; the friend proves the number by a code."""


class Answer(StrEnum):
    CONFIRMED = "confirmed"
    NOT_ME = "not_me"
    SILENT = "silent"


class ClaimAsk(Base):
    """The question put to the friend of one claim."""

    __tablename__ = "claim_asks"
    __table_args__ = (Index("ix_claim_asks_open", "answered_at", "ends_at"),)

    id: Mapped[int] = id_column()
    claim_id: Mapped[int] = mapped_column(Id, unique=True)
    way: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime] = mapped_column(Utc)
    ends_at: Mapped[datetime] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    answer: Mapped[str | None] = mapped_column(String(10))
    locale: Mapped[str | None] = mapped_column(String(10))
    """In which language the friend read what confirming means."""
    text_version: Mapped[str | None] = mapped_column(String(20))


def link_word(session: Session, ask: ClaimAsk) -> str:
    """What stands at the end of the question's address."""
    return f"{ask.id}-{_signature(session, ask.id, ask.claim_id)}"


def _signature(session: Session, ask_id: int, claim_id: int) -> str:
    return keyring_of(session).blind("claim-ask", f"{ask_id}:{claim_id}")[:_SIGNED]


def ask_by_word(session: Session, word: str, *, lock: bool = False) -> ClaimAsk:
    """The question of an address. Refusal `ask.unknown` for what we never wrote, another
    spelling of the same number included."""
    number, _, signature = word.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 15 and signature.isascii()):
        raise Refusal("ask.unknown")
    if number.startswith("0"):
        raise Refusal("ask.unknown")
    ask = session.get(ClaimAsk, int(number), with_for_update=lock)
    claim_id = ask.claim_id if ask is not None else 0
    if not hmac.compare_digest(signature, _signature(session, int(number), claim_id)):
        raise Refusal("ask.unknown")
    if ask is None:
        raise Refusal("ask.unknown")
    return ask


def hold_open(ask: ClaimAsk, now: datetime) -> None:
    """Refusals: `ask.answered`, `ask.over` (its days have passed)."""
    if ask.answered_at is not None:
        raise Refusal("ask.over" if ask.answer == Answer.SILENT else "ask.answered")
    if now >= ask.ends_at:
        raise Refusal("ask.over")


def ask_of(session: Session, claim_id: int) -> ClaimAsk | None:
    """The question put to a claim's friend, if one was."""
    return session.scalar(select(ClaimAsk).where(ClaimAsk.claim_id == claim_id))


def answer(ask: ClaimAsk, said: Answer, now: datetime) -> None:
    """Keep what was answered, once; the caller holds the row."""
    ask.answer, ask.answered_at = said.value, now
