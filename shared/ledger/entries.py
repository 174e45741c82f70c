"""The ledger: balanced, append-only, chained entries; a position is the sum of its legs.

Ids are contiguous and assigned here: one settler posts at a time, and the unique `prev_hash`
makes a fork impossible even if two did. `verify` is in `shared.ledger.verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc
from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key

GENESIS = "0" * 64
"""The `prev_hash` of the first entry."""

_KEY_COLUMNS = ("campaign_id", "party", "clause", "occasion")


class Entry(Base):
    """One change of one key's position. The database refuses to change or delete a row."""

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint(*_KEY_COLUMNS, "revision"),
        Index("ix_entries_member", "campaign_id", "member_id"),
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
    """One amount in one account, part of an entry. The database refuses to change a row."""

    __tablename__ = "legs"

    entry_id: Mapped[int] = mapped_column(Id, ForeignKey("entries.id"), primary_key=True)
    account: Mapped[str] = mapped_column(String(12), primary_key=True)
    unit: Mapped[str] = mapped_column(String(10), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Position:
    """Where a key stands: the sum of its legs and the number of its last entry."""

    balance: Balance
    revision: int


NOWHERE = Position(Balance(), 0)


def digest_of(entry: Entry, legs: Iterable[tuple[str, str, int]], prev_hash: str) -> str:
    """The hash of an entry: sha256 over its content in canonical JSON and the hash before."""
    content = [
        entry.id,
        entry.campaign_id,
        entry.party,
        entry.clause,
        entry.occasion,
        entry.revision,
        entry.member_id,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.why,
        sorted(legs),
    ]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{prev_hash}\n{canonical}".encode()).hexdigest()


def post(
    session: Session,
    key: Key,
    member_id: int,
    revision: int,
    legs: Balance,
    why: dict[str, Any],
    now: datetime,
) -> int:
    """Append one entry to the chain; its number. Only `rewards.settle` calls this.

    `legs` are changes in the units' smallest pieces. ValueError when they are empty or do not
    sum to zero in every unit; a revision that exists already is refused by the database.
    """
    if not legs or not legs.even:
        raise ValueError(f"legs do not sum to zero: {legs}")
    last = session.execute(select(Entry.id, Entry.hash).order_by(Entry.id.desc()).limit(1)).first()
    number, prev_hash = (last.id + 1, last.hash) if last is not None else (1, GENESIS)
    entry = Entry(
        id=number,
        campaign_id=key.campaign,
        party=key.party,
        clause=key.clause,
        occasion=key.occasion,
        revision=revision,
        member_id=member_id,
        at=now,
        why=why,
        prev_hash=prev_hash,
    )
    plain = [(account.value, unit.value, amount) for (account, unit), amount in legs.items()]
    entry.hash = digest_of(entry, plain, prev_hash)
    content = {name: getattr(entry, name) for name in Entry.__table__.columns.keys()}  # noqa: SIM118
    session.execute(insert(Entry), [content])
    session.execute(
        insert(Leg),
        [
            {"entry_id": number, "account": account, "unit": unit, "amount": amount}
            for account, unit, amount in plain
        ],
    )
    return number


def positions(session: Session, campaign_id: int, member_id: int) -> dict[Key, Balance]:
    """Where every key of one member in one campaign stands (closed ones as empty balances)."""
    return {key: each.balance for key, each in standings(session, campaign_id, member_id).items()}


def standings(session: Session, campaign_id: int, member_id: int) -> dict[Key, Position]:
    """Positions with the number of each key's last entry."""
    rows = session.execute(
        select(
            Entry.party,
            Entry.clause,
            Entry.occasion,
            Leg.account,
            Leg.unit,
            func.sum(Leg.amount),
            func.max(Entry.revision),
        )
        .join(Leg, Leg.entry_id == Entry.id)
        .where(Entry.campaign_id == campaign_id, Entry.member_id == member_id)
        .group_by(Entry.party, Entry.clause, Entry.occasion, Leg.account, Leg.unit)
    )
    amounts: dict[Key, dict[tuple[Account, Unit], int]] = {}
    last: dict[Key, int] = {}
    for party, clause, occasion, account, unit, amount, revision in rows:
        key = Key(campaign_id, party, clause, occasion)
        amounts.setdefault(key, {})[Account(account), Unit(unit)] = int(amount)
        last[key] = max(last.get(key, 0), int(revision))
    return {key: Position(Balance(held), last[key]) for key, held in amounts.items()}


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
