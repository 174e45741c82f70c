"""Register: staff choose the invite and hand the tablet over; the customer does the rest.

From the hand-over on nobody is signed in: the customer's pages know an invite and a secret
handle, and what staff may see needs their PIN again.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Response, redirect, request, session, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.actions.counter import Seat, same_number, still_employed
from shared.actions.counter import hand_over as hand_over_tablet
from shared.actions.registering import (
    FinishForm,
    StartForm,
    WrongCode,
    finish_registration,
    registration_by_handle,
    resend_code,
    start_registration,
)
from shared.base.errors import Refusal
from shared.campaigns.campaigns import version
from shared.people.consents import Purpose
from shared.people.phone import read_phone
from shared.post.audit import at_tablet
from shared.reports.invite_page import invite_page
from shared.risk.traces import Place
from webapp.landing.pages import Typed, offer_of
from webapp.landing.steps import FIELD_OF, RESEND_SECONDS, bank_url, read_second_step
from webapp.limits import address, within
from webapp.sitting import UNPROCESSABLE, Answer, needs, say, token, words_of
from webapp.tablet.face import busy, counter_page, seat, staffed_seat, tablet, workplace
from webapp.tablet.scan import typed_or_scanned
from webapp.tablet.seats import Need, acting, leave
from webapp.tablet.show import qr_address
from webapp.wiring import wiring
from webapp.words import request_locale, t

TERM = timedelta(minutes=20)
_KEY = "walk_in"
_PER_MINUTE = 30
_CODES_PER_MINUTE = 60


@dataclass(frozen=True)
class WalkIn:
    """A tablet in a customer's hands. Times are seconds since 1970."""

    code: str
    staff_id: int
    handle: str
    since: int
    language: str
    """The staff's, to which the tablet returns."""
    begun: bool = False
    resend_at: int = 0

    def wait(self, now: datetime) -> int:
        """Seconds until another code may be asked for."""
        return max(0, self.resend_at - int(now.timestamp()))


class HandedBack(Exception):
    """There is no walk-in on this tablet, or its time is over."""


@tablet.errorhandler(HandedBack)
def handed_back(_error: HandedBack) -> Answer:
    """Nothing of the customer stays; the tablet asks for the next person's PIN."""
    return _return()


@tablet.get("/register")
def register() -> Answer:
    """Whose invite it is: typed or photographed."""
    return workplace("register", "register", typed="", error="")


@tablet.post("/register")
def hand_over() -> Answer:
    """Check the invite, sign the employee out, give the tablet to the customer."""
    if not within("tablet.hand_over", _PER_MINUTE):
        return busy()
    typed = request.form.get("code", "")[:300]
    now = wiring().now()
    sitting = staffed_seat()
    try:
        words = typed_or_scanned(typed, request.files.get("picture"))
        with acting() as (writing, staff):
            invite = hand_over_tablet(writing, sitting, staff, token(), words, now)
            code = invite.code
    except Refusal as refusal:
        return workplace(
            "register", "register", UNPROCESSABLE, typed=typed, error=words_of(refusal)
        )
    leave()
    _keep(
        WalkIn(
            code,
            sitting.staff_id,
            secrets.token_urlsafe(24),
            int(now.timestamp()),
            request_locale().lang,
        )
    )
    return redirect(url_for("tablet.walk_in"), 303)


@tablet.get("/walk-in")
@needs(Need.DEVICE)
def walk_in() -> Answer:
    """The customer's first step: what is offered, what it costs, their number."""
    return _first(_walk_in())


@tablet.post("/walk-in")
@needs(Need.DEVICE)
def send_code() -> Answer:
    """Keep the number and send it a code; whoever it belongs to, the answer is the same."""
    walking = _walk_in()
    if not within("tablet.registration", _PER_MINUTE):
        return busy()
    typed = request.form.get("phone", "")[:60]
    try:
        with wiring().database.transaction() as writing:
            walking = _start(writing, walking, typed)
    except IntegrityError:
        # The same form arrived twice at once: the other one made the registration.
        walking = _sent(walking, RESEND_SECONDS)
    except Refusal as refusal:
        if refusal.code == "registration.gone":
            raise HandedBack from None
        return _first(walking, typed, words_of(refusal))
    _keep(walking)
    return redirect(url_for("tablet.walk_in_confirm"), 303)


@tablet.get("/walk-in/confirm")
@needs(Need.DEVICE)
def walk_in_confirm() -> Answer:
    """The customer's second step: code, name, consents ticked by themselves."""
    return _second(_walk_in(), Typed())


@tablet.post("/walk-in/confirm")
@needs(Need.DEVICE)
def confirm() -> Answer:
    """Finish, or send another code, as the button pressed says."""
    walking = _walk_in()
    if not within("tablet.code", _CODES_PER_MINUTE):
        return busy()
    if not walking.begun:
        return redirect(url_for("tablet.walk_in"), 303)
    if request.form.get("step") == "resend":
        return _send_again(walking)
    typed = read_second_step(request.form, request_locale())
    if typed.errors:
        return _second(walking, typed)
    try:
        with wiring().database.transaction() as writing:
            typed = _finish(writing, walking, typed)
    except Refusal as refusal:
        return _refused(walking, typed, refusal)
    if typed.errors:
        return _second(walking, typed)
    return redirect(url_for("tablet.walk_in_done"), 303)


@tablet.get("/walk-in/done")
@needs(Need.DEVICE)
def walk_in_done() -> Answer:
    """What the customer does next, and the tablet's way back."""
    walking = _walk_in()
    parts = wiring()
    with parts.database.reading() as reading:
        view = registration_by_handle(reading, walking.handle)
        if view is None or view.registered is None:
            return redirect(url_for("tablet.walk_in"), 303)
        rules = version(reading, view.campaign_id, view.version)
        offer = offer_of(rules, request_locale())
    address = bank_url(view.registered, parts.settings, request_locale())
    return counter_page(
        "walk_in_done",
        url_for("tablet.walk_in_done"),
        offer=offer,
        receipt=view.registered.receipt,
        bank={"url": address, "qr": qr_address(address)},
        idle_seconds=_left(walking),
    )


@tablet.post("/walk-in/return")
@needs(Need.DEVICE)
def hand_back() -> Answer:
    """The tablet goes back to the branch, which signs in again."""
    return _return()


def _return() -> Answer:
    kept = session.pop(_KEY, None)
    language = kept.get("language", "") if isinstance(kept, dict) else ""
    if kept:
        say("tablet.walk_in.back", "info")
    return redirect(url_for("tablet.home", lang=language or None), 303)


def _walk_in() -> WalkIn:
    """The walk-in on this tablet; HandedBack when there is none, somebody signed in, or late."""
    kept = session.get(_KEY)
    sitting = seat()
    if not isinstance(kept, dict) or (sitting is not None and sitting.staff_id):
        raise HandedBack
    walking = WalkIn(**kept)
    if _left(walking) <= 0:
        raise HandedBack
    return walking


def _left(walking: WalkIn) -> int:
    """Seconds until the tablet takes itself back."""
    return walking.since + int(TERM.total_seconds()) - int(wiring().now().timestamp())


def _keep(walking: WalkIn) -> None:
    session[_KEY] = asdict(walking)


def _sent(walking: WalkIn, wait: int) -> WalkIn:
    return replace(walking, begun=True, resend_at=int(wiring().now().timestamp()) + wait)


def _start(writing: Session, walking: WalkIn, typed: str) -> WalkIn:
    now, sitting = wiring().now(), _seat_of(writing, walking)
    phone = read_phone(typed)
    view = registration_by_handle(writing, walking.handle)
    if view is not None and not view.done and same_number(writing, walking.handle, phone):
        if walking.wait(now) or not walking.begun:
            return replace(walking, begun=True)
        return _sent(walking, resend_code(writing, walking.handle, request_locale(), now))
    if view is not None:
        walking = replace(walking, handle=secrets.token_urlsafe(24), begun=False, resend_at=0)
    form = StartForm(
        code=walking.code,
        phone=phone,
        locale=request_locale(),
        channel="branch",
        branch_id=sitting.branch_id,
        staff_id=walking.staff_id,
        tablet_id=sitting.tablet_id,
        handle=walking.handle,
        place=Place(address=address()),
    )
    return _sent(walking, start_registration(writing, form, now).wait)


def _finish(writing: Session, walking: WalkIn, typed: Typed) -> Typed:
    _seat_of(writing, walking)
    form = FinishForm(
        walking.handle,
        request.form.get("code", ""),
        typed.name,
        typed.consents,
        request_locale(),
        source="tablet",
    )
    answer = finish_registration(writing, form, wiring().now())
    if not isinstance(answer, WrongCode):
        return typed
    key = "landing.code.wrong" if answer.tries_left else "landing.code.spent"
    return replace(typed, errors=(("code", t(key, n=answer.tries_left)),))


def _seat_of(writing: Session, walking: WalkIn) -> Seat:
    """The tablet, at which the act is done; Refusal `registration.gone` when who handed it over
    has left the branch."""
    sitting = seat()
    assert sitting is not None
    at_tablet(writing, sitting.tablet_id)
    if not still_employed(writing, walking.staff_id, sitting.branch_id):
        raise Refusal("registration.gone")
    return sitting


def _send_again(walking: WalkIn) -> Answer:
    try:
        with wiring().database.transaction() as writing:
            wait = resend_code(writing, walking.handle, request_locale(), wiring().now())
    except Refusal as refusal:
        return _refused(walking, Typed(), refusal)
    _keep(_sent(walking, wait))
    return redirect(url_for("tablet.walk_in_confirm"), 303)


def _refused(walking: WalkIn, typed: Typed, refusal: Refusal) -> Answer:
    if refusal.code == "registration.gone":
        raise HandedBack from None
    field = FIELD_OF.get(refusal.code, "code")
    return _second(walking, replace(typed, errors=((field, words_of(refusal)),)))


def _first(walking: WalkIn, phone: str = "", error: str = "") -> Response:
    with wiring().database.reading() as reading:
        page = invite_page(reading, walking.code, wiring().now())
        offer = offer_of(version(reading, page.campaign_id, page.version), request_locale())
    return counter_page(
        "walk_in",
        url_for("tablet.walk_in"),
        UNPROCESSABLE if error else 200,
        page=page,
        offer=offer,
        phone=phone,
        error=error,
        idle_seconds=_left(walking),
    )


def _second(walking: WalkIn, typed: Typed) -> Answer:
    with wiring().database.reading() as reading:
        view = registration_by_handle(reading, walking.handle)
    if view is None or not walking.begun:
        return redirect(url_for("tablet.walk_in"), 303)
    if view.done:
        return redirect(url_for("tablet.walk_in_done"), 303)
    more: dict[str, Any] = {"Purpose": Purpose, "typed": typed, "code": walking.code}
    return counter_page(
        "walk_in_confirm",
        url_for("tablet.walk_in_confirm"),
        UNPROCESSABLE if typed.errors else 200,
        masked_phone=view.masked_phone,
        wait=walking.wait(wiring().now()),
        idle_seconds=_left(walking),
        **more,
    )
