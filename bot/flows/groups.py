"""Groups: nothing personal is said there; what is addressed to the bot is led to its own chat."""

from __future__ import annotations

from bot.flows.turn import Place, markup
from bot.messages import Button, Incoming, Kind, Reply, Response
from shared.base import i18n
from shared.base.i18n import Locale, locale_from_tag


def answer(incoming: Incoming, place: Place) -> Response:
    """A line and a button to whoever addresses the bot; silence to the rest."""
    locale = locale_from_tag(incoming.language) or Locale.ZH_HANS
    if incoming.kind is Kind.TAP:
        return Response(toast=i18n.text(locale, "group.toast"))
    if incoming.kind is not Kind.TEXT or not _addressed(incoming.text, place):
        return Response()
    button = Button(i18n.text(locale, "button.private_chat"), url=place.chat_url)
    return Response((Reply(markup(locale, "group.private"), rows=((button,),)),))


def _addressed(text: str, place: Place) -> bool:
    own = f"@{place.bot_username}".lower()
    first = (text.strip().split() or [""])[0].lower()
    if first.startswith("/"):
        return "@" not in first or first.endswith(own)
    return own in text.lower()
