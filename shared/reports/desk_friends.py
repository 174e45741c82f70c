"""One friend at the desk: where the referral stands, what was found, and what a finding would move.

Masked names, internal ids and amounts; the friend's affairs stay at the desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.finding import WORDS, friend_of, open_request, stands_as
from shared.campaigns.campaigns import Campaign, get_campaign, terms_of
from shared.referrals.findings import Word
from shared.referrals.referrals import Referral
from shared.reports.desk_people import Masked, masked
from shared.reports.desk_referrals import ReferralRow, referral_row
from shared.rewards.remedies import Remedy, RemedyKind
from shared.rewards.supposing import Effect, effect_of


@dataclass(frozen=True)
class Friend:
    """A friend under a member. `open`: the request about them that waits for a second person."""

    row: ReferralRow
    campaign: Campaign
    friend: Masked
    member: Masked
    word: Word
    """The last word on them."""
    open: Remedy | None
    past: Sequence[Remedy]
    """Every request about them that was decided, the newest first."""
    claw_back_days: int
    """Of the version they registered under."""
    effects: Sequence[Effect]
    """What the other word would move now."""

    @property
    def next(self) -> RemedyKind:
        """What may be asked for."""
        return RemedyKind.CLEARED if self.word is Word.FRAUD else RemedyKind.FRAUD


def friend_at(session: Session, referral: Referral, now: datetime) -> Friend:
    """A friend as the desk sees them, and what may be asked for about them."""
    word = stands_as(session, referral)
    other = Word.CLEARED if word is Word.FRAUD else Word.FRAUD
    friend, member = f"friend:{referral.id}", f"member:{referral.member_id}"
    people = masked(session, {friend, member})
    terms = terms_of(session, referral.campaign_id)
    return Friend(
        row=referral_row(session, referral),
        campaign=get_campaign(session, referral.campaign_id),
        friend=people[friend],
        member=people[member],
        word=word,
        open=open_request(session, referral),
        past=_decided(session, referral),
        claw_back_days=terms.versions[referral.version].claw_back_days,
        effects=effect_of(session, referral, other, now, now),
    )


def _decided(session: Session, referral: Referral) -> Sequence[Remedy]:
    query = select(Remedy).where(
        Remedy.kind.in_([kind.value for kind in WORDS]),
        Remedy.campaign_id == referral.campaign_id,
        Remedy.party == f"friend:{referral.id}",
        Remedy.decided_at.is_not(None),
    )
    return session.scalars(query.order_by(Remedy.id.desc())).all()


def effects_of(session: Session, remedy: Remedy, now: datetime) -> list[Effect]:
    """What a request about a friend would move, were it agreed to now."""
    referral, word = friend_of(session, remedy), WORDS[RemedyKind(remedy.kind)]
    return effect_of(session, referral, word, remedy.asked_at, now)
