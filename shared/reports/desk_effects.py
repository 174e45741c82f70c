"""What a step of a campaign's life does, or a clause taken out, in numbers, before anybody confirms
it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, rules_of
from shared.ledger.entries import Entry
from shared.referrals.referrals import Invite, Referral
from shared.reports.desk_campaigns import unit_budgets
from shared.reports.desk_referrals import qualifies
from shared.rewards.queue import SettleTask


@dataclass(frozen=True)
class Effect:
    """Whom and what a step concerns. Amounts by unit, in the smallest piece."""

    invites: int
    """Invites in members' hands."""
    under_way: int
    """Friends who registered and have not earned a reward yet."""
    members: int
    """Members whose settling is planned or waits."""
    pending: Mapping[Unit, int]
    available: Mapping[Unit, int]


@dataclass(frozen=True)
class Kept:
    """What goes on of a clause that new rules no longer have."""

    friends: int
    """Friends who registered under rules that have it: they keep it, and its limit with it."""
    grants: int
    """Rewards that it has granted; they stand."""


def kept_of(session: Session, campaign: Campaign, clauses: Collection[str]) -> dict[str, Kept]:
    """What goes on of each of these clauses once they are taken out."""
    rules = rules_of(session, campaign.id) if clauses else {}
    found = {}
    for name in clauses:
        under = [number for number, each in rules.items() if each.clause(name) is not None]
        friends = select(func.count(Referral.id)).where(
            Referral.campaign_id == campaign.id, Referral.version.in_(under)
        )
        grants = select(func.count()).where(
            Entry.campaign_id == campaign.id, Entry.clause == name, Entry.revision == 1
        )
        found[name] = Kept(session.scalar(friends) or 0, session.scalar(grants) or 0)
    return found


def effect_on(session: Session, campaign: Campaign, now: datetime) -> Effect:
    """The numbers that a step of this campaign's life concerns now."""
    invites = select(func.count(Invite.id)).where(Invite.campaign_id == campaign.id)
    under_way = select(func.count(Referral.id)).where(
        Referral.campaign_id == campaign.id, ~qualifies()
    )
    members = select(func.count()).where(SettleTask.campaign_id == campaign.id)
    budgets = unit_budgets(session, campaign.id, now)
    return Effect(
        session.scalar(invites) or 0,
        session.scalar(under_way) or 0,
        session.scalar(members) or 0,
        {each.unit: each.pending for each in budgets if each.pending},
        {each.unit: each.available for each in budgets if each.available},
    )
