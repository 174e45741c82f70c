"""The desk's long questions while the worker is at them: how far it is, and stopping one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.inquiring import (
    Inquiry,
    InquiryKind,
    InquiryState,
    inquiry_of,
    stop_inquiry,
)
from shared.actions.retention import ANSWER_TERMS
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Campaign, get_campaign
from shared.reports.desk_people import who
from webapp.desk.face import desk, page
from webapp.desk.seats import acting, asking
from webapp.sitting import Answer, say, words_of
from webapp.wiring import wiring

TONES = {
    InquiryState.WAITING.value: "waiting",
    InquiryState.RUNNING.value: "waiting",
    InquiryState.DONE.value: "done",
    InquiryState.FAILED.value: "error",
    InquiryState.STOPPED.value: "quiet",
    InquiryState.GONE.value: "quiet",
}
PLACES = {
    InquiryKind.REVIEW: "reviews",
    InquiryKind.TRIAL: "trials",
    InquiryKind.PAYOUT: "payouts",
}
_PAGES = {
    InquiryKind.REVIEW: "desk.review",
    InquiryKind.TRIAL: "desk.trial",
    InquiryKind.PAYOUT: "desk.payout_asked",
}


@dataclass(frozen=True)
class Asked:
    """One question in a list."""

    inquiry: Inquiry
    campaign: Campaign
    maker: str


def asked_of(session: Session, inquiry: Inquiry) -> Asked:
    """A question with its campaign and who asked."""
    campaign = get_campaign(session, inquiry.campaign_id)
    return Asked(inquiry, campaign, who(session, inquiry.asked_by))


def found_inquiry(session: Session, kind: InquiryKind, number: int) -> Inquiry:
    """A question by its address. NotFound when there is none."""
    try:
        if number >= 2**62:
            raise LookupError("no question has such a number")
        return inquiry_of(session, kind, number)
    except LookupError:
        raise NotFound from None


def inquiry_page(
    session: Session, inquiry: Inquiry, title: str, answered: Callable[[], Answer]
) -> Answer:
    """The answer, how far it is, or why there is none."""
    if inquiry.state == InquiryState.DONE.value:
        return answered()
    kind, why = InquiryKind(inquiry.kind), ""
    if inquiry.state == InquiryState.FAILED.value and inquiry.answer is not None:
        why = words_of(Refusal(inquiry.answer["code"], **inquiry.answer["params"]))
    return page(
        "inquiry", PLACES[kind], asked=asked_of(session, inquiry), inquiry=inquiry, title=title,
        back=PLACES[kind], tones=TONES, why=why,
        kept_days=ANSWER_TERMS[kind].days if kind in ANSWER_TERMS else 0,
    )  # fmt: skip


@desk.get("/inquiries/<int:number>/progress")
def inquiry_progress(number: int) -> Answer:
    """How far it is, for the page that waits; 204 when the answer is there."""
    with asking() as session:
        inquiry = _any(session, number)
        if not inquiry.open:
            return Response(status=204)
        return Response(render_template("desk/progress.html", inquiry=inquiry))


@desk.post("/inquiries/<int:number>/stop")
def stop(number: int) -> Answer:
    """Nobody wants to know any more."""
    with asking() as session:
        kind = InquiryKind(_any(session, number).kind)
    try:
        with acting() as (session, staff):
            stop_inquiry(session, staff, number, wiring().now())
        say("desk.inquiry.said.stopped", "info")
    except Refusal:  # it came to its end meanwhile: the page shows that
        pass
    return redirect(url_for(_PAGES[kind], number=number), 303)


def _any(session: Session, number: int) -> Inquiry:
    found = session.get(Inquiry, number) if number < 2**62 else None
    if found is None:
        raise NotFound
    return found
