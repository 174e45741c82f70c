"""Purchases: how friends use their new cards, for the risk checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.applications.facts import Fact, load_facts
from shared.base.direct import Direct, among
from shared.campaigns.campaigns import rules_of
from shared.campaigns.clauses import BaseClause, WelcomeClause
from shared.campaigns.conditions import TriggerKind
from shared.campaigns.rules import Programme
from shared.referrals.referrals import CreditRow, Referral
from shared.risk.known import Seen, Spent
from shared.risk.rings import identity
from shared.risk.spending import spent_of

_CREDITS = Direct(
    select(Referral.id, Referral.member_id, Referral.version, CreditRow.application_id)
    .join(CreditRow, CreditRow.referral_id == Referral.id)
    .where(among(Referral.id, "values"), CreditRow.superseded_at.is_(None))
)
Purchases = Mapping[int, Spent]
"""By referral."""


def spending(
    session: Session,
    campaign_id: int,
    subjects: Sequence[Seen],
    tied: Iterable[Seen],
    clusters: Mapping[int, tuple[Seen, ...]],
    now: datetime,
) -> Purchases:
    """How the subjects' cards are used and, where one is, those of the inviter's other friends
    and of whoever hangs together with the subject."""
    found = spent_by(session, campaign_id, _referrals(subjects), now)
    buyers = [row for row in subjects if row.referral in found]
    inviters = {row.member for row in buyers}
    others = [row for row in tied if row.member in inviters]
    others += [each for row in buyers for each in clusters[identity(row)]]
    more = _referrals(others) - _referrals(subjects)
    return found | spent_by(session, campaign_id, more, now)


def near_in(
    row: Seen, found: Purchases, cluster: Iterable[Seen], by_member: Mapping[int, Sequence[int]]
) -> tuple[Spent, ...]:
    """Out of what was found: the inviter's other friends and the subject's cluster."""
    names = {*by_member.get(row.member, ()), *_referrals(cluster)} - {row.referral}
    return tuple(found[name] for name in sorted(names) if name in found)


def by_inviter(found: Purchases) -> dict[int, list[int]]:
    """The referrals that bought something, by who invited them."""
    mine: dict[int, list[int]] = defaultdict(list)
    for referral, spent in found.items():
        mine[spent.member].append(referral)
    return mine


def spent_by(
    session: Session, campaign_id: int, referrals: Collection[int], now: datetime
) -> dict[int, Spent]:
    """How some referrals' friends use their cards; who bought nothing is left out."""
    credits: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for referral, member, version, application in (
        _CREDITS.read(session, values=sorted(referrals)) if referrals else []
    ):
        credits[referral, member, version].append(application)
    told: dict[int, list[Fact]] = defaultdict(list)
    for fact in load_facts(session, {each for mine in credits.values() for each in mine}):
        told[fact.application].append(fact)
    if not told:
        return {}
    asked = {version: _asked(rules) for version, rules in rules_of(session, campaign_id).items()}
    found = {}
    for (referral, member, version), applications in credits.items():
        facts = sorted(fact for each in applications for fact in told[each])
        spent = spent_of(referral, member, facts, *asked[version], now)
        if spent is not None:
            found[referral] = spent
    return found


def _asked(programme: Programme) -> tuple[int, timedelta]:
    """What one purchase must come to in fen, and how long it can be undone."""
    triggers = [programme.qualifying]
    triggers += [
        clause.trigger
        for clause in programme.clauses
        if isinstance(clause, (BaseClause, WelcomeClause))
    ]
    amounts = [
        trigger.at_least.amount
        for trigger in triggers
        if trigger.kind is TriggerKind.FIRST_PURCHASE and trigger.at_least is not None
    ]
    return (amounts[0] if amounts else 0), timedelta(days=programme.claw_back_days)


def _referrals(rows: Iterable[Seen]) -> set[int]:
    return {row.referral for row in rows if row.referral is not None}
