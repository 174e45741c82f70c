"""Legs and a key to post by hand in the ledger's tests."""

from __future__ import annotations

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key

BASE = Key(1, "member:1", "base", "referral:7")


def legs(**amounts: int) -> Balance:
    """`legs(funding=-100, pending=100)` in fen."""
    return Balance({(Account(account), Unit.CNY): n for account, n in amounts.items()})
