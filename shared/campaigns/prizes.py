"""What a reward can be: money, points, a gift, a privilege, a donation, or a pick of several.

Frozen pydantic models, read from a campaign file and from the stored version alike.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.base.i18n import Locale
from shared.base.money import Unit

_MONEY = re.compile(
    r"^(?:¥\s?(?P<yuan>\d[\d,]*(?:\.\d{1,2})?)"
    r"|(?P<cny>\d[\d,]*(?:\.\d{1,2})?)\s?(?:CNY|元)"
    r"|(?P<points>\d[\d,]*)\s?(?:points|积分|積分))$"
)
NAME = r"^[a-z][a-z0-9_]{0,29}$"
"""How a gift, a privilege and a cause are called in a file."""


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


def _parsed(value: str) -> dict[str, Any]:
    found = _MONEY.match(value.strip())
    if found is None:
        raise PydanticCustomError("money", "not an amount with a unit", {"found": value})
    plain = (found["yuan"] or found["cny"] or found["points"]).replace(",", "")
    yuan, _, fen = plain.partition(".")
    if found["points"]:
        amount, unit = int(plain), Unit.POINTS
    else:
        amount, unit = int(yuan) * 100 + int(fen.ljust(2, "0")), Unit.CNY
    if amount == 0:
        raise PydanticCustomError("not_positive", "must be more than nothing")
    return {"amount": amount, "unit": unit}


class Money(Model):
    """An amount with its unit. In files: `¥100`, `100.00 CNY`, `3000 points`."""

    amount: int = Field(gt=0)
    unit: Unit

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, (dict, Money)):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("money", "not an amount with a unit", {"found": str(value)})
        return _parsed(value)


class Prize(Model):
    """One reward, in the unit's smallest piece. In files: an amount as in `Money`, `{gift: mug}`,
    `{privilege: lounge, times: 2}` or `{donate: ¥20, to: forest}`."""

    amount: int = Field(gt=0)
    unit: Unit
    item: str = Field(default="", pattern=r"^$|" + NAME)
    """Which gift, privilege or cause of the campaign's file."""

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, value: Any) -> Any:
        if isinstance(value, Money):
            return {"amount": value.amount, "unit": value.unit}
        if isinstance(value, str):
            return _parsed(value)
        if not isinstance(value, dict):
            raise PydanticCustomError("money", "not an amount with a unit", {"found": str(value)})
        return _of_mapping(value) if "unit" not in value else value


_SHAPES: dict[frozenset[str], Unit] = {
    frozenset({"gift"}): Unit.GIFT,
    frozenset({"privilege"}): Unit.PRIVILEGE,
    frozenset({"privilege", "times"}): Unit.PRIVILEGE,
    frozenset({"donate", "to"}): Unit.DONATION,
}


def _of_mapping(value: dict[str, Any]) -> dict[str, Any]:
    unit = _SHAPES.get(frozenset(map(str, value)))
    if unit is Unit.DONATION:
        money = Money.model_validate(value["donate"])
        if money.unit is not Unit.CNY:
            raise PydanticCustomError("donation_unit", "a donation is money", {"at": "donate"})
        return {"amount": money.amount, "unit": unit, "item": value["to"]}
    if unit is Unit.GIFT:
        return {"amount": 1, "unit": unit, "item": value["gift"]}
    if unit is Unit.PRIVILEGE:
        return {"amount": value.get("times", 1), "unit": unit, "item": value["privilege"]}
    raise PydanticCustomError("prize", "not a reward", {"found": ", ".join(map(str, value))})


class Reward(Prize):
    """A prize, or a pick of two to four of them that lapses when nobody picks:
    `{pick: [¥50, {gift: mug}], within_days: 30}`, counted from the release."""

    options: tuple[Prize, ...] = Field(default=(), max_length=4)
    within_days: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _pick(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "pick" not in value:
            return value
        rest = {name: each for name, each in value.items() if name not in ("pick", "within_days")}
        if not isinstance(value["pick"], list) or len(value["pick"]) < 2 or rest:
            raise PydanticCustomError("pick", "not a pick of two or more")
        return {
            "amount": 1,
            "unit": Unit.CHOICE,
            "options": value["pick"],
            "within_days": value.get("within_days", 30),
        }

    @property
    def prizes(self) -> tuple[Prize, ...]:
        """What it may come to: itself, or each option."""
        return self.options or (self,)


class Gift(Model):
    """A thing of which there is a limited stock."""

    id: str = Field(pattern=NAME)
    name: Words
    stock: int = Field(ge=1)


class Named(Model):
    """A privilege or a cause, by its name."""

    id: str = Field(pattern=NAME)
    name: Words
