"""Asking a member once how a claim was handled, and keeping the one answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.notifying import notify_member
from shared.base.errors import Refusal
from shared.claims import opinions
from shared.claims.claims import DECIDED, Claim, State
from shared.claims.opinions import Opinion, opinion_for_update


def ask_opinion(session: Session, claim: Claim, now: datetime) -> None:
    """The term to appeal is over: ask, once, who has a chat and wants to be written to. Who
    appealed is asked under the next answer."""
    row = opinion_for_update(session, claim.id)
    if row is None or row.ask_at is None or now < row.ask_at:
        return
    row.ask_at = None
    if State(claim.state) not in DECIDED or row.asked_at is not None:
        return
    params = {"number": claim.number}
    if notify_member(
        session, claim.member_id, "claim.opinion", params, now, once=f"claim:{claim.id}:opinion"
    ):
        row.asked_at = now


def give_opinion(
    session: Session, member_id: int, number: str, opinion: Opinion, now: datetime
) -> bool:
    """Keep the member's answer; the first one stands. Whether this was it.

    Refusal `claim.unknown` (no claim of this member's, or never asked about).
    """
    claim_id = session.scalar(
        select(Claim.id).where(Claim.number == number, Claim.member_id == member_id)
    )
    row = opinion_for_update(session, claim_id) if claim_id is not None else None
    if row is None or row.asked_at is None:
        raise Refusal("claim.unknown")
    if row.opinion is not None:
        return False
    row.opinion, row.given_at = opinion.value, now
    session.flush()
    return True


def follow_answer(session: Session, claim: Claim, *, final: bool, sent: bool) -> None:
    """Once an answer is owed: under a final one stands the question, else it waits until the
    term to appeal is over. `sent`: the answer reaches a chat."""
    assert claim.told_at is not None
    assert claim.appeal_until is not None
    if not final:
        opinions.ask_later(session, claim.id, claim.appeal_until)
    elif sent:
        opinions.was_asked(session, claim.id, claim.told_at)
