"""What payments did to the lives of their keys, many at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.base.rows import insert_rows
from shared.ledger.balance import Key
from shared.rewards.standing import Happening, KeyEvent

_TABLE = KeyEvent.metadata.tables[KeyEvent.__tablename__]
_COLUMNS = (
    "campaign_id", "party", "clause", "occasion", "member_id",
    "kind", "at", "unit", "amount", "tax", "borne",
)  # fmt: skip


class Payment(NamedTuple):
    """What a payment did to one key: it was paid, or recovered from. Amounts as in `KeyEvent`."""

    key: Key
    member: int
    kind: Happening
    unit: Unit
    amount: int
    tax: int
    borne: int


def pay_all(session: Session, payments: Iterable[Payment], now: datetime) -> None:
    """Add payments to their keys' lives, as `happen` does one; the caller wakes the settler."""
    rows = (
        (*each.key, each.member, each.kind.value, now, each.unit.value, *each[4:])
        for each in payments
    )
    insert_rows(session, _TABLE, _COLUMNS, rows)
