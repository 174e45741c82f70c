"""The guard of the face: which device asks, who is signed in on it, what that lets them do.

A view is for signed-in staff unless it says otherwise, so a forgotten word locks the door.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from flask import Response, g, redirect, request, url_for
from sqlalchemy.orm import Session

from shared.actions.counter import Seat, seat_at, signed_in
from shared.people.staff import Staff, Tablet, touch_session
from shared.post.audit import at_tablet
from shared.reports.branch_day import waiting
from webapp.faces import TABLET
from webapp.sitting import Answer, SignedOut, say, token, was_signed_in
from webapp.sitting import leave as end_sitting
from webapp.sitting import need_of as marked_need
from webapp.tablet.face import seat, staffed_seat, tablet
from webapp.wiring import wiring

DEVICE_COOKIE = "jianka_tablet_device"
_A_YEAR = 365 * 24 * 3600


class Need(StrEnum):
    """What a view asks for before it answers."""

    NOTHING = "nothing"
    DEVICE = "device"
    STAFF = "staff"


def need_of(endpoint: str) -> Need:
    """What the view behind an endpoint asks for."""
    if endpoint == "tablet.static":
        return Need.NOTHING
    return Need(marked_need(endpoint, Need.STAFF))


@tablet.before_request
def guard() -> Answer | None:
    """Find the seat, and send whoever may not go on to the step that comes first."""
    assert request.endpoint is not None
    need = need_of(request.endpoint)
    if request.endpoint == "tablet.static":
        return None
    parts = wiring()
    with parts.database.reading() as reading:
        sitting = seat_at(reading, device_secret(), token(), parts.now())
        if sitting is not None and sitting.staff_id:
            tasks = waiting(reading, sitting.branch_id, parts.now())
            g.open_claims, g.due_soon = tasks.claims, tasks.due_soon
    g.seat = sitting
    if need is Need.NOTHING:
        return None
    if sitting is None:
        return redirect(url_for("tablet.enrol"), 303)
    if need is Need.DEVICE:
        return None
    if not sitting.staff_id:
        return _to_sign_in()
    if sitting.quiet:
        with parts.database.transaction() as writing:
            touch_session(writing, token(), parts.now())
    return None


def _to_sign_in() -> Response:
    if was_signed_in():
        say("tablet.signed_out", "info")
    return redirect(url_for("tablet.sign_in"), 303)  # type: ignore[return-value]


@tablet.errorhandler(SignedOut)
def signed_out(_error: SignedOut) -> Answer:
    """The form came too late: nothing was done."""
    return _to_sign_in()


@contextmanager
def acting() -> Iterator[tuple[Session, Staff]]:
    """One action of the person at the tablet, checked in the transaction that holds its effect.

    SignedOut when the session ended since the page was shown.
    """
    parts = wiring()
    now = parts.now()
    with parts.database.transaction() as writing:
        at_tablet(writing, staffed_seat().tablet_id)
        yield writing, _present(writing, staffed_seat())
        touch_session(writing, token(), now)


@contextmanager
def asking() -> Iterator[tuple[Session, Staff]]:
    """One question of the person at the tablet."""
    with wiring().database.reading() as reading:
        yield reading, _present(reading, staffed_seat())


def _present(within: Session, sitting: Seat) -> Staff:
    device = within.get(Tablet, sitting.tablet_id)
    staff = signed_in(within, device, token(), wiring().now()) if device else None
    if device is None or device.revoked_at is not None or staff is None:
        raise SignedOut
    return staff


def device_secret() -> str:
    """The secret of this device; empty on one that was never enrolled."""
    return request.cookies.get(DEVICE_COOKIE, "")


def keep_device(response: Response, secret: str) -> None:
    """Let the device keep its secret; our side keeps only its hash."""
    response.set_cookie(
        DEVICE_COOKIE,
        secret,
        max_age=_A_YEAR,
        path=TABLET.path,
        secure=wiring().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )


def leave() -> None:
    """Nobody is signed in at this tablet any more."""
    here = seat()
    end_sitting(here.staff_no if here is not None else "")
