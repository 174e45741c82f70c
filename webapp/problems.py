"""Errors as a reader needs them: pages for people, RFC 9457 problems for programs."""

from __future__ import annotations

import json
import traceback
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from shared.base.log import log
from webapp.csrf import StaleForm
from webapp.words import language_choices

_log = log("web")
_PAGES = frozenset({400, 403, 404, 405, 411, 413, 429, 500, 503})


def problem(status: int, title: str, detail: str = "", **members: Any) -> Response:
    """An `application/problem+json` answer; `members` are the problem's own fields."""
    body = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    body.update(members)
    return Response(
        json.dumps(body, ensure_ascii=False),
        status,
        content_type="application/problem+json",
    )


def for_programs() -> bool:
    """Whether this request comes from a program: then words stay English and plain."""
    return request.path.startswith("/api/")


def error_page(status: int, kind: str = "", retry_after: int | None = None) -> Response:
    """A friendly page with the next step. `kind` names the words `web.error.<kind>.…`."""
    kind = kind or str(status if status in _PAGES else 400)
    page = render_template(
        "error.html", kind=kind, status=status, language_links=language_choices(request.path)
    )
    response = make_response(page, status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def install_errors(app: Flask) -> None:
    """Answer every error in the form its reader understands."""

    @app.errorhandler(StaleForm)
    def stale_form(_error: StaleForm) -> Response:
        return error_page(400, "stale")

    @app.errorhandler(HTTPException)
    def known(error: HTTPException) -> Response:
        status = error.code or 500
        if error.response is not None and status < 400:
            return make_response(error.get_response())
        if for_programs():
            response = problem(status, error.name, error.description or "")
        else:
            response = error_page(status)
        for name, value in error.get_headers(request.environ):
            if name.lower() in ("allow", "retry-after"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        # An exception's own text may hold what somebody typed; where it happened does not.
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        _log.error("failed", endpoint=request.endpoint, error=type(error).__name__, where=where)
        if for_programs():
            return problem(500, "Internal Server Error", "Nothing was stored. Please try again.")
        return error_page(500)
