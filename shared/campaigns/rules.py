"""What a version of a campaign says: its programme (clauses and triggers) and its texts.

Frozen pydantic models: the same shapes are read from a campaign file and from the stored
version. Amounts stand with their unit, in its smallest piece.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.base.money import Unit
from shared.campaigns.clauses import BaseClause, Clause, ShareClause, WelcomeClause, rewards_of
from shared.campaigns.conditions import Trigger, TriggerKind
from shared.campaigns.prizes import Gift, Model, Money, Named, Prize, Words
from shared.campaigns.risk import RiskMode, RiskRules
from shared.campaigns.tax import TaxRule

LimitId = str
"""`monthly_cap`, `budget:<unit>`, `daily:<unit>`, `claims:<unit>`, `stock:<gift>`,
`first:<clause>`, `referrers` or `friends`. A daily budget is drawn on as `daily:<unit>:<day>`."""

MONTHLY_CAP: LimitId = "monthly_cap"
REFERRERS: LimitId = "referrers"
FRIENDS: LimitId = "friends"


def budget_of(unit: Unit) -> LimitId:
    """The limit that everything granted in a unit draws on."""
    return f"budget:{unit.value}"


def daily_of(unit: Unit, day: str = "") -> LimitId:
    """The limit on a day's grants of a unit; with an ISO day, that day's share of it."""
    return f"daily:{unit.value}:{day}" if day else f"daily:{unit.value}"


def claims_of(unit: Unit) -> LimitId:
    """The part of a unit's budget that friends credited by a claim draw on besides."""
    return f"claims:{unit.value}"


def stock_of(gift: str) -> LimitId:
    """The limit on how often a gift is given."""
    return f"stock:{gift}"


@cache
def rule_of(limit: LimitId) -> LimitId:
    """The limit that a draw comes under: a day's share comes under the daily budget."""
    kind, _, rest = limit.partition(":")
    return f"{kind}:{rest.partition(':')[0]}" if kind == "daily" else limit


@cache
def counts_amounts(limit: LimitId) -> bool:
    """Whether amounts are drawn from a limit; else it has places."""
    return limit.partition(":")[0] in ("budget", "daily", "claims", "stock")


@cache
def first_of(clause: str) -> LimitId:
    """The limit on the number of times a clause is granted."""
    return f"first:{clause}"


class Programme(Model):
    """The rules of one version: what qualifies a friend and what each clause owes."""

    qualifies: Trigger | None = None
    """What makes a friend count on the ladder; without it, the base clause's trigger."""
    claw_back_days: int = Field(default=90, ge=0)
    """Days of 24 hours after the purchase or the qualification in which it can be undone."""
    attribution_days: int = Field(default=30, ge=1)
    """An application counts within so many days of 24 hours from the registration."""
    clauses: tuple[Clause, ...] = Field(min_length=1)
    gifts: tuple[Gift, ...] = ()
    privileges: tuple[Named, ...] = ()
    causes: tuple[Named, ...] = ()

    @model_validator(mode="after")
    def _known_prizes(self) -> Programme:
        for place, clause in enumerate(self.clauses):
            for prize in rewards_of(clause):
                if prize.item and self.named(prize) is None:
                    at = {"name": prize.item, "at": f"clauses.{place}"}
                    raise PydanticCustomError("unknown_prize", "not in the lists", at)
        for field, listed in (("gifts", self.gifts), ("privileges", self.privileges)):
            if double := _double([each.id for each in listed]):
                raise PydanticCustomError("same_clause", "twice", {"found": double, "at": field})
        return self

    @model_validator(mode="after")
    def _sound(self) -> Programme:
        ids = [clause.id for clause in self.clauses]
        if double := _double(ids):
            raise PydanticCustomError(
                "same_clause", "same id twice", {"found": double, "at": "clauses"}
            )
        if self.qualifies is None and not any(c.kind == "base" for c in self.clauses):
            raise PydanticCustomError(
                "no_qualifies", "nothing says what qualifies", {"at": "clauses"}
            )
        longest = max(clause.cooling_days for clause in self.clauses)
        if self.claw_back_days < longest:
            raise PydanticCustomError(
                "claw_back", "shorter than cooling", {"days": longest, "at": "claw_back_days"}
            )
        return self

    @cached_property
    def qualifying(self) -> Trigger:
        """What makes a friend count."""
        if self.qualifies is not None:
            return self.qualifies
        return next(c.trigger for c in self.clauses if isinstance(c, BaseClause))

    @cached_property
    def at_qualifying(self) -> frozenset[str]:
        """The clauses that are owed once their friend qualified, by id."""
        return frozenset(
            c.id
            for c in self.clauses
            if isinstance(c, (BaseClause, WelcomeClause)) and c.trigger == self.qualifying
        )

    @cached_property
    def held_for(self) -> tuple[Trigger, ...]:
        """What time alone meets: the triggers that want a card held."""
        own = (c.trigger for c in self.clauses if isinstance(c, (BaseClause, WelcomeClause)))
        return tuple(t for t in (self.qualifying, *own) if t.kind is TriggerKind.HELD)

    @cached_property
    def shares(self) -> tuple[ShareClause, ...]:
        """The clauses that are owed at a month's end."""
        return tuple(c for c in self.clauses if isinstance(c, ShareClause))

    def named(self, prize: Prize) -> Words | None:
        """What a gift, a privilege or a cause is called; None for money and points."""
        lists: dict[Unit, Collection[Gift | Named]] = {
            Unit.GIFT: self.gifts,
            Unit.PRIVILEGE: self.privileges,
            Unit.DONATION: self.causes,
        }
        listed = lists.get(prize.unit, ())
        return next((each.name for each in listed if each.id == prize.item), None)

    def only(self, clause_id: str, unit: Unit) -> Prize | None:
        """The one prize of a unit that a clause gives; None when there is none, or a choice."""
        clause = self.clause(clause_id)
        found = [each for each in rewards_of(clause) if each.unit is unit] if clause else []
        return found[0] if len({each.item for each in found}) == 1 else None

    def clause(self, clause_id: str) -> Clause | None:
        """The clause of that id."""
        return next((c for c in self.clauses if c.id == clause_id), None)


def is_about(limit: LimitId, rules: Programme) -> bool:
    """Whether a limit says anything under some rules: not that of a clause or a gift which only
    older versions have."""
    kind, _, name = limit.partition(":")
    if kind == "first":
        return rules.clause(name) is not None
    return kind != "stock" or any(gift.id == name for gift in rules.gifts)


def _double(names: list[str]) -> str:
    """The first name that stands there twice; empty: none."""
    return min((name for name in names if names.count(name) > 1), default="")


class Product(Model):
    """A card that the campaign offers."""

    code: str = Field(min_length=1, max_length=40)
    name: Words


LATEST_JUDGED = 72
"""Hours after filing at which the machine judges at the latest."""


class ClaimRules(Model):
    """Make-up claims."""

    window_days: int = Field(default=45, ge=1)
    """How old an application may be when it is claimed."""
    override_days: int = Field(default=90, ge=1)
    """Older than the window and up to this: two people, one of them a supervisor."""
    most_per_member: int = Field(default=5, ge=0)
    """In the whole campaign."""
    most_per_month: int = Field(default=5, ge=0)
    """In a calendar month of the campaign's zone."""
    decision_hours: int = Field(default=48, ge=1)
    escalate_hours: int = Field(default=8, ge=0)
    """So long before its time is over, what nobody decided goes to the managers."""
    answer_hours: int = Field(default=24, ge=0, le=LATEST_JUDGED)
    """After so long the machine answers whatever it did not credit at once: always as long."""
    ask_days: int = Field(default=7, ge=1)
    """How long a friend may take to confirm; the clock stands still meanwhile."""
    appeal_days: int = Field(default=30, ge=0)
    """How long a decision can be appealed against; then the friend's keyed hashes go."""
    branch_limit: Money = Money(amount=20_000, unit=Unit.CNY)
    """Up to this a teller decides, above it a manager."""


class RegistrationLimits(Model):
    """How often one source may register."""

    per_address_per_minute: int = Field(default=30, ge=1)
    per_phone_per_day: int = Field(default=5, ge=1)


class Reminder(Model):
    """The gentle reminder to a silent friend; only with marketing consent."""

    after_days: int = Field(default=3, ge=3, le=7)
    most: int = Field(default=1, ge=1, le=3)


HOUSE_RISK = RiskRules(mode=RiskMode.WATCH)
"""Of a campaign whose file says nothing about risk."""


class Rules(Programme):
    """The whole body of a version: programme, offer, costs and settings."""

    name: Words
    offer: Words
    """One sentence to the friend, above the form."""
    fees: tuple[Words, ...] = Field(min_length=1)
    """Every cost beside the offer: annual fee, instalment rate, cash advance, …"""
    products: tuple[Product, ...] = Field(min_length=1)
    application_url: str = Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/]).*$")
    """The bank's form; `{token}` stands for the referral token."""
    new_customer_months: int = Field(default=12, ge=0)
    """A friend is new who held no card for so many months; 0: never held one."""
    form_grace_hours: int = Field(default=24, ge=0)
    claims: ClaimRules = ClaimRules()
    registrations: RegistrationLimits = RegistrationLimits()
    reminder: Reminder | None = None
    leaderboard: bool = True
    tax: TaxRule | None = None
    """What is withheld from cash at payout; None: nothing."""
    risk: RiskRules | None = None
    """What the risk checks weigh; None: the house's weights, and nothing held."""

    @property
    def risk_rules(self) -> RiskRules:
        """The weights and bounds in force."""
        return self.risk if self.risk is not None else HOUSE_RISK

    @field_validator("application_url")
    @classmethod
    def _hand_over(cls, url: str) -> str:
        if "{token}" not in url:
            raise PydanticCustomError("no_token", "no {token} in application_url")
        return url


@dataclass(frozen=True)
class Cap:
    """The most a member earns in a calendar month, for what is earned from `since` on."""

    since: datetime
    amount: int | None
    """Fen; None: no cap any more."""


@dataclass(frozen=True)
class Terms:
    """All that the rules of a campaign need: its versions by number and its caps, oldest first."""

    campaign: int
    zone: str
    versions: Mapping[int, Programme]
    caps: tuple[Cap, ...] = ()

    @property
    def newest(self) -> Programme:
        """The rules as they are now."""
        return self.versions[max(self.versions)]

    def holding(self, clause_id: str) -> Programme:
        """The newest rules that have a clause, though it was removed since; else the newest."""
        holds = [n for n, programme in self.versions.items() if programme.clause(clause_id)]
        return self.versions[max(holds, default=max(self.versions))]
