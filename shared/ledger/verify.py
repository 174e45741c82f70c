"""Is the ledger whole? Read twice from end to end, once as a chain and once key by key.

Both readings stream: memory does not grow with the number of entries, nor of keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance
from shared.ledger.entries import GENESIS, Entry, Leg, digest_of

MOST_KEPT = 100
"""Problems that are named; the others are counted."""
_BATCH = 1000
_SOURCES = (Account.FUNDING.value, Account.STOCK.value)
"""Where grants come out of: negative by what was given."""
_GARBAGE = (ValueError, TypeError, LookupError)
"""What comes of a row that no program of ours wrote."""

Told = Callable[[int], None]


def _nobody(done: int) -> None:
    """Hears how many entries were read so far."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with which entry.

    Of the chain: `gap` (a number is missing), `chain` (another entry before it), `content` (not
    what its hash says), `uneven` (no legs, or they do not sum to zero in a unit), `orphan` (legs
    of an entry that is not there), `unreadable`. Of the key: `revision` (a number twice or left
    out, so a second grant), `owner` (the key was another member's), `negative` (an account below
    zero that is not one of the issuer's own, funding and stock).
    """

    entry: int
    what: str


@dataclass
class Looked:
    """What a verification read and what it found."""

    entries: int = 0
    legs: int = 0
    keys: int = 0
    wrong: int = 0
    """How many problems there are."""
    problems: list[Problem] = field(default_factory=list)
    """The first MOST_KEPT of them by entry: the first names the first bad row."""
    sums: dict[int, dict[tuple[str, str], int]] = field(default_factory=dict)
    """Replayed balances: campaign → (account, unit) → amount in the unit's smallest piece."""

    def note(self, problem: Problem) -> None:
        """One more problem; of many, those of the first entries are kept."""
        self.wrong += 1
        self.problems.append(problem)
        if len(self.problems) >= 2 * MOST_KEPT:
            self.close()

    def close(self) -> None:
        """Bring the problems into the entries' order; the chain's come before the key's."""
        self.problems.sort(key=lambda problem: problem.entry)
        del self.problems[MOST_KEPT:]


def verify(session: Session) -> list[Problem]:
    """What is wrong with the ledger, first bad row first. Empty: it is whole."""
    return inspect(session).problems


def inspect(session: Session, told: Told = _nobody) -> Looked:
    """Verify every invariant of every entry; `told` hears how many were read, each one twice.

    Gross = net + tax needs no look of its own: what funding gave is the sum of the other
    accounts, withheld tax among them, because the legs are even; and none of those is below zero.
    """
    looked = Looked()
    _read_chain(session, looked, told)
    _read_keys(session, looked, told)
    for number in _orphans(session):
        looked.note(Problem(number, "orphan"))
    looked.close()
    return looked


def _read_chain(session: Session, looked: Looked, told: Told) -> None:
    before, prev_hash = 0, GENESIS
    try:
        for entry, legs in _entries(session):
            for what in _wrong(entry, legs, before + 1, prev_hash):
                looked.note(Problem(entry.id, what))
            before, prev_hash = entry.id, entry.hash
            looked.entries += 1
            looked.legs += len(legs)
            if looked.entries % _BATCH == 0:
                told(looked.entries)
    except _GARBAGE:
        looked.note(Problem(_unreadable(session, before), "unreadable"))


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


def _with_legs() -> Select[Entry, Leg]:
    return (
        select(Entry, Leg)
        .outerjoin(Leg, Leg.entry_id == Entry.id)
        .order_by(Entry.id, Leg.account, Leg.unit)
        .execution_options(populate_existing=True)  # what the database holds, not what we wrote
    )


def _entries(session: Session) -> Iterator[tuple[Entry, list[Leg]]]:
    rows = session.execute(_with_legs().execution_options(yield_per=_BATCH))
    for _, group in groupby(rows, key=lambda row: row[0].id):
        pairs = list(group)
        yield pairs[0][0], [leg for _, leg in pairs if leg is not None]


def _unreadable(session: Session, before: int) -> int:
    """The first entry after `before` that cannot be read by itself."""
    for number in session.scalars(select(Entry.id).where(Entry.id > before).order_by(Entry.id)):
        try:
            rows = session.execute(_with_legs().where(Entry.id == number)).all()
            legs = [leg for _, leg in rows if leg is not None]
            list(_wrong(rows[0][0], legs, number, ""))
        except _GARBAGE:
            return number
    return before + 1


def _read_keys(session: Session, looked: Looked, told: Told) -> None:
    read = 0
    for campaign, key in _keys(session):
        looked.keys += 1
        held: dict[tuple[str, str], int] = {}
        for problem in _wrong_in_key(key, held):
            looked.note(problem)
        sums = looked.sums.setdefault(campaign, {})
        for place, amount in held.items():
            sums[place] = sums.get(place, 0) + amount
        read += len({row.id for row in key})
        if looked.keys % _BATCH == 0:
            told(looked.entries + read)
    told(looked.entries + read)


def _wrong_in_key(rows: list[Any], held: dict[tuple[str, str], int]) -> Iterator[Problem]:
    """What is wrong with one key's entries; `held` is filled with where the key stands."""
    owner = rows[0].member_id
    for place, (number, group) in enumerate(groupby(rows, key=lambda row: row.id), 1):
        legs = list(group)
        if legs[0].revision != place:
            yield Problem(number, "revision")
        if legs[0].member_id != owner:
            yield Problem(number, "owner")
        for leg in legs:
            if isinstance(leg.amount, int):
                where = (leg.account, leg.unit)
                held[where] = held.get(where, 0) + leg.amount
        if any(n < 0 for (account, _), n in held.items() if account not in _SOURCES):
            yield Problem(number, "negative")


def _keys(session: Session) -> Iterator[tuple[int, list[Any]]]:
    """Every key's entries with their legs, by revision."""
    key = (Entry.campaign_id, Entry.party, Entry.clause, Entry.occasion)
    rows = session.execute(
        select(*key, Entry.id, Entry.revision, Entry.member_id, Leg.account, Leg.unit, Leg.amount)
        .outerjoin(Leg, Leg.entry_id == Entry.id)
        .order_by(*key, Entry.revision, Entry.id, Leg.account)
        .execution_options(yield_per=_BATCH)
    )
    for name, group in groupby(rows, key=lambda row: tuple(row[:4])):
        yield name[0], list(group)


def _orphans(session: Session) -> Iterable[int]:
    there = exists().where(Entry.id == Leg.entry_id)
    query = select(Leg.entry_id).where(~there).distinct().order_by(Leg.entry_id)
    return session.scalars(query.limit(MOST_KEPT))


def entries_in(session: Session) -> int:
    """How many entries there are to read."""
    return session.scalar(select(func.count()).select_from(Entry)) or 0
