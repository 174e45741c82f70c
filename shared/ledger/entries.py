"""The ledger: balanced, append-only, chained entries; a position is the sum of its legs.

Ids are contiguous and assigned here: one settler posts at a time, and the unique `prev_hash`
makes a fork impossible even if two did. `verify` is in `shared.ledger.verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc
from shared.base.direct import Direct, among, passed_over
from shared.base.money import Unit
from shared.base.rows import insert_rows
from shared.ledger.balance import Account, Balance, Key

GENESIS = "0" * 64
"""The `prev_hash` of the first entry."""

_KEY_COLUMNS = ("campaign_id", "party", "clause", "occasion")


class Entry(Base):
    """One change of one key's position. The database refuses to change or delete a row."""

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint(*_KEY_COLUMNS, "revision"),
        Index("ix_entries_member", "member_id", "campaign_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(Id)
    party: Mapped[str] = mapped_column(String(40))
    clause: Mapped[str] = mapped_column(String(40))
    occasion: Mapped[str] = mapped_column(String(80))
    revision: Mapped[int] = mapped_column(Integer)
    member_id: Mapped[int] = mapped_column(Id)
    """Whose settling owns the key."""
    at: Mapped[datetime] = mapped_column(Utc)
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    prev_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def key(self) -> Key:
        """What the entry is for."""
        return Key(self.campaign_id, self.party, self.clause, self.occasion)


class Leg(Base):
    """One amount in one account, part of an entry. The database refuses to change a row, and to
    take one without its entry: SQLite by the key, PostgreSQL once a statement (migration 0023)."""

    __tablename__ = "legs"
    __table_args__ = (ForeignKeyConstraint(["entry_id"], ["entries.id"]).ddl_if(dialect="sqlite"),)

    entry_id: Mapped[int] = mapped_column(Id, primary_key=True)
    account: Mapped[str] = mapped_column(String(12), primary_key=True)
    unit: Mapped[str] = mapped_column(String(10), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


_ENTRIES = Entry.metadata.tables[Entry.__tablename__]
_LEGS = Leg.metadata.tables[Leg.__tablename__]
_ENTRY_COLUMNS = (
    "id", *_KEY_COLUMNS, "revision", "member_id", "at", "why", "prev_hash", "hash"
)  # fmt: skip
_LEG_COLUMNS = ("entry_id", "account", "unit", "amount")
_LAST = Direct(select(_ENTRIES.c.id, _ENTRIES.c.hash).order_by(_ENTRIES.c.id.desc()).limit(1))


_PlainLeg = tuple[str, str, int]
"""Account, unit, amount, as columns and the hash take them."""


class Position(NamedTuple):
    """Where a key stands: the sum of its legs and the number of its last entry."""

    balance: Balance
    revision: int


NOWHERE = Position(Balance(), 0)


class Posting(NamedTuple):
    """One entry to be appended. `legs` are changes in the units' smallest pieces."""

    key: Key
    member: int
    revision: int
    legs: Balance
    why: Mapping[str, Any]
    """Words and numbers only."""


def digest_of(entry: Entry, legs: Iterable[tuple[str, str, int]], prev_hash: str) -> str:
    """The hash of an entry: sha256 over its content in canonical JSON and the hash before."""
    why, at = _canonical(entry.why), _moment(entry.at)
    return _digest(entry.id, entry.key, entry.revision, entry.member_id, at, why, legs, prev_hash)


def _digest(
    number: int,
    key: Key,
    revision: int,
    member: int,
    at: str,
    why: str,
    legs: Iterable[tuple[str, str, int]],
    prev_hash: str,
) -> str:
    """The content is a JSON list, written out here: an encoder takes several times as long."""
    named = ",".join(map(_quoted, key[1:]))
    told = ",".join(
        f"[{_quoted(account)},{_quoted(unit)},{amount:d}]" for account, unit, amount in sorted(legs)
    )
    numbers = f"{revision:d},{member:d}"
    content = f"[{number:d},{key.campaign:d},{named},{numbers},{_quoted(at)},{why},[{told}]]"
    return hashlib.sha256(f"{prev_hash}\n{content}".encode()).hexdigest()


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def post(
    session: Session,
    key: Key,
    member_id: int,
    revision: int,
    legs: Balance,
    why: Mapping[str, Any],
    now: datetime,
) -> int:
    """Append one entry; its number. As `post_all`."""
    return post_all(session, [Posting(key, member_id, revision, legs, why)], now)


def post_all(session: Session, postings: Sequence[Posting], now: datetime) -> int:
    """Append entries to the chain, in their order; the last one's number, 0 when there is none.

    Only `rewards.settle` calls this. ValueError when the legs of one are empty or do not sum
    to zero in every unit; a revision that exists already is refused by the database. Three
    statements, however many entries.
    """
    for posting in postings:
        if not posting.legs or not posting.legs.even:
            raise ValueError(f"legs do not sum to zero: {posting.legs}")
    if not postings:
        return 0
    last, prev_hash = next(iter(_LAST.read(session)), (0, GENESIS))
    numbered = [(n, posting, _plain(posting.legs)) for n, posting in enumerate(postings, last + 1)]
    insert_rows(session, _ENTRIES, _ENTRY_COLUMNS, _chained(numbered, prev_hash, now))
    legs = ((number, *leg) for number, _, plain in numbered for leg in plain)
    insert_rows(session, _LEGS, _LEG_COLUMNS, legs)
    return int(last) + len(postings)


def _chained(
    numbered: Iterable[tuple[int, Posting, Sequence[_PlainLeg]]], prev_hash: str, now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The rows of entries, each with the hash of the one before."""
    at = _moment(now)
    reasons: dict[tuple[tuple[str, Any], ...], str] = {}
    for number, (key, member, revision, _, reason), legs in numbered:
        said = tuple(reason.items())  # a batch has many entries and few reasons
        why = reasons.get(said) or reasons.setdefault(said, _canonical(reason))
        own_hash = _digest(number, key, revision, member, at, why, legs, prev_hash)
        yield (number, *key, revision, member, now, why, prev_hash, own_hash)
        prev_hash = own_hash


def _plain(legs: Balance) -> list[_PlainLeg]:
    return [(str(account), str(unit), amount) for (account, unit), amount in legs.items()]


def positions(session: Session, campaign_id: int, member_id: int) -> dict[Key, Balance]:
    """Where every key of one member in one campaign stands (closed ones as empty balances)."""
    return {key: each.balance for key, each in standings(session, campaign_id, member_id).items()}


def standings(session: Session, campaign_id: int, member_id: int) -> dict[Key, Position]:
    """Positions with the number of each key's last entry."""
    return standings_of(session, campaign_id, [member_id])[member_id]


def standings_of(
    session: Session, campaign_id: int, member_ids: Collection[int]
) -> dict[int, dict[Key, Position]]:
    """The same for many members, in one question."""
    rows = _STANDINGS.read(session, campaign=campaign_id, members=member_ids)
    amounts: dict[int, dict[Key, dict[tuple[Account, Unit], int]]] = {m: {} for m in member_ids}
    last: dict[Key, int] = {}
    for member, party, clause, occasion, account, unit, amount, revision in rows:
        key = Key(campaign_id, party, clause, occasion)
        held = amounts[member].setdefault(key, {})
        held[Account(account), Unit(unit)] = int(amount)
        last[key] = max(last.get(key, 0), revision)
    return {
        member: {key: Position(Balance(held), last[key]) for key, held in keys.items()}
        for member, keys in amounts.items()
    }


_STANDINGS = Direct(
    select(
        Entry.member_id,
        Entry.party,
        Entry.clause,
        Entry.occasion,
        Leg.account,
        Leg.unit,
        func.sum(Leg.amount),
        func.max(Entry.revision),
    )
    .join(Leg, Leg.entry_id == Entry.id)
    .where(
        passed_over(Entry.campaign_id) == bindparam("campaign"),
        among(Entry.member_id, "members"),
    )
    .group_by(Entry.member_id, Entry.party, Entry.clause, Entry.occasion, Leg.account, Leg.unit)
)


def entries_of(session: Session, campaign_id: int, member_id: int) -> list[tuple[Entry, Balance]]:
    """A member's entries in the order posted, each with its legs."""
    entries = list(
        session.scalars(
            select(Entry)
            .where(Entry.campaign_id == campaign_id, Entry.member_id == member_id)
            .order_by(Entry.id)
        )
    )
    legs: dict[int, dict[tuple[Account, Unit], int]] = {entry.id: {} for entry in entries}
    for leg in session.scalars(
        select(Leg)
        .join(Entry, Entry.id == Leg.entry_id)
        .where(Entry.campaign_id == campaign_id, Entry.member_id == member_id)
    ):
        legs[leg.entry_id][Account(leg.account), Unit(leg.unit)] = leg.amount
    return [(entry, Balance(legs[entry.id])) for entry in entries]
