"""Stopping: a friend takes consents back, in their own browser or by proving the number.

Whether the number is known is never said: the answers are the same for every number.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.erasing import erase_number, erase_person
from shared.actions.privacy import export_number
from shared.actions.registering import registration_by_secret
from shared.base.errors import Refusal
from shared.base.i18n import Locale, text
from shared.people import consents
from shared.people.codes import CodeUse, check_code, new_one_time_code
from shared.people.consents import Purpose
from shared.people.persons import Person, by_phone, phone_blind
from shared.people.phone import read_phone
from shared.post.audit import record
from shared.post.outbox import Channel, Urgency, send_later
from shared.referrals.referrals import Registration


def send_stop_code(session: Session, typed: str, locale: Locale, now: datetime) -> None:
    """Send a code to the number, known or not.

    Refusals: `phone.…`, `code.wait`, `code.too_many`.
    """
    _send_code(session, typed, CodeUse.STOP, "sms.stop_code", locale, now)


def send_privacy_code(session: Session, typed: str, locale: Locale, now: datetime) -> None:
    """Send a code by which the number's owner gets at their data. Refusals as above."""
    _send_code(session, typed, CodeUse.PRIVACY, "sms.privacy_code", locale, now)


def copy_by_code(session: Session, typed: str, code: str, now: datetime) -> dict[str, Any] | None:
    """What is kept of the friend with this number; None for a wrong code.

    The caller commits a counted try too. Refusals: `phone.…`, `code.expired`.
    """
    phone = read_phone(typed)
    proven = proves_number(session, phone, code, now)
    return export_number(session, phone, now) if proven else None


def erase_by_code(session: Session, typed: str, code: str, now: datetime) -> bool:
    """Erase the friend with this number; False for a wrong code. As `copy_by_code`."""
    phone = read_phone(typed)
    if not proves_number(session, phone, code, now):
        return False
    erase_number(session, phone, now)
    return True


def proves_number(session: Session, phone: str, code: str, now: datetime) -> bool:
    """Whether a code that was sent for one's own data is right. As `copy_by_code`."""
    return _proves(session, phone, CodeUse.PRIVACY, code, now)


def _proves(session: Session, phone: str, use: CodeUse, code: str, now: datetime) -> bool:
    return bool(check_code(session, use, _subject(phone_blind(session, phone)), code, now))


def _send_code(
    session: Session, typed: str, use: CodeUse, key: str, locale: Locale, now: datetime
) -> None:
    phone = read_phone(typed)
    blind = phone_blind(session, phone)
    code = new_one_time_code(session, use, _subject(blind), blind, now)
    words = text(locale, key, code=code)
    send_later(session, Channel.SMS, {"to": phone, "text": words}, now, urgency=Urgency.ANSWER)


def stop_by_code(
    session: Session, typed: str, code: str, purposes: Collection[Purpose], now: datetime
) -> bool:
    """Withdraw these consents of every registration of the number; False for a wrong code.

    The caller commits a counted try too. Refusals: `phone.…`, `code.expired`.
    """
    phone = read_phone(typed)
    if not _proves(session, phone, CodeUse.STOP, code, now):
        return False
    known = [person.id for person in by_phone(session, phone)]
    friends = session.scalars(
        select(Registration.person_id).where(Registration.person_id.in_(known)).distinct()
    )
    for person_id in friends.all():
        if person_id is not None:
            _withdraw(session, person_id, f"person:{person_id}", purposes, now)
    return True


def _withdraw(
    session: Session, person_id: int, subject: str, purposes: Collection[Purpose], now: datetime
) -> int:
    """Take consents back; without the required one nothing of the friend is kept."""
    taken = [p for p in sorted(purposes) if consents.withdraw(session, p, now, person_id=person_id)]
    record(
        session, f"friend:{person_id}", "consent.withdrawn", subject, now,
        purposes=[p.value for p in taken],
    )  # fmt: skip
    if Purpose.REFERRAL in taken:
        erase_person(session, session.get_one(Person, person_id), f"friend:{person_id}", now)
    return len(taken)


def withdraw_consent(session: Session, handle: str, purposes: set[Purpose], now: datetime) -> int:
    """The friend takes consents back in their own browser; how many stood.

    Refusal `registration.gone`. Posted rewards stand.
    """
    registration = registration_by_secret(session, handle)
    if registration is None or registration.person_id is None:
        raise Refusal("registration.gone")
    subject = f"registration:{registration.id}"
    return _withdraw(session, registration.person_id, subject, purposes, now)


def _subject(blind: str) -> int:
    """A number for the code's row that stands for the telephone number, known or not."""
    return int(blind[:15], 16)
