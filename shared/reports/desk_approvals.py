"""What waits for a second person at the desk, and what became of what waited."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.approvals import Approval, ApprovalState
from shared.campaigns.campaigns import Campaign, get_campaign
from shared.reports.desk_people import who

MOST_DECIDED = 100


@dataclass(frozen=True)
class ApprovalLine:
    """One proposal with the people's names. `campaign` None: for one that is not there yet."""

    approval: Approval
    slug: str
    campaign: Campaign | None
    maker: str
    decider: str

    @property
    def zone(self) -> str:
        """In which the desk reads its times: the campaign's own."""
        if self.campaign is not None:
            return self.campaign.zone
        return str(self.approval.body.get("zone", "UTC"))

    @property
    def open(self) -> bool:
        """Whether it still waits."""
        return self.approval.state == ApprovalState.OPEN.value


def approval_line(session: Session, approval: Approval) -> ApprovalLine:
    """One proposal as the desk reads it."""
    campaign = (
        get_campaign(session, approval.campaign_id) if approval.campaign_id is not None else None
    )
    slug = campaign.slug if campaign is not None else str(approval.body.get("slug", ""))
    return ApprovalLine(
        approval,
        slug,
        campaign,
        who(session, approval.made_by),
        who(session, approval.decided_by),
    )


def approval_lines(session: Session, state: ApprovalState | None = None) -> list[ApprovalLine]:
    """Proposals, the newest first; those that wait before the latest of the others."""
    query = select(Approval).order_by(Approval.id.desc())
    if state is not None:
        found = list(
            session.scalars(query.where(Approval.state == state.value).limit(MOST_DECIDED))
        )
    else:
        still = Approval.state == ApprovalState.OPEN.value
        found = list(session.scalars(query.where(still)))
        found += session.scalars(query.where(~still).limit(MOST_DECIDED))
    return [approval_line(session, each) for each in found]
