"""The desk's people sign in by number and PIN, and out."""

from __future__ import annotations

from flask import redirect, request, url_for

from shared.actions.desk_seat import sign_in_desk, sign_out_desk
from shared.base.errors import Refusal
from webapp.desk.face import bare_page, busy, desk, seat
from webapp.desk.seats import Need
from webapp.limits import within
from webapp.sitting import (
    UNPROCESSABLE,
    Answer,
    begin,
    last_staff_no,
    leave,
    needs,
    say,
    token,
    words_of,
)
from webapp.wiring import wiring
from webapp.words import t

_PINS_PER_MINUTE = 30


@desk.get("/")
def home() -> Answer:
    """The first place."""
    return redirect(url_for("desk.campaigns"), 303)


@desk.get("/sign-in")
@needs(Need.NOTHING)
def sign_in() -> Answer:
    """Number and PIN. Whoever is signed in goes on working."""
    if seat() is not None:
        return redirect(url_for("desk.campaigns"), 303)
    return _form(last_staff_no())


@desk.post("/sign-in")
@needs(Need.NOTHING)
def check() -> Answer:
    """Sign in, or say why not; a wrong pair reads alike whichever half was wrong."""
    if not within("desk.pin", _PINS_PER_MINUTE):
        return busy()
    staff_no = request.form.get("staff_no", "").strip()[:40]
    pin = request.form.get("pin", "").strip()[:40]
    parts = wiring()
    try:
        with parts.database.transaction() as writing:
            new_token = sign_in_desk(writing, staff_no, pin, parts.now())
    except Refusal as refusal:
        return _form(staff_no, words_of(refusal))
    if new_token is None:
        return _form(staff_no, t("desk.sign_in.wrong"))
    begin(new_token)
    return redirect(url_for("desk.campaigns"), 303)


@desk.post("/sign-out")
@needs(Need.NOTHING)
def sign_out() -> Answer:
    """Sign out; pressing it twice is pressing it once."""
    sitting = seat()
    if sitting is not None:
        parts = wiring()
        with parts.database.transaction() as writing:
            sign_out_desk(writing, sitting.staff_id, token(), parts.now())
        leave(sitting.staff_no)
        say("desk.left", "info")
    return redirect(url_for("desk.sign_in"), 303)


def _form(staff_no: str, error: str = "") -> Answer:
    status = UNPROCESSABLE if error else 200
    return bare_page("sign_in", url_for("desk.sign_in"), status, staff_no=staff_no, error=error)
