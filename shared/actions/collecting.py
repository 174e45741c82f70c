"""Collecting a payout: at once where that is quick, by the worker where it takes long.

Either way it is `prepare`, with the same maker, and another person confirms the batch.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.inquiring import (
    OPEN,
    Inquiry,
    InquiryKind,
    InquiryState,
    answer_inquiry,
    inquire,
)
from shared.actions.preparing import Prepared, hold_authority, lock_campaign, prepare
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Life
from shared.people.staff import Staff
from shared.rewards.payable import legs_to_sum

LONG_FROM = 40_000
"""Legs to be summed: about two seconds of a request, which is what a web process's others wait."""


def collect(session: Session, staff: Staff, campaign_id: int, now: datetime) -> Prepared | Inquiry:
    """A new batch, or the question that the worker answers with one.

    Whoever asks again meanwhile is shown the same question. Refusals: as `prepare`;
    `payout.preparing` while another person's is under way; `inquiry.queue`.
    """
    campaign = lock_campaign(session, campaign_id)
    hold_authority(staff)
    before = under_way(session).get(campaign_id)
    if before is not None and before.asked_by != staff.id:
        raise Refusal("payout.preparing", slug=campaign.slug)
    if before is not None:
        return before
    if campaign.life == Life.PAUSED or not _is_long(session, campaign_id):
        return prepare(session, campaign_id, staff, now)
    return inquire(session, staff, InquiryKind.PAYOUT, campaign_id, {}, now)


def carry_out(session: Session, number: int, holder: str, now: datetime) -> None:
    """The worker's part: batch and answer in one transaction, so that neither is without the
    other. Refusals as `prepare`; Superseded when somebody stopped it or another worker has it.
    """
    asked = session.get_one(Inquiry, number)
    made = prepare(session, asked.campaign_id, session.get_one(Staff, asked.asked_by), now)
    answer = {"number": made.number, "unsettled": made.unsettled}
    answer_inquiry(session, number, holder, InquiryState.DONE, answer, None, now)


def under_way(session: Session) -> dict[int, Inquiry]:
    """The payouts that the worker is to collect, by campaign."""
    of = Inquiry.kind == InquiryKind.PAYOUT.value
    found = session.scalars(select(Inquiry).where(of, Inquiry.state.in_(OPEN)))
    return {each.campaign_id: each for each in found}


def _is_long(session: Session, campaign_id: int) -> bool:
    some = legs_to_sum(campaign_id).limit(LONG_FROM + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > LONG_FROM
