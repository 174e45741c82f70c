"""A ledger with three entries, posted by hand."""

from __future__ import annotations

from datetime import datetime

import pytest
from ledger_legs import BASE, legs

from shared.base.database import Database
from shared.ledger.balance import Key
from shared.ledger.entries import post


@pytest.fixture
def posted(database: Database, now: datetime) -> Database:
    with database.transaction() as session:
        post(session, BASE, 1, 1, legs(funding=-100, pending=100), {"version": 1}, now)
        other = Key(1, "friend:7", "welcome", "referral:7")
        post(session, other, 1, 1, legs(funding=-50, pending=50), {"version": 1}, now)
        post(session, BASE, 1, 2, legs(pending=-100, available=100), {"version": 1}, now)
    return database
