"""Cases: what a person decides about, with the evidence beside it.

Disputes (two members, one application) are opened here and decided with their claim; risk cases
have a life of their own, below. What they hold stays held until a person ends it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.risk.case_steps import CaseAct, write_step


class CaseKind(StrEnum):
    DISPUTE = "dispute"
    """Two members, one application: the money stays until two people decide."""
    RISK = "risk"
    """Referrals that the checks hold."""
    FISHING = "fishing"
    """A member who claims one number after another; nothing is held by it."""


class CaseState(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"
    """One person found against it; another confirms."""
    CONFIRMED = "confirmed"
    APPEALED = "appealed"
    UPHELD = "upheld"
    """Confirmed again, by somebody else: final."""
    CLEARED = "cleared"
    """What was held is released."""


TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.PROPOSED, CaseState.CLEARED}),
    CaseState.PROPOSED: frozenset({CaseState.CONFIRMED, CaseState.OPEN}),
    CaseState.CONFIRMED: frozenset({CaseState.APPEALED}),
    CaseState.APPEALED: frozenset({CaseState.UPHELD, CaseState.CLEARED}),
    CaseState.UPHELD: frozenset(),
    CaseState.CLEARED: frozenset(),
}
UNDECIDED = (CaseState.OPEN.value, CaseState.PROPOSED.value, CaseState.APPEALED.value)
"""Somebody has to do something."""
TAKES_MORE = (CaseState.OPEN.value, CaseState.PROPOSED.value)
"""More referrals may join it."""


class Finding(StrEnum):
    """What a person finds."""

    HONEST = "honest"
    REFUSED = "refused"
    """No reward, and nothing more."""
    ABUSE = "abuse"
    """No reward, and the blacklist."""


class Case(Base):
    """One matter for a person. At most one of a kind about a subject."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        Index("ix_cases_state", "state", "due_at"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))
    """`referral:12`; a later case about the same has its number behind it."""
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    opened_at: Mapped[datetime] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(10), server_default="open", default="open")
    campaign_id: Mapped[int | None] = mapped_column(Id)
    member_id: Mapped[int | None] = mapped_column(Id)
    """Whose referral was seen first."""
    score: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    due_at: Mapped[datetime | None] = mapped_column(Utc)
    """By when somebody should have decided."""
    assigned_to: Mapped[int | None] = mapped_column(Id)
    escalated_at: Mapped[datetime | None] = mapped_column(Utc)


class CaseReferral(Base):
    """One referral under a case; at most one case that is not decided holds it."""

    __tablename__ = "case_referrals"
    __table_args__ = (
        Index(
            "ux_case_referrals_held",
            "referral_id",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
    )

    case_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    referral_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(Id)
    held_at: Mapped[datetime] = mapped_column(Utc)
    released_at: Mapped[datetime | None] = mapped_column(Utc)
    score: Mapped[int] = mapped_column(Integer)
    signals: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class CaseFinding(Base):
    """What one person found against a case and another confirmed, and who decided the appeal."""

    __tablename__ = "case_findings"
    __table_args__ = (
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> proposed_by", name="two_people"),
        CheckConstraint(
            "appeal_decided_by IS NULL OR (appeal_decided_by <> proposed_by"
            " AND appeal_decided_by <> confirmed_by AND appeal_decided_by <> appealed_by)",
            name="another_person",
        ),
    )

    id: Mapped[int] = id_column()
    case_id: Mapped[int] = mapped_column(Id, index=True)
    finding: Mapped[str] = mapped_column(String(10))
    proposed_by: Mapped[int] = mapped_column(Id)
    proposed_at: Mapped[datetime] = mapped_column(Utc)
    sent_back_at: Mapped[datetime | None] = mapped_column(Utc)
    confirmed_by: Mapped[int | None] = mapped_column(Id)
    confirmed_at: Mapped[datetime | None] = mapped_column(Utc)
    appealed_by: Mapped[int | None] = mapped_column(Id)
    """The employee who wrote the appeal down."""
    appealed_at: Mapped[datetime | None] = mapped_column(Utc)
    appeal_decided_by: Mapped[int | None] = mapped_column(Id)
    appeal_decided_at: Mapped[datetime | None] = mapped_column(Utc)


def open_case(
    session: Session, kind: CaseKind, subject: str, now: datetime, evidence: dict[str, Any]
) -> Case:
    """Open a case, or return the one there is."""
    case = session.scalar(select(Case).where(Case.kind == kind.value, Case.subject == subject))
    if case is None:
        case = Case(kind=kind.value, subject=subject, evidence=evidence, opened_at=now)
        session.add(case)
        session.flush()
    return case


def new_case(
    session: Session,
    kind: CaseKind,
    subject: str,
    campaign_id: int,
    member_id: int,
    now: datetime,
    due_at: datetime,
    evidence: dict[str, Any] | None = None,
) -> Case:
    """Open a further case about a subject, with its first step."""
    like = Case.subject.like(f"{subject}/%")
    before = session.scalar(
        select(func.count())
        .select_from(Case)
        .where(Case.kind == kind.value, (Case.subject == subject) | like)
    )
    case = Case(
        kind=kind.value,
        subject=f"{subject}/{before + 1}" if before else subject,
        evidence=evidence or {},
        opened_at=now,
        state=CaseState.OPEN.value,
        campaign_id=campaign_id,
        member_id=member_id,
        due_at=due_at,
    )
    session.add(case)
    session.flush()
    write_step(session, case.id, CaseAct.OPENED, "worker", now)
    return case


def hold_in(
    session: Session,
    case: Case,
    referral_id: int,
    member_id: int,
    score: int,
    signals: list[dict[str, Any]],
    now: datetime,
) -> None:
    """Put a referral under a case."""
    session.add(
        CaseReferral(
            case_id=case.id,
            referral_id=referral_id,
            member_id=member_id,
            held_at=now,
            score=score,
            signals=signals,
        )
    )
    case.score = max(case.score, score)


def case_for_update(session: Session, number: int) -> Case:
    """A risk case, nobody else's until the end. Refusal `case.unknown`."""
    case = session.get(Case, number, with_for_update=True)
    if case is None or case.kind == CaseKind.DISPUTE.value:
        raise Refusal("case.unknown")
    return case


def move(case: Case, to: CaseState) -> None:
    """Change a case's state. Refusal `case.decided` when somebody was faster."""
    if to not in TRANSITIONS[CaseState(case.state)]:
        raise Refusal("case.decided", number=case.id)
    case.state = to.value


def referrals_of(session: Session, case_id: int) -> list[CaseReferral]:
    """What stands under a case, the heaviest first."""
    query = select(CaseReferral).where(CaseReferral.case_id == case_id)
    return list(
        session.scalars(query.order_by(CaseReferral.score.desc(), CaseReferral.referral_id))
    )


def finding_of(session: Session, case_id: int) -> CaseFinding | None:
    """What was found last, and not sent back."""
    query = select(CaseFinding).where(
        CaseFinding.case_id == case_id, CaseFinding.sent_back_at.is_(None)
    )
    return session.scalar(query.order_by(CaseFinding.id.desc()).limit(1))


def standing_rows(session: Session, referral_ids: Collection[int]) -> dict[int, CaseReferral]:
    """Under which case some referrals are held."""
    query = select(CaseReferral).where(
        CaseReferral.referral_id.in_(referral_ids), CaseReferral.released_at.is_(None)
    )
    return {row.referral_id: row for row in session.scalars(query)}


def cleared_checks(session: Session, referral_ids: Collection[int]) -> dict[int, set[str]]:
    """What people looked at and cleared in some referrals: all that their case was about."""
    mine = (
        select(CaseReferral.referral_id, CaseReferral.case_id)
        .where(CaseReferral.referral_id.in_(referral_ids), CaseReferral.released_at.is_not(None))
        .subquery()
    )
    rows = session.execute(
        select(mine.c.referral_id, CaseReferral.signals).join(
            mine, mine.c.case_id == CaseReferral.case_id
        )
    )
    found: dict[int, set[str]] = {}
    for referral, signals in rows:
        found.setdefault(referral, set()).update(each["check"] for each in signals)
    return found


def counts(session: Session, now: datetime) -> dict[str, int]:
    """Risk cases that wait: `open` for anybody's decision, `overdue` beyond their time."""
    waits = (
        select(func.count())
        .select_from(Case)
        .where(Case.kind != CaseKind.DISPUTE.value, Case.state.in_(UNDECIDED))
    )
    overdue = waits.where(Case.due_at <= now)
    return {"open": session.scalar(waits) or 0, "overdue": session.scalar(overdue) or 0}
