"""Make-up claims: who, roughly when, how, perhaps a picture; confirm; a case number; later where
it stands."""

from __future__ import annotations

import secrets
import unicodedata
from enum import StrEnum

from bot.dialogue import OVER, Flow, State
from bot.flows import claim_picture, prove
from bot.flows.claim_list import LIST, after_filing, moment, open_claims
from bot.flows.claim_picture import MOST_MB
from bot.flows.taps import Tap, Verb
from bot.flows.turn import Row, Safe, Screen, Turn
from bot.messages import Response
from shared.actions.claiming import TAIL, ClaimForm, Filed, file_claim
from shared.base.errors import Refusal
from shared.base.privacy import mask_phone
from shared.campaigns.campaigns import current_version, shown_campaign
from shared.campaigns.rules import ClaimRules
from shared.claims.claims import How, When
from shared.claims.pictures import Sent
from shared.people.members import get_member, person_of
from shared.people.persons import phone_blind
from shared.people.phone import read_phone
from shared.referrals.codes import LENGTH, read_code, show_code
from shared.referrals.scan_receipts import is_receipt, read_receipt, show_receipt
from shared.reports.claims import claims_of


class Step(StrEnum):
    WHO = "who"
    WHEN = "when"
    HOW = "how"
    PICTURE = "picture"
    CONFIRM = "confirm"
    FILED = OVER
    """Nothing is asked; a second tap on the confirmation finds the number here."""
    LIST = LIST
    """Nothing is asked: where the claims stand, once the chat is proven."""


_QUESTIONS = (Step.WHO, Step.WHEN, Step.HOW, Step.PICTURE, Step.CONFIRM)


def open_claim(turn: Turn) -> Response:
    """Begin, or go on with the one that was begun."""
    state = turn.state()
    if state is None or state.flow is not Flow.CLAIM or state.step not in _QUESTIONS:
        state = State(Flow.CLAIM, Step.WHO, {"nonce": secrets.token_hex(4)})
    return prove.first(turn, state) or ask(turn.anew(), state)


def ask(turn: Turn, state: State) -> Response:
    """The question of the step at which the claim stands."""
    if (question := prove.first(turn, state)) is not None:
        return question
    if state.step == Step.LIST:
        return open_claims(turn)
    turn.wait(state)
    match Step(state.step):
        case Step.WHO:
            return turn.show(turn.say("claim.who"), *_first_rows(turn))
        case Step.WHEN:
            return turn.show(_asking(turn, state, "claim.when"), *_when_rows(turn, state))
        case Step.HOW:
            return turn.show(_asking(turn, state, "claim.how"), *_how_rows(turn, state))
        case Step.PICTURE:
            words = _asking(turn, state, "claim.picture", most=MOST_MB)
            return turn.show(words, *_picture_rows(turn, state))
        case Step.CONFIRM:
            return turn.show(_summary(turn, state), *_confirm_rows(turn, state))
        case _:
            return turn.send(turn.say("claim.filed_before", number=state.data["number"]))


def _first_rows(turn: Turn) -> tuple[Row, ...]:
    claims = claims_of(turn.session, turn.member_id, turn.now, most=1)
    status = (turn.opens("button.claims", Screen.CLAIMS),) if claims else ()
    return ((*status, turn.button("button.cancel", Verb.CANCEL)),)


def _asking(turn: Turn, state: State, key: str, **params: object) -> Safe:
    friend = turn.say("claim.friend_is", friend=_friend(turn, state))
    return Safe(f"{friend}\n{turn.say(key, **params)}")


def _friend(turn: Turn, state: State) -> str:
    if code := state.data.get("code"):
        return turn.label("claim.by_code", code=show_code(code))
    if receipt := state.data.get("receipt"):
        return turn.label("claim.by_receipt", code=show_receipt(receipt))
    if tail := state.data.get("tail"):
        return turn.label("claim.by_tail", tail=tail)
    return mask_phone(state.data["phone"])


def _when_rows(turn: Turn, state: State) -> tuple[Row, ...]:
    nonce = state.data["nonce"]
    whens = tuple(
        turn.button(f"claim.when.{when}", Verb.CLAIM_WHEN, nonce, when.value) for when in When
    )
    return (whens, (turn.button("button.cancel", Verb.CANCEL),))


def _how_rows(turn: Turn, state: State) -> tuple[Row, ...]:
    nonce = state.data["nonce"]
    hows = [turn.button(f"claim.how.{how}", Verb.CLAIM_HOW, nonce, how.value) for how in How]
    return (tuple(hows[:2]), tuple(hows[2:]), (turn.button("button.cancel", Verb.CANCEL),))


def _picture_rows(turn: Turn, state: State) -> tuple[Row, ...]:
    nonce = state.data["nonce"]
    return (
        (turn.button("button.no_picture", Verb.CLAIM_BARE, nonce),),
        (turn.button("button.cancel", Verb.CANCEL),),
    )


def _summary(turn: Turn, state: State) -> Safe:
    return turn.say(
        "claim.confirm",
        friend=_friend(turn, state),
        when=turn.label(f"claim.when.{state.data['when']}"),
        how=turn.label(f"claim.how.{state.data['how']}"),
        picture=turn.label(f"claim.picture.{'one' if state.data.get('picture') else 'none'}"),
        hours=_hours(turn),
    )


def _hours(turn: Turn) -> int:
    """Within how many hours the campaign promises a decision."""
    campaign = shown_campaign(turn.session, turn.now)
    if campaign is None:
        return ClaimRules().decision_hours
    return current_version(turn.session, campaign.id).rules.claims.decision_hours


def _confirm_rows(turn: Turn, state: State) -> tuple[Row, ...]:
    nonce = state.data["nonce"]
    return (
        (turn.button("button.file_claim", Verb.CLAIM_FILE, nonce),),
        (
            turn.button("button.claim_again", Verb.CLAIM_AGAIN, nonce),
            turn.button("button.cancel", Verb.CANCEL),
        ),
    )


def hear(turn: Turn, state: State) -> Response:
    """A typed answer: the friend's number or code; else the label of one of the buttons."""
    typed = turn.incoming.text.strip()
    match Step(state.step):
        case Step.WHO:
            return _heard_who(turn, state, typed)
        case Step.WHEN:
            for when in When:
                if typed == turn.label(f"claim.when.{when}"):
                    return _next(turn, state, Step.HOW, when=when.value)
        case Step.HOW:
            for how in How:
                if typed == turn.label(f"claim.how.{how}"):
                    return _next(turn, state, Step.PICTURE, how=how.value)
        case Step.PICTURE:
            if typed == turn.label("button.no_picture"):
                return _next(turn, state, Step.CONFIRM, picture="")
        case Step.CONFIRM:
            if typed == turn.label("button.file_claim"):
                return _file(turn, state)
        case _:
            pass
    return ask(turn, state)


def see(turn: Turn, state: State) -> Response | None:
    """A picture, or what came in its place, where one may be attached; None elsewhere."""
    if state.step != Step.PICTURE:
        return None
    if prove.first(turn, state) is not None:
        return ask(turn, state)
    sent = claim_picture.judged(turn, state, *_picture_rows(turn, state))
    if isinstance(sent, Response):
        return sent
    return _next(turn, state, Step.CONFIRM, picture=sent.source)


def _next(turn: Turn, state: State, step: Step, **more: str) -> Response:
    return ask(turn, State(Flow.CLAIM, step, {**state.data, **more}))


def _heard_who(turn: Turn, state: State, typed: str) -> Response:
    """A code of eight characters, a scan receipt, a whole number or its last four digits, which
    read alike whether a friend's number ends so or not."""
    plain = unicodedata.normalize("NFKC", typed)
    kept = [character for character in plain if character.isalnum()]
    if len(kept) <= TAIL and all(character.isdecimal() for character in kept):
        if len(kept) == TAIL:
            return _next(turn, state, Step.WHEN, tail=_ascii(kept))
        return turn.send(turn.say("claim.only_tail"), *_first_rows(turn))
    try:
        if is_receipt(plain):
            return _next(turn, state, Step.WHEN, receipt=read_receipt(plain))
        if len(kept) == LENGTH and not plain.startswith("+"):
            return _next(turn, state, Step.WHEN, code=read_code(plain))
        return _next(turn, state, Step.WHEN, phone=_friends(turn, read_phone(plain)))
    except Refusal as refusal:
        return turn.send(turn.refusal(refusal), *_first_rows(turn))


def _ascii(digits: list[str]) -> str:
    return "".join(str(unicodedata.decimal(digit)) for digit in digits)


def _friends(turn: Turn, phone: str) -> str:
    """The number of somebody else; told at once rather than after three questions."""
    member = get_member(turn.session, turn.member_id)
    if phone_blind(turn.session, phone) == person_of(turn.session, member).phone_blind:
        raise Refusal("claim.own")
    return phone


def tapped(turn: Turn, tap: Tap) -> Response:
    """One of the claim's buttons; those of an earlier claim say so."""
    state = turn.state()
    if state is None or state.flow is not Flow.CLAIM or state.data["nonce"] != tap.word(0):
        return _not_this_claim(turn, state)
    if state.step == Step.FILED:
        number = state.data["number"]
        return turn.show(
            turn.say("claim.filed_before", number=number),
            *after_filing(turn),
            toast=turn.label("claim.filed_toast", number=number),
        )
    match tap.verb:
        case Verb.CLAIM_WHEN if state.step != Step.WHO:
            step = _after_how(state) if "how" in state.data else Step.HOW
            return _next(turn, state, step, when=tap.choice(1, When).value)
        case Verb.CLAIM_HOW if "when" in state.data:
            return _next(turn, state, _after_how(state), how=tap.choice(1, How).value)
        case Verb.CLAIM_BARE if "how" in state.data:
            return _next(turn, state, Step.CONFIRM, picture="")
        case Verb.CLAIM_FILE if state.step == Step.CONFIRM:
            return _file(turn, state)
        case Verb.CLAIM_AGAIN:
            return ask(turn, State(Flow.CLAIM, Step.WHO, {"nonce": secrets.token_hex(4)}))
        case _:
            return ask(turn.anew(), state)


def _after_how(state: State) -> Step:
    """Whoever changes an earlier answer is not asked for a picture once more."""
    return Step.CONFIRM if "picture" in state.data else Step.PICTURE


def _not_this_claim(turn: Turn, state: State | None) -> Response:
    """The button belongs to a claim that is over: nothing is filed by it."""
    if state is not None and state.flow is Flow.CLAIM and state.step != Step.FILED:
        return ask(turn.anew(), state)
    return turn.send(turn.say("claim.over"), *after_filing(turn))


def _file(turn: Turn, state: State) -> Response:
    if (question := prove.first(turn, state)) is not None:
        return question
    form = ClaimForm(
        member_id=turn.member_id,
        how=How(state.data["how"]),
        when=When(state.data["when"]),
        phone=state.data.get("phone", ""),
        code=state.data.get("code", ""),
        tail=state.data.get("tail", ""),
        receipt=state.data.get("receipt", ""),
        picture=_picture(turn, state),
    )
    try:
        with turn.session.begin_nested():
            filed = file_claim(turn.session, form, turn.now)
    except Refusal as refusal:
        turn.done()
        return turn.show(turn.refusal(refusal), *_after_refusal(turn))
    data = {"nonce": state.data["nonce"], "number": filed.number}
    turn.wait(State(Flow.CLAIM, Step.FILED, data))
    return turn.show(_filed(turn, filed), *after_filing(turn))


def _picture(turn: Turn, state: State) -> Sent | None:
    source = state.data.get("picture", "")
    return Sent(turn.incoming.channel, source) if source else None


def _filed(turn: Turn, filed: Filed) -> Safe:
    return turn.say("claim.filed", number=filed.number, due=moment(turn, filed.due_at))


def _after_refusal(turn: Turn) -> tuple[Row, ...]:
    return ((turn.opens("button.new_claim", Screen.CLAIM),), *after_filing(turn))
