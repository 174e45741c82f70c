"""`/i/claim/<word>`: the friend of a claim confirms it, or says that it is not about them.

Looking changes nothing. By an SMS link it is one tap; by a link that the member forwarded the
number's owner proves it by a code first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from shared.actions.asking import (
    Question,
    confirm_claim,
    deny_claim,
    question,
    send_question_code,
)
from shared.base.errors import Refusal
from shared.campaigns.campaigns import get_campaign
from webapp.landing.pages import words_of
from webapp.limits import within
from webapp.problems import error_page
from webapp.wiring import wiring
from webapp.words import language_choices, request_locale, t

_PER_MINUTE = 30
_GONE = {"ask.unknown": 404, "ask.answered": 410, "ask.over": 410}
_LONGEST_WORD = 60


@dataclass(frozen=True)
class AskForm:
    """What the page shows: `step` is sms (one tap), phone, code, done, denied or gone."""

    step: str
    phone: str = ""
    phone_error: str = ""
    code_error: str = ""
    gone: str = ""


def ask(word: str) -> ResponseReturnValue:
    """Who asks, what confirming means, and the two answers."""
    try:
        with wiring().database.reading() as session:
            asked = question(session, word[:_LONGEST_WORD], wiring().now())
            return _page(session, word, asked, AskForm("sms" if asked.way == "sms" else "phone"))
    except Refusal as refusal:
        return _gone(word, refusal)


def answer(word: str) -> ResponseReturnValue:
    """One step of it, as the form's own field says: `phone`, `yes` or `no`."""
    if not within("claim-ask", _PER_MINUTE):
        return error_page(429, "busy", retry_after=60)
    word = word[:_LONGEST_WORD]
    step = request.form.get("step")
    try:
        if step == "phone":
            return _send_code(word)
        if step == "no":
            with wiring().database.transaction() as session:
                deny_claim(session, word, wiring().now())
            return _said(word, AskForm("denied"))
        return _confirm(word)
    except Refusal as refusal:
        if refusal.code in _GONE:
            return _gone(word, refusal)
        form = AskForm("phone", phone=_typed(), phone_error=words_of(refusal))
        return _again(word, form)


def _typed() -> str:
    return request.form.get("phone", "")[:40]


def _send_code(word: str) -> ResponseReturnValue:
    try:
        with wiring().database.transaction() as session:
            send_question_code(session, word, _typed(), request_locale(), wiring().now())
    except Refusal as refusal:
        if refusal.code != "code.wait":  # one is on its way already
            raise
    return _again(word, AskForm("code", phone=_typed()), 200)


def _confirm(word: str) -> ResponseReturnValue:
    code = request.form.get("code", "")
    with wiring().database.transaction() as session:
        confirmed = confirm_claim(
            session, word, request_locale(), wiring().now(), phone=_typed(), code=code
        )
    if confirmed:
        return _said(word, AskForm("done"))
    return _again(word, AskForm("code", phone=_typed(), code_error=t("landing.ask.wrong")))


def _again(word: str, form: AskForm, status: int = 422) -> ResponseReturnValue:
    try:
        with wiring().database.reading() as session:
            asked = question(session, word, wiring().now())
            return _page(session, word, asked, form, status)
    except Refusal as refusal:
        return _gone(word, refusal)


def _said(word: str, form: AskForm) -> Response:
    return make_response(_rendered(word, form))


def _gone(word: str, refusal: Refusal) -> Response:
    form = AskForm("gone", gone=words_of(refusal))
    return make_response(_rendered(word, form), _GONE[refusal.code])


def _page(
    session: Session, word: str, asked: Question, form: AskForm, status: int = 200
) -> Response:
    last = asked.ends_at - timedelta(seconds=1)
    zone = get_campaign(session, asked.campaign_id).zone
    page = _rendered(word, form, asked=asked, last=last, zone=zone)
    return make_response(page, status)


def _rendered(word: str, form: AskForm, **given: object) -> str:
    at = f"/i/claim/{word}"
    return render_template(
        "landing/ask.html", at="/i/", here=at, form=form, language_links=language_choices(at),
        **given,
    )  # fmt: skip
