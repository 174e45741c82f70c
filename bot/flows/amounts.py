"""Amounts as a reader meets them: each unit once, largest matter first."""

from __future__ import annotations

from collections.abc import Mapping

from shared.base import i18n
from shared.base.i18n import Locale
from shared.base.money import Unit


def in_words(locale: Locale, amounts: Mapping[Unit, int]) -> str:
    """`¥100 + 500 points`; `¥0` when there is nothing. Amounts in the unit's smallest piece."""
    present = [unit for unit in sorted(amounts, key=_place) if amounts[unit]]
    written = [i18n.money(locale, amounts[unit], unit) for unit in present]
    return " + ".join(written) or i18n.money(locale, 0, Unit.CNY)


def _place(unit: Unit) -> tuple[bool, str]:
    return (unit != Unit.CNY, unit)
