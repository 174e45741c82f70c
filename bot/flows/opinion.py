"""How a claim was handled: one tap, thanked for; a second one changes nothing."""

from __future__ import annotations

from bot.flows.taps import OldKeyboard, Tap
from bot.flows.turn import Screen, Turn
from bot.messages import Response
from shared.actions.claim_opinion import give_opinion
from shared.claims.opinions import Opinion

_LONGEST = 12


def tapped(turn: Turn, tap: Tap) -> Response:
    """A button under the question. The answer above it stays as it is."""
    number, opinion = tap.word(0), tap.choice(1, Opinion)
    if not number or len(number) > _LONGEST or not number.isprintable():
        raise OldKeyboard
    if not give_opinion(turn.session, turn.member_id, number, opinion, turn.now):
        return Response(toast=turn.label("opinion.again"))
    thanks = turn.say(f"opinion.thanks.{opinion}", number=number)
    rows = () if opinion is Opinion.GOOD else ((turn.opens("button.help", Screen.HELP),),)
    return turn.anew().show(thanks, *rows, toast=turn.label("opinion.kept"))
