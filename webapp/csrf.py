"""Forms of people: each carries its session's own secret, or nothing is done.

The session cookie is signed, HttpOnly and SameSite; the secret in it is random. Signing it
once more for every form, as Flask-WTF does, costs the landing page a tenth of its time.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection

from flask import Flask, request, session
from werkzeug.exceptions import BadRequest

FIELD = "csrf_token"
HEADER = "X-CSRFToken"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class StaleForm(BadRequest):
    """A form whose session is gone, or that is not ours."""

    description = "This form is not of this session."


def form_token() -> str:
    """The secret of this session, for a form's hidden field; made at its first use."""
    token: str | None = session.get(FIELD)
    if token is None:
        token = session[FIELD] = secrets.token_urlsafe(18)
        session.permanent = True
    return token


def install_csrf(app: Flask, signed: Collection[str]) -> None:
    """Check every request that changes something; blueprints in `signed` prove it otherwise."""
    app.jinja_env.globals["csrf_token"] = form_token

    @app.before_request
    def form_is_ours() -> None:
        if request.method in _SAFE or request.endpoint is None or request.blueprint in signed:
            return
        kept = session.get(FIELD, "")
        if not kept:
            raise StaleForm  # before anything of what was sent is read
        given = request.form.get(FIELD) or request.headers.get(HEADER, "")
        if not hmac.compare_digest(str(kept).encode(), given.encode()):
            raise StaleForm
