"""The desk's blueprint and the frame of its pages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from shared.actions.desk_seat import DeskSeat
from webapp.security import MOST_BYTES as MOST_OF_ALL
from webapp.sitting import IDLE_SECONDS, mind_manners, readable, told, wait_a_minute
from webapp.words import language_choices, t

desk = Blueprint(
    "desk",
    __name__,
    url_prefix="/desk",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

MOST_BYTES = 512 * 1024
_LARGE_FILES = {"desk.take_answers": MOST_OF_ALL, "desk.ask_review": MOST_OF_ALL}
"""The bank's answer files have many lines: what the server takes at all, 10 MB, is 130,000 lines
as our own file has them and 480,000 of the shortest."""
FORBIDDEN = 403
_PLACES = (
    "campaigns", "payouts", "remedies", "reviews", "trials", "claims", "cases", "approvals",
    "people", "audit",
)  # fmt: skip


@desk.before_request
def keep_forms_small() -> None:
    """The largest thing anybody sends is a campaign file, or the bank's answer."""
    if (request.content_length or 0) > _LARGE_FILES.get(request.endpoint or "", MOST_BYTES):
        raise RequestEntityTooLarge


def seat() -> DeskSeat | None:
    """Who is signed in, as the guard found it."""
    found: DeskSeat | None = g.get("desk_seat")
    return found


def present() -> DeskSeat:
    """Who is signed in, on a page that nobody else reaches."""
    found = seat()
    assert found is not None
    return found


@desk.app_template_filter("sentence")
def sentence(words: str) -> str:
    """Words of a list as they begin a line."""
    return words[:1].upper() + words[1:]


def filters(
    endpoint: str,
    name: str,
    words: Mapping[StrEnum, str],
    chosen: StrEnum | None,
    anchor: str | None = None,
    **kept: Any,
) -> list[tuple[str, str, bool]]:
    """The links above a list: all, then each choice that `words` names; which is chosen."""
    links = [(url_for(endpoint, **kept), t("desk.filter.all"), chosen is None)]
    for each, said in words.items():
        address = url_for(endpoint, _anchor=anchor, **kept, **{name: each.value})
        links.append((address, sentence(said), each is chosen))
    return links


def page(template: str, place: str, status: int = 200, **more: Any) -> Response:
    """A page of somebody who is signed in; `place` is where in the navigation it belongs."""
    html = render_template(
        f"desk/{template}.html",
        places=[(url_for(f"desk.{key}"), key, key == place) for key in _PLACES],
        waiting=g.get("waiting", 0),
        open_cases=g.get("open_cases", {}),
        pressing_claims=g.get("pressing_claims", 0),
        who=present(),
        language_links=languages(url_for(f"desk.{place}")),
        notice=told(),
        idle_seconds=IDLE_SECONDS,
        home=url_for("desk.home"),
        **more,
    )
    return make_response(html, status)


def bare_page(template: str, fallback: str, status: int = 200, **more: Any) -> Response:
    """A page without the navigation: before sign-in, and when something went wrong."""
    html = render_template(
        f"desk/{template}.html",
        language_links=languages(fallback),
        notice=told(),
        home=url_for("desk.home"),
        **more,
    )
    return make_response(html, status)


def trouble(kind: str, status: int) -> Response:
    """What went wrong: `stale`, `missing`, `busy`, `large` or `read_only`."""
    return bare_page("trouble", url_for("desk.home"), status, kind=kind)


def busy() -> Response:
    """Too often in one minute: nothing was done."""
    return wait_a_minute(trouble("busy", 429))


def downloaded(content: bytes, name: str) -> Response:
    """A file to keep; the browser is told not to look into it."""
    kinds = {"csv": "text/csv; charset=utf-8", "svg": "image/svg+xml"}
    kind = kinds.get(name.rpartition(".")[2], "application/octet-stream")
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def languages(fallback: str) -> list[tuple[str, str]]:
    """Where the language switch leads: this page, or its place where it was posted."""
    return language_choices(readable(fallback))


mind_manners(desk, trouble)
