"""Who opens an invite page: a person, a chat's link preview, or a robot."""

from __future__ import annotations

import re
import secrets
from functools import lru_cache

from flask import Request, Response

from shared.base.settings import Settings
from shared.referrals.referrals import VisitKind
from shared.risk.traces import Place
from webapp.faces import LANDING, set_cookie
from webapp.limits import address

DEVICE_COOKIE = "jianka_v"
_HALF_A_YEAR = 180 * 24 * 3600
_LONGEST = 40
_LONGEST_AGENT = 500

_PREVIEW = re.compile(
    r"facebookexternalhit|facebot|twitterbot|telegrambot|whatsapp|slackbot|slack-imgproxy"
    r"|linkedinbot|discordbot|skypeuripreview|viber|line-poker|kakaotalk-scrap|vkshare"
    r"|iframely|embedly|preview|redditbot|pinterest|mattermost|lark.*bot|dingtalkbot",
    re.IGNORECASE,
)
_ROBOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|scrape|monitor|uptime|pingdom|lighthouse|archiver"
    r"|^$|^curl|^wget|^python|^go-http|^java/|^okhttp|^axios|^node|^ruby|^perl|^php|libwww"
    r"|httpclient|^http",
    re.IGNORECASE,
)
_HOST = re.compile(r"https?://([A-Za-z0-9.-]{1,255})(?:[:/?#]|$)")
_AHEAD = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


def visit_kind(request: Request) -> VisitKind:
    """Only a person's browser that shows the page counts as human."""
    kind = _kind_of_agent(request.environ.get("HTTP_USER_AGENT", "")[:_LONGEST_AGENT])
    if kind is VisitKind.PREVIEW or _fetched_ahead(request):
        return VisitKind.PREVIEW
    return VisitKind.ROBOT if request.method == "HEAD" else kind


def _fetched_ahead(request: Request) -> bool:
    """Whether a browser fetches the page before anybody wants to see it."""
    said = [request.environ[name].lower() for name in _AHEAD if name in request.environ]
    return any(sign in words for words in said for sign in ("prefetch", "preview", "prerender"))


@lru_cache(maxsize=1024)
def _kind_of_agent(agent: str) -> VisitKind:
    """What a program says it is; browsers of one make say the same, so it is remembered."""
    if _PREVIEW.search(agent):
        return VisitKind.PREVIEW
    return VisitKind.ROBOT if _ROBOT.search(agent) else VisitKind.HUMAN


def device_of(request: Request) -> str:
    """The random text this browser was given earlier; empty at its first visit."""
    return request.cookies.get(DEVICE_COOKIE, "")[:_LONGEST]


def site_of(request: Request) -> str:
    """The host of another's page that led here; empty for none, and for our own."""
    said = request.environ.get("HTTP_REFERER", "")
    if not said:
        return ""
    found = _HOST.match(said[:_LONGEST_AGENT])
    host = found[1].lower().removeprefix("www.") if found else ""
    own = request.host.partition(":")[0].lower().removeprefix("www.")
    return "" if host == own else host[:80]


def place_of(request: Request) -> Place:
    """Where a form came from, for the risk checks, which keep it as keyed hashes only."""
    return Place(device_of(request), address())


def new_device() -> str:
    """A random text for a browser seen the first time."""
    return secrets.token_urlsafe(16)


def remember_device(response: Response, device: str, settings: Settings) -> None:
    """Let the browser keep it; our side keeps only its keyed hash."""
    secure = settings.secure_cookies
    cookie = set_cookie(DEVICE_COOKIE, device, LANDING, secure=secure, max_age=_HALF_A_YEAR)
    response.headers.add("Set-Cookie", cookie)
