"""What the desk sees of campaigns: where each stands, what it used, what comes next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.approvals import open_approvals
from shared.base.money import Unit
from shared.campaigns.campaigns import (
    Campaign,
    CampaignLimit,
    Life,
    current_version,
    limits_at,
)
from shared.campaigns.rules import LimitId, Rules
from shared.ledger.balance import Account
from shared.ledger.entries import Entry, Leg
from shared.post.audit import Audit
from shared.referrals.referrals import CreditRow, Invite, Referral, Visit, VisitKind
from shared.reports.desk_referrals import qualifies
from shared.rewards.admission import Admission, LimitUse
from shared.rewards.queue import SettleTask
from shared.rewards.room import Verdict
from shared.rewards.settle import situation

_LINE = (Life.DRAFT, Life.REVIEWED, Life.WARM_UP, Life.RUNNING, Life.CLOSING, Life.CLOSED)
_MOST_RELEASES = 20


class When(StrEnum):
    """Where a step of the life stands."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"


@dataclass(frozen=True)
class LifeStep:
    """One step of a campaign's life. `at`: when it began last; None for one passed over."""

    life: Life
    when: When
    at: datetime | None


@dataclass(frozen=True)
class CampaignLine:
    """One campaign in the list."""

    id: int
    slug: str
    zone: str
    life: Life
    since: datetime
    starts: datetime
    ends: datetime
    version: int
    rules: Rules
    registered: int
    qualified: int
    budgets: tuple[UnitBudget, ...]
    waiting: int
    """Proposals that wait for a second person."""

    @property
    def last(self) -> datetime:
        """A moment of the last day."""
        return self.ends - timedelta(microseconds=1)


@dataclass(frozen=True)
class UnitBudget:
    """One unit's money, in its smallest piece. `limit` None: no budget was set."""

    unit: Unit
    limit: int | None
    committed: int
    """What admitted rewards hold of the budget."""
    pending: int
    available: int
    burnt: int
    """Paid out, tax included."""

    @property
    def percent(self) -> int:
        """How much of the budget is committed, 0 to 100; anything shows as 1 at least."""
        return _percent(self.committed, self.limit)

    @property
    def burnt_percent(self) -> int:
        """How much of the budget is burnt, 0 to 100; anything shows as 1 at least."""
        return _percent(self.burnt, self.limit)


@dataclass(frozen=True)
class Places:
    """A limit that counts places."""

    row: CampaignLimit
    used: int


@dataclass(frozen=True)
class Release:
    """What becomes available on one day of the campaign's zone."""

    day: date
    unit: Unit
    amount: int
    members: int


@dataclass(frozen=True)
class Funnel:
    """From a visit to a reward. Each is a number of rows that can be listed."""

    visits: int
    registered: int
    applied: int
    qualified: int
    turned_away: int
    """Dues that a shared limit or the monthly cap kept back."""


@dataclass(frozen=True)
class CampaignSight:
    """One campaign's page."""

    line: CampaignLine
    steps: tuple[LifeStep, ...]
    paused_from: Life | None
    places: tuple[Places, ...]
    limits: tuple[CampaignLimit, ...]
    funnel: Funnel
    releases: tuple[Release, ...]
    settling: int
    """Members whose settling is planned or waits."""


def campaign_list(session: Session, now: datetime, life: Life | None = None) -> list[CampaignLine]:
    """Every campaign, or those of one life; the one that started last comes first."""
    query = select(Campaign).order_by(Campaign.starts_at.desc(), Campaign.id.desc())
    if life is not None:
        query = query.where(Campaign.life == life.value)
    return [_line(session, campaign, now) for campaign in session.scalars(query)]


def campaign_sight(session: Session, campaign: Campaign, now: datetime) -> CampaignSight:
    """All that one campaign's page shows."""
    limits = limits_at(session, campaign.id, now)
    used = _used(session, campaign.id)
    return CampaignSight(
        line=_line(session, campaign, now),
        steps=life_steps(session, campaign),
        paused_from=Life(campaign.paused_from) if campaign.paused_from else None,
        places=tuple(
            Places(row, used.get(limit_id, 0))
            for limit_id, row in sorted(limits.items())
            if row.unit is None
        ),
        limits=tuple(row for _, row in sorted(limits.items())),
        funnel=_funnel(session, campaign.id),
        releases=next_releases(session, campaign, now),
        settling=_settling(session, campaign.id),
    )


def life_steps(session: Session, campaign: Campaign) -> tuple[LifeStep, ...]:
    """The line of steps with their dates; a paused campaign stands where it was stopped."""
    began = {Life.DRAFT: campaign.created_at}
    for at, details in session.execute(
        select(Audit.at, Audit.details)
        .where(Audit.subject == f"campaign:{campaign.id}", Audit.act == "campaign.move")
        .order_by(Audit.id)
    ):
        after = Life(details["after"])
        if details["before"] != Life.PAUSED:  # resumed: it began before
            began[after] = at
    here = Life(campaign.paused_from or campaign.life)
    place = _LINE.index(here)
    return tuple(
        LifeStep(
            life,
            When.DONE if n < place else When.NOW if n == place else When.NEXT,
            began.get(life) if n <= place else None,
        )
        for n, life in enumerate(_LINE)
    )


def unit_budgets(session: Session, campaign_id: int, now: datetime) -> tuple[UnitBudget, ...]:
    """Money by unit: the limit, what is committed, and where it stands in the ledger."""
    limits, used = limits_at(session, campaign_id, now), _used(session, campaign_id)
    stands: dict[Unit, dict[Account, int]] = defaultdict(dict)
    for account, unit, amount in session.execute(
        select(Leg.account, Leg.unit, func.sum(Leg.amount))
        .join(Entry, Entry.id == Leg.entry_id)
        .where(Entry.campaign_id == campaign_id)
        .group_by(Leg.account, Leg.unit)
    ):
        stands[Unit(unit)][Account(account)] = int(amount)
    units = [u for u in Unit if u in stands or f"budget:{u.value}" in limits]
    found = []
    for unit in units:
        row, held = limits.get(f"budget:{unit.value}"), stands[unit]
        found.append(
            UnitBudget(
                unit,
                row.amount if row is not None else None,
                committed=used.get(f"budget:{unit.value}", 0),
                pending=held.get(Account.PENDING, 0),
                available=held.get(Account.AVAILABLE, 0),
                burnt=held.get(Account.PAID, 0) + held.get(Account.WITHHELD, 0),
            )
        )
    return tuple(found)


def next_releases(session: Session, campaign: Campaign, now: datetime) -> tuple[Release, ...]:
    """What becomes available next, by day: exact for the members who are settled next."""
    zone = ZoneInfo(campaign.zone)
    members = session.scalars(
        select(SettleTask.member_id)
        .where(SettleTask.campaign_id == campaign.id)
        .order_by(SettleTask.due_at, SettleTask.member_id)
        .limit(_MOST_RELEASES)
    ).all()
    amounts: dict[tuple[date, Unit], int] = defaultdict(int)
    whose: dict[tuple[date, Unit], set[int]] = defaultdict(set)
    for member in members:
        here = situation(session, campaign.id, member, now)
        for key, due in here.want.items():
            pending = here.position(key).balance.of(Account.PENDING, due.unit)
            if pending > 0 and not due.held:
                place = (due.release.astimezone(zone).date(), due.unit)
                amounts[place] += pending
                whose[place].add(member)
    return tuple(
        Release(day, unit, amount, len(whose[day, unit]))
        for (day, unit), amount in sorted(amounts.items())
    )


def _percent(part: int, whole: int | None) -> int:
    if not whole or part <= 0:
        return 0
    return min(100, max(1, part * 100 // whole))


def _line(session: Session, campaign: Campaign, now: datetime) -> CampaignLine:
    newest = current_version(session, campaign.id)
    return CampaignLine(
        campaign.id,
        campaign.slug,
        campaign.zone,
        Life(campaign.life),
        campaign.life_since,
        campaign.starts_at,
        campaign.ends_at,
        newest.number,
        newest.rules,
        registered=_referrals(session, campaign.id),
        qualified=_qualified(session, campaign.id),
        budgets=unit_budgets(session, campaign.id, now),
        waiting=len(open_approvals(session, campaign.id)),
    )


def _funnel(session: Session, campaign_id: int) -> Funnel:
    visits = (
        select(func.count(Visit.id))
        .join(Invite, Invite.id == Visit.invite_id)
        .where(Invite.campaign_id == campaign_id, Visit.kind == VisitKind.HUMAN.value)
    )
    applied = (
        select(func.count(func.distinct(CreditRow.referral_id)))
        .join(Referral, Referral.id == CreditRow.referral_id)
        .where(Referral.campaign_id == campaign_id, CreditRow.superseded_at.is_(None))
    )
    turned_away = select(func.count()).where(
        Admission.campaign_id == campaign_id,
        Admission.verdict.in_([Verdict.REFUSED.value, Verdict.CAPPED.value]),
    )
    return Funnel(
        session.scalar(visits) or 0,
        _referrals(session, campaign_id),
        session.scalar(applied) or 0,
        _qualified(session, campaign_id),
        session.scalar(turned_away) or 0,
    )


def _referrals(session: Session, campaign_id: int) -> int:
    query = select(func.count(Referral.id)).where(Referral.campaign_id == campaign_id)
    return session.scalar(query) or 0


def _qualified(session: Session, campaign_id: int) -> int:
    query = select(func.count(Referral.id)).where(Referral.campaign_id == campaign_id, qualifies())
    return session.scalar(query) or 0


def _settling(session: Session, campaign_id: int) -> int:
    query = select(func.count()).where(SettleTask.campaign_id == campaign_id)
    return session.scalar(query) or 0


def _used(session: Session, campaign_id: int) -> dict[LimitId, int]:
    query = select(LimitUse.limit_id, LimitUse.used).where(LimitUse.campaign_id == campaign_id)
    return {row.limit_id: row.used for row in session.execute(query)}
