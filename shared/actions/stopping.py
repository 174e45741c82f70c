"""Stopping: a friend takes consents back, in their own browser or by proving the number.

Whether the number is known is never said: the answers are the same for every number.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.registering import registration_by_secret
from shared.base.errors import Refusal
from shared.base.i18n import Locale, text
from shared.people import consents
from shared.people.codes import CodeUse, check_code, new_one_time_code
from shared.people.consents import Purpose
from shared.people.persons import by_phone, phone_blind
from shared.people.phone import read_phone
from shared.post.audit import record
from shared.post.outbox import Channel, Urgency, send_later
from shared.referrals.referrals import Registration


def send_stop_code(session: Session, typed: str, locale: Locale, now: datetime) -> None:
    """Send a code to the number, known or not.

    Refusals: `phone.…`, `code.wait`, `code.too_many`.
    """
    phone = read_phone(typed)
    blind = phone_blind(session, phone)
    code = new_one_time_code(session, CodeUse.STOP, _subject(blind), blind, now)
    words = text(locale, "sms.stop_code", code=code)
    send_later(session, Channel.SMS, {"to": phone, "text": words}, now, urgency=Urgency.ANSWER)


def stop_by_code(
    session: Session, typed: str, code: str, purposes: Collection[Purpose], now: datetime
) -> bool:
    """Withdraw these consents of every registration of the number; False for a wrong code.

    The caller commits a counted try too. Refusals: `phone.…`, `code.expired`.
    """
    phone = read_phone(typed)
    subject = _subject(phone_blind(session, phone))
    if not check_code(session, CodeUse.STOP, subject, code, now):
        return False
    known = [person.id for person in by_phone(session, phone)]
    friends = session.scalars(
        select(Registration.person_id).where(Registration.person_id.in_(known)).distinct()
    )
    for person_id in friends.all():
        taken = [
            purpose.value
            for purpose in sorted(purposes)
            if consents.withdraw(session, purpose, now, person_id=person_id)
        ]
        record(
            session, f"friend:{person_id}", "consent.withdrawn", f"person:{person_id}", now,
            purposes=taken,
        )  # fmt: skip
    return True


def withdraw_consent(session: Session, handle: str, purposes: set[Purpose], now: datetime) -> int:
    """The friend takes consents back in their own browser; how many stood.

    Refusal `registration.gone`. Posted rewards stand.
    """
    registration = registration_by_secret(session, handle)
    if registration is None or registration.person_id is None:
        raise Refusal("registration.gone")
    person_id = registration.person_id
    taken = [p for p in sorted(purposes) if consents.withdraw(session, p, now, person_id=person_id)]
    record(
        session, f"friend:{person_id}", "consent.withdrawn", f"registration:{registration.id}",
        now, purposes=[p.value for p in taken],
    )  # fmt: skip
    return len(taken)


def _subject(blind: str) -> int:
    """A number for the code's row that stands for the telephone number, known or not."""
    return int(blind[:15], 16)
