"""Make-up claims: a member asks to be credited for a friend whom the system missed."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.referrals.codes import ALPHABET


class State(StrEnum):
    FILED = "filed"
    WITH_PERSON = "with_person"
    SECOND_PERSON = "second_person"
    """One person would credit it; a disputed claim needs another."""
    CREDITED = "credited"
    REFUSED = "refused"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.FILED: frozenset({State.CREDITED, State.WITH_PERSON}),
    State.WITH_PERSON: frozenset({State.SECOND_PERSON, State.CREDITED, State.REFUSED}),
    State.SECOND_PERSON: frozenset({State.CREDITED, State.REFUSED}),
    State.CREDITED: frozenset(),
    State.REFUSED: frozenset(),
}

OPEN = (State.FILED, State.WITH_PERSON, State.SECOND_PERSON)


class How(StrEnum):
    """How the friend came to be missed, in the member's words."""

    IN_BRANCH = "in_branch"
    WITHOUT_LINK = "without_link"
    OTHER_NUMBER = "other_number"
    LATE = "late"


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


def outward(reason: Reason) -> str:
    """The catalogue's last word: everything about the friend reads alike to the claimant."""
    return "credited" if reason is Reason.EVIDENCE else "not_eligible"


class Claim(Base):
    """One request. The friend is kept as a keyed hash and the last four digits only."""

    __tablename__ = "claims"
    __table_args__ = (Index("ix_claims_queue", "state", "due_at"),)

    id: Mapped[int] = id_column()
    number: Mapped[str] = mapped_column(String(12), unique=True)
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id, index=True)
    version: Mapped[int]
    phone_blind: Mapped[str] = mapped_column(String(64), index=True)
    last_four: Mapped[str] = mapped_column(String(4))
    """Empty when the claim came by a registration's code."""
    registration_id: Mapped[int | None] = mapped_column(Id)
    how: Mapped[str] = mapped_column(String(20))
    roughly: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(20))
    filed_at: Mapped[datetime] = mapped_column(Utc)
    due_at: Mapped[datetime] = mapped_column(Utc)
    decided_at: Mapped[datetime | None] = mapped_column(Utc)


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
    if to in (State.CREDITED, State.REFUSED):
        claim.decided_at = now
        claim.reason = str(details.get("reason", ""))
    session.add(
        ClaimStep(
            claim_id=claim.id,
            at=now,
            actor=actor,
            before=before.value,
            after=to.value,
            details=details,
        )
    )
    session.flush()


def steps_of(session: Session, claim_id: int) -> list[ClaimStep]:
    """A claim's history, oldest first."""
    query = select(ClaimStep).where(ClaimStep.claim_id == claim_id).order_by(ClaimStep.id)
    return list(session.scalars(query))


def claims_filed(session: Session, campaign_id: int, member_id: int) -> int:
    """How many claims a member has filed in a campaign."""
    found = session.scalar(
        select(func.count())
        .select_from(Claim)
        .where(Claim.campaign_id == campaign_id, Claim.member_id == member_id)
    )
    return found or 0


def claim_for_update(session: Session, claim_id: int) -> Claim:
    """The claim as it stands now, locked for a decision. Refusal `claim.unknown`."""
    claim = session.get(Claim, claim_id, with_for_update=True, populate_existing=True)
    if claim is None:
        raise Refusal("claim.unknown")
    return claim
