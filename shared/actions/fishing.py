"""Fishing: members who claim one number after another of which nothing is found get a case.

Nothing is held by it: a claim pays nothing before it is credited, and its answers tell nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.assessing import risk_rules_of
from shared.campaigns.risk import RiskMode
from shared.claims.claims import FAILED, Claim
from shared.post.audit import record
from shared.risk.cases import Case, CaseKind, new_case

MONTH = timedelta(days=30)


def find_fishing(session: Session, now: datetime) -> int:
    """Open a case for members whose refused claims of a month are too many; how many."""
    rows = session.execute(
        select(Claim.campaign_id, Claim.member_id, func.count())
        .where(Claim.state.in_([state.value for state in FAILED]), Claim.filed_at > now - MONTH)
        .group_by(Claim.campaign_id, Claim.member_id)
        .having(func.count() > 1)
        .order_by(Claim.campaign_id, Claim.member_id)
    ).all()
    opened = 0
    for campaign_id, member_id, failed in rows:
        rules = risk_rules_of(session, campaign_id)
        if rules.mode is not RiskMode.HOLD or failed <= rules.allowances.failed_claims_a_month:
            continue
        if _known(session, campaign_id, member_id, now):
            continue
        due_at = now + timedelta(hours=rules.decide_hours)
        case = new_case(
            session, CaseKind.FISHING, f"member:{member_id}", campaign_id, member_id, now, due_at,
            {"failed_claims": failed},
        )  # fmt: skip
        record(session, "worker", "risk.fishing", f"case:{case.id}", now, claims=failed)
        opened += 1
    return opened


def _known(session: Session, campaign_id: int, member_id: int, now: datetime) -> bool:
    """Whether a person looks at it, or did within the month."""
    query = select(Case.id).where(
        Case.kind == CaseKind.FISHING.value,
        Case.campaign_id == campaign_id,
        Case.member_id == member_id,
        Case.opened_at > now - MONTH,
    )
    return session.scalar(query.limit(1)) is not None
