"""What members think of how claims are handled, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.base.clock import day_of, local_midnight, months_after
from shared.campaigns.campaigns import get_campaign
from shared.claims.claims import Claim
from shared.claims.opinions import ClaimOpinion, Opinion
from shared.reports.branch_day import zone_at

MONTHS = 6


@dataclass(frozen=True)
class MonthOfOpinions:
    """The answers given in one calendar month. `month`: its first day."""

    month: date
    good: int
    fair: int
    poor: int

    @property
    def answers(self) -> int:
        return self.good + self.fair + self.poor

    @property
    def satisfied(self) -> int:
        """The share of those who are satisfied, in whole percent, halves up."""
        return (200 * self.good + self.answers) // (2 * self.answers)


def zone_of(session: Session, campaign_id: int | None, now: datetime) -> str:
    """In which months are counted: the campaign's, without one that of the campaign shown."""
    if campaign_id is not None:
        return get_campaign(session, campaign_id).zone
    return zone_at(session, now)


def opinions_by_month(
    session: Session, campaign_id: int | None, zone: str, now: datetime
) -> tuple[MonthOfOpinions, ...]:
    """The last six calendar months of an IANA zone in which somebody answered, newest first."""
    this = day_of(now, zone).replace(day=1)
    months = [months_after(this, -n) for n in range(MONTHS)]
    found = [_month(session, campaign_id, zone, month) for month in months]
    return tuple(month for month in found if month.answers)


def _month(session: Session, campaign_id: int | None, zone: str, month: date) -> MonthOfOpinions:
    since, until = local_midnight(month, zone), local_midnight(months_after(month, 1), zone)
    query = (
        select(ClaimOpinion.opinion, func.count())
        .where(ClaimOpinion.given_at >= since, ClaimOpinion.given_at < until)
        .group_by(ClaimOpinion.opinion)
    )
    if campaign_id is not None:
        query = query.join(Claim, Claim.id == ClaimOpinion.claim_id)
        query = query.where(Claim.campaign_id == campaign_id)
    counts = {row[0]: row[1] for row in session.execute(query)}
    return MonthOfOpinions(month, *(counts.get(each.value, 0) for each in Opinion))
