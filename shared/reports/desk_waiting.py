"""What waits for a second person besides proposals: batches, remedies, repairs and cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.approvals import Approval, ApprovalState
from shared.campaigns.campaigns import get_campaign
from shared.reports.desk_people import who
from shared.rewards.payouts import Batch, State
from shared.rewards.remedies import Remedy, RemedyState
from shared.rewards.repairs import Repair
from shared.risk.cases import Case, CaseKind, CaseState, finding_of

MOST_SHOWN = 50
"""Of a kind; the kind's own list has them all."""


class Work(StrEnum):
    """What is to be looked at."""

    PAYOUT = "payout"
    WRITE_OFF = "write_off"
    GOODWILL = "goodwill"
    FRAUD = "fraud"
    CLEARED = "cleared"
    REPAIR = "repair"
    CASE = "case"
    """What one person found against a risk case, or a member's appeal."""


@dataclass(frozen=True)
class Waiting:
    """One piece of work; `count` repairs of one campaign are one piece."""

    work: Work
    number: int
    slug: str
    zone: str
    maker: str
    at: datetime
    count: int = 1


_BATCHES = select(Batch).where(Batch.state == State.PREPARED.value)
_REMEDIES = select(Remedy).where(Remedy.state == RemedyState.ASKED.value)
_CASES = select(Case).where(
    Case.kind != CaseKind.DISPUTE.value,
    Case.state.in_((CaseState.PROPOSED.value, CaseState.APPEALED.value)),
)
_APPROVALS = select(Approval).where(Approval.state == ApprovalState.OPEN.value)


def count_waiting(session: Session) -> int:
    """How many things wait for a second person; a campaign's repairs count as one."""
    counts = [
        session.scalar(select(func.count()).select_from(each.subquery()))
        for each in (_APPROVALS, _BATCHES, _REMEDIES, _CASES)
    ]
    repairs = select(func.count(Repair.campaign_id.distinct())).where(Repair.applied_at.is_(None))
    return sum(count or 0 for count in counts) + (session.scalar(repairs) or 0)


def waiting_work(session: Session) -> list[Waiting]:
    """What waits besides proposals, the oldest of each kind first."""
    found: list[Waiting] = []

    def add(work: Work, number: int, campaign_id: int, maker: str, at: datetime) -> None:
        campaign = get_campaign(session, campaign_id)
        found.append(Waiting(work, number, campaign.slug, campaign.zone, maker, at))

    for batch in session.scalars(_BATCHES.order_by(Batch.id).limit(MOST_SHOWN)):
        maker = who(session, batch.prepared_by)
        add(Work.PAYOUT, batch.id, batch.campaign_id, maker, batch.prepared_at)
    for remedy in session.scalars(_REMEDIES.order_by(Remedy.id).limit(MOST_SHOWN)):
        maker = who(session, remedy.asked_by)
        add(Work(remedy.kind), remedy.id, remedy.campaign_id, maker, remedy.asked_at)
    for case in session.scalars(_CASES.order_by(Case.id).limit(MOST_SHOWN)):
        told = finding_of(session, case.id)
        assert told is not None
        assert case.campaign_id is not None
        maker = who(session, told.appealed_by or told.proposed_by)
        at = told.appealed_at or told.proposed_at
        add(Work.CASE, case.id, case.campaign_id, maker, at)
    return found + _repairs(session)


def _repairs(session: Session) -> list[Waiting]:
    """A campaign's open repairs together, under who proposed the first."""
    groups = session.execute(
        select(func.min(Repair.id), func.count())
        .where(Repair.applied_at.is_(None))
        .group_by(Repair.campaign_id)
        .order_by(func.min(Repair.id))
    ).all()
    found = []
    for first_id, count in groups:
        first = session.get_one(Repair, first_id)
        campaign = get_campaign(session, first.campaign_id)
        maker = who(session, first.proposed_by)
        found.append(
            Waiting(
                Work.REPAIR, first.id, campaign.slug, campaign.zone, maker, first.proposed_at, count
            )
        )
    return found
