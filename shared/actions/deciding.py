"""Deciding: a person credits or refuses a claim that the machine left to people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.judging import (
    claim_amount,
    credit_claim,
    evidence_of,
    refuse_claim,
    rules_for,
)
from shared.actions.matching import paid_elsewhere
from shared.applications.facts import FactRow, Kind
from shared.base.errors import Refusal
from shared.claims import claims
from shared.claims.claims import BY_PEOPLE, QUEUED, Claim, Reason, State
from shared.claims.evidence import EvidenceKind, disputed, kinds_of
from shared.claims.grounds import grounds_of
from shared.people.members import Member, person_of
from shared.people.staff import Role, Staff
from shared.post.audit import record

DECIDERS = frozenset({Role.TELLER.value, Role.MANAGER.value})
"""Whose role decides claims at all."""


def decide_claim(
    session: Session, staff: Staff, claim_id: int, to_credit: bool, reason: Reason, now: datetime
) -> State:
    """A person decides; a disputed claim, and one that takes an override, wait for a
    second person. The new state.

    Refusals: `claim.unknown`, `claim.decided`, `claim.party` (their own or their card's),
    `claim.authority` (above the branch's limit, or another role), `claim.second` (the same
    person again), `claim.no_application`, `claim.reason`, `claim.paid` (another member was
    rewarded for this application: that money stays, so nothing is left to credit).
    """
    claim = claims.claim_for_update(session, claim_id)
    if State(claim.state) not in QUEUED:
        raise Refusal("claim.decided", number=claim.number)
    refuse_party(session, staff, claim)
    if staff.role not in DECIDERS:
        raise Refusal("claim.authority")
    actor = f"staff:{staff.id}"
    if to_credit:
        _refuse_paid(session, claim)
    if not to_credit:
        if reason not in BY_PEOPLE:
            raise Refusal("claim.reason")
        refuse_claim(session, claim, actor, reason, now)
    elif _needs_second(session, claim):
        _first_or_second(session, claim, staff, now)
    else:
        _hold_authority(session, staff, claim)
        credit_claim(session, claim, actor, now)
    record(
        session, actor, "claim.decided", f"claim:{claim.id}", now,
        credit=to_credit, reason=reason.value, state=claim.state,
    )  # fmt: skip
    return State(claim.state)


def refuse_party(session: Session, staff: Staff, claim: Claim) -> None:
    """Staff never act where they are the claimant or the friend. Refusal `claim.party`."""
    member = session.get(Member, claim.member_id)
    assert member is not None
    if staff.customer_ref is None:
        return
    own = session.scalar(select(Member).where(Member.customer_ref == staff.customer_ref))
    friend = own is not None and person_of(session, own).phone_blind == claim.phone_blind
    if member.customer_ref == staff.customer_ref or friend or _applied_for(session, staff, claim):
        raise Refusal("claim.party")


def _applied_for(session: Session, staff: Staff, claim: Claim) -> bool:
    """Whether the claimed application was approved for the employee's own customer_ref."""
    theirs = select(FactRow.application_ref).where(
        FactRow.customer_ref == staff.customer_ref, FactRow.kind == Kind.APPROVED
    )
    found = session.scalar(
        select(FactRow.id)
        .where(
            FactRow.phone_blind == claim.phone_blind,
            FactRow.kind == Kind.SUBMITTED,
            FactRow.application_ref.in_(theirs),
        )
        .limit(1)
    )
    return found is not None


def _refuse_paid(session: Session, claim: Claim) -> None:
    application = grounds_of(session, claim, rules_for(session, claim)).application
    if application is not None and paid_elsewhere(session, application, claim.member_id):
        raise Refusal("claim.paid")


def _needs_second(session: Session, claim: Claim) -> bool:
    """Disputed, or older than the window: two people."""
    found = evidence_of(session, claim)
    claim.override = EvidenceKind.OLDER in kinds_of(found)
    return claim.override or disputed(found)


def _first_or_second(session: Session, claim: Claim, staff: Staff, now: datetime) -> None:
    actor = f"staff:{staff.id}"
    if State(claim.state) is not State.SECOND_PERSON:
        claims.advance(session, claim, State.SECOND_PERSON, actor, now)
        return
    first = next(
        s for s in claims.steps_of(session, claim.id) if s.after == State.SECOND_PERSON.value
    )
    if first.actor == actor:
        raise Refusal("claim.second")
    if staff.role != Role.MANAGER:
        raise Refusal("claim.authority")
    credit_claim(session, claim, actor, now)


def _hold_authority(session: Session, staff: Staff, claim: Claim) -> None:
    limit = rules_for(session, claim).claims.branch_limit.amount
    if staff.role == Role.TELLER and claim_amount(session, claim) > limit:
        raise Refusal("claim.authority")
