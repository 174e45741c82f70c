"""Tax withheld from cash: the campaign's rule, and what it keeps back. Pure.

Mainland law knows two shapes, and the issuer's tax office says which one holds: only what goes
beyond the threshold (pay for a service: 800 yuan are deducted), or the whole amount once it
goes beyond (incidental income, as with prize invoices).
"""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

_WHOLE = 10_000
"""Rates are counted in hundredths of a percent."""


class Per(StrEnum):
    """What the threshold is held against."""

    PAYMENT = "payment"
    """Each line of a payout by itself."""
    MONTH = "month"
    """All that a party is paid in a calendar month of the campaign's zone."""


class Taxed(StrEnum):
    """What is taxed once the threshold is passed."""

    EXCESS = "excess"
    ALL = "all"


class TaxRule(BaseModel):
    """In files: `tax: {threshold: ¥800, rate: 20%, gross_up: false, per: month}`.

    Texts stay as written, so that the stored version reads like the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    threshold: str = Field(default="¥0", pattern=r"^¥\s?\d[\d,]*(\.\d{1,2})?$")
    """Nothing is withheld up to and including this amount."""
    rate: str = Field(pattern=r"^\d{1,2}(\.\d{1,2})?%$")
    gross_up: bool = False
    """The issuer bears the tax: the party gets the whole reward."""
    per: Per = Per.PAYMENT
    taxed: Taxed = Taxed.EXCESS

    @property
    def exempt(self) -> int:
        """The threshold in fen."""
        return _hundredths(self.threshold.lstrip("¥ "))

    @property
    def hundredths(self) -> int:
        """The rate in hundredths of a percent: 2000 for 20%."""
        return _hundredths(self.rate.removesuffix("%"))


def _hundredths(written: str) -> int:
    whole, _, part = re.sub(",", "", written).partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def withheld(
    gross: int, paid_before_in_month: int, rule: TaxRule, withheld_before: int | None = None
) -> int:
    """The tax on a payment of `gross` fen, in fen; never more than what is paid.

    Per month the tax is that on the month's sum less what was withheld before
    (`withheld_before`; None: what the rule gives), so that splitting a sum changes nothing.
    With `gross_up`, `gross` is what the party gets, and the tax is the least that, paid on top,
    is right for the two together. Half a fen rounds up.
    """
    before, kept = 0, 0
    if rule.per is Per.MONTH:
        before = paid_before_in_month
        kept = _tax_on(before, rule) if withheld_before is None else withheld_before
    tax = max(0, _tax_on(before + gross, rule) - kept)
    if not rule.gross_up:
        return min(gross, tax)
    while (more := max(0, _tax_on(before + gross + tax, rule) - kept)) > tax:
        tax = more
    return tax


def _tax_on(amount: int, rule: TaxRule) -> int:
    if amount <= rule.exempt:
        return 0
    base = amount if rule.taxed is Taxed.ALL else amount - rule.exempt
    return (base * rule.hundredths * 2 + _WHOLE) // (2 * _WHOLE)
