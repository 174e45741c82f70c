"""A device becomes a branch's tablet by a code that is good once."""

from __future__ import annotations

from flask import make_response, redirect, request, session, url_for

from shared.actions.counter import enrol as enrol_device
from shared.base.errors import Refusal
from webapp.limits import within
from webapp.sitting import UNPROCESSABLE, Answer, needs, say, token, words_of
from webapp.tablet.face import busy, counter_page, seat, tablet
from webapp.tablet.seats import Need, keep_device
from webapp.wiring import wiring

_CODES_PER_MINUTE = 10


@tablet.get("/")
@needs(Need.NOTHING)
def home() -> Answer:
    """Wherever this device stands, its next step."""
    sitting = seat()
    if sitting is None:
        return redirect(url_for("tablet.enrol"), 303)
    if sitting.staff_id:
        return redirect(url_for("tablet.show"), 303)
    if "walk_in" in session and not token():
        return redirect(url_for("tablet.walk_in"), 303)
    return redirect(url_for("tablet.sign_in"), 303)


@tablet.get("/enrol")
@needs(Need.NOTHING)
def enrol() -> Answer:
    """Where the code is typed; an enrolled tablet says whose it is."""
    return counter_page("enrol", url_for("tablet.enrol"), seat=seat(), error="")


@tablet.post("/enrol")
@needs(Need.NOTHING)
def spend_code() -> Answer:
    """Spend the code and keep the device's secret on it."""
    if not within("tablet.enrol", _CODES_PER_MINUTE):
        return busy()
    parts = wiring()
    try:
        with parts.database.transaction() as writing:
            secret = enrol_device(writing, request.form.get("code", "")[:40], parts.now())
    except Refusal as refusal:
        return counter_page(
            "enrol", url_for("tablet.enrol"), UNPROCESSABLE, seat=seat(), error=words_of(refusal)
        )
    session.clear()
    say("tablet.enrolled")
    response = make_response(redirect(url_for("tablet.sign_in"), 303))
    keep_device(response, secret)
    return response
