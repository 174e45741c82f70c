"""Language: three buttons; what the person chooses wins over every guess."""

from __future__ import annotations

from bot.flows.taps import Tap, Verb, encode
from bot.flows.turn import Onward, Screen, Turn
from bot.messages import Button, Response
from shared.actions.joining import choose_language
from shared.base.i18n import Locale, text


def open_language(turn: Turn) -> Response:
    """Which language, each named in itself."""
    return turn.show(turn.say("language.choose"), *((_button(turn, one),) for one in Locale))


def _button(turn: Turn, locale: Locale) -> Button:
    mark = "● " if locale is turn.locale else ""
    return Button(
        mark + text(locale, "language.own_name"), data=encode(Verb.LANGUAGE, locale.value)
    )


def choose(turn: Turn, tap: Tap) -> Response | Onward:
    """Speak this language from now on, and ask again what was being asked."""
    locale = tap.choice(0, Locale)
    choose_language(turn.session, turn.chat, locale)
    spoken = turn.in_language(locale)
    said = spoken.show(spoken.say("language.chosen"), toast=spoken.label("language.toast"))
    state = spoken.waiting()
    if state is not None:
        return Onward(said, state)
    if turn.chat.member_id is None:
        return Onward(said, Screen.START)
    return said
