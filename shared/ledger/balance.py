"""Keys, accounts and balances: the ledger's words, without a database."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.base.money import Unit


class Account(StrEnum):
    """Where an amount stands."""

    FUNDING = "funding"
    """The issuer's side; negative by what was granted."""
    PENDING = "pending"
    AVAILABLE = "available"
    PAID = "paid"
    WITHHELD = "withheld"
    """Tax kept back."""
    RECOVERABLE = "recoverable"
    """Paid, and no longer owed: netted from later rewards."""
    STOCK = "stock"
    EXPIRED = "expired"
    WRITTEN_OFF = "written_off"
    """Paid, no longer owed, and given up by two people."""


class Key(NamedTuple):
    """What a grant is for: one clause owes one party for one occasion in one campaign.

    A tuple, as keys are looked up and sorted more often than anything else.
    """

    campaign: int
    party: str
    """`member:12`, or `friend:34` where 34 is the referral."""
    clause: str
    occasion: str
    """`referral:34`, `referral:34/now`, `referral:34/month:2026-11`, `step:3/round:2`, …"""

    def of(self, what: str) -> str | None:
        """One part of the occasion by its name: the referral, the step, the month."""
        for part in self.occasion.split("/"):
            name, _, value = part.partition(":")
            if name == what and value:
                return value
        return None


class Balance(Mapping[tuple[Account, Unit], int]):
    """Amounts by account and unit; zeros are left out, so equal balances are equal."""

    __slots__ = ("_amounts",)

    def __init__(self, amounts: Mapping[tuple[Account, Unit], int] | None = None) -> None:
        self._amounts = {place: n for place, n in (amounts or {}).items() if n}

    def __getitem__(self, place: tuple[Account, Unit]) -> int:
        return self._amounts[place]

    def __iter__(self) -> Iterator[tuple[Account, Unit]]:
        return iter(self._amounts)

    def __len__(self) -> int:
        return len(self._amounts)

    def items(self) -> ItemsView[tuple[Account, Unit], int]:
        """Every account and unit with its amount."""
        return self._amounts.items()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Balance) and self._amounts == other._amounts

    __hash__ = None  # type: ignore[assignment]

    def of(self, account: Account, unit: Unit) -> int:
        """The amount in one account, 0 when there is none."""
        return self._amounts.get((account, unit), 0)

    def __add__(self, other: Balance) -> Balance:
        amounts = dict(self._amounts)
        for place, amount in other._amounts.items():
            amounts[place] = amounts.get(place, 0) + amount
        return Balance(amounts)

    def __sub__(self, other: Balance) -> Balance:
        if not other._amounts:
            return self  # nobody changes a balance
        amounts = dict(self._amounts)
        for place, amount in other._amounts.items():
            amounts[place] = amounts.get(place, 0) - amount
        return Balance(amounts)

    def __repr__(self) -> str:
        return f"Balance({', '.join(f'{a} {n} {u}' for (a, u), n in sorted(self.items()))})"

    @property
    def even(self) -> bool:
        """Whether the legs sum to zero in every unit."""
        sums: dict[Unit, int] = {}
        for (_, unit), amount in self._amounts.items():
            sums[unit] = sums.get(unit, 0) + amount
        return not any(sums.values())


def total(balances: Iterable[Balance]) -> Balance:
    """The sum of several balances."""
    sums: dict[tuple[Account, Unit], int] = {}
    for balance in balances:
        for place, amount in balance.items():
            sums[place] = sums.get(place, 0) + amount
    return Balance(sums)
