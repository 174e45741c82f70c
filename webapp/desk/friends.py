"""One friend: what was found about them, and what the other word would move, in numbers, before
anybody asks for it."""

from __future__ import annotations

from flask import Response, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.finding import friend_in
from shared.actions.remedying import ask_finding
from shared.base.errors import Refusal
from shared.reports.desk_friends import friend_at
from shared.rewards.remedies import RemedyKind
from webapp.desk.campaigns import campaign_of
from webapp.desk.face import desk, page
from webapp.desk.remedies import LONGEST_REASON, TONES, typed_reason
from webapp.desk.seats import acting, asking
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.wiring import wiring


@desk.get("/campaigns/<slug>/friends/<int:number>")
def friend(slug: str, number: int) -> Answer:
    """Where the referral stands and what may be asked for about it."""
    with asking() as session:
        return _page(session, slug, number)


@desk.post("/campaigns/<slug>/friends/<int:number>/fraud")
def ask_for_fraud(slug: str, number: int) -> Answer:
    """Ask that the friend be found a fraud: what they brought is taken back."""
    return _ask(slug, number, RemedyKind.FRAUD)


@desk.post("/campaigns/<slug>/friends/<int:number>/cleared")
def ask_for_clearing(slug: str, number: int) -> Answer:
    """Ask that the friend be cleared again: what was taken back is owed again."""
    return _ask(slug, number, RemedyKind.CLEARED)


def _ask(slug: str, number: int, kind: RemedyKind) -> Answer:
    try:
        with acting() as (session, staff):
            campaign = campaign_of(session, slug)
            if number >= 2**62:
                raise NotFound
            asked = ask_finding(
                session, staff, campaign.id, number, kind, typed_reason(), wiring().now()
            )
    except Refusal as refusal:
        with asking() as session:
            return _page(session, slug, number, words_of(refusal))
    say("desk.remedy.said.asked", number=asked)
    return redirect(url_for("desk.remedy", number=asked), 303)


def _page(session: Session, slug: str, number: int, refused: str = "") -> Response:
    campaign = campaign_of(session, slug)
    try:
        if number >= 2**62:
            raise NotFound
        referral = friend_in(session, campaign.id, number)
    except Refusal:
        raise NotFound from None
    found = friend_at(session, referral, wiring().now())
    return page(
        "friend", "campaigns", UNPROCESSABLE if refused else 200, found=found, refused=refused,
        kind=found.next.value, tones=TONES, reason=typed_reason(), longest=LONGEST_REASON,
    )  # fmt: skip
