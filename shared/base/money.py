"""Amounts: integers of the smallest unit, always together with their unit."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Unit(StrEnum):
    """What an amount counts."""

    CNY = "CNY"
    """Fen: 1/100 yuan."""
    POINTS = "POINTS"
    """Card points, whole."""
    GIFT = "GIFT"
    """Pieces out of a campaign's stock; which gift, the clause says."""
    PRIVILEGE = "PRIVILEGE"
    """A privilege granted so many times (a fee waiver, a lounge visit)."""
    DONATION = "DONATION"
    """Fen given to a cause in the member's name; never the member's own money."""
    CHOICE = "CHOICE"
    """A choice not made yet; once made it becomes what was chosen."""


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights without losing a unit (largest remainder, earliest first).

    Amount ≥ 0 in the smallest unit; weights ≥ 0 with a positive sum, else ValueError.
    """
    total = sum(weights)
    if amount < 0 or total <= 0 or min(weights) < 0:
        raise ValueError("split needs amount >= 0 and weights >= 0 with a positive sum")
    shares = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in by_remainder[: amount - sum(shares)]:
        shares[i] += 1
    return shares
