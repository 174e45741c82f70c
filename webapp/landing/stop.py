"""`/i/<code>/stop`: a friend takes consents back, in their own browser or by a code by SMS."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from shared.actions.registering import OPTIONAL
from shared.actions.stopping import send_stop_code, stop_by_code, withdraw_consent
from shared.base.errors import Refusal
from shared.people.consents import Purpose
from webapp.landing.journey import journey_of
from webapp.landing.pages import frame, words_of
from webapp.landing.steps import in_address
from webapp.limits import within
from webapp.problems import error_page
from webapp.wiring import wiring
from webapp.words import request_locale, t

_PER_MINUTE = 20
_CHOICES = {
    **{purpose.value: frozenset({purpose}) for purpose in OPTIONAL},
    "optional": frozenset(OPTIONAL),
    "all": frozenset({*OPTIONAL, Purpose.REFERRAL}),
}


@dataclass(frozen=True)
class Form:
    """What the page shows: `step` is own, phone, code or done."""

    step: str
    which: str = "optional"
    phone: str = ""
    phone_error: str = ""
    code_error: str = ""


def ask(code: str) -> ResponseReturnValue:
    """The page; the browser that registered needs no code."""
    code = in_address(code)
    return _page(code, Form("own" if journey_of(code).done else "phone"))


def answer(code: str) -> ResponseReturnValue:
    """One step of it, as the form's own field says."""
    code = in_address(code)
    which = request.form.get("which", "optional")
    which = which if which in _CHOICES else "optional"
    if not within("stop", _PER_MINUTE):
        return error_page(429, retry_after=60)
    step = request.form.get("step")
    if step == "own":
        return _withdraw_own(code, which)
    if step == "code":
        return _withdraw_by_code(code, which)
    return _send_code(code)


def _withdraw_own(code: str, which: str) -> ResponseReturnValue:
    parts = wiring()
    try:
        with parts.database.transaction() as session:
            withdraw_consent(session, journey_of(code).done, set(_CHOICES[which]), parts.now())
    except Refusal:
        return redirect(f"/i/{code}/stop", 303)
    return _page(code, Form("done", which))


def _send_code(code: str) -> ResponseReturnValue:
    parts = wiring()
    typed = request.form.get("phone", "")[:40]
    try:
        with parts.database.transaction() as session:
            send_stop_code(session, typed, request_locale(), parts.now())
    except Refusal as refusal:
        if refusal.code != "code.wait":
            form = Form("phone", phone=typed, phone_error=words_of(refusal))
            return _page(code, form, 422)
    return _page(code, Form("code", phone=typed))


def _withdraw_by_code(code: str, which: str) -> ResponseReturnValue:
    parts = wiring()
    typed = request.form.get("phone", "")[:40]
    sent = request.form.get("code", "")
    try:
        with parts.database.transaction() as session:
            right = stop_by_code(session, typed, sent, _CHOICES[which], parts.now())
    except Refusal as refusal:
        form = Form("phone", phone=typed, phone_error=words_of(refusal))
        return _page(code, form, 422)
    if not right:
        return _page(code, Form("code", which, typed, code_error=t("landing.stop.wrong")), 422)
    return _page(code, Form("done", which))


def _page(code: str, form: Form, status: int = 200) -> Response:
    page = render_template("landing/stop.html", **frame(f"/i/{code}", "stop"), form=form)
    return make_response(page, status)
