"""The campaign file: YAML in, a campaign with its version and dated limits out.

Every mistake is reported at once, each with its line, its path and what to write instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Session

from shared.base.clock import local_midnight
from shared.base.money import Unit
from shared.campaigns.campaigns import (
    Campaign,
    CampaignLimit,
    CampaignVersion,
    Life,
    campaign_by_slug,
    current_version,
    limits_at,
    move,
)
from shared.campaigns.clauses import Clause, rewards_of
from shared.campaigns.prizes import Model, Money
from shared.campaigns.problems import CampaignFileError, Problem, explain, read_yaml
from shared.campaigns.publishing import check_texts, is_published
from shared.campaigns.rules import (
    FRIENDS,
    MONTHLY_CAP,
    REFERRERS,
    LimitId,
    Rules,
    budget_of,
    claims_of,
    daily_of,
    first_of,
    is_about,
    stock_of,
)
from shared.post.audit import record


class Wish(StrEnum):
    """How far the file takes a new campaign; it never takes one back."""

    DRAFT = "draft"
    WARM_UP = "warm_up"
    RUNNING = "running"


class Limits(Model):
    """The campaign's limits. Shared ones are never overstepped; the cap clips."""

    monthly_cap: Money | None = None
    """The most one member earns in a calendar month."""
    budget: tuple[Money, ...] = ()
    """Hard, one for each unit."""
    daily_budget: tuple[Money, ...] = ()
    """What may be granted for one day's earnings (a day of the campaign's zone), for each unit."""
    claim_reserve: tuple[Money, ...] = ()
    """How much of the budget friends credited by a claim may use up, for each unit."""
    first_referrers: int | None = Field(default=None, ge=1)
    first_friends: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _sound(self) -> Limits:
        for at in ("budget", "daily_budget", "claim_reserve"):
            units = [money.unit for money in getattr(self, at)]
            if len(units) != len(set(units)):
                raise PydanticCustomError("same_budget", "two budgets of one unit", {"at": at})
        if self.monthly_cap is not None and self.monthly_cap.unit is not Unit.CNY:
            raise PydanticCustomError("cap_unit", "the cap is in money", {"at": "monthly_cap"})
        whole = {money.unit: money.amount for money in self.budget}
        if any(part.amount > whole.get(part.unit, 0) for part in self.claim_reserve):
            raise PydanticCustomError("reserve_large", "over the budget", {"at": "claim_reserve"})
        return self


class CampaignFile(Rules):
    """A whole file: the rules and texts of a version, and what belongs to the campaign."""

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,58}$")
    zone: str
    life: Wish = Wish.DRAFT
    starts: date
    ends: date
    """The last day."""
    limits: Limits = Limits()

    @field_validator("zone")
    @classmethod
    def _iana(cls, zone: str) -> str:
        if zone not in _zones():
            raise PydanticCustomError("zone", "unknown zone", {"found": zone})
        return zone

    @model_validator(mode="after")
    def _fits(self) -> CampaignFile:
        if self.ends < self.starts:
            raise PydanticCustomError("ends_first", "ends before it starts", {"at": "ends"})
        largest = {unit: max(map(_largest(unit), self.clauses)) for unit in Unit}
        base = max((_largest(Unit.CNY)(c) for c in self.clauses if c.kind == "base"), default=0)
        cap = self.limits.monthly_cap
        if cap is not None and cap.amount < base:
            raise PydanticCustomError("cap_small", "cap below base", {"at": "limits.monthly_cap"})
        for name in ("budget", "daily_budget"):
            if any(m.amount < largest[m.unit] for m in getattr(self.limits, name)):
                raise PydanticCustomError("budget_small", "too small", {"at": f"limits.{name}"})
        return self

    def dated_limits(self) -> dict[LimitId, tuple[Unit | None, int]]:
        """Every limit by its id: unit (None for places) and amount."""
        found: dict[LimitId, tuple[Unit | None, int]] = {}
        if self.limits.monthly_cap is not None:
            found[MONTHLY_CAP] = (Unit.CNY, self.limits.monthly_cap.amount)
        for money in self.limits.budget:
            found[budget_of(money.unit)] = (money.unit, money.amount)
        for money in self.limits.daily_budget:
            found[daily_of(money.unit)] = (money.unit, money.amount)
        for money in self.limits.claim_reserve:
            found[claims_of(money.unit)] = (money.unit, money.amount)
        for gift in self.gifts:
            found[stock_of(gift.id)] = (None, gift.stock)
        if self.limits.first_referrers is not None:
            found[REFERRERS] = (None, self.limits.first_referrers)
        if self.limits.first_friends is not None:
            found[FRIENDS] = (None, self.limits.first_friends)
        for clause in self.clauses:
            if clause.first_n is not None:
                found[first_of(clause.id)] = (None, clause.first_n)
        return found

    def body(self) -> dict[str, Any]:
        """The part that is versioned, as plain JSON."""
        rules = Rules.model_validate(
            {name: getattr(self, name) for name in Rules.model_fields}, from_attributes=True
        )
        return rules.model_dump(mode="json")


@cache
def _zones() -> set[str]:
    """Every zone's name; the standard library reads a folder each time it is asked."""
    return available_timezones()


def _largest(unit: Unit) -> Callable[[Clause], int]:
    """How much of a unit's budget a clause can ask for at once; donations are money too."""

    def ask(clause: Clause) -> int:
        units = {unit, Unit.DONATION} if unit is Unit.CNY else {unit}
        most = max((prize.amount for prize in rewards_of(clause) if prize.unit in units), default=0)
        times = [each.percent for each in getattr(clause, "multipliers", ())]
        return most * max(times, default=100) // 100

    return ask


@dataclass(frozen=True)
class Applied:
    """What applying a file changed."""

    campaign_id: int
    created: bool
    version: int
    new_version: bool
    limits_changed: tuple[LimitId, ...]


def read_campaign(source: str) -> CampaignFile:
    """Parse and check a campaign file; CampaignFileError lists every problem by line."""
    plain, lines = read_yaml(source)
    try:
        return CampaignFile.model_validate(plain)
    except ValidationError as wrong:
        raise explain(wrong, lines) from None


def apply_campaign(session: Session, source: str, now: datetime, actor: str) -> Applied:
    """Create the campaign of a file, or bring it up to the file.

    Changed rules or texts become a new version (the same digest makes none); changed limits
    hold from `now` on. Dates may move; zone may not. CampaignFileError for a bad file, and for
    texts that advertising law forbids where they would be published.
    """
    file = read_campaign(source)
    campaign = campaign_by_slug(session, file.slug)
    if file.life is not Wish.DRAFT or is_published(campaign):
        check_texts(session, campaign, file, source)
    created = campaign is None
    if campaign is None:
        campaign = _create(session, file, now)
    elif campaign.zone != file.zone:
        line = 1 + next(
            (n for n, line in enumerate(source.splitlines()) if line.startswith("zone")), 0
        )
        raise CampaignFileError([Problem(line, "zone", "zone_fixed", {"zone": campaign.zone})])
    campaign.starts_at = local_midnight(file.starts, file.zone)
    campaign.ends_at = local_midnight(file.ends + timedelta(days=1), file.zone)
    number, new = _version(session, campaign, file.body(), now)
    since = min(now, campaign.starts_at) if created else now
    limits = _limits(session, campaign, file, since)
    if created or new or limits:
        act = "campaign.create" if created else "campaign.apply"
        subject = f"campaign:{campaign.id}"
        record(session, actor, act, subject, now, version=number, limits=list(limits))
    _advance(session, campaign, file.life, actor, now)
    session.flush()
    return Applied(campaign.id, created, number, new, limits)


def _create(session: Session, file: CampaignFile, now: datetime) -> Campaign:
    campaign = Campaign(
        slug=file.slug,
        zone=file.zone,
        life=Life.DRAFT.value,
        life_since=now,
        starts_at=local_midnight(file.starts, file.zone),
        ends_at=local_midnight(file.ends + timedelta(days=1), file.zone),
        created_at=now,
    )
    session.add(campaign)
    session.flush()
    return campaign


def _version(
    session: Session, campaign: Campaign, body: dict[str, Any], now: datetime
) -> tuple[int, bool]:
    canonical = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    try:
        newest = current_version(session, campaign.id)
    except LookupError:
        number = 1
    else:
        if newest.digest == digest:
            return newest.number, False
        number = newest.number + 1
    session.add(
        CampaignVersion(
            campaign_id=campaign.id, number=number, body=body, digest=digest, created_at=now
        )
    )
    session.flush()
    return number, True


def _limits(
    session: Session, campaign: Campaign, file: CampaignFile, since: datetime
) -> tuple[LimitId, ...]:
    wanted = file.dated_limits()
    have = {
        limit_id: (Unit(row.unit) if row.unit else None, row.amount)
        for limit_id, row in limits_at(session, campaign.id, since).items()
    }
    changed = sorted(
        limit_id
        for limit_id in wanted.keys() | have.keys()
        if wanted.get(limit_id) != have.get(limit_id) and is_about(limit_id, file)
    )  # what goes with a removed clause or gift binds on: friends keep their version
    for limit_id in changed:
        unit, amount = wanted.get(limit_id, (None, None))
        session.add(
            CampaignLimit(
                campaign_id=campaign.id,
                limit_id=limit_id,
                unit=unit.value if unit else None,
                amount=amount,
                from_at=since,
            )
        )
    session.flush()
    return tuple(changed)


_WAYS: dict[Wish, tuple[Life, ...]] = {
    Wish.DRAFT: (),
    Wish.WARM_UP: (Life.REVIEWED, Life.WARM_UP),
    Wish.RUNNING: (Life.REVIEWED, Life.WARM_UP, Life.RUNNING),
}


def _advance(session: Session, campaign: Campaign, wish: Wish, actor: str, now: datetime) -> None:
    """Walk forward as far as the file wishes; a campaign further on stays where it is."""
    order = [Life.DRAFT, Life.REVIEWED, Life.WARM_UP, Life.RUNNING]
    for life in _WAYS[wish]:
        if campaign.life in order and order.index(Life(campaign.life)) < order.index(life):
            move(session, campaign, life, actor, now)
