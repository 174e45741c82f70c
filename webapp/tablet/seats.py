"""The guard of the face: which device asks, who is signed in on it, what that lets them do.

A view is for signed-in staff unless it says otherwise, so a forgotten word locks the door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

from flask import Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from shared.actions.counter import Seat, seat_at, signed_in
from shared.people.staff import Staff, Tablet, touch_session
from shared.reports.branch_day import waiting
from webapp.faces import TABLET
from webapp.tablet.face import Answer, say, seat, staffed_seat, tablet
from webapp.wiring import wiring

DEVICE_COOKIE = "jianka_tablet_device"
_TOKEN = "token"  # noqa: S105 (the name under which the session keeps it)
_LAST = "last"
_A_YEAR = 365 * 24 * 3600

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class Need(StrEnum):
    """What a view asks for before it answers."""

    NOTHING = "nothing"
    DEVICE = "device"
    STAFF = "staff"


class SignedOut(Exception):
    """The person was signed out between the page and its form."""


def needs(need: Need) -> Callable[[View], View]:
    """Say what a view asks for; without it, a signed-in person."""

    def mark(view: View) -> View:
        view.need = need  # type: ignore[attr-defined]
        return view

    return mark


def need_of(endpoint: str) -> Need:
    """What the view behind an endpoint asks for."""
    if endpoint == "tablet.static":
        return Need.NOTHING
    need: Need = getattr(current_app.view_functions[endpoint], "need", Need.STAFF)
    return need


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
    if session.pop(_TOKEN, None):
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


def token() -> str:
    """The secret of this sign-in; empty when nobody is signed in here."""
    return str(session.get(_TOKEN, ""))


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


def begin(new_token: str) -> None:
    """Somebody signed in: nothing of who was here before stays in the cookie."""
    session.clear()
    session[_TOKEN] = new_token


def leave() -> None:
    """Nobody is signed in any more; the number of who was saves typing at the next sign-in."""
    sitting = seat()
    session.clear()
    if sitting is not None and sitting.staff_no:
        session[_LAST] = sitting.staff_no


def last_staff_no() -> str:
    """The staff number of who locked this tablet; empty where nobody did."""
    return str(session.get(_LAST, ""))
