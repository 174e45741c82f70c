"""Choosing between rewards: what there is to pick, one question before it is final."""

from __future__ import annotations

from bot.dialogue import Flow, State
from bot.flows import prove
from bot.flows.progress import who
from bot.flows.taps import Tap, Verb
from bot.flows.turn import Onward, Safe, Screen, Turn
from bot.messages import Response
from shared.actions.choosing import OpenChoice, choose
from shared.actions.choosing import open_choices as choices_of
from shared.actions.notifying import friend_label
from shared.base import i18n
from shared.base.errors import Refusal
from shared.campaigns.prizes import Prize
from shared.campaigns.words import prize_words
from shared.referrals.referrals import Referral

YES = "yes"


def open_choices(turn: Turn) -> Response:
    """The choice that lapses first, an option a button."""
    waiting = choices_of(turn.session, turn.member_id, turn.now)
    if not waiting:
        return turn.show(
            turn.say("choices.none"), (turn.opens("button.progress", Screen.PROGRESS),)
        )
    choice, rest = waiting[0], len(waiting) - 1
    options = [
        turn.say("choices.option", n=n, prize=_prize(turn, choice, prize))
        for n, prize in enumerate(choice.options, 1)
    ]
    text = turn.say(
        "choices.title",
        who=_whose(turn, choice),
        options=Safe("\n".join(options)),
        day=i18n.day(turn.locale, choice.until, choice.zone) if choice.until else "",
    )
    if rest:
        text = Safe(f"{text}\n{turn.say('choices.more', n=rest)}")
    buttons = [
        turn.button("choices.option", Verb.PICK, choice.entry, n, n=n, prize=short)
        for n, prize in enumerate(choice.options, 1)
        if (short := _prize(turn, choice, prize))
    ]
    return turn.show(text, *((button,) for button in buttons))


def pick(turn: Turn, tap: Tap) -> Response | Onward:
    """Ask once, as a pick is final; then do it. Both need a proven chat: it is money."""
    entry, option = tap.row(0), tap.number(1)
    state = State(Flow.CHOOSE, "ask", {"entry": str(entry), "option": str(option)})
    if (question := prove.first(turn, state)) is not None:
        return question
    choice = _found(turn, entry, option)
    if tap.word(2) != YES:
        return _asks(turn, choice, option)
    picked = choose(turn.session, turn.member_id, entry, option, turn.now)
    return turn.show(
        turn.say("choices.done", prize=_prize(turn, choice, picked)),
        (turn.opens("button.progress", Screen.PROGRESS),),
    )


def ask(turn: Turn, state: State) -> Response:
    """After the proof: the question stands again."""
    turn.done()
    entry, option = int(state.data["entry"]), int(state.data["option"])
    return _asks(turn, _found(turn, entry, option), option)


def hear(turn: Turn, state: State) -> Response:
    """A pick is made by its button; whatever is typed shows it again."""
    return ask(turn, state)


def _found(turn: Turn, entry: int, option: int) -> OpenChoice:
    for choice in choices_of(turn.session, turn.member_id, turn.now):
        if choice.entry == entry and 0 < option <= len(choice.options):
            return choice
    raise Refusal("choice.gone")


def _asks(turn: Turn, choice: OpenChoice, option: int) -> Response:
    prize = _prize(turn, choice, choice.options[option - 1])
    return turn.show(
        turn.say("choices.ask", prize=prize),
        (turn.button("button.pick_yes", Verb.PICK, choice.entry, option, YES),),
        (turn.opens("button.pick_back", Screen.CHOICES),),
    )


def _prize(turn: Turn, choice: OpenChoice, prize: Prize) -> str:
    return prize_words(prize, choice.rules, turn.locale)


def _whose(turn: Turn, choice: OpenChoice) -> str:
    number = choice.key.of("referral")
    referral = turn.session.get(Referral, int(number)) if number else None
    if referral is None:
        return turn.label("choices.milestone")
    return who(turn, friend_label(turn.session, referral), referral.ordinal)
