"""The worker's turn at claims."""

from __future__ import annotations

from shared.actions.claim_clock import turn_claims
from shared.base.clock import Clock
from shared.base.database import Database


def claims_turn(database: Database, public_url: str, clock: Clock) -> bool:
    """Judge, end and own up to what is due; whether there was anything."""
    return turn_claims(database, public_url, clock()) > 0
