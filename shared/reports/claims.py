"""Claims as their readers see them: the member's own, and the branch's queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.claiming import claim_amount, evidence_of, refuse_party
from shared.base.errors import Refusal
from shared.base.privacy import mask_name
from shared.claims.claims import OPEN, Claim, How, Reason, State, When, outward, steps_of
from shared.claims.evidence import Evidence, disputed
from shared.people.members import get_member, person_of
from shared.people.persons import name_of
from shared.people.staff import Staff


@dataclass(frozen=True)
class ClaimLine:
    """One of the member's own claims. `outcome`: `credited`, `not_eligible` or empty."""

    number: str
    state: State
    outcome: str
    last_four: str
    filed_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class QueueLine:
    """One claim that waits for a person."""

    id: int
    number: str
    member: str
    """Masked."""
    last_four: str
    filed_at: datetime
    due_at: datetime
    second_person: bool
    mine: bool
    """The reader is a party, or was the first of two: somebody else decides."""


@dataclass(frozen=True)
class ClaimDetails:
    """A claim with what was found, for the person who decides. `amount` in fen."""

    line: QueueLine
    how: How
    when: When
    evidence: tuple[Evidence, ...]
    amount: int
    disputed: bool
    state: State
    reason: Reason | None


def claims_of(session: Session, member_id: int, most: int = 10) -> tuple[ClaimLine, ...]:
    """A member's claims, newest first."""
    rows = session.scalars(
        select(Claim).where(Claim.member_id == member_id).order_by(Claim.id.desc()).limit(most)
    )
    return tuple(
        ClaimLine(
            row.number,
            State(row.state),
            outward(Reason(row.reason)) if row.reason else "",
            row.last_four,
            row.filed_at,
            row.due_at,
        )
        for row in rows
    )


def claim_queue(session: Session, staff: Staff, most: int = 50) -> tuple[QueueLine, ...]:
    """What waits for a person, by due time."""
    rows = session.scalars(
        select(Claim)
        .where(Claim.state.in_([state.value for state in OPEN]))
        .order_by(Claim.due_at, Claim.id)
        .limit(most)
    )
    return tuple(_line(session, staff, row) for row in rows)


def _line(session: Session, staff: Staff, claim: Claim) -> QueueLine:
    member = get_member(session, claim.member_id)
    return QueueLine(
        claim.id,
        claim.number,
        mask_name(name_of(session, person_of(session, member))),
        claim.last_four,
        claim.filed_at,
        claim.due_at,
        claim.state == State.SECOND_PERSON,
        _is_party(session, staff, claim),
    )


def _is_party(session: Session, staff: Staff, claim: Claim) -> bool:
    try:
        refuse_party(session, staff, claim)
    except Refusal:
        return True
    actor = f"staff:{staff.id}"
    return claim.state == State.SECOND_PERSON and any(
        step.actor == actor for step in steps_of(session, claim.id)
    )


def claim_details(session: Session, staff: Staff, claim_id: int) -> ClaimDetails:
    """One claim with its evidence. Refusals `claim.unknown`, `claim.party`."""
    claim = session.get(Claim, claim_id)
    if claim is None:
        raise Refusal("claim.unknown")
    refuse_party(session, staff, claim)
    evidence = tuple(evidence_of(session, claim))
    return ClaimDetails(
        _line(session, staff, claim),
        How(claim.how),
        When(claim.roughly),
        evidence,
        claim_amount(session, claim),
        disputed(list(evidence)),
        State(claim.state),
        Reason(claim.reason) if claim.reason else None,
    )
