"""Claims as their readers see them: the member's own, and the branch's queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.deciding import refuse_party
from shared.actions.judging import claim_amount, evidence_of
from shared.base.errors import Refusal
from shared.base.privacy import mask_name
from shared.claims.asks import Way, ask_of, link_word
from shared.claims.claims import (
    QUEUED,
    Claim,
    How,
    Named,
    Reason,
    State,
    When,
    outward,
    steps_of,
)
from shared.claims.evidence import Evidence, EvidenceKind, disputed
from shared.people.members import get_member, person_of
from shared.people.persons import name_of
from shared.people.staff import Staff


@dataclass(frozen=True)
class ClaimLine:
    """One of the member's own claims. `outcome`: `credited`, `not_eligible`, `unanswered` or
    empty, as it also is until the answer leaves."""

    number: str
    named: Named
    state: State
    outcome: str
    last_four: str
    filed_at: datetime
    due_at: datetime
    asked: Asked | None = None


@dataclass(frozen=True)
class Asked:
    """The clock stands still since `since`, at the longest until `ends_at`. `word`: the end of
    the link to forward; empty when the friend got it by SMS."""

    since: datetime
    ends_at: datetime
    word: str


@dataclass(frozen=True)
class QueueLine:
    """One claim that waits for a person."""

    id: int
    number: str
    member: str
    """Masked."""
    last_four: str
    by_receipt: bool
    """Named by the scan receipt of a visit; the number is not known."""
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
    override: bool
    """The application is older than the window: two people, one of them a supervisor."""
    state: State
    reason: Reason | None


def claims_of(
    session: Session, member_id: int, now: datetime, most: int = 10
) -> tuple[ClaimLine, ...]:
    """A member's claims as they look to the member, newest first."""
    rows = session.scalars(
        select(Claim).where(Claim.member_id == member_id).order_by(Claim.id.desc()).limit(most)
    )
    return tuple(_own_line(session, row, now) for row in rows)


def _own_line(session: Session, claim: Claim, now: datetime) -> ClaimLine:
    state, reason = State(claim.state), claim.reason
    if claim.told_at is not None and now < claim.told_at:
        state, reason = State.WITH_PERSON, None
    return ClaimLine(
        claim.number,
        Named(claim.named) if claim.named else Named.NUMBER if claim.last_four else Named.CODE,
        state,
        outward(Reason(reason)) if reason else "",
        claim.last_four,
        claim.filed_at,
        claim.due_at,
        _asked(session, claim),
    )


def _asked(session: Session, claim: Claim) -> Asked | None:
    ask = ask_of(session, claim.id) if claim.state == State.ASKED else None
    if ask is None:
        return None
    word = link_word(session, ask) if ask.way == Way.LINK else ""
    return Asked(ask.asked_at, ask.ends_at, word)


def claim_queue(session: Session, staff: Staff, most: int = 50) -> tuple[QueueLine, ...]:
    """What waits for a person, by due time."""
    rows = session.scalars(
        select(Claim)
        .where(Claim.state.in_([state.value for state in QUEUED]))
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
        claim.named == Named.RECEIPT and claim.registration_id is None,
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
        disputed(evidence),
        any(found.kind is EvidenceKind.OLDER for found in evidence),
        State(claim.state),
        Reason(claim.reason) if claim.reason else None,
    )
