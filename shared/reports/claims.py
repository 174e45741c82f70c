"""Claims as their readers see them: the member's own, and the branch's queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.appealing import may_appeal
from shared.actions.claim_assigning import may_assign, takers
from shared.actions.claim_seen import seen_state
from shared.actions.deciding import is_party, may_credit, refuse_party, within_authority
from shared.actions.judging import claim_amount, evidence_of
from shared.actions.kinship import Circle, circle_of
from shared.base.errors import Refusal
from shared.base.privacy import mask_name
from shared.claims.asks import Way, ask_of, link_word
from shared.claims.claims import (
    DECIDED,
    QUEUED,
    Claim,
    How,
    Named,
    Reason,
    State,
    When,
    outward,
)
from shared.claims.evidence import Evidence, EvidenceKind, disputed
from shared.claims.hands import had_a_hand
from shared.people.members import get_member, person_of
from shared.people.persons import name_of
from shared.people.staff import Staff
from shared.reports.claim_beside import Beside, beside
from shared.reports.desk_people import who


@dataclass(frozen=True)
class ClaimLine:
    """One of the member's own claims. `outcome`: `credited`, `not_eligible`, `unanswered`,
    `upheld` (not eligible, for good) or empty, as it also is until the answer leaves."""

    number: str
    named: Named
    state: State
    outcome: str
    last_four: str
    filed_at: datetime
    due_at: datetime
    asked: Asked | None = None
    appeal_until: datetime | None = None
    """Until when the refusal can be appealed against; None: not, or not any more."""


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
    party: bool
    """The reader has to do with its people: they read nothing of it."""
    hand: bool
    """The reader was the first of two, or decided before the appeal: somebody else goes on."""
    appealed: bool
    escalated: bool
    assigned_to: int | None
    assigned: str
    """Whose work it is: name and number; empty: nobody's."""

    @property
    def mine(self) -> bool:
        """Somebody else than the reader decides."""
        return self.party or self.hand


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
    may_credit: bool
    """Within the reader's authority, alone or as the first of two."""
    may_refuse: bool
    may_assign: bool
    takers: tuple[tuple[int, str], ...]
    """To whom of the reader's branch it may be given."""
    beside: Beside


def claims_of(
    session: Session, member_id: int, now: datetime, most: int = 10
) -> tuple[ClaimLine, ...]:
    """A member's claims as they look to the member, newest first."""
    rows = session.scalars(
        select(Claim).where(Claim.member_id == member_id).order_by(Claim.id.desc()).limit(most)
    )
    return tuple(own_line(session, row, now) for row in rows)


def own_line(session: Session, claim: Claim, now: datetime) -> ClaimLine:
    """One claim as its member sees it now: as if undecided until the answer leaves."""
    state = seen_state(session, claim, now)
    outcome = outward(Reason(claim.reason)) if claim.reason and state in DECIDED else ""
    return ClaimLine(
        claim.number,
        Named(claim.named) if claim.named else Named.NUMBER if claim.last_four else Named.CODE,
        state,
        "upheld" if state is State.UPHELD else outcome,
        claim.last_four,
        claim.filed_at,
        claim.due_at,
        _asked(session, claim),
        claim.appeal_until if may_appeal(claim, now) else None,
    )


def _asked(session: Session, claim: Claim) -> Asked | None:
    ask = ask_of(session, claim.id) if claim.state == State.ASKED else None
    if ask is None:
        return None
    word = link_word(session, ask) if ask.way == Way.LINK else ""
    return Asked(ask.asked_at, ask.ends_at, word)


def claim_queue(session: Session, staff: Staff, most: int = 50) -> tuple[QueueLine, ...]:
    """What waits for a person, by due time."""
    circle = circle_of(session, staff)
    rows = session.scalars(
        select(Claim)
        .where(Claim.state.in_([state.value for state in QUEUED]))
        .order_by(Claim.due_at, Claim.id)
        .limit(most)
    )
    return tuple(_line(session, staff, row, circle) for row in rows)


def queue_line(session: Session, staff: Staff, claim_id: int) -> QueueLine | None:
    """One claim that waits for a person, however far down; None once it waits no more."""
    claim = session.get(Claim, claim_id)
    if claim is None or State(claim.state) not in QUEUED:
        return None
    return _line(session, staff, claim, circle_of(session, staff))


def _line(session: Session, staff: Staff, claim: Claim, circle: Circle) -> QueueLine:
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
        is_party(session, staff, claim, circle),
        had_a_hand(session, claim, staff),
        claim.appealed_at is not None,
        claim.escalated_at is not None,
        claim.assigned_to,
        who(session, claim.assigned_to),
    )


def claim_details(session: Session, staff: Staff, claim_id: int) -> ClaimDetails:
    """One claim with its evidence. Refusals `claim.unknown`, `claim.party`."""
    claim = session.get(Claim, claim_id)
    if claim is None:
        raise Refusal("claim.unknown")
    circle = circle_of(session, staff)
    refuse_party(session, staff, claim, circle)
    evidence = tuple(evidence_of(session, claim))
    return ClaimDetails(
        _line(session, staff, claim, circle),
        How(claim.how),
        When(claim.roughly),
        evidence,
        claim_amount(session, claim),
        disputed(evidence),
        any(found.kind is EvidenceKind.OLDER for found in evidence),
        State(claim.state),
        Reason(claim.reason) if claim.reason else None,
        may_credit(session, staff, claim) or _takes_two(claim, evidence),
        within_authority(session, staff, claim),
        may_assign(staff, claim),
        tuple((each.id, who(session, each.id)) for each in takers(session, claim, staff.branch_id)),
        beside(session, staff, claim),
    )


def _takes_two(claim: Claim, evidence: tuple[Evidence, ...]) -> bool:
    """Whether a teller may be the first of two, whatever the amount."""
    older = any(found.kind is EvidenceKind.OLDER for found in evidence)
    open_to_all = claim.appealed_at is None and claim.state != State.SECOND_PERSON
    return open_to_all and (older or disputed(evidence))
