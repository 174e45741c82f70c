"""What people do with a claim at the counter: decide it, take it, hand it on."""

from __future__ import annotations

from flask import redirect, request, url_for
from sqlalchemy.orm import Session

from shared.actions.claim_assigning import assign_claim
from shared.actions.deciding import decide_claim
from shared.base.errors import Refusal
from shared.claims.claims import Reason, State, steps_of
from shared.people.staff import Staff
from webapp.claim_words import chosen_template
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.tablet.claims import REASONS, claims_page, id_of, line_of
from webapp.tablet.face import tablet
from webapp.tablet.seats import acting, asking
from webapp.wiring import wiring

_MOST_DIGITS = 15


@tablet.post("/claims/<number>/credit")
def do_credit(number: str) -> Answer:
    """Credit, or agree as the first of two."""
    return _decide(number, True, Reason.EVIDENCE)


@tablet.post("/claims/<number>/refuse")
def do_refuse(number: str) -> Answer:
    """Refuse with one of the reasons."""
    chosen = request.form.get("reason", "")
    if chosen not in [reason.value for reason in REASONS]:
        with asking() as (session, staff):
            line = line_of(session, staff, number)
            refused = words_of(Refusal("claim.reason"))
            return claims_page(session, staff, "refuse", UNPROCESSABLE, line=line, refused=refused)
    return _decide(number, False, Reason(chosen))


@tablet.post("/claims/<number>/assign")
def assign_work(number: str) -> Answer:
    """Take it, hand it on, or give it back to everybody."""
    sent = request.form.get("to", "")
    known = sent.isascii() and sent.isdecimal() and len(sent) <= _MOST_DIGITS
    with asking() as (session, staff):
        claim_id = id_of(session, number)
    try:
        with acting() as (session, staff):
            to = int(sent) if known else None
            if sent and not known:
                raise Refusal("claim.assignee")
            assign_claim(session, staff, claim_id, to, wiring().now())
            own = to == staff.id
    except Refusal as refusal:
        return _not_decided(number, claim_id, refusal, "detail")
    say(f"tablet.claim.given.{'own' if own else 'on' if to else 'back'}", number=number)
    return redirect(url_for("tablet.claim", number=number), 303)


def _decide(number: str, to_credit: bool, reason: Reason) -> Answer:
    now = wiring().now()
    with asking() as (session, staff):
        claim_id = id_of(session, number)
    try:
        with acting() as (session, staff):
            template = chosen_template()
            state = decide_claim(session, staff, claim_id, to_credit, reason, now, template)
    except Refusal as refusal:
        return _not_decided(number, claim_id, refusal, "credit" if to_credit else "refuse")
    _say_decided(number, state)
    return redirect(url_for("tablet.claims"), 303)


def _not_decided(number: str, claim_id: int, refusal: Refusal, step: str) -> Answer:
    with asking() as (session, staff):
        if refusal.code == "claim.decided":
            _say_settled(session, staff, number, claim_id)
            return redirect(url_for("tablet.claims"), 303)
        words = words_of(refusal)
        if refusal.code in ("claim.party", "claim.second", "claim.again"):
            return claims_page(session, staff, "list", UNPROCESSABLE, refused=words)
        line = line_of(session, staff, number)
        return claims_page(session, staff, step, UNPROCESSABLE, line=line, refused=words)


def _say_decided(number: str, state: State) -> None:
    key = f"tablet.claim.said.{state.value}"
    say(key, "done", f"{key}.next", number=number)


def _say_settled(session: Session, staff: Staff, number: str, claim_id: int) -> None:
    """Pressed twice, or somebody was faster: one's own decision reads as done."""
    last = steps_of(session, claim_id)[-1]
    if last.actor == f"staff:{staff.id}":
        _say_decided(number, State(last.after))
    else:
        say("tablet.claim.said.faster", "info", number=number)
