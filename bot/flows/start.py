"""Start: consent before any question, then whose chat this is."""

from __future__ import annotations

from enum import StrEnum

from bot.dialogue import Flow, State, unpacked
from bot.flows import friend, invitee
from bot.flows.taps import Tap, Verb
from bot.flows.turn import Onward, Row, Screen, Turn, both
from bot.messages import Reply, Response
from shared.actions.joining import agree as agree_in
from shared.actions.joining import bind_by_contact, bind_by_token, has_agreed
from shared.base.errors import Refusal


class Step(StrEnum):
    CONSENT = "consent"
    CONTACT = "contact"


def open_start(turn: Turn, payload: str = "") -> Response | Onward:
    """`/start`, with a friend's code, a branch's token, or nothing."""
    if payload.startswith("i_"):
        return friend.show_invite(turn, payload[2:])
    if payload.startswith("b_"):
        return _with_token(turn, payload[2:])
    if has_agreed(turn.session, turn.chat) and turn.chat.member_id is not None:
        turn.done()
        return home(turn)
    return lead(turn)


def home(turn: Turn) -> Response:
    """What a bound chat can do."""
    return turn.send(turn.say("start.home", issuer=turn.place.issuer), *menu(turn))


def menu(turn: Turn) -> tuple[Row, ...]:
    """The four places most people want."""
    return (
        (
            turn.opens("button.invite", Screen.INVITE),
            turn.opens("button.progress", Screen.PROGRESS),
        ),
        (turn.opens("button.claim", Screen.CLAIM), turn.opens("button.help", Screen.HELP)),
    )


def lead(turn: Turn, then: Screen | None = None, token: str = "") -> Response:
    """Ask for the next thing that is missing: the consent, then the contact.

    `then` is opened once the chat is bound; `token` is the branch's, spent after the consent.
    """
    data = {"then": then.value if then else "", "token": token}
    if has_agreed(turn.session, turn.chat):
        return ask(turn, State(Flow.START, Step.CONTACT, data))
    return ask(turn, State(Flow.START, Step.CONSENT, data))


def ask(turn: Turn, state: State) -> Response:
    """The consent's or the contact's question."""
    turn.wait(state)
    if state.step == Step.CONSENT:
        return turn.send(
            turn.say(f"start.consent.{turn.incoming.channel}", issuer=turn.place.issuer),
            (turn.button("button.agree", Verb.AGREE), turn.button("button.decline", Verb.DECLINE)),
            (turn.opens("button.language", Screen.LANGUAGE),),
        )
    return _asking_contact(turn, turn.say("start.contact"))


def _asking_contact(turn: Turn, text: str) -> Response:
    return Response((Reply(text, ask_contact=turn.label("button.share_contact")),))


def hear(turn: Turn, state: State) -> Response:
    """Something else than the answer: say what is needed, and ask again."""
    if state.step == Step.CONSENT:
        return ask(turn, state)
    if any(character.isdigit() for character in turn.incoming.text):
        return _asking_contact(turn, turn.say("start.contact_not_typed"))
    return _asking_contact(turn, turn.say("start.contact"))


def agree(turn: Turn, _tap: Tap) -> Response | Onward:
    """The consent's yes."""
    agree_in(turn.session, turn.chat, turn.locale, turn.now)
    noted = turn.show(turn.say("start.agreed"))
    state = turn.state()
    if state is not None and state.flow is Flow.INVITEE:
        return Onward(noted, state)
    data = state.data if state is not None and state.flow is Flow.START else {}
    if token := data.get("token"):
        return _joined(noted, _with_token(turn, token))
    if turn.chat.member_id is not None:
        turn.done()
        return both(noted, home(turn))
    then = data.get("then") or ""
    return both(noted, lead(turn, Screen(then) if then else None))


def decline(turn: Turn, _tap: Tap) -> Response:
    """The consent's no: nothing was asked and nothing is kept."""
    turn.done()
    return turn.show(turn.say("start.declined"), (turn.opens("button.look_again", Screen.START),))


def hear_contact(turn: Turn) -> Response | Onward:
    """A contact was shared, asked for or not."""
    if not has_agreed(turn.session, turn.chat):
        return lead(turn)
    state = turn.state()
    if state is not None and state.flow is Flow.INVITEE and state.step == invitee.Step.CONTACT:
        return invitee.hear_contact(turn, state)
    if not turn.incoming.own_contact or not turn.incoming.phone:
        return _not_own(turn, state)
    try:
        bound = bind_by_contact(turn.session, turn.chat, turn.incoming.phone, turn.now)
    except Refusal as refusal:
        return Response((Reply(turn.refusal(refusal), drop_keyboard=True),))
    key = "start.bound_replaced" if bound.replaced is not None else "start.bound"
    said = Response((Reply(turn.say(key), drop_keyboard=True),))
    return _after_binding(turn, said, state)


def _not_own(turn: Turn, state: State | None) -> Response:
    if turn.chat.member_id is None:
        turn.wait(
            state
            if state is not None and state.flow is Flow.START
            else State(Flow.START, Step.CONTACT)
        )
        return _asking_contact(turn, turn.say("start.contact_foreign"))
    if state is not None and state.flow is Flow.CLAIM:
        return turn.send(turn.say("claim.contact_foreign"))
    return turn.send(turn.say("start.contact_foreign_bound"), *menu(turn))


def _with_token(turn: Turn, token: str) -> Response | Onward:
    if not has_agreed(turn.session, turn.chat):
        return lead(turn, token=token)
    state = turn.state()
    before = turn.chat.member_id
    try:
        bound = bind_by_token(turn.session, turn.chat, token, turn.now)
    except Refusal as refusal:
        return Response((Reply(turn.refusal(refusal), drop_keyboard=True),))
    said = Response((Reply(turn.say("start.bound_full"), drop_keyboard=True),))
    if before is not None and before != bound.member_id:
        state = None
    return _after_binding(turn, said, state)


def _after_binding(turn: Turn, said: Response, state: State | None) -> Response | Onward:
    """Go on with what the person wanted before we asked who they are."""
    if state is not None and state.flow is Flow.PROVE and turn.proven:
        turn.done()
        return Onward(said, unpacked(state.data["then"]))
    if state is not None and state.flow is not Flow.START:
        return Onward(said, state)
    turn.done()
    then = state.data.get("then") if state is not None else ""
    return Onward(said, Screen(then)) if then else both(said, home(turn))


def _joined(first: Response, second: Response | Onward) -> Response | Onward:
    if isinstance(second, Onward):
        return Onward(both(first, second.said), second.to)
    return both(first, second)
