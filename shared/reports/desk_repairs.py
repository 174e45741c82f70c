"""Repairs as the desk sees them: what a review proposed, and who applied it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.campaigns.campaigns import Campaign, get_campaign
from shared.reports.desk_people import who
from shared.rewards.repairs import Repair

MOST_APPLIED = 50


@dataclass(frozen=True)
class RepairLine:
    """One repair with the people's names."""

    repair: Repair
    campaign: Campaign
    maker: str
    applier: str


def repair_lines(session: Session, campaign_id: int | None, most: int) -> list[RepairLine]:
    """Those that wait, the oldest first, before the latest that were applied."""
    query = select(Repair)
    if campaign_id is not None:
        query = query.where(Repair.campaign_id == campaign_id)
    waits = Repair.applied_at.is_(None)
    found = list(session.scalars(query.where(waits).order_by(Repair.id).limit(most)))
    found += session.scalars(query.where(~waits).order_by(Repair.id.desc()).limit(MOST_APPLIED))
    return [
        RepairLine(
            repair,
            get_campaign(session, repair.campaign_id),
            who(session, repair.proposed_by),
            who(session, repair.applied_by),
        )
        for repair in found
    ]
