"""Settings: what the member shows of themselves, what reaches them, and leaving."""

from __future__ import annotations

from bot.flows.taps import Tap, Verb
from bot.flows.turn import Onward, Screen, Turn
from bot.messages import Button, Response
from shared.actions.inviting import greeting_of
from shared.actions.joining import Choice, choices, set_choice
from shared.people.chats import unbind as unbind_chat
from shared.post.audit import record

YES = "yes"
ON, OFF = "on", "off"


def open_settings(turn: Turn) -> Response:
    """Every choice with its state; a tap turns it over."""
    return _screen(turn)


def _screen(turn: Turn, toast: str = "") -> Response:
    chosen = choices(turn.session, turn.member_id)
    greeting = greeting_of(turn.session, turn.member_id, turn.now)
    lines = [turn.say("settings.title"), ""]
    lines += [
        turn.say(f"settings.{choice.value}", state=turn.say(_state_key(chosen[choice])))
        for choice in Choice
    ]
    words = turn.say("settings.quoted", words=greeting) if greeting else turn.say("settings.none")
    lines.append(turn.say("settings.greeting", words=words))
    return turn.show(
        "\n".join(lines),
        (_switch(turn, Choice.SHOW_NAME, chosen), _switch(turn, Choice.LEADERBOARD, chosen)),
        (_switch(turn, Choice.PUSHES, chosen), turn.opens("button.greeting", Screen.GREETING)),
        (turn.opens("button.language", Screen.LANGUAGE), turn.button("button.unbind", Verb.UNBIND)),
        toast=toast,
    )


def _state_key(on: bool) -> str:
    return "settings.on" if on else "settings.off"


def _switch(turn: Turn, choice: Choice, chosen: dict[Choice, bool]) -> Button:
    to = OFF if chosen[choice] else ON
    return turn.button(f"button.{choice.value}.{to}", Verb.SWITCH, choice.value, to)


def switch(turn: Turn, tap: Tap) -> Response | Onward:
    """Set a choice to what the button said, so that a double tap changes nothing more."""
    choice = tap.choice(0, Choice)
    on = tap.word(1) == ON
    set_choice(turn.session, turn.member_id, choice, on, turn.now)
    toast = turn.label(f"settings.{choice.value}.{ON if on else OFF}")
    if tap.word(2) == Screen.LEADERBOARD:
        return Onward(Response(toast=toast), Screen.LEADERBOARD)
    return _screen(turn, toast)


def unbind(turn: Turn, tap: Tap) -> Response:
    """Say what unbinding does, then do it."""
    if tap.word(0) != YES:
        return turn.show(
            turn.say("settings.unbind.ask"),
            (turn.button("button.unbind_yes", Verb.UNBIND, YES),),
            (turn.opens("button.settings", Screen.SETTINGS),),
        )
    member_id = turn.member_id
    unbind_chat(turn.chat)
    turn.done()
    record(turn.session, f"chat:{turn.chat.id}", "chat.unbound", f"member:{member_id}", turn.now)
    return turn.show(
        turn.say("settings.unbind.done"), (turn.opens("button.bind_again", Screen.START),)
    )
