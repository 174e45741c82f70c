"""Is the ledger whole? Every entry balanced, every revision there, the chain unbroken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import GENESIS, Entry, Leg, digest_of


@dataclass(frozen=True)
class Problem:
    """What is wrong with which entry: `gap`, `chain`, `content`, `uneven`, `revision`."""

    entry: int
    what: str


def verify(session: Session) -> list[Problem]:
    """Read the whole ledger in order; the first problem names the first bad row. Empty: whole.

    Memory grows with the number of keys, not with the number of entries.
    """
    found: list[Problem] = []
    expected, prev_hash = 1, GENESIS
    last: dict[Key, int] = {}
    for entry, legs in _rows(session):
        found += [Problem(entry.id, what) for what in _wrong(entry, legs, expected, prev_hash)]
        if entry.revision != last.get(entry.key, 0) + 1:
            found.append(Problem(entry.id, "revision"))
        last[entry.key] = entry.revision
        expected, prev_hash = entry.id + 1, entry.hash
    return found


def _wrong(entry: Entry, legs: list[Leg], expected: int, prev_hash: str) -> Iterator[str]:
    if entry.id != expected:
        yield "gap"
    if entry.prev_hash != prev_hash:
        yield "chain"
    plain = [(leg.account, leg.unit, leg.amount) for leg in legs]
    if digest_of(entry, plain, entry.prev_hash) != entry.hash:
        yield "content"
    balance = Balance({(Account(leg.account), Unit(leg.unit)): leg.amount for leg in legs})
    if not balance or not balance.even:
        yield "uneven"


def _rows(session: Session) -> Iterator[tuple[Entry, list[Leg]]]:
    query = (
        select(Entry, Leg)
        .outerjoin(Leg, Leg.entry_id == Entry.id)
        .order_by(Entry.id, Leg.account, Leg.unit)
        .execution_options(yield_per=1000)
    )
    for _, group in groupby(session.execute(query), key=lambda row: row[0].id):
        rows = list(group)
        yield rows[0][0], [leg for _, leg in rows if leg is not None]
