"""Staff in a browser: the sign-in that a face's cookie keeps, what its pages say once after a
step, and how it speaks of what went wrong. Who sits there and what they may do is the face's own.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from shared.base.errors import Refusal
from shared.base.i18n import refusal_text
from shared.people.staff import SESSION_IDLE
from webapp.csrf import StaleForm
from webapp.words import request_locale

Answer = ResponseReturnValue
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
UNPROCESSABLE = 422
_TOKEN = "token"  # noqa: S105 (the name under which the session keeps it)
_LAST = "last"
_NOTICE = "notice"
_GRACE_SECONDS = 5
IDLE_SECONDS = int(SESSION_IDLE.total_seconds()) + _GRACE_SECONDS
"""After which a page that was left lying leaves by itself."""


class SignedOut(Exception):
    """The person was signed out between the page and its form."""


def needs(need: StrEnum) -> Callable[[View], View]:
    """Say what a view asks for; without it, what is usual for its face."""

    def mark(view: View) -> View:
        view.need = need  # type: ignore[attr-defined]
        return view

    return mark


def need_of(endpoint: str, usual: StrEnum) -> StrEnum:
    """What the view behind an endpoint asks for."""
    need: StrEnum = getattr(current_app.view_functions[endpoint], "need", usual)
    return need


def token() -> str:
    """The secret of this sign-in; empty when nobody is signed in here."""
    return str(session.get(_TOKEN, ""))


def begin(new_token: str) -> None:
    """Somebody signed in: nothing of who was here before stays in the cookie."""
    session.clear()
    session[_TOKEN] = new_token


def leave(staff_no: str = "") -> None:
    """Nobody is signed in any more; the number of who was saves typing at the next sign-in."""
    session.clear()
    if staff_no:
        session[_LAST] = staff_no


def was_signed_in() -> bool:
    """Whether a sign-in stood in the cookie; it does no longer."""
    return bool(session.pop(_TOKEN, None))


def last_staff_no() -> str:
    """The staff number of who signed out here; empty where nobody did."""
    return str(session.get(_LAST, ""))


def say(key: str, kind: str = "done", next_key: str = "", **params: str | int) -> None:
    """Keep a notice for the next page: what happened, and what comes next."""
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


def readable(fallback: str) -> str:
    """Where the language switch leads: this page, or its place where it was posted."""
    return request.path if request.method in ("GET", "HEAD") else fallback


def wait_a_minute(response: Response) -> Response:
    """Too often in one minute: nothing was done."""
    response.headers["Retry-After"] = "60"
    return response


def mind_manners(face: Blueprint, trouble: Callable[[str, int], Response]) -> None:
    """What went wrong is told in the face's own words, and nothing shown stays on the machine."""
    for wrong, kind, status in (
        (StaleForm, "stale", 400),
        (NotFound, "missing", 404),
        (RequestEntityTooLarge, "large", 413),
    ):
        face.register_error_handler(wrong, _teller(trouble, kind, status))

    @face.after_request
    def keep_nothing(response: Response) -> Response:
        if request.endpoint != f"{face.name}.static":
            response.headers["Cache-Control"] = "no-store"
        return response


def _teller(
    trouble: Callable[[str, int], Response], kind: str, status: int
) -> Callable[[Exception], Answer]:
    def tell(_error: Exception) -> Answer:
        return trouble(kind, status)

    return tell
