"""Beside a claim's evidence at the counter: looking at the member's picture, and noting."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.exceptions import NotFound

from shared.actions.claim_noting import note_on_claim
from shared.actions.claim_picturing import look_at_picture, picture_looked_at
from shared.base.errors import Refusal
from webapp.claim_pictures import served
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.tablet.claims import claims_page, id_of, line_of
from webapp.tablet.face import tablet
from webapp.tablet.seats import acting, asking
from webapp.wiring import wiring


@tablet.post("/claims/<number>/picture")
def look_at_claim(number: str) -> Answer:
    """The claim with its picture, on this answer alone; the look is on record."""
    with asking() as (session, staff):
        claim_id = id_of(session, number)
    try:
        with acting() as (session, staff):
            line = line_of(session, staff, number)
            if line is None:  # it left the queue meanwhile: nothing is shown, nothing recorded
                return claims_page(session, staff, "detail")
            look = look_at_picture(session, staff, claim_id, wiring().now())
            return claims_page(session, staff, "detail", line=line, look=look)
    except LookupError:
        raise NotFound from None


@tablet.get("/claims/<number>/picture/<int:look>")
def claim_picture(number: str, look: int) -> Answer:
    """The picture itself, for who is on record as looking at it now."""
    with asking() as (session, staff):
        try:
            jpeg = picture_looked_at(session, staff, id_of(session, number), look, wiring().now())
        except LookupError:
            raise NotFound from None
    return served(jpeg)


@tablet.post("/claims/<number>/note")
def note_claim(number: str) -> Answer:
    """What the employee knows of it."""
    typed = request.form.get("note", "")
    with asking() as (session, staff):
        claim_id = id_of(session, number)
    try:
        with acting() as (session, staff):
            note_on_claim(session, staff, claim_id, typed, wiring().now())
    except Refusal as refusal:
        if refusal.code == "claim.party":
            raise NotFound from None
        with asking() as (session, staff):
            line = line_of(session, staff, number)
            refused = words_of(refusal)
            return claims_page(
                session, staff, "detail", UNPROCESSABLE, line=line, refused=refused, typed=typed
            )
    say("tablet.claim.noted", number=number)
    return redirect(url_for("tablet.claim", number=number), 303)
