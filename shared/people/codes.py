"""One-time codes by SMS: six digits, ten minutes, five tries, then none."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from sqlalchemy import Integer, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column, keyring_of
from shared.base.errors import Refusal

CODE_TERM = timedelta(minutes=10)
MOST_TRIES = 5
RESEND_AFTER = timedelta(seconds=60)
MOST_A_DAY = 10


class CodeUse(StrEnum):
    REGISTRATION = "registration"
    CHAT = "chat"
    STOP = "stop"
    """A friend takes consents back without the browser they registered in."""
    PRIVACY = "privacy"
    """A friend has a copy of their data, or has it erased."""
    CLAIM = "claim"
    """A friend confirms a claim by a link that was forwarded."""


class OneTimeCode(Base):
    """A code sent to a number for one use; only its keyed hash is kept."""

    __tablename__ = "one_time_codes"

    id: Mapped[int] = id_column()
    use: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(Id, index=True)
    """The registration, the chat, or the question to a claim's friend."""
    phone_blind: Mapped[str] = mapped_column(String(64), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    used_at: Mapped[datetime | None] = mapped_column(Utc)


def _hash(session: Session, use: CodeUse, subject_id: int, code: str) -> str:
    return keyring_of(session).blind("code", f"{use}:{subject_id}:{code}")


def new_one_time_code(
    session: Session, use: CodeUse, subject_id: int, phone_blind: str, now: datetime
) -> str:
    """A fresh code; earlier ones of the same subject lapse.

    Refusal: `code.wait` (seconds), `code.too_many` after ten a day to one number.
    """
    _one_at_a_time(session, phone_blind)
    latest = session.scalar(
        select(func.max(OneTimeCode.made_at)).where(OneTimeCode.phone_blind == phone_blind)
    )
    if latest is not None and now - latest < RESEND_AFTER:
        raise Refusal("code.wait", seconds=ceil((latest + RESEND_AFTER - now).total_seconds()))
    today = session.scalar(
        select(func.count()).where(
            OneTimeCode.phone_blind == phone_blind,
            OneTimeCode.made_at > now - timedelta(days=1),
        )
    )
    if (today or 0) >= MOST_A_DAY:
        raise Refusal("code.too_many")
    for row in _open_codes(session, use, subject_id):
        row.expires_at = now
    code = f"{secrets.randbelow(10**6):06d}"
    session.add(
        OneTimeCode(
            use=use.value,
            subject_id=subject_id,
            phone_blind=phone_blind,
            code_hash=_hash(session, use, subject_id, code),
            made_at=now,
            expires_at=now + CODE_TERM,
        )
    )
    session.flush()
    return code


def _one_at_a_time(session: Session, phone_blind: str) -> None:
    """Two requests for one number wait for each other; SQLite's writers do so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(int(phone_blind[:15] or "0", 16))))


def check_code(session: Session, use: CodeUse, subject_id: int, typed: str, now: datetime) -> str:
    """Spend a code: the phone_blind it was sent to.

    Returns an empty text when it is wrong, so that the caller commits the counted try and
    then refuses (`code.wrong`). Refusal `code.expired` when there is none to try.
    """
    rows = [row for row in _open_codes(session, use, subject_id) if row.expires_at > now]
    if not rows or rows[-1].tries >= MOST_TRIES:
        raise Refusal("code.expired")
    row = rows[-1]
    digits = "".join(str(int(c)) for c in typed if c.isdecimal())
    row.tries += 1
    if not hmac.compare_digest(row.code_hash, _hash(session, use, subject_id, digits)):
        session.flush()
        return ""
    row.used_at = now
    session.flush()
    return row.phone_blind


def _open_codes(session: Session, use: CodeUse, subject_id: int) -> list[OneTimeCode]:
    return list(
        session.scalars(
            select(OneTimeCode)
            .where(
                OneTimeCode.use == use.value,
                OneTimeCode.subject_id == subject_id,
                OneTimeCode.used_at.is_(None),
            )
            .order_by(OneTimeCode.id)
            .with_for_update()
        )
    )
