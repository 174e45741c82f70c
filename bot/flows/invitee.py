"""The friend's own data in chat: a number is proven, then a copy is given or all of it erased.

For people who registered through an invite. Whether a number is known is never said before it
is proven, and by its owner alone.
"""

from __future__ import annotations

import json
import secrets
from enum import StrEnum

from bot.dialogue import Flow, State
from bot.flows.taps import OldKeyboard, Tap, Verb
from bot.flows.turn import Screen, Turn
from bot.messages import Document, Reply, Response
from shared.actions.erasing import erase_number
from shared.actions.joining import has_agreed
from shared.actions.privacy import export_number
from shared.actions.stopping import proves_number, send_privacy_code
from shared.base.errors import Refusal
from shared.base.privacy import mask_phone
from shared.people.codes import CODE_TERM
from shared.people.phone import read_phone

_DIGITS = 6


class Step(StrEnum):
    CONTACT = "contact"
    CODE = "code"
    PROVEN = "proven"


class Wish(StrEnum):
    """What the buttons of a proven number ask for."""

    COPY = "copy"
    ERASE = "erase"
    SURE = "sure"


def tapped(turn: Turn, tap: Tap) -> Response:
    """The way in; with a wish and the nonce of a proven number, the wish."""
    if not tap.word(0):
        return ask(turn.anew(), State(Flow.INVITEE, Step.CONTACT))
    wish, state = tap.choice(0, Wish), turn.state()
    if state is None or state.flow is not Flow.INVITEE or state.step != Step.PROVEN:
        raise OldKeyboard
    if state.data.get("nonce") != tap.word(1):
        raise OldKeyboard
    if wish is Wish.COPY:
        return _copy(turn, state)
    return _erased(turn, state) if wish is Wish.SURE else _ask_to_erase(turn, state)


def ask(turn: Turn, state: State) -> Response:
    """The consent, the own contact, the code, or what to do: what comes next."""
    turn.wait(state)
    if not has_agreed(turn.session, turn.chat):
        return turn.send(
            turn.say(f"start.consent.{turn.incoming.channel}", issuer=turn.place.issuer),
            (turn.button("button.agree", Verb.AGREE), turn.button("button.decline", Verb.DECLINE)),
        )
    if state.step == Step.CONTACT:
        words = turn.say("invitee.contact")
        return Response((Reply(words, ask_contact=turn.label("button.share_contact")),))
    if state.step == Step.CODE:
        return turn.send(turn.say("invitee.type"), (turn.button("button.cancel", Verb.CANCEL),))
    return _choices(turn, state)


def hear_contact(turn: Turn, state: State) -> Response:
    """The own contact: a code goes to that number, known or not."""
    if not turn.incoming.own_contact or not turn.incoming.phone:
        words = turn.say("invitee.contact_foreign")
        return Response((Reply(words, ask_contact=turn.label("button.share_contact")),))
    given = turn.incoming.phone
    try:
        phone = read_phone(given if given.startswith("+") else f"+{given}")
        send_privacy_code(turn.session, phone, turn.locale, turn.now)
    except Refusal as refusal:
        turn.wait(state)
        return Response((Reply(turn.refusal(refusal), drop_keyboard=True),))
    turn.wait(State(Flow.INVITEE, Step.CODE, {"phone": phone}))
    minutes = int(CODE_TERM.total_seconds() // 60)
    words = turn.say("invitee.sent", phone=mask_phone(phone), minutes=minutes)
    return Response((Reply(words, drop_keyboard=True),))


def hear(turn: Turn, state: State) -> Response:
    """The code as it was typed; anything else is asked again."""
    digits = [character for character in turn.incoming.text if character.isdecimal()]
    if state.step != Step.CODE or len(digits) != _DIGITS:
        return ask(turn, state)
    phone = state.data["phone"]
    try:
        right = proves_number(turn.session, phone, turn.incoming.text, turn.now)
    except Refusal as refusal:
        return turn.send(turn.refusal(refusal), (turn.button("button.cancel", Verb.CANCEL),))
    if not right:
        return turn.send(turn.say("prove.wrong"), (turn.button("button.cancel", Verb.CANCEL),))
    nonce = secrets.token_hex(4)
    proven = State(Flow.INVITEE, Step.PROVEN, {"phone": phone, "nonce": nonce})
    turn.wait(proven)
    return _choices(turn, proven)


def _choices(turn: Turn, state: State) -> Response:
    nonce = state.data["nonce"]
    return turn.send(
        turn.say("invitee.choose"),
        (
            turn.button("button.export", Verb.INVITEE, Wish.COPY.value, nonce),
            turn.button("button.erase", Verb.INVITEE, Wish.ERASE.value, nonce),
        ),
        (turn.button("button.cancel", Verb.CANCEL),),
    )


def _copy(turn: Turn, state: State) -> Response:
    kept = export_number(turn.session, state.data["phone"], turn.now)
    if not kept["invited"]:
        return turn.anew().send(turn.say("invitee.nothing"))
    content = json.dumps(kept, ensure_ascii=False, indent=2, default=str)
    return turn.anew().send(
        turn.say("privacy.exported"), document=Document("jianka-my-data.json", content)
    )


def _ask_to_erase(turn: Turn, state: State) -> Response:
    return turn.show(
        turn.say("invitee.erase_ask"),
        (turn.button("button.erase_yes", Verb.INVITEE, Wish.SURE.value, state.data["nonce"]),),
        (turn.button("button.keep", Verb.CANCEL),),
    )


def _erased(turn: Turn, state: State) -> Response:
    turn.done()
    erase_number(turn.session, state.data["phone"], turn.now)
    return turn.show(turn.say("invitee.erased"), (turn.opens("button.privacy", Screen.PRIVACY),))
