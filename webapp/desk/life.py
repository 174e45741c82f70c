"""A campaign's life: a step says what it does in numbers before anybody asks for it."""

from __future__ import annotations

from flask import Response, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.campaigning import next_lives, pause, propose_move
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Campaign, Life, current_version
from shared.reports.desk_campaigns import campaign_sight
from shared.reports.desk_effects import effect_on
from webapp.desk.campaigns import TONES, campaign_of
from webapp.desk.face import desk, page
from webapp.desk.flagged import flagged_rows
from webapp.desk.seats import Need, acting, asking
from webapp.sitting import UNPROCESSABLE, Answer, needs, say, words_of
from webapp.wiring import wiring
from webapp.words import request_locale


@desk.get("/campaigns/<slug>/move/<to>")
@needs(Need.CHANGE)
def move_form(slug: str, to: str) -> Answer:
    """What the step does, in numbers."""
    with asking() as session:
        campaign = campaign_of(session, slug)
        if _life(to) not in next_lives(campaign):
            return redirect(url_for("desk.campaign", slug=slug), 303)
        return _page(session, campaign, _life(to))


@desk.post("/campaigns/<slug>/move/<to>")
def ask_move(slug: str, to: str) -> Answer:
    """Pause at once, or ask for a step that a second person confirms."""
    now, life = wiring().now(), _life(to)
    try:
        with acting() as (session, staff):
            campaign = campaign_of(session, slug)
            if life is Life.PAUSED:
                pause(session, staff, campaign.id, now)
                say("desk.move.paused")
            else:
                asked = propose_move(session, staff, campaign.id, life, now)
                say("desk.move.proposed", number=asked.id)
    except Refusal as refusal:
        with asking() as session:
            campaign = campaign_of(session, slug)
            return _page(session, campaign, life, words_of(refusal))
    return redirect(url_for("desk.campaign", slug=slug), 303)


def _page(session: Session, campaign: Campaign, to: Life, refused: str = "") -> Response:
    now = wiring().now()
    flagged = []
    if to is Life.REVIEWED:
        flagged = flagged_rows(current_version(session, campaign.id).rules)
    return page(
        "move", "campaigns", UNPROCESSABLE if refused else 200,
        line=campaign_sight(session, campaign, now).line,
        effect=effect_on(session, campaign, now), to=to, refused=refused, tones=TONES,
        possible=to in next_lives(campaign), Life=Life, flagged=flagged, speaks=request_locale(),
    )  # fmt: skip


def _life(to: str) -> Life:
    if to not in set(Life):
        raise NotFound
    return Life(to)
