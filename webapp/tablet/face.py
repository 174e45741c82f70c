"""The tablet's blueprint and the frames of its pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from shared.actions.counter import Seat
from webapp.sitting import IDLE_SECONDS, mind_manners, readable, told, wait_a_minute
from webapp.words import language_choices

tablet = Blueprint(
    "tablet",
    __name__,
    url_prefix="/tablet",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

MOST_BYTES = 64 * 1024
MOST_PICTURE_BYTES = 5 * 1024 * 1024
_PLACES = ("show", "register", "tasks", "claims", "today")


@tablet.before_request
def keep_forms_small() -> None:
    """Only a picture of a QR code may be larger than a form; that one is told its own limit."""
    pictures = request.endpoint in ("tablet.show_code_typed", "tablet.hand_over")
    if not pictures and (request.content_length or 0) > MOST_BYTES:
        raise RequestEntityTooLarge


def seat() -> Seat | None:
    """Who sits at this tablet, as the guard found it; None for a device that is not ours."""
    found: Seat | None = g.get("seat")
    return found


def staffed_seat() -> Seat:
    """The seat of a page that only signed-in staff reach."""
    found = seat()
    assert found is not None
    assert found.staff_id
    return found


def workplace(template: str, place: str, status: int = 200, **more: Any) -> Response:
    """A page inside the rail, for whoever is signed in."""
    sitting = staffed_seat()
    counts = {"claims": g.get("open_claims", 0), "tasks": g.get("due_soon", 0)}
    page = render_template(
        f"tablet/{template}.html",
        places=[(key, url_for(f"tablet.{key}"), counts.get(key, 0)) for key in _PLACES],
        place=place,
        staff=sitting,
        lock_url=url_for("tablet.lock"),
        language_links=language_choices(readable(url_for(f"tablet.{place}"))),
        notice=told(),
        idle_seconds=IDLE_SECONDS,
        home=url_for("tablet.home"),
        **more,
    )
    return make_response(page, status)


def counter_page(template: str, fallback: str, status: int = 200, **more: Any) -> Response:
    """A page without the rail: before sign-in, and in a customer's hands."""
    page = render_template(
        f"tablet/{template}.html",
        language_links=language_choices(readable(fallback)),
        notice=told(),
        home=url_for("tablet.home"),
        **more,
    )
    return make_response(page, status)


def trouble(kind: str, status: int) -> Response:
    """What went wrong, in words of the counter: `stale`, `missing`, `busy` or `large`."""
    return counter_page("trouble", url_for("tablet.home"), status, kind=kind)


def busy() -> Response:
    """Too often in one minute: nothing was done."""
    return wait_a_minute(trouble("busy", 429))


mind_manners(tablet, trouble)
