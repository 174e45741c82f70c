"""The language of a request, and what templates need to speak it.

A choice (`?lang=`) is kept in a cookie of the face; without one the browser's own languages
decide, and simplified Chinese where it names none that we speak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

from flask import Flask, Response, g, request
from markupsafe import Markup, escape

from shared.base import i18n
from shared.base.contrast import readable_on
from shared.base.i18n import Locale, locale_from_header, locale_from_tag
from shared.base.settings import Settings
from webapp.faces import face_of

DEFAULT = Locale.ZH_HANS
_DARK_CARD = "#1A2029"
_LONGEST_HEADER = 200
_A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Issuer:
    """The issuer as the page frame shows it. Dark twins empty: the style sheet's own."""

    name: str
    seal: str = ""
    jade: str = ""
    seal_dark: str = ""
    jade_dark: str = ""
    logo_url: str = ""


def issuer_of(settings: Settings) -> Issuer:
    """The issuer of the settings; colours only where they differ from the style sheet's."""
    fields = type(settings).model_fields
    own: dict[str, str] = {}
    for name in ("seal", "jade"):
        colour: str = getattr(settings, name)
        if colour != fields[name].default:
            own[name] = colour
            own[f"{name}_dark"] = readable_on(colour, _DARK_CARD, 5.5)
    return Issuer(settings.issuer, **own)


def chosen_locale() -> Locale | None:
    """The language chosen in this request's address, if any."""
    return locale_from_tag(request.args.get("lang")) if request.query_string else None


def request_locale() -> Locale:
    """The language of this request: its address, the face's cookie, the browser, Chinese."""
    if "locale" not in g:
        g.locale = (
            chosen_locale()
            or locale_from_tag(request.cookies.get(_cookie_name()))
            or _browsers_locale(request.environ.get("HTTP_ACCEPT_LANGUAGE", "")[:_LONGEST_HEADER])
            or DEFAULT
        )
    found: Locale = g.locale
    return found


_browsers_locale = lru_cache(maxsize=512)(locale_from_header)
"""Few browsers differ in the languages they name."""


def speak(locale: Locale) -> None:
    """Answer this request in a language known otherwise (the staff's own, for example)."""
    g.locale = locale


def t(key: str, /, **params: object) -> str:
    """Words in the language of this request."""
    return i18n.text(request_locale(), key, **params)


def page_words(locale: Locale) -> dict[str, Any]:
    """What every template may use, in one language; dates and money take their zone and unit."""

    def in_zone(write: Callable[..., str]) -> Callable[[datetime | date, str], str]:
        return partial(write, locale)

    return {
        "t": partial(i18n.text, locale),
        "locale": locale.value,
        "lang": locale.lang,
        "money": partial(i18n.money, locale),
        "number": partial(i18n.number, locale),
        "day": in_zone(i18n.day),
        "full_day": in_zone(i18n.full_day),
        "moment": in_zone(i18n.moment),
        "month": partial(i18n.month, locale),
        "refusal_text": partial(i18n.refusal_text, locale),
    }


def language_choices(path: str) -> list[tuple[str, str]]:
    """The language switch of a page: (locale, address) for each."""
    return [(locale.value, f"{path}?lang={locale.lang}") for locale in Locale]


def into(words: str, **parts: object) -> Markup:
    """Words whose placeholders take markup (links); everything else is escaped."""
    return Markup(escape(words)).format(**parts)  # noqa: S704 (escaped just before)


def install_words(app: Flask, settings: Settings) -> None:
    """Give the templates their words and remember a language that was chosen."""
    app.jinja_env.filters["into"] = into
    app.jinja_env.globals["issuer"] = issuer_of(settings)
    app.jinja_env.globals["demo_origin"] = settings.sandbox_origin
    app.context_processor(lambda: page_words(request_locale()))

    @app.after_request
    def keep_choice(response: Response) -> Response:
        if request.query_string and (chosen := chosen_locale()):
            response.set_cookie(
                _cookie_name(),
                chosen.lang,
                max_age=_A_YEAR,
                path=face_of(request.path).path,
                secure=settings.secure_cookies,
                httponly=True,
                samesite="Lax",
            )
        return response


def _cookie_name() -> str:
    return f"{face_of(request.path).cookie}_lang"
