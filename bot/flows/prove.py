"""Proof: what a shared contact does not open asks once for a code or the branch's QR."""

from __future__ import annotations

from enum import StrEnum

from bot.dialogue import Flow, State, unpacked
from bot.flows.taps import OldKeyboard, Tap, Verb
from bot.flows.turn import Onward, Row, Turn
from bot.messages import Response
from shared.actions.joining import check_chat_code, send_chat_code
from shared.base.errors import Refusal
from shared.people.codes import CODE_TERM

_DIGITS = 6


class Step(StrEnum):
    OFFER = "offer"
    CODE = "code"


def first(turn: Turn, then: State) -> Response | None:
    """None when the chat is proven; else the question, after which `then` goes on."""
    if turn.proven:
        return None
    return ask(turn, State(Flow.PROVE, Step.OFFER, {"then": then.packed()}))


def ask(turn: Turn, state: State) -> Response:
    """Offer the code, or ask for the one that was sent."""
    turn.wait(state)
    if state.step == Step.CODE:
        return turn.send(turn.say("prove.type"), *_resend(turn))
    return turn.show(
        turn.say("prove.why"),
        (turn.button("button.send_code", Verb.SEND_CODE),),
        (turn.button("button.cancel", Verb.CANCEL),),
    )


def _resend(turn: Turn) -> tuple[Row, ...]:
    return (
        (
            turn.button("button.resend_code", Verb.SEND_CODE),
            turn.button("button.cancel", Verb.CANCEL),
        ),
    )


def send_code(turn: Turn, _tap: Tap) -> Response:
    """Send a code to the number that the bank has."""
    state = turn.state()
    if state is None or state.flow is not Flow.PROVE:
        raise OldKeyboard
    masked = send_chat_code(turn.session, turn.chat, turn.now)
    turn.wait(State(Flow.PROVE, Step.CODE, state.data))
    minutes = int(CODE_TERM.total_seconds() // 60)
    return turn.show(turn.say("prove.sent", phone=masked, minutes=minutes), *_resend(turn))


def hear(turn: Turn, state: State) -> Response | Onward:
    """The code as it was typed."""
    if state.step != Step.CODE:
        return ask(turn, state)
    digits = [character for character in turn.incoming.text if character.isdecimal()]
    if len(digits) != _DIGITS:
        return ask(turn, state)
    try:
        right = check_chat_code(turn.session, turn.chat, turn.incoming.text, turn.now)
    except Refusal as refusal:
        return turn.send(turn.refusal(refusal), *_resend(turn))
    if not right:
        return turn.send(turn.say("prove.wrong"), *_resend(turn))
    turn.done()
    return Onward(turn.send(turn.say("prove.right")), unpacked(state.data["then"]))
