"""What must happen, and until when: the triggers of a campaign file."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.base.money import Unit
from shared.campaigns.prizes import Model, Money


class TriggerKind(StrEnum):
    """What must happen to a friend's application."""

    APPROVED = "approved"
    ACTIVATED = "activated"
    FIRST_PURCHASE = "first_purchase"
    TOTAL_SPEND = "total_spend"
    """Purchases that come to an amount together."""
    HELD = "held"
    """The card is kept for so many days."""
    WALLET_LINKED = "wallet_linked"


SPENDING = (TriggerKind.FIRST_PURCHASE, TriggerKind.TOTAL_SPEND)


class Trigger(Model):
    """What must happen, and until when: `within_days` of 24 hours count from the approval.

    In files: `approved`, `{activated: {within_days: 30}}`, `{held: {days: 180}}` or
    `{first_purchase: {at_least: ¥300, within_days: 90}}` (`total_spend` alike).
    """

    kind: TriggerKind
    within_days: int | None = Field(default=None, ge=1)
    days: int | None = Field(default=None, ge=1)
    """How long the card must be held; only for `held`."""
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
        buys = self.kind in SPENDING
        if buys and (self.at_least is None or self.within_days is None):
            raise PydanticCustomError("purchase_terms", "at_least and within_days are missing")
        if self.at_least is not None and (not buys or self.at_least.unit is not Unit.CNY):
            raise PydanticCustomError("purchase_only", "at_least belongs to purchases")
        if self.kind is TriggerKind.APPROVED and self.within_days is not None:
            raise PydanticCustomError("approved_days", "days count from the approval itself")
        held = self.kind is TriggerKind.HELD
        if held != (self.days is not None) or (held and self.within_days is not None):
            raise PydanticCustomError("held_days", "held has days and nothing else")
        return self


def _known(found: object) -> dict[str, Any]:
    return {"found": str(found), "known": ", ".join(TriggerKind)}
