"""Legs and a key to post by hand in the ledger's tests, and a way past its triggers."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key

BASE = Key(1, "member:1", "base", "referral:7")


def legs(**amounts: int) -> Balance:
    """`legs(funding=-100, pending=100)` in fen."""
    return Balance({(Account(account), Unit.CNY): n for account, n in amounts.items()})


def unlock(session: Session) -> None:
    """What only somebody who owns the database itself can do: no trigger stands in the way."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
    else:
        for name in ("entries_no_update", "legs_no_update", "legs_no_delete", "entries_no_delete"):
            session.execute(text(f"DROP TRIGGER {name}"))
