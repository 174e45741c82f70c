"""Where a member's claims stand: the state and the clock, at any time."""

from __future__ import annotations

from datetime import datetime

from bot.dialogue import Flow, State
from bot.flows import prove
from bot.flows.taps import Verb
from bot.flows.turn import Row, Safe, Screen, Turn
from bot.messages import Response
from shared.actions.asking import ask_link
from shared.base import i18n
from shared.campaigns.campaigns import shown_campaign
from shared.claims.claims import OPEN, Named
from shared.reports.claims import ClaimLine, claims_of

LIST = "list"
"""The step of a claim's conversation that asks nothing: shown once the chat is proven."""
_ZONE = "Asia/Shanghai"
_MOST = 4
_A_ROW = 2
_LINES = {
    Named.NUMBER: "claims.line",
    Named.TAIL: "claims.line",
    Named.CODE: "claims.line_by_code",
    Named.RECEIPT: "claims.line_by_receipt",
}


def open_claims(turn: Turn) -> Response:
    """Where the member's claims stand, newest first."""
    if (question := prove.first(turn, State(Flow.CLAIM, LIST))) is not None:
        return question
    lines = [turn.say("claims.title"), ""]
    claims = claims_of(turn.session, turn.member_id, turn.now, most=_MOST)
    for claim in claims:
        lines += _lines(turn, claim)
    if len(lines) == 2:
        lines.append(turn.say("claims.none"))
    appeals = [
        turn.button("button.appeal_of", Verb.APPEAL, claim.number, number=claim.number)
        for claim in claims
        if claim.appeal_until is not None
    ]
    return turn.show(
        "\n".join(lines),
        (
            turn.opens("button.new_claim", Screen.CLAIM),
            turn.opens("button.progress", Screen.PROGRESS),
        ),
        tuple(appeals[:_A_ROW]),
        tuple(appeals[_A_ROW:]),
    )


def _lines(turn: Turn, claim: ClaimLine) -> list[Safe]:
    key = _LINES[claim.named]
    if not claim.last_four and key == "claims.line":  # its term is over, the digits are gone
        key = "claims.line_alone"
    said = turn.say(key, number=claim.number, last_four=claim.last_four, state=_stands(turn, claim))
    if claim.asked is None or not claim.asked.word:
        return [said]
    link = ask_link(turn.place.public_url, claim.asked.word)
    return [said, turn.say("claims.asked_link", link=link)]


def _stands(turn: Turn, claim: ClaimLine) -> Safe:
    if claim.asked is not None:
        since, ends = moment(turn, claim.asked.since), moment(turn, claim.asked.ends_at)
        return turn.say("claims.state.asked", since=since, ends=ends)
    if claim.state in OPEN:
        stands = "late" if claim.due_at <= turn.now else claim.state.value
        return turn.say(f"claims.state.{stands}", due=moment(turn, claim.due_at))
    said = turn.say(f"claims.outcome.{claim.outcome}")
    if claim.appeal_until is None:
        return said
    day = i18n.day(turn.locale, claim.appeal_until, _zone(turn))
    return turn.say("claims.may_appeal", outcome=said, day=day)


def moment(turn: Turn, at: datetime) -> str:
    """A moment where the campaign is."""
    return i18n.moment(turn.locale, at, _zone(turn))


def _zone(turn: Turn) -> str:
    campaign = shown_campaign(turn.session, turn.now)
    return campaign.zone if campaign else _ZONE


def after_filing(turn: Turn) -> tuple[Row, ...]:
    """Where one goes once a claim is filed."""
    return (
        (
            turn.opens("button.claims", Screen.CLAIMS),
            turn.opens("button.progress", Screen.PROGRESS),
        ),
    )
