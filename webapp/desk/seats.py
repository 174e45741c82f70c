"""The guard of the face: who is signed in, and whether they may change anything.

A view that only shows is for everybody at the desk, one that takes a form is for those who may
change things, unless it says otherwise: a forgotten word locks the door.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from flask import g, redirect, request, url_for
from sqlalchemy.orm import Session

from shared.actions.desk_seat import desk_seat, desk_staff
from shared.people.staff import Staff, touch_session
from shared.reports.desk_claims import pressing
from shared.reports.desk_waiting import count_waiting
from shared.risk.cases import counts
from webapp.desk.face import FORBIDDEN, desk, present, trouble
from webapp.sitting import Answer, SignedOut, say, token, was_signed_in
from webapp.sitting import need_of as marked_need
from webapp.wiring import wiring

_LOOKS_BY_ITSELF = frozenset({"desk.inquiry_progress"})
"""A page that asks again is no sign that somebody is there."""


class Need(StrEnum):
    """What a view asks for before it answers."""

    NOTHING = "nothing"
    READ = "read"
    CHANGE = "change"


def need_of(endpoint: str, method: str) -> Need:
    """What the view behind an endpoint asks for."""
    if endpoint == "desk.static":
        return Need.NOTHING
    usual = Need.READ if method in ("GET", "HEAD", "OPTIONS") else Need.CHANGE
    return Need(marked_need(endpoint, usual))


@desk.before_request
def guard() -> Answer | None:
    """Find who asks, and send whoever may not go on to the step that comes first."""
    assert request.endpoint is not None
    if request.endpoint == "desk.static":
        return None
    need = need_of(request.endpoint, request.method)
    parts = wiring()
    with parts.database.reading() as reading:
        sitting = desk_seat(reading, token(), parts.now())
        g.desk_seat = sitting
        if sitting is not None:
            g.waiting = count_waiting(reading)
            g.open_cases = counts(reading, parts.now())
            g.pressing_claims = pressing(reading, parts.now())
    if need is Need.NOTHING:
        return None
    if sitting is None:
        return to_sign_in()
    if sitting.quiet and request.endpoint not in _LOOKS_BY_ITSELF:
        with parts.database.transaction() as writing:
            touch_session(writing, token(), parts.now())
    if need is Need.CHANGE and not sitting.may_change:
        return trouble("read_only", FORBIDDEN)
    return None


def to_sign_in() -> Answer:
    """Signed out, or never in: sign in first."""
    if was_signed_in():
        say("desk.signed_out", "info")
    return redirect(url_for("desk.sign_in"), 303)


@desk.errorhandler(SignedOut)
def signed_out(_error: SignedOut) -> Answer:
    """The form came too late: nothing was done."""
    return to_sign_in()


@contextmanager
def acting() -> Iterator[tuple[Session, Staff]]:
    """One action of the person at the desk, checked in the transaction that holds its effect.

    SignedOut when the session ended since the page was shown.
    """
    parts = wiring()
    now = parts.now()
    with parts.database.transaction() as writing:
        yield writing, _present(writing)
        touch_session(writing, token(), now)


@contextmanager
def asking() -> Iterator[Session]:
    """One question of the person at the desk."""
    with wiring().database.reading() as reading:
        yield reading


def _present(within: Session) -> Staff:
    staff = desk_staff(within, token(), wiring().now())
    if staff is None or staff.id != present().staff_id:
        raise SignedOut
    return staff
