"""What a version of a campaign says: its programme (clauses and triggers) and its texts.

Frozen pydantic models: the same shapes are read from a campaign file and from the stored
version. Money is `Money(amount, unit)` in the unit's smallest piece.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.campaigns.tax import TaxRule

LimitId = str
"""`monthly_cap`, `budget:<unit>`, `first:<clause>`, `referrers` or `friends`."""

MONTHLY_CAP: LimitId = "monthly_cap"
REFERRERS: LimitId = "referrers"
FRIENDS: LimitId = "friends"

_MONEY = re.compile(
    r"^(?:¥\s?(?P<yuan>\d[\d,]*(?:\.\d{1,2})?)"
    r"|(?P<cny>\d[\d,]*(?:\.\d{1,2})?)\s?(?:CNY|元)"
    r"|(?P<points>\d[\d,]*)\s?(?:points|积分|積分))$"
)


def budget_of(unit: Unit) -> LimitId:
    """The limit that everything granted in a unit draws on."""
    return f"budget:{unit.value}"


def first_of(clause: str) -> LimitId:
    """The limit on the number of times a clause is granted."""
    return f"first:{clause}"


class Party(StrEnum):
    """Who a clause pays, and who reads a text."""

    REFERRER = "referrer"
    FRIEND = "friend"


class TriggerKind(StrEnum):
    """What must happen to a friend's application."""

    APPROVED = "approved"
    ACTIVATED = "activated"
    FIRST_PURCHASE = "first_purchase"
    WALLET_LINKED = "wallet_linked"


class Model(BaseModel):
    """Strict and frozen: an unknown word is an error, and a version never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Words(Model):
    """One text in the three languages."""

    zh_Hans: str = Field(min_length=1)
    zh_Hant: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def of(self, locale: Locale) -> str:
        """The text in one language."""
        words: str = getattr(self, locale.value)
        return words


class Money(Model):
    """An amount with its unit. In files: `¥100`, `100.00 CNY`, `3000 points`."""

    amount: int = Field(gt=0)
    unit: Unit

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, (dict, Money)):
            return value
        found = _MONEY.match(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise PydanticCustomError("money", "not an amount with a unit", {"found": str(value)})
        plain = (found["yuan"] or found["cny"] or found["points"]).replace(",", "")
        yuan, _, fen = plain.partition(".")
        if found["points"]:
            amount, unit = int(plain), Unit.POINTS
        else:
            amount, unit = int(yuan) * 100 + int(fen.ljust(2, "0")), Unit.CNY
        if amount == 0:
            raise PydanticCustomError("not_positive", "must be more than nothing")
        return {"amount": amount, "unit": unit}


class Trigger(Model):
    """What must happen, and until when: `within_days` of 24 hours count from the approval.

    In files: `approved`, `{activated: {within_days: 30}}` or
    `{first_purchase: {at_least: ¥300, within_days: 90}}`.
    """

    kind: TriggerKind
    within_days: int | None = Field(default=None, ge=1)
    at_least: Money | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {value: {}}
        if not isinstance(value, dict) or "kind" in value:
            return value
        if len(value) != 1:
            raise PydanticCustomError("trigger", "not one trigger", _known(list(value)))
        kind, terms = next(iter(value.items()))
        if kind not in set(TriggerKind):
            raise PydanticCustomError("trigger", "unknown trigger", _known(kind))
        if not isinstance(terms, (dict, type(None))):
            raise PydanticCustomError("trigger_terms", "terms are a mapping", {"kind": kind})
        return {"kind": kind, **(terms or {})}

    @model_validator(mode="after")
    def _complete(self) -> Trigger:
        buys = self.kind is TriggerKind.FIRST_PURCHASE
        if buys and (self.at_least is None or self.within_days is None):
            raise PydanticCustomError("purchase_terms", "at_least and within_days are missing")
        if self.at_least is not None and (not buys or self.at_least.unit is not Unit.CNY):
            raise PydanticCustomError("purchase_only", "at_least belongs to first_purchase")
        if self.kind is TriggerKind.APPROVED and self.within_days is not None:
            raise PydanticCustomError("approved_days", "days count from the approval itself")
        return self


def _known(found: object) -> dict[str, Any]:
    return {"found": str(found), "known": ", ".join(TriggerKind)}


ClauseName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class BaseClause(Model):
    """The referrer earns once per friend."""

    kind: Literal["base"] = "base"
    id: ClauseName
    to: Literal[Party.REFERRER] = Party.REFERRER
    trigger: Trigger
    amount: Money
    cooling_days: int = Field(default=30, ge=0)
    first_n: int | None = Field(default=None, ge=1)


class WelcomeClause(Model):
    """The friend earns once."""

    kind: Literal["welcome"] = "welcome"
    id: ClauseName
    to: Literal[Party.FRIEND] = Party.FRIEND
    trigger: Trigger
    amount: Money
    cooling_days: int = Field(default=30, ge=0)
    first_n: int | None = Field(default=None, ge=1)


class Step(Model):
    """One rung: the reward for the `at`-th qualified friend."""

    at: int = Field(ge=1)
    amount: Money


class LadderClause(Model):
    """The referrer earns once at each rung, counted over the whole campaign."""

    kind: Literal["ladder"] = "ladder"
    id: ClauseName
    to: Literal[Party.REFERRER] = Party.REFERRER
    steps: tuple[Step, ...] = Field(min_length=1)
    cooling_days: int = Field(default=30, ge=0)
    first_n: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _ascending(self) -> LadderClause:
        places = [step.at for step in self.steps]
        if places != sorted(set(places)):
            raise PydanticCustomError(
                "ladder_order",
                "steps do not ascend",
                {"found": ", ".join(map(str, places))},
            )
        return self


Clause = Annotated[BaseClause | WelcomeClause | LadderClause, Field(discriminator="kind")]


class Programme(Model):
    """The rules of one version: what qualifies a friend and what each clause owes."""

    qualifies: Trigger | None = None
    """What makes a friend count on the ladder; without it, the base clause's trigger."""
    claw_back_days: int = Field(default=90, ge=0)
    """Days of 24 hours after the purchase or the qualification in which it can be undone."""
    attribution_days: int = Field(default=30, ge=1)
    """An application counts within so many days of 24 hours from the registration."""
    clauses: tuple[Clause, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Programme:
        ids = [clause.id for clause in self.clauses]
        if doubles := sorted({name for name in ids if ids.count(name) > 1}):
            raise PydanticCustomError(
                "same_clause", "same id twice", {"found": doubles[0], "at": "clauses"}
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

    @property
    def qualifying(self) -> Trigger:
        """What makes a friend count."""
        if self.qualifies is not None:
            return self.qualifies
        return next(c.trigger for c in self.clauses if isinstance(c, BaseClause))

    def clause(self, clause_id: str) -> BaseClause | WelcomeClause | LadderClause | None:
        """The clause of that id."""
        return next((c for c in self.clauses if c.id == clause_id), None)


class Product(Model):
    """A card that the campaign offers."""

    code: str = Field(min_length=1, max_length=40)
    name: Words


class ClaimRules(Model):
    """Make-up claims."""

    window_days: int = Field(default=45, ge=1)
    most_per_member: int = Field(default=5, ge=0)
    decision_hours: int = Field(default=48, ge=1)
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
