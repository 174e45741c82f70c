"""The routes of an invite: one page, whose forms post their steps to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from shared.actions.registering import registration_by_handle
from shared.actions.visiting import CHANNELS, record_visit
from shared.base.direct import Line
from shared.base.errors import Refusal
from shared.referrals.referrals import VisitKind
from shared.referrals.scan_receipts import scan_receipt, show_receipt
from shared.reports.invite_page import InvitePage, PageState, find_page, invite_page
from webapp.csrf import form_token
from webapp.landing import asking, own_data, paperwork, steps, stop
from webapp.landing.journey import Journey, journey_of, keep_journey
from webapp.landing.pages import (
    Typed,
    code_page,
    offer_again,
    offer_page,
    state_page,
    success_page,
    words_of,
)
from webapp.landing.visitors import (
    device_of,
    new_device,
    place_of,
    remember_device,
    site_of,
    visit_kind,
)
from webapp.limits import within
from webapp.problems import error_page
from webapp.wiring import wiring
from webapp.words import request_locale

landing = Blueprint("landing", __name__)
landing.get("/i/<code>/qr.png")(paperwork.qr)
landing.get("/i/<code>/terms")(paperwork.terms)
landing.get("/i/<code>/privacy")(paperwork.privacy)
landing.get("/i/<code>/stop")(stop.ask)
landing.post("/i/<code>/stop")(stop.answer)
landing.get("/i/<code>/data")(own_data.own_data)
landing.post("/i/<code>/data")(own_data.own_data_step)
landing.get("/i/claim/<word>", endpoint="asked")(asking.ask)
landing.post("/i/claim/<word>", endpoint="answered")(asking.answer)

MOST_BYTES = 64 * 1024
_UNKNOWN_PER_MINUTE = 120
_CODES_PER_MINUTE = 60
_UNPROCESSABLE = 422


@landing.before_request
def keep_forms_small() -> None:
    """Nothing a friend sends is large."""
    request.max_content_length = MOST_BYTES


@landing.get("/i/")
def find() -> ResponseReturnValue:
    """A code typed by hand goes to its page."""
    typed = request.args.get("code", "").strip()
    if typed:
        return redirect(f"/i/{steps.in_address(typed)}", 303)
    return state_page(PageState.MALFORMED)


@landing.get("/i/<code>")
def invite(code: str) -> ResponseReturnValue:
    """The offer and the first step. Counts one visit, committed before the answer."""
    parts = wiring()
    now = parts.now()
    kind = visit_kind(request)
    device = device_of(request)
    first_time = kind is VisitKind.HUMAN and not device
    if first_time:
        device = new_device()
    with parts.database.single_statements() as line:
        page = find_page(line, parts.database.keyring, code, now)
        if page.state is not PageState.OPEN:
            return _closed(page, now)
        journey = _visited(line, page, journey_of(page.code), kind, device, now)
    keep_journey(page.code, journey)
    response = make_response(_offer(page, journey))
    if first_time:
        remember_device(response, device, parts.settings)
    return response


@landing.post("/i/<code>")
def step(code: str) -> ResponseReturnValue:
    """One step: `phone`, `code` or `resend`, as the form's own field says."""
    wanted = request.form.get("step", "phone")
    if wanted == "phone":
        return _send_code(code)
    if wanted == "resend":
        return _send_again(code)
    return _finish(code)


@landing.get("/i/<code>/confirm")
def confirm(code: str) -> ResponseReturnValue:
    """The second step, for the browser whose number a code was sent to."""
    parts = wiring()
    now = parts.now()
    with parts.database.reading() as session:
        code = steps.in_address(code)
        journey = journey_of(code)
        view = registration_by_handle(session, journey.handle) if journey.begun else None
    if view is None or view.done:
        return redirect(f"/i/{code}/done" if journey.done else f"/i/{code}", 303)
    return make_response(code_page(code, view.masked_phone, journey.wait(now), Typed()))


@landing.get("/i/<code>/done")
def done(code: str) -> ResponseReturnValue:
    """What happens next, and the way to the bank's form, for the browser that registered."""
    with wiring().database.reading() as session:
        code = steps.in_address(code)
        journey = journey_of(code)
        view = registration_by_handle(session, journey.done) if journey.done else None
        if view is None or view.registered is None:
            return redirect(f"/i/{code}", 303)
        bank_url = steps.bank_url(view.registered, wiring().settings, request_locale())
        return make_response(success_page(session, code, view.registered, bank_url))


def _visited(
    line: Line,
    page: InvitePage,
    journey: Journey,
    kind: VisitKind,
    device: str,
    now: datetime,
) -> Journey:
    """Count the opening; another language of the same page is the same opening."""
    query = request.args if request.query_string else {}
    if journey.visit and "lang" in query:
        return journey
    channel = query.get("ch", "")
    visit = record_visit(
        line,
        wiring().database.keyring,
        page.invite_id,
        kind,
        now,
        channel=channel,
        device=device,
        query=query,
        site=site_of(request),
    )
    return replace(journey, visit=visit, channel=channel if channel in CHANNELS else "")


def _offer(page: InvitePage, journey: Journey) -> str:
    database = wiring().database
    receipt = _receipt(page, journey)
    if not journey.begun and not journey.done:
        return offer_page(database, page, form_token(), receipt)
    with database.reading() as session:
        view = registration_by_handle(session, journey.handle) if journey.begun else None
        resume = view.masked_phone if view is not None and not view.done else ""
        return offer_again(session, page, receipt, resume=resume, done=bool(journey.done))


def _receipt(page: InvitePage, journey: Journey) -> str:
    """What proves this visit later; empty for a browser that was not counted."""
    if not journey.visit:
        return ""
    keyring = wiring().database.keyring
    return show_receipt(scan_receipt(keyring, journey.visit, page.invite_id))


def _closed(page: InvitePage, now: datetime) -> ResponseReturnValue:
    """An invite that takes no registrations; who began in time is led back to the form."""
    if page.state in (PageState.UNKNOWN, PageState.MALFORMED):
        if not within("unknown-code", _UNKNOWN_PER_MINUTE):
            return error_page(429, retry_after=60)
        return state_page(page.state)
    journey = journey_of(page.code)
    with wiring().database.reading() as session:
        if journey.begun and steps.may_finish(session, journey.handle, page, now):
            return redirect(f"/i/{page.code}/confirm", 303)
        if journey.done and registration_by_handle(session, journey.done):
            return redirect(f"/i/{page.code}/done", 303)
    return state_page(page.state, page.code)


def _send_code(code: str) -> ResponseReturnValue:
    parts = wiring()
    now = parts.now()
    typed = request.form.get("phone", "")
    with parts.database.reading() as session:
        page = invite_page(session, code, now)
        if page.state is not PageState.OPEN:
            return _closed(page, now)
        most = steps.registrations_per_minute(session, page)
    journey = journey_of(page.code)
    if not within(f"registration:{page.campaign_id}", most):
        return error_page(429, "busy", retry_after=60)
    try:
        with parts.database.transaction() as session:
            journey = steps.send_code(
                session, page, journey, typed, request_locale(), now, place_of(request)
            )
    except IntegrityError:
        # The same form arrived twice at once: the other one made the registration.
        journey = journey.sent(steps.RESEND_SECONDS, now)
    except Refusal as refusal:
        return _first_again(page, typed, words_of(refusal))
    keep_journey(page.code, journey)
    return redirect(f"/i/{page.code}/confirm", 303)


def _first_again(page: InvitePage, typed: str, error: str) -> Response:
    with wiring().database.reading() as session:
        receipt = _receipt(page, journey_of(page.code))
        body = offer_again(session, page, receipt, phone=typed[:40], error=error)
    return make_response(body, _UNPROCESSABLE)


def _send_again(code: str) -> ResponseReturnValue:
    parts = wiring()
    now = parts.now()
    code = steps.in_address(code)
    journey = journey_of(code)
    if not within("resend", _CODES_PER_MINUTE):
        return error_page(429, "busy", retry_after=60)
    try:
        with parts.database.transaction() as session:
            journey = steps.send_again(session, journey, request_locale(), now)
    except Refusal as refusal:
        if refusal.code == "registration.gone":
            return redirect(f"/i/{code}/confirm", 303)
        return _second_again(code, journey, Typed(errors=(("code", words_of(refusal)),)))
    keep_journey(code, journey)
    return redirect(f"/i/{code}/confirm", 303)


def _finish(code: str) -> ResponseReturnValue:
    parts = wiring()
    now = parts.now()
    code = steps.in_address(code)
    journey = journey_of(code)
    if not journey.begun:
        return redirect(f"/i/{code}/confirm", 303)
    if not within("code", _CODES_PER_MINUTE):
        return error_page(429, "busy", retry_after=60)
    typed = steps.read_second_step(request.form, request_locale())
    if typed.errors:
        return _second_again(code, journey, typed)
    try:
        with parts.database.transaction() as session:
            typed = steps.finish(
                session, journey.handle, request.form.get("code", ""), typed, request_locale(), now
            )
    except Refusal as refusal:
        return _refused(code, journey, typed, refusal)
    if typed.errors:
        return _second_again(code, journey, typed)
    keep_journey(code, journey.completed())
    return redirect(f"/i/{code}/done", 303)


def _refused(code: str, journey: Journey, typed: Typed, refusal: Refusal) -> ResponseReturnValue:
    if refusal.code == "registration.gone":
        keep_journey(code, journey.afresh())
        return error_page(410, "gone")
    if refusal.code == "campaign.over":
        return state_page(PageState.ENDED, code)
    field = steps.FIELD_OF.get(refusal.code, "code")
    return _second_again(code, journey, replace(typed, errors=((field, words_of(refusal)),)))


def _second_again(code: str, journey: Journey, typed: Typed) -> ResponseReturnValue:
    parts = wiring()
    with parts.database.reading() as session:
        view = registration_by_handle(session, journey.handle)
    if view is None:
        return redirect(f"/i/{code}", 303)
    body = code_page(code, view.masked_phone, journey.wait(parts.now()), typed)
    return make_response(body, _UNPROCESSABLE)
