"""Two people: what one proposes, another confirms; nothing has happened before that.

One table for every act that needs two people at the desk. What a kind does when it is
confirmed stands with its subject (`campaigning`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.people.staff import Role, Staff, same_person
from shared.post.audit import record

AT_THE_DESK = frozenset({Role.DESK.value, Role.MANAGER.value, Role.AUDITOR.value})
MAY_CHANGE = frozenset({Role.DESK.value, Role.MANAGER.value})
"""An auditor sees everything and changes nothing."""


class ApprovalKind(StrEnum):
    """What is proposed."""

    MOVE = "move"
    """A step of a campaign's life: `{"before", "to"}`."""
    VERSION = "version"
    """Rules, texts, dates and limits: `{"source", "base"}`, `base` the version it changes."""


class ApprovalState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Approval(Base):
    """One proposal and what became of it."""

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint(
            "state <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> made_by)",
            name="two_people",
        ),
        Index("ix_approvals_state", "state", "id"),
    )

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(20))
    campaign_id: Mapped[int | None] = mapped_column(Id, index=True)
    """Null: for a campaign that is not there yet."""
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_by: Mapped[int] = mapped_column(Id)
    made_at: Mapped[datetime] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[int | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(Utc)


def check_right(staff: Staff) -> None:
    """Refusal `desk.read_only` for who may look but not change."""
    if staff.role not in MAY_CHANGE or not staff.active:
        raise Refusal("desk.read_only")


def propose(
    session: Session,
    staff: Staff,
    kind: ApprovalKind,
    campaign_id: int | None,
    body: dict[str, Any],
    now: datetime,
) -> Approval:
    """Write down what somebody wants done. Refusal `desk.read_only`."""
    check_right(staff)
    made = Approval(
        kind=kind.value,
        campaign_id=campaign_id,
        body=body,
        made_by=staff.id,
        made_at=now,
        state=ApprovalState.OPEN.value,
    )
    session.add(made)
    session.flush()
    _write_down(session, staff, "proposed", made, now)
    return made


def approval_of(session: Session, approval_id: int) -> Approval:
    """A proposal by id; LookupError when there is none."""
    found = session.get(Approval, approval_id)
    if found is None:
        raise LookupError(f"approval {approval_id}")
    return found


def open_approvals(session: Session, campaign_id: int | None = None) -> list[Approval]:
    """What waits for a second person, oldest first; of one campaign, or of all."""
    query = select(Approval).where(Approval.state == ApprovalState.OPEN.value)
    if campaign_id is not None:
        query = query.where(Approval.campaign_id == campaign_id)
    return list(session.scalars(query.order_by(Approval.id)))


def take(session: Session, staff: Staff, approval_id: int, now: datetime) -> Approval:
    """Confirm as the second person; the caller carries it out in the same transaction.

    Refusals: `desk.read_only`, `approval.maker` for the one who proposed it, `approval.decided`
    when it is decided already (two who confirm at once: one of them reads this).
    """
    check_right(staff)
    maker = approval_of(session, approval_id).made_by
    if same_person(session, staff, f"staff:{maker}"):
        raise Refusal("approval.maker")
    return _close(session, staff, approval_id, ApprovalState.CONFIRMED, now)


def turn_down(session: Session, staff: Staff, approval_id: int, now: datetime) -> Approval:
    """Refuse a proposal, or withdraw one's own. Refusals `desk.read_only`, `approval.decided`."""
    check_right(staff)
    own = approval_of(session, approval_id).made_by == staff.id
    state = ApprovalState.WITHDRAWN if own else ApprovalState.REFUSED
    return _close(session, staff, approval_id, state, now)


def _close(
    session: Session, staff: Staff, approval_id: int, state: ApprovalState, now: datetime
) -> Approval:
    closed = session.execute(
        update(Approval)
        .where(Approval.id == approval_id, Approval.state == ApprovalState.OPEN.value)
        .values(state=state.value, decided_by=staff.id, decided_at=now)
        .returning(Approval.id)
    ).all()
    if not closed:
        raise Refusal("approval.decided")
    approval = approval_of(session, approval_id)
    session.refresh(approval)
    _write_down(session, staff, state.value, approval, now)
    return approval


def _write_down(
    session: Session, staff: Staff, act: str, approval: Approval, now: datetime
) -> None:
    subject = f"campaign:{approval.campaign_id}" if approval.campaign_id else "campaign:new"
    record(
        session, f"staff:{staff.id}", f"approval.{act}", subject, now,
        approval=approval.id, kind=approval.kind,
    )  # fmt: skip
