"""The stage page and the bank's application form."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.sandbox import bank, cast
from bot.sandbox.world import World
from shared.base.i18n import Locale, catalogue, locale_from_header, locale_from_tag, text

_PREFIX = "sandbox."
_SHORT = "layout.language.short."


def page_blueprint(world: World) -> Blueprint:
    """`/` and `/bank/apply`."""
    door = Blueprint("page", __name__)

    @door.get("/")
    def stage() -> Response:
        locale = _locale()
        page = render_template(
            "stage.html",
            lang=locale.lang,
            t=lambda key: text(locale, key),
            languages=[(one.lang, text(one, _SHORT + one.value)) for one in Locale],
            counter=world.settings.counter.shown() if world.settings.counter else None,
            setting=_setting(world),
        )
        return _framed_by_itself(world, page)

    @door.get("/sandbox/api/stage")
    def setting() -> dict[str, Any]:
        return _setting(world)

    @door.post("/sandbox/api/stage/restart")
    def restart() -> dict[str, Any]:
        """A new play with another cardholder and another friend."""
        cast.recast(world)
        return _setting(world)

    @door.get("/bank/apply")
    def form() -> Response:
        token = request.args.get("referral_token") or request.args.get("token", "")
        return _form(world, token=token, application=request.args.get("application", ""))

    @door.post("/bank/apply")
    def apply() -> AnyResponse:
        token, phone = request.form.get("referral_token", ""), request.form.get("phone", "")
        try:
            application, _ = bank.submit(world, phone.strip(), token.strip())
        except ValueError:
            return _form(world, token=token, problem=True)
        return redirect(
            url_for("page.form", application=application.id, lang=_locale().lang), code=303
        )

    return door


def _locale() -> Locale:
    return (
        locale_from_tag(request.args.get("lang"))
        or locale_from_header(request.headers.get("Accept-Language", ""))
        or Locale.ZH_HANS
    )


def _setting(world: World) -> dict[str, Any]:
    """What the page's modules need: who plays, where the product is, words of all languages."""
    alice, bob = cast.cast(world)
    return {
        "alice": alice.shown(),
        "bob": bob.shown(),
        "web": world.settings.web_url,
        "bot": world.settings.bot_username,
        "counter": dict(world.settings.counter.shown()) if world.settings.counter else {},
        "texts": {one.lang: _words(one) for one in Locale},
    }


def _words(locale: Locale) -> dict[str, Any]:
    return {key: word for key, word in catalogue(locale).items() if key.startswith(_PREFIX)}


def _form(world: World, *, token: str, application: str = "", problem: bool = False) -> Response:
    locale = _locale()
    page = render_template(
        "apply.html",
        lang=locale.lang,
        t=lambda key: text(locale, key),
        token=token,
        phone="" if token else cast.cast(world)[1].phone,
        application=application,
        problem=problem,
    )
    return _framed_by_itself(world, page)


def _framed_by_itself(world: World, page: str) -> Response:
    answer = make_response(page)
    answer.headers["Content-Security-Policy"] = (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'self'; "
        f"frame-src 'self' {world.settings.web_url}; connect-src 'self' {world.settings.web_url}"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
