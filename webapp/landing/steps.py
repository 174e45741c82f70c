"""The steps of a registration over HTTP: what was typed in, an action, what to show next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from sqlalchemy.orm import Session

from shared.actions.counter import same_number
from shared.actions.registering import (
    LONGEST_NAME,
    OPTIONAL,
    REQUIRED,
    FinishForm,
    Registered,
    StartForm,
    WrongCode,
    finish_registration,
    registration_by_handle,
    resend_code,
    start_registration,
)
from shared.base.errors import Refusal
from shared.base.i18n import Locale, refusal_text, text
from shared.base.settings import Settings
from shared.campaigns.campaigns import get_campaign, open_to_finish, version
from shared.people.codes import RESEND_AFTER
from shared.people.consents import Purpose
from shared.people.phone import read_phone
from shared.referrals.codes import read_code
from shared.reports.invite_page import InvitePage, PageState
from shared.risk.traces import Place
from webapp.landing.journey import Journey
from webapp.landing.pages import Typed

RESEND_SECONDS = int(RESEND_AFTER.total_seconds())
FIELD_OF = {
    "code.expired": "code",
    "code.wrong": "code",
    "name.missing": "name",
    "name.long": "name",
    "consent.required": Purpose.REFERRAL.value,
    "consent.adult": Purpose.ADULT.value,
}
_REQUIRED_REFUSALS = {
    Purpose.REFERRAL: "consent.required",
    Purpose.ADULT: "consent.adult",
}


def in_address(typed: str) -> str:
    """A code as it stands in our addresses; what cannot be one stays, escaped."""
    try:
        return read_code(typed)
    except Refusal:
        return quote(typed[:40], safe="")


def registrations_per_minute(session: Session, page: InvitePage) -> int:
    """How many registrations the campaign allows one address in a minute."""
    limits = version(session, page.campaign_id, page.version).rules.registrations
    return limits.per_address_per_minute


def send_code(
    session: Session,
    page: InvitePage,
    journey: Journey,
    typed: str,
    locale: Locale,
    now: datetime,
    place: Place,
) -> Journey:
    """Keep the number and send it a code; the same form sent twice is one registration.

    Refusals of `start_registration`, the same whoever the number belongs to.
    """
    phone = read_phone(typed)
    view = registration_by_handle(session, journey.handle)
    if view is not None and not view.done and same_number(session, journey.handle, phone):
        if journey.wait(now) or not journey.begun:
            return replace(journey, begun=True)
        return journey.sent(resend_code(session, journey.handle, locale, now), now)
    if view is not None:
        journey = journey.afresh()
    form = StartForm(
        code=page.code,
        phone=phone,
        locale=locale,
        channel=journey.channel or "chat",
        visit_id=journey.visit or None,
        handle=journey.handle,
        place=place,
    )
    started = start_registration(session, form, now)
    return journey.sent(started.wait, now)


def send_again(session: Session, journey: Journey, locale: Locale, now: datetime) -> Journey:
    """Another code to the same number. Refusals of `resend_code`."""
    if not journey.begun:
        raise Refusal("registration.gone")
    return journey.sent(resend_code(session, journey.handle, locale, now), now)


def read_second_step(form: Mapping[str, str], locale: Locale) -> Typed:
    """The name and the boxes ticked, with every error at once; the code is never shown again."""
    name = " ".join(form.get("name", "").split())
    ticked = frozenset(p for p in (*REQUIRED, *OPTIONAL) if form.get(p.value) == "yes")
    refusals: list[tuple[str, Refusal]] = []
    errors: list[tuple[str, str]] = []
    if not any(character.isdecimal() for character in form.get("code", "")):
        errors.append(("code", text(locale, "landing.code.missing")))
    if not name:
        refusals.append(("name", Refusal("name.missing")))
    elif len(name) > LONGEST_NAME:
        refusals.append(("name", Refusal("name.long", most=LONGEST_NAME)))
    for purpose, refused in _REQUIRED_REFUSALS.items():
        if purpose not in ticked:
            refusals.append((purpose.value, Refusal(refused)))
    errors += [(field, refusal_text(locale, refusal)) for field, refusal in refusals]
    return Typed(name[:LONGEST_NAME], ticked, tuple(errors))


def finish(
    session: Session, handle: str, code: str, typed: Typed, locale: Locale, now: datetime
) -> Typed:
    """Prove the number; what was typed comes back, with an error where the code was wrong.

    Refusals of `finish_registration`.
    """
    form = FinishForm(handle, code, typed.name, typed.consents, locale)
    answer = finish_registration(session, form, now)
    if not isinstance(answer, WrongCode):
        return typed
    key = "landing.code.wrong" if answer.tries_left else "landing.code.spent"
    return replace(typed, errors=(("code", text(locale, key, n=answer.tries_left)),))


def may_finish(session: Session, handle: str, page: InvitePage, now: datetime) -> bool:
    """Whether a registration begun inside the campaign may still be completed after it."""
    view = registration_by_handle(session, handle)
    if page.state is not PageState.ENDED or view is None or view.done:
        return False
    return open_to_finish(session, get_campaign(session, page.campaign_id), view.started_at, now)


def bank_url(registered: Registered, settings: Settings, locale: Locale) -> str:
    """The bank's form with the friend's token; in the demo the sandbox plays the bank."""
    if settings.sandbox_origin:
        token = quote(registered.referral_token, safe="")
        return f"{settings.sandbox_origin}/bank/apply?referral_token={token}&lang={locale.lang}"
    return registered.bank_url
