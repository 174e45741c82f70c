"""Claims as the desk sees them: all that is open by due time, and one with its whole history.

Members are masked and friends are the last digits of a number. Claims in which the reader is a
party are not shown to them: it would tell whom they are about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from shared.actions.claim_assigning import may_assign, takers
from shared.actions.deciding import DECIDERS, is_party, may_credit
from shared.actions.judging import claim_amount, evidence_of
from shared.actions.kinship import circle_of
from shared.campaigns.campaigns import Campaign, get_campaign
from shared.claims.asks import ClaimAsk, ask_of
from shared.claims.claims import DECIDED, OPEN, QUEUED, Claim, ClaimStep, State, steps_of
from shared.claims.evidence import UNCREDITABLE, Evidence, EvidenceKind, disputed, kinds_of
from shared.claims.hands import had_a_hand
from shared.people.staff import Staff
from shared.reports.claim_beside import Beside, beside
from shared.reports.desk_people import Masked, masked, who
from shared.reports.desk_rows import Slice

_OPEN = [state.value for state in OPEN]
_QUEUED = [state.value for state in QUEUED]
_DECIDED = [state.value for state in DECIDED]


class Show(StrEnum):
    """Which claims a list shows."""

    WAITS = "waits"
    MINE = "mine"
    ESCALATED = "escalated"
    OVERDUE = "overdue"
    ASKED = "asked"
    APPEALED = "appealed"
    DECIDED = "decided"


@dataclass(frozen=True)
class ClaimRow:
    """One claim in a list. `amount` in fen: what a credit would owe the member at the most."""

    claim: Claim
    campaign: Campaign
    member: Masked
    amount: int
    assigned: str

    @property
    def zone(self) -> str:
        """In which its times are read."""
        return self.campaign.zone

    @property
    def undecided(self) -> bool:
        """Whether somebody, or the friend, has yet to answer."""
        return self.claim.state in _OPEN


@dataclass(frozen=True)
class Told:
    """One entry of a claim's history. `act`: what was done; `by` empty: nobody of the staff."""

    at: datetime
    act: str
    actor: str
    """`member`, `friend`, `machine` or `staff`."""
    by: str
    to: str
    """Whom it was given to, or whose word became void."""
    reason: str


@dataclass(frozen=True)
class ClaimCase:
    """A claim with all that a person decides by, and what the reader may do."""

    row: ClaimRow
    ask: ClaimAsk | None
    evidence: tuple[Evidence, ...]
    weight: int
    """What was found, added up."""
    disputed: bool
    override: bool
    history: tuple[Told, ...]
    takers: tuple[tuple[int, str], ...]
    may_assign: bool
    decider: bool
    """The reader's role decides claims, and this one waits for somebody."""
    hand: bool
    """The reader was the first of two, or decided before the appeal."""
    may_credit: bool
    beside: Beside

    @property
    def takes_two(self) -> bool:
        """Whether the next agreement is the first of two."""
        first = self.row.claim.state != State.SECOND_PERSON
        return first and (self.disputed or self.override)


def claim_rows(
    session: Session,
    staff: Staff,
    show: Show,
    campaign_id: int | None,
    after: str,
    most: int,
    now: datetime,
) -> Slice[ClaimRow]:
    """A page of claims: open ones by due time, decided ones the latest first."""
    query = select(Claim).where(*_shown(show, staff, now))
    if campaign_id is not None:
        query = query.where(Claim.campaign_id == campaign_id)
    found = session.scalars(_further(query, show, after).limit(most)).all()
    end = f"{_key(found[-1], show)}" if len(found) == most else ""
    circle = circle_of(session, staff)
    mine = [claim for claim in found if not is_party(session, staff, claim, circle)]
    people = masked(session, {f"member:{claim.member_id}" for claim in mine})
    return Slice(tuple(_row(session, claim, people) for claim in mine), end)


def _row(session: Session, claim: Claim, people: Mapping[str, Masked]) -> ClaimRow:
    return ClaimRow(
        claim,
        get_campaign(session, claim.campaign_id),
        people[f"member:{claim.member_id}"],
        claim_amount(session, claim),
        who(session, claim.assigned_to),
    )


def _shown(show: Show, staff: Staff, now: datetime) -> list[ColumnElement[bool]]:
    waits = Claim.state.in_(_QUEUED)
    kinds: dict[Show, list[ColumnElement[bool]]] = {
        Show.WAITS: [Claim.state.in_(_OPEN)],
        Show.MINE: [Claim.state.in_(_OPEN), Claim.assigned_to == staff.id],
        Show.ESCALATED: [waits, Claim.escalated_at.is_not(None)],
        Show.OVERDUE: [waits, Claim.due_at <= now],
        Show.ASKED: [Claim.state == State.ASKED.value],
        Show.APPEALED: [Claim.state.in_(_OPEN), Claim.appealed_at.is_not(None)],
        Show.DECIDED: [Claim.state.in_(_DECIDED)],
    }
    return kinds[show]


def _further(query: Select[Claim], show: Show, after: str) -> Select[Claim]:
    moment, _, number = after.rpartition("/")
    at, last = _moment(moment), int(number) if number.isdecimal() and len(number) < 16 else None
    if show is Show.DECIDED:
        if at is not None and last is not None:
            same = and_(Claim.decided_at == at, Claim.id < last)
            query = query.where(or_(Claim.decided_at < at, same))
        return query.order_by(Claim.decided_at.desc(), Claim.id.desc())
    if at is not None and last is not None:
        query = query.where(or_(Claim.due_at > at, and_(Claim.due_at == at, Claim.id > last)))
    return query.order_by(Claim.due_at, Claim.id)


def _key(claim: Claim, show: Show) -> str:
    at = claim.decided_at if show is Show.DECIDED else claim.due_at
    return f"{at.isoformat() if at else ''}/{claim.id}"


def _moment(written: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def pressing(session: Session, now: datetime) -> int:
    """How many claims are with the managers, or late."""
    query = select(func.count()).where(
        Claim.state.in_(_QUEUED), Claim.escalated_at.is_not(None) | (Claim.due_at <= now)
    )
    return session.scalar(query) or 0


def claim_case(session: Session, staff: Staff, number: int) -> ClaimCase:
    """One claim by its row. LookupError when there is none, or the reader is a party."""
    claim = session.get(Claim, number)
    if claim is None or is_party(session, staff, claim):
        raise LookupError(f"claim {number}")
    found = tuple(evidence_of(session, claim))
    open_ = State(claim.state) in OPEN
    return ClaimCase(
        _row(session, claim, masked(session, {f"member:{claim.member_id}"})),
        ask_of(session, claim.id),
        found,
        sum(each.weight for each in found),
        disputed(found),
        EvidenceKind.OLDER in kinds_of(found),
        tuple(_told(session, step) for step in steps_of(session, claim.id)),
        tuple((each.id, who(session, each.id)) for each in takers(session, claim)),
        open_ and may_assign(staff, claim),
        staff.active and staff.role in DECIDERS and State(claim.state) in QUEUED,
        had_a_hand(session, claim, staff),
        may_credit(session, staff, claim) and not kinds_of(found) & set(UNCREDITABLE),
        beside(session, staff, claim),
    )


def _told(session: Session, step: ClaimStep) -> Told:
    kind, _, number = step.actor.partition(":")
    actor = kind if kind in ("member", "friend", "staff") else "machine"
    act, whom = step.after, None
    if step.before is None:
        act = "filed"
    elif "assigned" in step.details:
        whom = step.details["assigned"]
        act = "assigned" if whom is not None else "put_back"
    elif "escalated" in step.details:
        act = "escalated"
    elif "void" in step.details:
        act, whom = "void", step.details["void"]
    elif step.after == State.FILED:
        act = "answered"
    by = who(session, int(number)) if actor == "staff" else ""
    return Told(step.at, act, actor, by, who(session, whom), str(step.details.get("reason", "")))
