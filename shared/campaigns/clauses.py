"""The clauses a programme is made of: who earns what for which occasion."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.base.money import Unit
from shared.campaigns.conditions import Trigger
from shared.campaigns.prizes import Model, Money, Prize, Reward


class Party(StrEnum):
    """Who a clause pays, and who reads a text."""

    REFERRER = "referrer"
    FRIEND = "friend"


ClauseName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Weekday(StrEnum):
    """A day of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Multiplier(Model):
    """So many hundredths of the amount, for a segment, in a season or on some weekdays; what is
    named must all hold. Of several that hold the largest counts; they never multiply each other.

    The segment is the member's at the friend's registration; season and weekday are those of
    the moment of earning in the campaign's zone.
    """

    percent: int = Field(gt=100, le=1000)
    segment: str | None = Field(default=None, min_length=1, max_length=40)
    starts: date | None = None
    ends: date | None = None
    """The last day of the season."""
    weekdays: tuple[Weekday, ...] = ()

    @model_validator(mode="after")
    def _bound(self) -> Multiplier:
        if self.segment is None and not self.weekdays and self.starts is None:
            raise PydanticCustomError("multiplier", "says not when it holds")
        if (self.starts is None) != (self.ends is None):
            raise PydanticCustomError("season", "a season has both ends")
        if self.starts is not None and self.ends is not None and self.ends < self.starts:
            raise PydanticCustomError("season", "a season has both ends")
        return self


class _Clause(Model):
    """What every clause says."""

    id: ClauseName
    cooling_days: int = Field(default=30, ge=0)
    first_n: int | None = Field(default=None, ge=1)


class _PerFriend(_Clause):
    """Once per friend, when the clause's own trigger is met."""

    trigger: Trigger
    amount: Reward
    at_once_percent: int = Field(default=0, ge=0, le=99)
    """The part that does not wait for the cooling period."""
    multipliers: tuple[Multiplier, ...] = ()

    @model_validator(mode="after")
    def _divisible(self) -> _PerFriend:
        money = self.amount.unit in (Unit.CNY, Unit.POINTS)
        if not money and (self.at_once_percent or self.multipliers):
            raise PydanticCustomError("not_divisible", "a gift is not divided or multiplied")
        return self


class BaseClause(_PerFriend):
    """The referrer earns once per friend."""

    kind: Literal["base"] = "base"
    to: Literal[Party.REFERRER] = Party.REFERRER


class WelcomeClause(_PerFriend):
    """The friend earns once."""

    kind: Literal["welcome"] = "welcome"
    to: Literal[Party.FRIEND] = Party.FRIEND


class Step(Model):
    """One rung: the reward for the `at`-th qualified friend."""

    at: int = Field(ge=1)
    amount: Reward


class Span(StrEnum):
    """Over what the friends on a ladder are counted."""

    CAMPAIGN = "campaign"
    MONTH = "month"
    """Calendar months of the campaign's zone, by when a friend qualified."""


class LadderClause(_Clause):
    """The referrer earns at each rung."""

    kind: Literal["ladder"] = "ladder"
    to: Literal[Party.REFERRER] = Party.REFERRER
    steps: tuple[Step, ...] = Field(min_length=1)
    per: Span = Span.CAMPAIGN
    rounds: bool = False
    """After the last rung counting begins again."""
    highest_only: bool = False
    """A rung counts what was earned at the one below: the highest is the whole."""

    @model_validator(mode="after")
    def _ascending(self) -> LadderClause:
        places = [step.at for step in self.steps]
        if places != sorted(set(places)):
            found = ", ".join(map(str, places))
            raise PydanticCustomError("ladder_order", "steps do not ascend", {"found": found})
        amounts = [step.amount.amount for step in self.steps]
        units = {step.amount.unit for step in self.steps}
        whole = units <= {Unit.CNY} or units <= {Unit.POINTS}
        if self.highest_only and not (whole and amounts == sorted(set(amounts))):
            raise PydanticCustomError("ladder_highest", "one unit, each step more than the last")
        return self

    def pays(self, place: int) -> Prize:
        """What the rung at `place` in `steps` pays (with `highest_only`, what it adds)."""
        prize = self.steps[place].amount
        if not self.highest_only or place == 0:
            return prize
        less = self.steps[place - 1].amount.amount
        return Prize(amount=prize.amount - less, unit=prize.unit)


class Band(Model):
    """A month's purchases of at least so much earn so much."""

    at_least: Money
    amount: Money


class ShareClause(_Clause):
    """The referrer earns a banded share of the friend's purchases, a calendar month at a time,
    in the first months after the approval. Bands, so that no purchase can be read off it."""

    kind: Literal["share"] = "share"
    to: Literal[Party.REFERRER] = Party.REFERRER
    months: int = Field(default=12, ge=1, le=36)
    bands: tuple[Band, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rising(self) -> ShareClause:
        floors = [band.at_least.amount for band in self.bands]
        amounts = [band.amount.amount for band in self.bands]
        money = all(band.at_least.unit is Unit.CNY for band in self.bands)
        one_unit = len({band.amount.unit for band in self.bands}) == 1
        rising = floors == sorted(set(floors)) and amounts == sorted(set(amounts))
        if not (money and one_unit and rising):
            raise PydanticCustomError("bands", "bands do not rise")
        return self


class StageClause(_Clause):
    """The friend earns once, when each of their first `months` months saw purchases of
    `at_least`: months count from the day of the approval, in the campaign's zone."""

    kind: Literal["stage"] = "stage"
    to: Literal[Party.FRIEND] = Party.FRIEND
    months: int = Field(default=1, ge=1, le=24)
    at_least: Money
    amount: Reward

    @model_validator(mode="after")
    def _in_money(self) -> StageClause:
        if self.at_least.unit is not Unit.CNY:
            raise PydanticCustomError("purchase_only", "at_least is money")
        return self


Clause = Annotated[
    BaseClause | WelcomeClause | LadderClause | ShareClause | StageClause,
    Field(discriminator="kind"),
]


def rewards_of(clause: Clause) -> list[Prize]:
    """Every prize a clause may come to, options one by one."""
    match clause:
        case LadderClause():
            return [prize for step in clause.steps for prize in step.amount.prizes]
        case ShareClause():
            return [Prize.model_validate(band.amount) for band in clause.bands]
        case _:
            return list(clause.amount.prizes)
