"""The conversation: whatever comes in, one helpful answer goes out.

Three tables say who answers: `SCREENS` for commands, words and opening buttons, `TAPS` for the
other buttons, `TALKS` for the answers that a conversation waits for. Channels hold no decision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.dialogue import Flow, State
from bot.flows import (
    appeal,
    choose,
    claim,
    claim_list,
    claim_picture,
    greeting,
    groups,
    help,
    invite,
    invitee,
    language,
    leaderboard,
    nickname,
    opinion,
    plain_words,
    privacy,
    progress,
    prove,
    settings,
    start,
    statement,
)
from bot.flows.commands import read_command
from bot.flows.help import Topic
from bot.flows.taps import OldKeyboard, Tap, Verb, decode
from bot.flows.turn import Onward, Place, Screen, Turn, both
from bot.messages import Incoming, Kind, Reply, Response
from shared.actions.joining import language as language_of
from shared.base.direct import undone_on
from shared.base.errors import Refusal
from shared.base.i18n import Locale, locale_from_tag, text
from shared.people.chats import Chat, find_or_add_chat

__all__ = ["Place", "respond"]

LONGEST = 400
"""Characters of a message; nobody needs more to answer anything here."""
Answer = Response | Onward


@dataclass(frozen=True)
class Opening:
    """How a screen is opened, and whether the chat must speak for a member first."""

    show: Callable[[Turn], Answer]
    members_only: bool = True


@dataclass(frozen=True)
class Tapped:
    """Who answers a button."""

    answer: Callable[[Turn, Tap], Answer]
    members_only: bool = True


@dataclass(frozen=True)
class Talk:
    """A conversation: how it asks where it stands, how it hears what was typed, and sees."""

    ask: Callable[[Turn, State], Answer]
    hear: Callable[[Turn, State], Answer]
    see: Callable[[Turn, State], Answer | None] | None = None
    """How it takes a picture, or what came in its place; None where it wants none."""


def _cancel(turn: Turn) -> Answer:
    if turn.waiting() is None:
        return turn.send(turn.say("cancel.nothing"), *start.menu(turn))
    turn.done()
    return turn.show(turn.say("cancel.done"), *start.menu(turn))


def _open_tapped(turn: Turn, tap: Tap) -> Answer:
    screen = tap.choice(0, Screen)
    return _open(turn if screen in _EDITED_IN_PLACE else turn.anew(), screen)


SCREENS: dict[Screen, Opening] = {
    Screen.START: Opening(start.open_start, members_only=False),
    Screen.INVITE: Opening(invite.open_invite),
    Screen.PROGRESS: Opening(progress.open_progress),
    Screen.REWARDS: Opening(statement.open_statement),
    Screen.CHOICES: Opening(choose.open_choices),
    Screen.CLAIM: Opening(claim.open_claim),
    Screen.CLAIMS: Opening(claim_list.open_claims),
    Screen.LEADERBOARD: Opening(leaderboard.open_leaderboard),
    Screen.HELP: Opening(help.open_help, members_only=False),
    Screen.LANGUAGE: Opening(language.open_language, members_only=False),
    Screen.SETTINGS: Opening(settings.open_settings),
    Screen.GREETING: Opening(greeting.open_greeting),
    Screen.PRIVACY: Opening(privacy.open_privacy, members_only=False),
    Screen.CANCEL: Opening(_cancel, members_only=False),
}

TAPS: dict[Verb, Tapped] = {
    Verb.OPEN: Tapped(_open_tapped, members_only=False),
    Verb.AGREE: Tapped(start.agree, members_only=False),
    Verb.DECLINE: Tapped(start.decline, members_only=False),
    Verb.PAGE: Tapped(progress.page),
    Verb.REFRESH: Tapped(progress.refresh),
    Verb.POSTER: Tapped(invite.poster),
    Verb.STATEMENT: Tapped(statement.page),
    Verb.PDF: Tapped(statement.pdf),
    Verb.PICK: Tapped(choose.pick),
    Verb.NICKNAME: Tapped(nickname.start),
    Verb.LANGUAGE: Tapped(language.choose, members_only=False),
    Verb.SWITCH: Tapped(settings.switch),
    Verb.CLEAR_GREETING: Tapped(greeting.clear),
    Verb.UNBIND: Tapped(settings.unbind),
    Verb.SEND_CODE: Tapped(prove.send_code),
    Verb.CLAIM_WHEN: Tapped(claim.tapped),
    Verb.CLAIM_HOW: Tapped(claim.tapped),
    Verb.CLAIM_BARE: Tapped(claim.tapped),
    Verb.CLAIM_FILE: Tapped(claim.tapped),
    Verb.CLAIM_AGAIN: Tapped(claim.tapped),
    Verb.PICTURE: Tapped(claim_picture.tapped),
    Verb.APPEAL: Tapped(appeal.tapped),
    Verb.OPINION: Tapped(opinion.tapped),
    Verb.CANCEL: Tapped(lambda turn, _tap: _cancel(turn), members_only=False),
    Verb.FAQ: Tapped(help.tapped, members_only=False),
    Verb.EXPORT: Tapped(privacy.export),
    Verb.ERASE: Tapped(privacy.erase),
    Verb.WITHDRAW: Tapped(privacy.withdraw, members_only=False),
    Verb.INVITEE: Tapped(invitee.tapped, members_only=False),
}

TALKS: dict[Flow, Talk] = {
    Flow.START: Talk(start.ask, start.hear),
    Flow.PROVE: Talk(prove.ask, prove.hear),
    Flow.CLAIM: Talk(claim.ask, claim.hear, claim.see),
    Flow.PICTURE: Talk(claim_picture.ask, claim_picture.hear, claim_picture.see),
    Flow.APPEAL: Talk(appeal.ask, appeal.hear),
    Flow.NICKNAME: Talk(nickname.ask, nickname.hear),
    Flow.GREETING: Talk(greeting.ask, greeting.hear),
    Flow.PRIVACY: Talk(privacy.ask, privacy.hear),
    Flow.INVITEE: Talk(invitee.ask, invitee.hear),
    Flow.STATEMENT: Talk(statement.ask, statement.hear),
    Flow.CHOOSE: Talk(choose.ask, choose.hear),
}

KEEPS_TALK = frozenset(
    {Screen.HELP, Screen.LANGUAGE, Screen.START, Screen.CLAIM, Screen.CLAIMS, Screen.CANCEL}
)
"""Screens that leave a conversation where it stands; every other one ends it."""

_EDITED_IN_PLACE = frozenset(
    {Screen.HELP, Screen.SETTINGS, Screen.PRIVACY, Screen.REWARDS, Screen.CHOICES}
)
"""Opened by a button, these take the place of the message that held it."""


def respond(session: Session, incoming: Incoming, place: Place, now: datetime) -> Response:
    """Answer one thing that came in, inside the caller's transaction; `now` is UTC.

    Refusals of the domain become words, and what was half done before one is rolled back.
    """
    if incoming.in_group:
        return groups.answer(incoming, place)
    if incoming.kind is Kind.SHARE and not _is_known(session, incoming):
        return Response(toast=text(_spoken(incoming), "share.unbound"))
    chat = find_or_add_chat(session, incoming.channel, incoming.sender, incoming.language, now)
    if incoming.kind is Kind.LEFT:
        chat.blocked_at = now
    if incoming.kind in (Kind.LEFT, Kind.BACK):
        return Response()
    turn = Turn(session, incoming, place, now, chat, language_of(session, chat))
    try:
        with undone_on(session, Refusal, OldKeyboard):
            return _settled(turn, _route(turn))
    except Refusal as refusal:
        return _refused(turn, refusal)
    except OldKeyboard:
        return both(
            Response(toast=turn.label("old_keyboard.toast")),
            turn.send(turn.say("old_keyboard"), *start.menu(turn)),
        )


def _is_known(session: Session, incoming: Incoming) -> bool:
    """Whether the sender has a chat with us; typing our name elsewhere makes none."""
    known = select(Chat.id).where(Chat.channel == incoming.channel, Chat.address == incoming.sender)
    return session.scalar(known) is not None


def _spoken(incoming: Incoming) -> Locale:
    return locale_from_tag(incoming.language) or Locale.ZH_HANS


def _refused(turn: Turn, refusal: Refusal) -> Response:
    if turn.incoming.kind is Kind.SHARE:
        return Response(toast=turn.label("share.none"))
    return turn.send(turn.refusal(refusal), (turn.opens("button.help", Screen.HELP),))


def _route(turn: Turn) -> Answer:
    match turn.incoming.kind:
        case Kind.SHARE:
            return invite.share(turn)
        case Kind.TAP:
            return _tapped(turn)
        case Kind.CONTACT:
            return start.hear_contact(turn)
        case Kind.TEXT:
            return _typed(turn)
        case _:
            return _other(turn)


def _settled(turn: Turn, answer: Answer) -> Response:
    """Follow an answer that leads onward to where it ends."""
    if isinstance(answer, Response):
        return answer
    fresh = turn.in_language(language_of(turn.session, turn.chat))
    if answer.said.replies:
        fresh = fresh.anew()
    if isinstance(answer.to, State):
        onward = TALKS[answer.to.flow].ask(fresh, answer.to)
    else:
        onward = _open(fresh, answer.to)
    return both(answer.said, _settled(fresh, onward))


def _open(turn: Turn, screen: Screen) -> Answer:
    opening = SCREENS[screen]
    if opening.members_only and turn.chat.member_id is None:
        return start.lead(turn, then=screen)
    if screen not in KEEPS_TALK:
        turn.done()
    return opening.show(turn)


def _tapped(turn: Turn) -> Answer:
    tap = decode(turn.incoming.text)
    tapped = TAPS[tap.verb]
    if tapped.members_only and turn.chat.member_id is None:
        return start.lead(turn)
    return tapped.answer(turn, tap)


def _typed(turn: Turn) -> Answer:
    typed = turn.incoming.text
    if command := read_command(typed, turn.place.bot_username):
        if command.screen is Screen.START:
            return start.open_start(turn, command.payload)
        if command.screen is None:
            return turn.send(turn.say("unknown.command"), *start.menu(turn))
        return _open(turn, command.screen)
    if len(typed) > LONGEST:
        return turn.send(turn.say("unknown.long"), *start.menu(turn))
    understood = plain_words.understand(typed)
    if understood is Screen.CANCEL:
        return _cancel(turn)
    state = turn.waiting()
    idle = state is None or (state.flow is Flow.START and understood is not None)
    if state is not None and not idle:
        return TALKS[state.flow].hear(turn, state)
    if isinstance(understood, Topic):
        return help.answer(turn, understood)
    if understood is not None:
        return _open(turn, understood)
    return turn.send(turn.say("unknown.text"), *start.menu(turn))


def _other(turn: Turn) -> Answer:
    """A sticker, a photo, a voice message: what was asked for, else say so and ask again."""
    state = turn.waiting()
    if state is None:
        return turn.send(turn.say("unknown.other"), *start.menu(turn))
    see = TALKS[state.flow].see
    seen = see(turn, state) if see is not None else None
    if seen is not None:
        return seen
    said = Response((Reply(turn.say("unknown.other_asked")),))
    return Onward(said, state)
