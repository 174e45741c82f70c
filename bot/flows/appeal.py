"""Appeals: one question, as it can be asked once only; then the case number and the new time."""

from __future__ import annotations

from bot.dialogue import OVER, Flow, State
from bot.flows import prove
from bot.flows.claim_list import after_filing, moment
from bot.flows.taps import OldKeyboard, Tap, Verb
from bot.flows.turn import Safe, Turn
from bot.messages import Response
from shared.actions.appealing import Appeal, appeal, appeal_due
from shared.base.errors import Refusal

YES = "yes"
CONFIRM = "confirm"
_LONGEST = 12
_FILED = "claim.appealed"
"""The refusal of a second tap: filed already, which reads as done."""


def tapped(turn: Turn, tap: Tap) -> Response:
    """The button under a refusal or in the list asks; the one under the question files."""
    number = tap.word(0)
    if not number or len(number) > _LONGEST or not number.isprintable():
        raise OldKeyboard
    state = State(Flow.APPEAL, CONFIRM, {"number": number})
    if tap.word(1) == YES:
        return _file(turn, state)
    return ask(turn.anew(), state)


def ask(turn: Turn, state: State) -> Response:
    """What an appeal is, before it is filed."""
    if (question := prove.first(turn, state)) is not None:
        return question
    number = state.data["number"]
    try:
        would = appeal_due(turn.session, turn.member_id, number, turn.now)
    except Refusal as refusal:
        return _not_now(turn, refusal)
    turn.wait(state)
    return turn.show(
        turn.say("appeal.ask", number=number, due=moment(turn, would.due_at)),
        (turn.button("button.appeal_yes", Verb.APPEAL, number, YES),),
        (turn.button("button.cancel", Verb.CANCEL),),
    )


def hear(turn: Turn, state: State) -> Response:
    """The button's label typed files it; whatever else is typed asks again."""
    if turn.incoming.text.strip() == turn.label("button.appeal_yes"):
        return _file(turn, state)
    return ask(turn, state)


def _file(turn: Turn, state: State) -> Response:
    if (question := prove.first(turn, state)) is not None:
        return question
    try:
        with turn.session.begin_nested():
            filed = appeal(turn.session, turn.member_id, state.data["number"], turn.now)
    except Refusal as refusal:
        return _not_now(turn, refusal)
    _over(turn, state)
    return turn.show(_filed(turn, filed), *after_filing(turn))


def _filed(turn: Turn, filed: Appeal) -> Safe:
    return turn.say("appeal.filed", number=filed.number, due=moment(turn, filed.due_at))


def _not_now(turn: Turn, refusal: Refusal) -> Response:
    turn.done()
    toast = ""
    if refusal.code == _FILED:
        toast = turn.label("appeal.filed_toast", number=str(refusal.params["number"]))
    return Response(turn.show(turn.refusal(refusal), *after_filing(turn)).replies, toast=toast)


def _over(turn: Turn, state: State) -> None:
    turn.wait(State(Flow.APPEAL, OVER, state.data))
