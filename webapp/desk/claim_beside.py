"""Beside a claim's evidence at the desk: looking at the member's picture, and noting."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.exceptions import NotFound

from shared.actions.claim_noting import note_on_claim
from shared.actions.claim_picturing import look_at_picture, picture_looked_at
from shared.base.errors import Refusal
from shared.claims.claims import Claim
from shared.people.staff import Staff
from webapp.claim_pictures import served
from webapp.desk.claims import claim_found, claim_page
from webapp.desk.face import desk, present
from webapp.desk.seats import Need, acting, asking
from webapp.sitting import Answer, needs, say, words_of
from webapp.wiring import wiring


@desk.post("/claims/<int:number>/picture")
@needs(Need.READ)
def look_at_claim(number: int) -> Answer:
    """The claim with its picture, on this answer alone; the look is on record. Who may not look
    finds none, whatever else they may do."""
    with asking() as session:
        claim_found(session, number)
    try:
        with acting() as (session, staff):
            look = look_at_picture(session, staff, number, wiring().now())
            return claim_page(session, number, look=look)
    except LookupError:
        raise NotFound from None


@desk.get("/claims/<int:number>/picture/<int:look>")
def claim_picture(number: int, look: int) -> Answer:
    """The picture itself, for who is on record as looking at it now."""
    with asking() as session:
        claim_found(session, number)
        staff = session.get_one(Staff, present().staff_id)
        try:
            jpeg = picture_looked_at(session, staff, number, look, wiring().now())
        except LookupError:
            raise NotFound from None
    return served(jpeg)


@desk.post("/claims/<int:number>/note")
def note_claim(number: int) -> Answer:
    """What somebody at the desk knows of it."""
    typed = request.form.get("note", "")
    with asking() as session:
        claim_found(session, number)
    try:
        with acting() as (session, staff):
            note_on_claim(session, staff, number, typed, wiring().now())
            case_number = session.get_one(Claim, number).number
    except Refusal as refusal:
        with asking() as session:
            return claim_page(session, number, words_of(refusal), typed=typed)
    say("desk.claim.said.noted", number=case_number)
    return redirect(url_for("desk.claim", number=number), 303)
