"""Privacy: what is kept, a copy of it, and taking it away."""

from __future__ import annotations

import json
import secrets
from enum import StrEnum

from bot.dialogue import Flow, State
from bot.flows import prove
from bot.flows.settings import YES
from bot.flows.taps import Tap, Verb
from bot.flows.turn import Row, Screen, Turn
from bot.messages import Document, Response
from shared.actions.erasing import erase_member
from shared.actions.joining import has_agreed
from shared.actions.privacy import export_member
from shared.base import i18n
from shared.base.privacy import mask_name, mask_phone
from shared.people import consents
from shared.people.chats import unbind
from shared.people.consents import Purpose
from shared.people.members import get_member, person_of
from shared.people.persons import name_of, phone_of
from shared.post.audit import record
from shared.post.inbox import KEEP_BODIES

_ZONE = "Asia/Shanghai"


class Step(StrEnum):
    EXPORT = "export"
    ERASE = "erase"


def open_privacy(turn: Turn) -> Response:
    """What is kept about this chat and its member, and what was agreed to."""
    lines = [turn.say("privacy.title"), "", turn.say(_binding_key(turn))]
    if turn.chat.member_id is not None and turn.proven:
        person = person_of(turn.session, get_member(turn.session, turn.member_id))
        name, phone = name_of(turn.session, person), phone_of(turn.session, person)
        lines.append(turn.say("privacy.kept", name=mask_name(name), phone=mask_phone(phone)))
    standing = consents.standing_consents(turn.session, chat_id=turn.chat.id)
    for consent in standing:
        given = i18n.full_day(turn.locale, consent.given_at, _ZONE)
        lines.append(turn.say("privacy.agreed", day=given, version=consent.text_version))
    if not standing:
        lines.append(turn.say("privacy.not_agreed"))
    lines += [turn.say("privacy.friends"), turn.say("privacy.terms", days=KEEP_BODIES.days)]
    return turn.show("\n".join(lines), *_rows(turn))


def _binding_key(turn: Turn) -> str:
    if turn.chat.member_id is None:
        return "privacy.unbound"
    return "privacy.bound_full" if turn.proven else "privacy.bound_contact"


def _rows(turn: Turn) -> tuple[Row, ...]:
    bound = turn.chat.member_id is not None
    own: Row = (
        turn.button("button.export", Verb.EXPORT),
        turn.button("button.erase", Verb.ERASE),
    )
    agreed = has_agreed(turn.session, turn.chat)
    leave: Row = (turn.button("button.withdraw", Verb.WITHDRAW),) if agreed else ()
    settings: Row = (turn.opens("button.settings", Screen.SETTINGS),) if bound else ()
    start: Row = () if bound else (turn.opens("button.start", Screen.START),)
    friend: Row = (turn.button("button.invitee", Verb.INVITEE),)
    return (own if bound else friend, (*leave, *settings, *start))


def export(turn: Turn, _tap: Tap) -> Response:
    """Everything that is kept, as one file; asks for proof first."""
    state = State(Flow.PRIVACY, Step.EXPORT)
    return prove.first(turn, state) or ask(turn.anew(), state)


def erase(turn: Turn, tap: Tap) -> Response:
    """Name what erasing does; with the nonce of that question, do it."""
    if not tap.word(0):
        state = State(Flow.PRIVACY, Step.ERASE, {"nonce": secrets.token_hex(4)})
        return prove.first(turn, state) or ask(turn, state)
    state_now = turn.state()
    asked = state_now is not None and state_now.flow is Flow.PRIVACY
    if state_now is None or not asked or state_now.data.get("nonce") != tap.word(0):
        return turn.show(
            turn.say("privacy.erase_old"), (turn.opens("button.privacy", Screen.PRIVACY),)
        )
    if (question := prove.first(turn, state_now)) is not None:
        return question
    turn.done()
    erase_member(turn.session, turn.chat, turn.now)
    return turn.show(turn.say("privacy.erased"))


def ask(turn: Turn, state: State) -> Response:
    """After the proof: hand over the file, or ask whether to erase."""
    if state.step == Step.EXPORT:
        turn.done()
        kept = export_member(turn.session, turn.member_id, turn.now)
        content = json.dumps(kept, ensure_ascii=False, indent=2, default=str)
        return turn.send(
            turn.say("privacy.exported"), document=Document("jianka-my-data.json", content)
        )
    turn.wait(state)
    return turn.show(
        turn.say("privacy.erase_ask", issuer=turn.place.issuer),
        (turn.button("button.erase_yes", Verb.ERASE, state.data["nonce"]),),
        (turn.button("button.keep", Verb.CANCEL),),
    )


def hear(turn: Turn, state: State) -> Response:
    """A typed yes is not enough to erase."""
    return ask(turn, state)


def withdraw(turn: Turn, tap: Tap) -> Response:
    """Say what withdrawing the chat's consent does, then do it."""
    if tap.word(0) != YES:
        return turn.show(
            turn.say("privacy.withdraw_ask"),
            (turn.button("button.withdraw_yes", Verb.WITHDRAW, YES),),
            (turn.opens("button.privacy", Screen.PRIVACY),),
        )
    consents.withdraw(turn.session, Purpose.CHAT, turn.now, chat_id=turn.chat.id)
    unbind(turn.chat)
    turn.done()
    chat = f"chat:{turn.chat.id}"
    record(turn.session, chat, "consent.withdrawn", chat, turn.now, purposes=[Purpose.CHAT.value])
    return turn.show(
        turn.say("privacy.withdrawn"), (turn.opens("button.look_again", Screen.START),)
    )
