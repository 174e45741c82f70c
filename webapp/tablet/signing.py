"""Staff sign in by number and PIN; the lock button signs them out."""

from __future__ import annotations

from flask import redirect, request, session, url_for

from shared.actions.counter import lock as lock_tablet
from shared.actions.counter import sign_in_at
from shared.base.errors import Refusal
from webapp.limits import address, within
from webapp.sitting import UNPROCESSABLE, Answer, begin, last_staff_no, needs, say, token, words_of
from webapp.tablet.face import busy, counter_page, seat, staffed_seat, tablet
from webapp.tablet.seats import Need, leave
from webapp.wiring import wiring
from webapp.words import t

_PINS_PER_MINUTE = 30


@tablet.get("/sign-in")
@needs(Need.DEVICE)
def sign_in() -> Answer:
    """Number and PIN. Whoever is signed in goes on working."""
    sitting = seat()
    if sitting is not None and sitting.staff_id:
        return redirect(url_for("tablet.show"), 303)
    return _form(last_staff_no())


@tablet.post("/sign-in")
@needs(Need.DEVICE)
def check() -> Answer:
    """Sign in, or say why not; a wrong pair reads alike whichever half was wrong."""
    if not within("tablet.pin", _PINS_PER_MINUTE):
        return busy()
    sitting = seat()
    assert sitting is not None
    staff_no = request.form.get("staff_no", "").strip()[:40]
    pin = request.form.get("pin", "").strip()[:40]
    parts = wiring()
    try:
        with parts.database.transaction() as writing:
            new_token = sign_in_at(
                writing, sitting.tablet_id, staff_no, pin, parts.now(), address()
            )
    except Refusal as refusal:
        return _form(staff_no, words_of(refusal))
    if new_token is None:
        return _form(staff_no, t("tablet.sign_in.wrong"))
    begin(new_token)
    return redirect(url_for("tablet.show"), 303)


@tablet.post("/lock")
@needs(Need.DEVICE)
def lock() -> Answer:
    """Sign out; pressing it twice is pressing it once."""
    sitting = seat()
    if sitting is not None and sitting.staff_id:
        parts = wiring()
        with parts.database.transaction() as writing:
            lock_tablet(writing, staffed_seat(), token(), parts.now())
        leave()
        say("tablet.locked", "info")
    else:
        session.pop("walk_in", None)
    return redirect(url_for("tablet.sign_in"), 303)


def _form(staff_no: str, error: str = "") -> Answer:
    return counter_page(
        "sign_in",
        url_for("tablet.sign_in"),
        UNPROCESSABLE if error else 200,
        seat=seat(),
        staff_no=staff_no,
        error=error,
    )
