"""What is looked at for a member's progress, asked for many members at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.notifying import friend_labels
from shared.applications.facts import Fact
from shared.campaigns.rules import Terms
from shared.ledger.balance import Balance, Key
from shared.people import consents
from shared.people.consents import Purpose
from shared.referrals.referrals import Credit, Referral
from shared.rewards.owed import Due
from shared.rewards.room import Holding
from shared.rewards.situations import Situation, situations
from shared.rewards.triggers import fraud_at


@dataclass(frozen=True)
class Sight:
    """What was loaded about one member in one campaign."""

    member_id: int
    terms: Terms
    referrals: Sequence[Referral]
    facts: Mapping[int, Sequence[Fact]]
    credits: Mapping[int, Sequence[Credit]]
    """By referral, those included that may earn nothing: to the member they look alike."""
    eligible: frozenset[int]
    """The applications that may earn."""
    owed: Mapping[Key, Due]
    held: Mapping[Key, Holding]
    stands: Mapping[Key, Balance]
    labels: Mapping[int, str]
    """By referral: how the member sees the friend."""
    shown: frozenset[int]
    """The referrals whose friend agreed to show progress, but for those found to be a fraud: a
    purchase that earns nothing would tell that."""
    now: datetime


def sights(
    session: Session, campaign_id: int, member_ids: Collection[int], now: datetime
) -> dict[int, Sight]:
    """What there is to see of some members: as many questions as for one."""
    if not member_ids:
        return {}
    found = situations(session, campaign_id, member_ids, now)
    referrals = session.scalars(
        select(Referral)
        .where(Referral.campaign_id == campaign_id, Referral.member_id.in_(member_ids))
        .order_by(Referral.ordinal)
    ).all()
    labels = friend_labels(session, referrals)
    persons = {r.person_id for r in referrals if r.person_id is not None}
    agreed = consents.holders(session, Purpose.PROGRESS, persons)
    theirs: dict[int, list[Referral]] = {member_id: [] for member_id in member_ids}
    for referral in referrals:
        theirs[referral.member_id].append(referral)

    def sight(here: Situation, mine: Sequence[Referral]) -> Sight:
        return Sight(
            member_id=here.member,
            terms=here.terms,
            referrals=mine,
            facts=_by_application(here),
            credits=_by_referral(here),
            eligible=frozenset(credit.application for credit in here.record.earning),
            owed=here.want,
            held=here.holdings,
            stands={key: position.balance for key, position in here.have.items()},
            labels=labels,
            shown=frozenset(r.id for r in mine if r.person_id in agreed) - _frauds(here),
            now=now,
        )

    return {member_id: sight(found[member_id], mine) for member_id, mine in theirs.items()}


def _by_application(here: Situation) -> dict[int, list[Fact]]:
    facts: dict[int, list[Fact]] = defaultdict(list)
    for fact in here.record.facts:
        facts[fact.application].append(fact)
    return facts


def _frauds(here: Situation) -> frozenset[int]:
    facts = _by_application(here)
    return frozenset(
        credit.referral
        for credit in here.record.credits
        if fraud_at(facts.get(credit.application, ())) is not None
    )


def _by_referral(here: Situation) -> dict[int, list[Credit]]:
    credits: dict[int, list[Credit]] = defaultdict(list)
    for credit in here.record.credits:
        credits[credit.referral].append(credit)
    return credits
