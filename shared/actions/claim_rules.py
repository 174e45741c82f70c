"""Under which rules a claim stands: those of the day it was filed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.campaigns.campaigns import CampaignVersion, version
from shared.campaigns.rules import Rules
from shared.claims.claims import Claim


def version_of_day(session: Session, campaign_id: int, at: datetime) -> CampaignVersion:
    """The version that was in force at a moment; before the first one: the first."""
    found = session.scalar(
        select(CampaignVersion)
        .where(CampaignVersion.campaign_id == campaign_id, CampaignVersion.created_at <= at)
        .order_by(CampaignVersion.number.desc())
        .limit(1)
    )
    return found or version(session, campaign_id, 1)


def rules_for(session: Session, claim: Claim) -> Rules:
    """The rules of the day the claim was filed."""
    return version(session, claim.campaign_id, claim.version).rules
