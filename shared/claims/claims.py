"""Make-up claims: a member asks to be credited for a friend whom the system missed.

A claim waits (`filed`) until the machine answers, always as long after filing; what speaks for
itself is credited before. Then the friend is asked, a person decides, or it is over. A refusal
can be appealed against once; another person decides, for good.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.referrals.codes import ALPHABET


class State(StrEnum):
    FILED = "filed"
    """The machine looks at it now, and again when its time has come (`judge_at`)."""
    ASKED = "asked"
    """The friend is asked; the clock stands still."""
    WITH_PERSON = "with_person"
    SECOND_PERSON = "second_person"
    """One person would credit it; a disputed claim needs another."""
    CREDITED = "credited"
    REFUSED = "refused"
    APPEALED = "appealed"
    """The member does not agree: somebody who had no hand in it looks at it anew."""
    UPHELD = "upheld"
    """Refused again, by somebody else: final."""


TRANSITIONS: dict[State, frozenset[State]] = {
    State.FILED: frozenset(
        {State.CREDITED, State.ASKED, State.WITH_PERSON, State.SECOND_PERSON, State.REFUSED}
    ),
    State.ASKED: frozenset({State.FILED, State.REFUSED}),
    State.WITH_PERSON: frozenset({State.SECOND_PERSON, State.CREDITED, State.REFUSED}),
    State.SECOND_PERSON: frozenset(
        {State.CREDITED, State.REFUSED, State.UPHELD, State.WITH_PERSON, State.APPEALED}
    ),  # the last two: the first person left, and their word went with them
    State.CREDITED: frozenset(),
    State.REFUSED: frozenset({State.APPEALED}),
    State.APPEALED: frozenset({State.SECOND_PERSON, State.CREDITED, State.UPHELD}),
    State.UPHELD: frozenset(),
}

OPEN = (State.FILED, State.ASKED, State.WITH_PERSON, State.SECOND_PERSON, State.APPEALED)
QUEUED = (State.FILED, State.WITH_PERSON, State.SECOND_PERSON, State.APPEALED)
"""What a person may decide: also, with the member at the counter, before the machine answers."""
DECIDED = (State.CREDITED, State.REFUSED, State.UPHELD)
FAILED = (State.REFUSED, State.APPEALED, State.UPHELD)
"""Refused at least once; an appeal alone changes nothing about that."""


class How(StrEnum):
    """How the friend came to be missed, in the member's words."""

    IN_BRANCH = "in_branch"
    WITHOUT_LINK = "without_link"
    OTHER_NUMBER = "other_number"
    LATE = "late"


class Named(StrEnum):
    """By what the member named the friend."""

    NUMBER = "number"
    TAIL = "tail"
    """The last four digits: they find registrations under the claimant's own invites only."""
    CODE = "code"
    """The code of a registration."""
    RECEIPT = "receipt"
    """The scan receipt of a visit."""


class When(StrEnum):
    """Roughly when the friend applied."""

    THIS_WEEK = "this_week"
    THIS_MONTH = "this_month"
    EARLIER = "earlier"


class Reason(StrEnum):
    """Why a claim was decided. What the member reads is one of three (`outward`)."""

    EVIDENCE = "evidence"
    """Credited: what was found is enough."""
    NOT_CONFIRMED = "not_confirmed"
    NO_APPLICATION = "no_application"
    EXISTING = "existing"
    ALREADY_REFERRED = "already_referred"
    DECLINED = "declined"
    TOO_OLD = "too_old"
    OWN = "own"
    NOT_ME = "not_me"
    """The friend said so. The machine's reason only, as the next one."""
    SILENT = "silent"
    """The friend was asked and did not answer in time."""


BY_PEOPLE = tuple(
    reason for reason in Reason if reason not in (Reason.EVIDENCE, Reason.NOT_ME, Reason.SILENT)
)
"""The reasons for which a person refuses."""


def outward(reason: Reason) -> str:
    """The catalogue's last word: everything about the friend reads alike to the claimant."""
    if reason is Reason.SILENT:  # of whomever it is: it says nothing about the number
        return "unanswered"
    return "credited" if reason is Reason.EVIDENCE else "not_eligible"


class Claim(Base):
    """One request. The friend is kept as keyed hashes (of the number and of its one-slip
    neighbours) and the last four digits only, until the appeal's term ends."""

    __tablename__ = "claims"
    __table_args__ = (
        Index("ix_claims_queue", "state", "due_at"),
        Index("ix_claims_judge", "state", "judge_at"),
        Index("ix_claims_escalate", "state", "escalate_at"),
    )

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(12), unique=True)
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id, index=True)
    version: Mapped[int]
    named: Mapped[str | None] = mapped_column(String(10))
    phone_blind: Mapped[str] = mapped_column(String(64), index=True)
    """Matches nothing while the number is not known (last digits or a receipt alone)."""
    slips: Mapped[list[str] | None] = mapped_column(JSON)
    """Keyed hashes of the numbers one slip away, made at intake."""
    last_four: Mapped[str] = mapped_column(String(4))
    """Empty when the claim came by a code."""
    registration_id: Mapped[int | None] = mapped_column(Id)
    visit_id: Mapped[int | None] = mapped_column(Id)
    """The visit that the scan receipt proves."""
    how: Mapped[str] = mapped_column(String(20))
    roughly: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(20))
    filed_at: Mapped[datetime] = mapped_column(Utc)
    judge_at: Mapped[datetime | None] = mapped_column(Utc)
    """When the machine answers; none: it has nothing more to say."""
    due_at: Mapped[datetime] = mapped_column(Utc)
    """Decided by then; moved on by as long as the clock stood still."""
    escalate_at: Mapped[datetime | None] = mapped_column(Utc)
    """When it goes to the managers if nobody decided; moves with `due_at`, none once it did."""
    escalated_at: Mapped[datetime | None] = mapped_column(Utc)
    assigned_to: Mapped[int | None] = mapped_column(Id, index=True)
    """Whose work it is: they see to it that it is decided; others may be faster."""
    paused_at: Mapped[datetime | None] = mapped_column(Utc)
    """Since when the clock stands still."""
    override: Mapped[bool | None] = mapped_column(Boolean)
    """The application is older than the window: a credit takes a supervisor's override."""
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    told_at: Mapped[datetime | None] = mapped_column(Utc)
    """From when on the member sees the decision: a refusal leaves when any other would."""
    late_at: Mapped[datetime | None] = mapped_column(Utc)
    """When the member was told that the answer is late."""
    template: Mapped[str | None] = mapped_column(String(20))
    """Which worded lines the decider chose for the answer (`shared.claims.answers`)."""
    appealed_at: Mapped[datetime | None] = mapped_column(Utc)
    """When the member appealed against the first decision, once; the claim's clock began anew."""
    appeal_until: Mapped[datetime | None] = mapped_column(Utc)
    """Until when a first refusal can be appealed against; then the hashes and digits go, after a
    second decision as late as after a first."""
    forgotten_at: Mapped[datetime | None] = mapped_column(Utc)
    """When they went."""


class ClaimStep(Base):
    """One change of a claim: who, when, why. Only added."""

    __tablename__ = "claim_steps"

    id: Mapped[int] = id_column()
    claim_id: Mapped[int] = mapped_column(Id, index=True)
    at: Mapped[datetime] = mapped_column(Utc)
    actor: Mapped[str] = mapped_column(String(40))
    before: Mapped[str | None] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


def new_number(session: Session) -> str:
    """A case number people can read out: `C-7K2Q9M`."""
    while True:
        number = "C-" + "".join(secrets.choice(ALPHABET) for _ in range(6))
        if session.scalar(select(Claim.id).where(Claim.number == number)) is None:
            return number


def file(session: Session, claim: Claim, now: datetime) -> Claim:
    """Keep a new claim and its first step."""
    session.add(claim)
    session.flush()
    session.add(
        ClaimStep(
            claim_id=claim.id,
            at=now,
            actor=f"member:{claim.member_id}",
            before=None,
            after=claim.state,
            details={"how": claim.how},
        )
    )
    return claim


def advance(
    session: Session, claim: Claim, to: State, actor: str, now: datetime, **details: object
) -> None:
    """Change a claim's state, once. Refusal `claim.decided` when somebody was faster."""
    before = State(claim.state)
    if to not in TRANSITIONS[before]:
        raise Refusal("claim.decided", number=claim.number)
    claim.state = to.value
    claim.judge_at = None
    if to is State.SECOND_PERSON:
        claim.assigned_to = None  # whoever had it has done their part
    if to in DECIDED:
        claim.decided_at, claim.paused_at, claim.assigned_to = now, None, None
        claim.escalate_at = None
        claim.reason = str(details.get("reason", ""))
    _step(session, claim, before, actor, now, details)


def note(session: Session, claim: Claim, actor: str, now: datetime, **details: object) -> None:
    """A step that leaves the state as it is: given to somebody, escalated."""
    _step(session, claim, State(claim.state), actor, now, details)


def _step(
    session: Session,
    claim: Claim,
    before: State,
    actor: str,
    now: datetime,
    details: dict[str, Any],
) -> None:
    session.add(
        ClaimStep(
            claim_id=claim.id,
            at=now,
            actor=actor,
            before=before.value,
            after=claim.state,
            details=details,
        )
    )
    session.flush()


def steps_of(session: Session, claim_id: int) -> list[ClaimStep]:
    """A claim's history, oldest first."""
    query = select(ClaimStep).where(ClaimStep.claim_id == claim_id).order_by(ClaimStep.id)
    return list(session.scalars(query))


def pause(claim: Claim, now: datetime) -> None:
    """The clock stands still from now on."""
    claim.paused_at = now


def go_on(claim: Claim, now: datetime) -> None:
    """The clock goes on; what it stood still for is not counted."""
    if claim.paused_at is not None:
        stood = now - claim.paused_at
        claim.due_at += stood
        if claim.escalate_at is not None:
            claim.escalate_at += stood
        claim.paused_at = None


def claims_filed(
    session: Session, campaign_id: int, member_id: int, since: datetime | None = None
) -> int:
    """How many claims a member has filed in a campaign, or in it since a moment."""
    query = select(func.count()).where(
        Claim.campaign_id == campaign_id, Claim.member_id == member_id
    )
    if since is not None:
        query = query.where(Claim.filed_at >= since)
    return session.scalar(query) or 0


def rivals(session: Session, claim: Claim) -> list[Claim]:
    """Open claims of other members for the same friend."""
    states = [state.value for state in OPEN]
    query = select(Claim).where(
        Claim.phone_blind == claim.phone_blind,
        Claim.campaign_id == claim.campaign_id,
        Claim.member_id != claim.member_id,
        Claim.state.in_(states),
    )
    return list(session.scalars(query.order_by(Claim.id)))


def claim_for_update(session: Session, claim_id: int) -> Claim:
    """The claim as it stands now, locked for a decision. Refusal `claim.unknown`."""
    claim = session.get(Claim, claim_id, with_for_update=True, populate_existing=True)
    if claim is None:
        raise Refusal("claim.unknown")
    return claim
