"""The greeting: what the friend reads under the member's invite."""

from __future__ import annotations

from bot.dialogue import Flow, State
from bot.flows.taps import Tap, Verb
from bot.flows.turn import Turn
from bot.messages import Response
from shared.actions.inviting import LONGEST_GREETING, greeting_of, set_greeting
from shared.base.errors import Refusal

_STEP = "words"


def open_greeting(turn: Turn) -> Response:
    """Ask for the words."""
    return ask(turn, State(Flow.GREETING, _STEP))


def ask(turn: Turn, state: State) -> Response:
    """The question, with what stands there now."""
    turn.wait(state)
    now = greeting_of(turn.session, turn.member_id, turn.now)
    lines = [turn.say("greeting.ask", most=LONGEST_GREETING)]
    if now:
        lines.append(turn.say("greeting.now", words=now))
    clear = (turn.button("button.clear_greeting", Verb.CLEAR_GREETING),) if now else ()
    return turn.show("\n".join(lines), (*clear, turn.button("button.cancel", Verb.CANCEL)))


def hear(turn: Turn, _state: State) -> Response:
    """Keep the words, or say which of them the law forbids."""
    try:
        set_greeting(turn.session, turn.member_id, turn.incoming.text, turn.now)
    except Refusal as refusal:
        return turn.send(turn.refusal(refusal), (turn.button("button.cancel", Verb.CANCEL),))
    turn.done()
    words = greeting_of(turn.session, turn.member_id, turn.now)
    return turn.send(turn.say("greeting.kept", words=words), *turn.after_setting())


def clear(turn: Turn, _tap: Tap) -> Response:
    """Take the greeting away."""
    set_greeting(turn.session, turn.member_id, "", turn.now)
    turn.done()
    return turn.show(turn.say("greeting.cleared"), *turn.after_setting())
