"""Referring: a proven registration becomes a referral, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from shared.claims.claims import Claim
from shared.people.members import get_member
from shared.referrals.referrals import Invite, Referral, Registration
from shared.risk.looks import ask_looks


def refer(session: Session, registration: Registration, registered_at: datetime) -> Referral:
    """The referral of a proven registration, made once.

    A friend who registers again under the same member stays the same referral, also one whom
    the member claimed before.
    """
    invite = session.get(Invite, registration.invite_id, with_for_update=True)
    assert invite is not None
    known = referral_of_number(
        session, registration.campaign_id, invite.member_id, registration.phone_blind
    )
    if known is not None:
        known.person_id = registration.person_id
        if known.registration_id is None:
            known.registration_id = registration.id
        return known
    referral = Referral(
        campaign_id=registration.campaign_id,
        member_id=invite.member_id,
        registration_id=registration.id,
        person_id=registration.person_id,
        version=registration.version,
        registered_at=registered_at,
        segment=get_member(session, invite.member_id).segment,
        ordinal=next_ordinal(session, registration.campaign_id, invite.member_id),
    )
    session.add(referral)
    session.flush()
    ask_looks(session, [(referral.id, referral.campaign_id, referral.member_id)], registered_at)
    return referral


def referral_of_number(
    session: Session, campaign_id: int, member_id: int, phone_blind: str | None
) -> Referral | None:
    """A member's friend by the number's keyed hash: registered, or credited by a claim."""
    if phone_blind is None:
        return None
    return session.scalar(
        select(Referral)
        .outerjoin(Registration, Registration.id == Referral.registration_id)
        .outerjoin(Claim, Claim.id == Referral.claim_id)
        .where(
            Referral.campaign_id == campaign_id,
            Referral.member_id == member_id,
            or_(Registration.phone_blind == phone_blind, Claim.phone_blind == phone_blind),
        )
        .order_by(Referral.id)
        .limit(1)
    )


def next_ordinal(session: Session, campaign_id: int, member_id: int) -> int:
    """The number of a member's next friend; the caller holds the invite's row."""
    last = session.scalar(
        select(func.max(Referral.ordinal)).where(
            Referral.campaign_id == campaign_id, Referral.member_id == member_id
        )
    )
    return (last or 0) + 1
