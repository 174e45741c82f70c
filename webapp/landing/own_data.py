"""`/i/<code>/data`: a friend has a copy of what is kept of them, or has it erased, by a code.

Whether the number is known is never said: the words are the same for every number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from shared.actions.stopping import copy_by_code, erase_by_code, send_privacy_code
from shared.base.errors import Refusal
from webapp.landing.pages import frame, words_of
from webapp.landing.steps import in_address
from webapp.limits import within
from webapp.problems import error_page
from webapp.wiring import wiring
from webapp.words import request_locale, t

_PER_MINUTE = 20
_UNPROCESSABLE = 422
_CHOICES = ("copy", "erase")


@dataclass(frozen=True)
class Form:
    """What the page shows: `step` is phone, code or done."""

    step: str
    which: str = "copy"
    phone: str = ""
    phone_error: str = ""
    code_error: str = ""
    sure_error: str = ""


def own_data(code: str) -> ResponseReturnValue:
    """The page: whose number it is comes first."""
    return _page(in_address(code), Form("phone"))


def own_data_step(code: str) -> ResponseReturnValue:
    """One step of it, as the form's own field says."""
    code = in_address(code)
    if not within("own-data", _PER_MINUTE):
        return error_page(429, retry_after=60)
    typed = request.form.get("phone", "")[:40]
    if request.form.get("step") != "code":
        return _send_code(code, typed)
    which = request.form.get("which", "")
    form = Form("code", which if which in _CHOICES else "copy", typed)
    if form.which == "erase" and request.form.get("sure") != "yes":
        wrong = Form("code", form.which, typed, sure_error=t("landing.own.sure.missing"))
        return _page(code, wrong, _UNPROCESSABLE)
    return _carry_out(code, form, request.form.get("code", ""))


def _send_code(code: str, typed: str) -> ResponseReturnValue:
    parts = wiring()
    try:
        with parts.database.transaction() as session:
            send_privacy_code(session, typed, request_locale(), parts.now())
    except Refusal as refusal:
        if refusal.code != "code.wait":
            form = Form("phone", phone=typed, phone_error=words_of(refusal))
            return _page(code, form, _UNPROCESSABLE)
    return _page(code, Form("code", phone=typed))


def _carry_out(code: str, form: Form, sent: str) -> ResponseReturnValue:
    parts, copy = wiring(), None
    try:
        with parts.database.transaction() as session:
            if form.which == "copy":
                copy = copy_by_code(session, form.phone, sent, parts.now())
                right = copy is not None
            else:
                right = erase_by_code(session, form.phone, sent, parts.now())
    except Refusal as refusal:
        again = Form("phone", phone=form.phone, phone_error=words_of(refusal))
        return _page(code, again, _UNPROCESSABLE)
    if not right:
        wrong = Form("code", form.which, form.phone, code_error=t("landing.stop.wrong"))
        return _page(code, wrong, _UNPROCESSABLE)
    return _page(code, Form("done")) if copy is None else _file(copy)


def _file(copy: dict[str, object]) -> Response:
    content = json.dumps(copy, ensure_ascii=False, indent=2, default=str)
    response = Response(content, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="jianka-my-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(code: str, form: Form, status: int = 200) -> Response:
    page = render_template("landing/own_data.html", **frame(f"/i/{code}", "data"), form=form)
    return make_response(page, status)
