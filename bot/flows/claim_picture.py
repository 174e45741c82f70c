"""The picture of a claim: what may be sent, and sending it once more when it was lost."""

from __future__ import annotations

from bot.dialogue import Flow, State
from bot.flows import prove
from bot.flows.claim_list import after_filing
from bot.flows.taps import OldKeyboard, Tap, Verb
from bot.flows.turn import Row, Turn
from bot.messages import Response
from shared.actions.claim_picturing import claim_to_picture, send_picture
from shared.base.errors import Refusal
from shared.claims.pictures import LONGEST_NAME, Sent
from shared.pictures.photo import MOST_BYTES

MOST_MB = MOST_BYTES // 2**20
KINDS = ("image/jpeg", "image/jpg", "image/png", "image/webp")
"""What we can read; what a file really is, its first bytes say when it is here."""
SEND = "send"
_ALBUM = "album"
_LONGEST_NUMBER = 12


def judged(turn: Turn, state: State, *rows: Row) -> Sent | Response:
    """The picture that was sent, or why it is none to attach. Nothing is fetched for that."""
    incoming = turn.incoming
    if incoming.album:
        return _album(turn, state, rows)
    if incoming.picture is None:
        return turn.send(turn.say("claim.picture.other"), *rows)
    if incoming.picture.kind not in KINDS or len(incoming.picture.source) > LONGEST_NAME:
        return turn.send(turn.say("claim.picture.kind"), *rows)
    if (incoming.picture.size or 0) > MOST_BYTES:
        return turn.send(turn.say("claim.picture.large", most=MOST_MB), *rows)
    return Sent(incoming.channel, incoming.picture.source)


def _album(turn: Turn, state: State, rows: tuple[Row, ...]) -> Response:
    """Several at once come one by one: they are answered once."""
    if state.data.get(_ALBUM) == turn.incoming.album:
        return Response()
    turn.wait(State(state.flow, state.step, {**state.data, _ALBUM: turn.incoming.album}))
    return turn.send(turn.say("claim.picture.album"), *rows)


def _cancel(turn: Turn) -> tuple[Row, ...]:
    return ((turn.button("button.cancel", Verb.CANCEL),),)


def tapped(turn: Turn, tap: Tap) -> Response:
    """The button under the word that a picture was lost."""
    number = tap.word(0)
    if not number or len(number) > _LONGEST_NUMBER or not number.isprintable():
        raise OldKeyboard
    return ask(turn.anew(), State(Flow.PICTURE, SEND, {"number": number}))


def ask(turn: Turn, state: State) -> Response:
    """Which picture, for which claim; or why not any more."""
    if (question := prove.first(turn, state)) is not None:
        return question
    number = state.data["number"]
    try:
        claim_to_picture(turn.session, turn.member_id, number)
    except Refusal as refusal:
        return _over(turn, refusal)
    turn.wait(state)
    return turn.send(turn.say("claim.picture.again", number=number, most=MOST_MB), *_cancel(turn))


def hear(turn: Turn, state: State) -> Response:
    """Whatever is typed asks again."""
    return ask(turn, state)


def see(turn: Turn, state: State) -> Response:
    """The picture, or what came in its place."""
    if prove.first(turn, state) is not None:
        return ask(turn, state)
    sent, number = judged(turn, state, *_cancel(turn)), state.data["number"]
    if isinstance(sent, Response):
        return sent
    try:
        send_picture(turn.session, turn.member_id, number, sent, turn.now)
    except Refusal as refusal:
        return _over(turn, refusal)
    turn.done()
    return turn.send(turn.say("claim.picture.sent", number=number), *after_filing(turn))


def _over(turn: Turn, refusal: Refusal) -> Response:
    turn.done()
    return turn.send(turn.refusal(refusal), *after_filing(turn))
