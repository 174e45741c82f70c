"""Registering: a friend leaves a number, proves it by a code, and agrees to what is said.

Whoever the number belongs to, the answers are the same; what is known of it is looked at
later, by the worker (`matching.look_at_registrations`), and told to its owner by SMS.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.inviting import find_invite
from shared.actions.notifying import friend_label, notify_member
from shared.actions.referring import refer
from shared.base.errors import Refusal
from shared.base.i18n import Locale, text
from shared.base.privacy import mask_phone
from shared.campaigns.campaigns import (
    Campaign,
    current_version,
    get_campaign,
    open_for_registration,
    open_to_finish,
    version,
)
from shared.people import consents
from shared.people.chats import hash_token
from shared.people.codes import (
    MOST_TRIES,
    RESEND_AFTER,
    CodeUse,
    OneTimeCode,
    check_code,
    new_one_time_code,
)
from shared.people.consents import Purpose
from shared.people.members import may_invite
from shared.people.persons import Person, add_person, phone_blind, phone_of, set_details
from shared.people.phone import read_phone
from shared.post.audit import record
from shared.post.outbox import Channel, Urgency, send_later
from shared.referrals.codes import new_code, show_code
from shared.referrals.referrals import Invite, Registration
from shared.risk.traces import NOWHERE, Place, leave_trace

LONGEST_NAME = 60
REQUIRED = (Purpose.REFERRAL, Purpose.ADULT)
OPTIONAL = (Purpose.PROGRESS, Purpose.MASKED_NAME, Purpose.MARKETING)


@dataclass(frozen=True)
class StartForm:
    """What a friend gives first. `phone` as typed; the ids say where it was taken."""

    code: str
    phone: str
    locale: Locale
    channel: str = "chat"
    visit_id: int | None = None
    branch_id: int | None = None
    staff_id: int | None = None
    tablet_id: int | None = None
    handle: str = ""
    """A secret the page made beforehand, so that a form sent twice is one registration."""
    place: Place = NOWHERE
    """Where the request came from; kept as keyed hashes for the risk checks."""


@dataclass(frozen=True)
class Started:
    """`handle` is the secret by which this browser goes on; `wait` seconds to the next code."""

    handle: str
    masked_phone: str
    wait: int


@dataclass(frozen=True)
class FinishForm:
    """What a friend gives second. `consents` are exactly the boxes ticked."""

    handle: str
    code: str
    name: str
    consents: frozenset[Purpose]
    locale: Locale
    source: str = "landing"


@dataclass(frozen=True)
class Registered:
    """The way on: the bank's form, with the token that tells the bank who invited.

    `receipt`: the registration's code for people, as shown (`K7Q2-M9XD`).
    """

    referral_token: str
    bank_url: str
    campaign_id: int
    version: int
    receipt: str


@dataclass(frozen=True)
class WrongCode:
    """The code did not match; the try is counted when the caller commits."""

    tries_left: int


@dataclass(frozen=True)
class RegistrationView:
    """Where a browser's registration stands."""

    campaign_id: int
    version: int
    invite_code: str
    masked_phone: str
    started_at: datetime
    done: bool
    registered: Registered | None


def start_registration(session: Session, form: StartForm, now: datetime) -> Started:
    """Keep the number and send it a code.

    Refusals: `invite.…`, `campaign.over`, `phone.…`, `code.wait` (seconds), `code.too_many`.
    """
    invite = find_invite(session, form.code)
    campaign = get_campaign(session, invite.campaign_id)
    if not (open_for_registration(campaign, now) and may_invite(session, invite.member_id)):
        raise Refusal("campaign.over")
    phone = read_phone(form.phone)
    current = current_version(session, campaign.id)
    blind = phone_blind(session, phone)
    _hold_daily_limit(session, blind, current.rules.registrations.per_phone_per_day, now)
    person = add_person(session, now, phone=phone, locale=form.locale.value)
    handle = form.handle or secrets.token_urlsafe(24)
    registration = Registration(
        campaign_id=campaign.id,
        invite_id=invite.id,
        person_id=person.id,
        phone_blind=blind,
        handle=hash_token(handle),
        referral_token=secrets.token_urlsafe(15),
        receipt=new_code(),
        version=current.number,
        channel=form.channel,
        visit_id=form.visit_id,
        branch_id=form.branch_id,
        staff_id=form.staff_id,
        tablet_id=form.tablet_id,
        started_at=now,
    )
    session.add(registration)
    session.flush()
    leave_trace(session, registration.id, campaign.id, form.place, phone, now)
    _send_code(session, registration, phone, form.locale, now)
    return Started(handle, mask_phone(phone), int(RESEND_AFTER.total_seconds()))


def _hold_daily_limit(session: Session, blind: str, most: int, now: datetime) -> None:
    today = session.scalar(
        select(func.count())
        .select_from(Registration)
        .where(Registration.phone_blind == blind, Registration.started_at > now - timedelta(days=1))
    )
    if (today or 0) >= most:
        raise Refusal("code.too_many")


def _send_code(
    session: Session, registration: Registration, phone: str, locale: Locale, now: datetime
) -> None:
    code = new_one_time_code(
        session, CodeUse.REGISTRATION, registration.id, registration.phone_blind or "", now
    )
    words = text(locale, "sms.registration_code", code=code)
    send_later(session, Channel.SMS, {"to": phone, "text": words}, now, urgency=Urgency.ANSWER)


def resend_code(session: Session, handle: str, locale: Locale, now: datetime) -> int:
    """Send another code; seconds to the next one.

    Refusals: `registration.gone`, `code.wait` (seconds), `code.too_many`.
    """
    registration = _open_registration(session, handle)
    person = session.get(Person, registration.person_id)
    assert person is not None
    _send_code(session, registration, phone_of(session, person), locale, now)
    return int(RESEND_AFTER.total_seconds())


def finish_registration(
    session: Session, form: FinishForm, now: datetime
) -> Registered | WrongCode:
    """Prove the number and become a referral; sent twice it answers the same.

    Refusals: `registration.gone`, `campaign.over`, `name.missing`, `name.long`,
    `consent.required`, `consent.adult`, `code.expired`.
    """
    registration = registration_by_secret(session, form.handle)
    if registration is None or registration.erased_at is not None:
        raise Refusal("registration.gone")
    if registration.proven_at is not None:
        return _registered(session, registration)
    campaign = get_campaign(session, registration.campaign_id)
    if not open_to_finish(session, campaign, registration.started_at, now):
        raise Refusal("campaign.over")
    name = _checked_name(form.name)
    if Purpose.ADULT not in form.consents:
        raise Refusal("consent.adult")
    if Purpose.REFERRAL not in form.consents:
        raise Refusal("consent.required")
    if not check_code(session, CodeUse.REGISTRATION, registration.id, form.code, now):
        return WrongCode(_tries_left(session, registration.id))
    _prove(session, registration, campaign, name, form, now)
    return _registered(session, registration)


def _checked_name(typed: str) -> str:
    name = " ".join("".join(c for c in typed if c.isprintable()).split())
    if not name:
        raise Refusal("name.missing")
    if len(name) > LONGEST_NAME:
        raise Refusal("name.long", most=LONGEST_NAME)
    return name


def _tries_left(session: Session, registration_id: int) -> int:
    tried = session.scalar(
        select(OneTimeCode.tries)
        .where(
            OneTimeCode.use == CodeUse.REGISTRATION.value,
            OneTimeCode.subject_id == registration_id,
        )
        .order_by(OneTimeCode.id.desc())
        .limit(1)
    )
    return max(0, MOST_TRIES - (tried or 0))


def _prove(
    session: Session,
    registration: Registration,
    campaign: Campaign,
    name: str,
    form: FinishForm,
    now: datetime,
) -> None:
    person = session.get(Person, registration.person_id)
    assert person is not None
    set_details(session, person, name=name)
    for purpose in sorted(form.consents & {*REQUIRED, *OPTIONAL}):
        consents.give(
            session, purpose, now,
            locale=form.locale.value, source=form.source, person_id=person.id,
        )  # fmt: skip
    registration.proven_at, registration.proven_by = now, "code"
    referral = refer(session, registration, now)
    record(
        session, f"friend:{person.id}", "registration.proven", f"registration:{registration.id}",
        now, channel=registration.channel, staff=registration.staff_id, campaign=campaign.id,
    )  # fmt: skip
    notify_member(
        session,
        referral.member_id,
        "friend.registered",
        {"ordinal": referral.ordinal, "label": friend_label(session, referral)},
        now,
        once=f"friend:{referral.id}:registered",
    )


def registration_by_secret(session: Session, handle: str) -> Registration | None:
    """The registration a browser goes on with, locked until the transaction ends."""
    return session.scalar(
        select(Registration).where(Registration.handle == hash_token(handle)).with_for_update()
    )


def _open_registration(session: Session, handle: str) -> Registration:
    registration = registration_by_secret(session, handle)
    if registration is None or registration.erased_at or registration.proven_at:
        raise Refusal("registration.gone")
    return registration


def _registered(session: Session, registration: Registration) -> Registered:
    rules = version(session, registration.campaign_id, registration.version).rules
    return Registered(
        registration.referral_token,
        rules.application_url.replace("{token}", registration.referral_token),
        registration.campaign_id,
        registration.version,
        show_code(registration.receipt),
    )


def registration_by_handle(session: Session, handle: str) -> RegistrationView | None:
    """Where this browser's registration stands; None when there is none or it was erased."""
    registration = session.scalar(
        select(Registration).where(Registration.handle == hash_token(handle))
    )
    if registration is None or registration.erased_at is not None:
        return None
    person = session.get(Person, registration.person_id)
    invite = session.get(Invite, registration.invite_id)
    assert invite is not None
    done = registration.proven_at is not None
    return RegistrationView(
        registration.campaign_id,
        registration.version,
        invite.code,
        mask_phone(phone_of(session, person)) if person else "",
        registration.started_at,
        done,
        _registered(session, registration) if done else None,
    )
