"""The clocks of claims: the machine answers, silence ends a question, what nobody decides goes to
the managers before its time is over, lateness is never silent, and once all is said the member
is asked how it went.

Any number of workers may turn them: what is due is found first, then each claim is locked,
looked at again and moved on in a transaction of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from shared.actions.claim_opinion import ask_opinion
from shared.actions.judging import (
    MACHINE,
    evidence_of,
    judge_claim,
    on_record,
    refuse_claim,
)
from shared.actions.notifying import notify_member
from shared.base.database import Database
from shared.claims import asks, claims
from shared.claims.asks import Answer, ClaimAsk, ask_of
from shared.claims.claims import QUEUED, Claim, Reason, State, claim_for_update
from shared.claims.opinions import to_ask
from shared.people.staff import Role, Staff
from shared.post.audit import record

MOST = 100
AFTER_A_FAILURE = timedelta(minutes=10)

log = structlog.get_logger()


def turn_claims(database: Database, public_url: str, now: datetime, most: int = MOST) -> int:
    """Do what is due for up to `most` claims, and ask of as many others how they were handled; for
    how many it was done. A claim that cannot be
    judged is put off and logged, and the others go on."""
    with database.reading() as session:
        due = [*_due(session, now, most), *to_ask(session, now, most)]
    done = 0
    for claim_id in due:
        try:
            with database.transaction() as session:
                _turn(session, claim_for_update(session, claim_id), public_url, now)
            done += 1
        except Exception as problem:
            log.error("claim.failed", claim=claim_id, error=type(problem).__name__)
            with database.transaction() as session:
                _put_off(session, claim_id, now)
    return done


def _due(session: Session, now: datetime, most: int) -> list[int]:
    silent = select(ClaimAsk.claim_id).where(
        ClaimAsk.answered_at.is_(None), ClaimAsk.ends_at <= now
    )
    query = (
        select(Claim.id)
        .where(
            or_(
                and_(Claim.state == State.FILED.value, Claim.judge_at <= now),
                and_(Claim.state == State.ASKED.value, Claim.id.in_(silent)),
                _late(now),
                _to_escalate(now),
            )
        )
        .order_by(Claim.id)
        .limit(most)
    )
    return list(session.scalars(query))


def _late(now: datetime) -> ColumnElement[bool]:
    waits = Claim.state.in_([state.value for state in QUEUED])
    return and_(waits, Claim.due_at <= now, Claim.late_at.is_(None))


def _to_escalate(now: datetime) -> ColumnElement[bool]:
    waits = Claim.state.in_([state.value for state in QUEUED])
    return and_(waits, Claim.escalate_at <= now)


def _turn(session: Session, claim: Claim, public_url: str, now: datetime) -> None:
    state = State(claim.state)
    if state is State.FILED and claim.judge_at is not None and claim.judge_at <= now:
        judge_claim(session, claim, now, public_url)
    elif state is State.ASKED:
        _end_silence(session, claim, now)
    elif state in QUEUED and claim.escalate_at is not None and claim.escalate_at <= now:
        _escalate(session, claim, now)
    elif state in QUEUED and claim.due_at <= now and claim.late_at is None:
        _own_up(session, claim, now)
    else:
        ask_opinion(session, claim, now)


def _end_silence(session: Session, claim: Claim, now: datetime) -> None:
    ask = ask_of(session, claim.id)
    if ask is None or ask.answered_at is not None or now < ask.ends_at:
        return
    asks.answer(ask, Answer.SILENT, now)
    claims.go_on(claim, now)
    found = evidence_of(session, claim)
    refuse_claim(session, claim, MACHINE, Reason.SILENT, now)
    on_record(session, claim, found, now)


def _escalate(session: Session, claim: Claim, now: datetime) -> None:
    """Nobody came to it: it is the managers' now, once. One of them may go on with it."""
    claim.escalate_at, claim.escalated_at = None, now
    held_by = session.get(Staff, claim.assigned_to) if claim.assigned_to is not None else None
    if held_by is not None and held_by.role != Role.MANAGER:
        claim.assigned_to = None
    claims.note(session, claim, "worker", now, escalated=True)
    record(
        session, "worker", "claim.escalated", f"claim:{claim.id}", now,
        state=claim.state, taken_from=held_by.id if held_by is not None else None,
    )  # fmt: skip


def _own_up(session: Session, claim: Claim, now: datetime) -> None:
    """Tell the member, and leave it on record, that the promised time has passed."""
    claim.late_at = now
    record(session, "worker", "claim.late", f"claim:{claim.id}", now, state=claim.state)
    again = "" if claim.appealed_at is None else ":again"
    notify_member(
        session, claim.member_id, "claim.late", {"number": claim.number}, now,
        once=f"claim:{claim.id}:late{again}", always=True,
    )  # fmt: skip


def _put_off(session: Session, claim_id: int, now: datetime) -> None:
    claim = session.get(Claim, claim_id)
    if claim is not None and claim.state == State.FILED and claim.judge_at is not None:
        claim.judge_at = now + AFTER_A_FAILURE
