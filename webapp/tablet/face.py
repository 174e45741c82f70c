"""The tablet's blueprint, its frame, and what its pages say once after a step."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from shared.actions.counter import Seat
from shared.base.errors import Refusal
from shared.base.i18n import refusal_text
from shared.people.staff import SESSION_IDLE
from webapp.csrf import StaleForm
from webapp.words import language_choices, request_locale

tablet = Blueprint(
    "tablet",
    __name__,
    url_prefix="/tablet",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

Answer = ResponseReturnValue
MOST_BYTES = 64 * 1024
MOST_PICTURE_BYTES = 5 * 1024 * 1024
UNPROCESSABLE = 422
_NOTICE = "notice"
_PLACES = ("show", "register", "tasks", "claims", "today")
_GRACE_SECONDS = 5


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


def say(key: str, kind: str = "done", next_key: str = "", **params: str | int) -> None:
    """Keep a notice for the next page: what happened, and what to tell the customer next."""
    session[_NOTICE] = [kind, key, next_key, params]


def told() -> dict[str, Any] | None:
    """The notice kept for this page, once."""
    kept = session.pop(_NOTICE, None)
    if not isinstance(kept, list) or len(kept) != 4:
        return None
    kind, key, next_key, params = kept
    return {"kind": kind, "key": key, "next_key": next_key, "params": params}


def words_of(refusal: Refusal) -> str:
    """A refusal in this reader's language."""
    return refusal_text(request_locale(), refusal)


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
        language_links=language_choices(_readable(url_for(f"tablet.{place}"))),
        notice=told(),
        idle_seconds=int(SESSION_IDLE.total_seconds()) + _GRACE_SECONDS,
        home=url_for("tablet.home"),
        **more,
    )
    return make_response(page, status)


def counter_page(template: str, fallback: str, status: int = 200, **more: Any) -> Response:
    """A page without the rail: before sign-in, and in a customer's hands."""
    page = render_template(
        f"tablet/{template}.html",
        language_links=language_choices(_readable(fallback)),
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
    response = trouble("busy", 429)
    response.headers["Retry-After"] = "60"
    return response


@tablet.errorhandler(StaleForm)
def stale_form(_error: StaleForm) -> Answer:
    """A form of an older session."""
    return trouble("stale", 400)


@tablet.errorhandler(NotFound)
def missing(_error: NotFound) -> Answer:
    """A reference or claim that is not this person's to see, or was never there."""
    return trouble("missing", 404)


@tablet.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> Answer:
    """More than a form holds."""
    return trouble("large", 413)


def _readable(fallback: str) -> str:
    """Where the language switch leads: this page, or its place where it was posted."""
    return request.path if request.method in ("GET", "HEAD") else fallback


@tablet.after_request
def keep_nothing(response: Response) -> Response:
    """Nothing a tablet showed stays on it; pictures and scripts aside."""
    if request.endpoint != "tablet.static":
        response.headers["Cache-Control"] = "no-store"
    return response
