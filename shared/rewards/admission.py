"""Admission: shared limits bind here, in the order in which dues are admitted.

The verdict is a row that stands: a refusal is final, a place is never taken from one member
for another heard of later. A due that does not fit wholly is refused; one that shrinks gives
back; one that grows beyond the room stays at its old amount with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc
from shared.base.money import Unit
from shared.campaigns.campaigns import limits_at
from shared.campaigns.rules import MONTHLY_CAP, LimitId, counts_amounts, rule_of
from shared.ledger.balance import Key
from shared.rewards.owed import Draw, Due


class Verdict(StrEnum):
    """What came of a due at the shared limits."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    """Final."""
    CAPPED = "capped"
    """The member's monthly cap left nothing to admit so far."""


class Admission(Base):
    """The verdict on one key, with what it holds of the shared limits."""

    __tablename__ = "admissions"
    __table_args__ = (Index("ix_admissions_member", "campaign_id", "member_id"),)

    campaign_id: Mapped[int] = mapped_column(Id, primary_key=True)
    party: Mapped[str] = mapped_column(String(40), primary_key=True)
    clause: Mapped[str] = mapped_column(String(40), primary_key=True)
    occasion: Mapped[str] = mapped_column(String(80), primary_key=True)
    member_id: Mapped[int] = mapped_column(Id)
    verdict: Mapped[str] = mapped_column(String(10))
    limit_id: Mapped[str | None] = mapped_column(String(60))
    """Which limit refused, kept small, or clipped it."""
    unit: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger)
    """What it holds now."""
    asked: Mapped[int] = mapped_column(BigInteger)
    """What the facts asked for when the verdict was given."""
    draws: Mapped[list[Any]] = mapped_column(JSON)
    """`[limit, holder, amount]` triples."""
    at: Mapped[datetime] = mapped_column(Utc)


class LimitUse(Base):
    """How much of a shared limit is taken: an amount, or places."""

    __tablename__ = "limit_uses"

    campaign_id: Mapped[int] = mapped_column(Id, primary_key=True)
    limit_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Holding:
    """What a key holds of the shared limits, and why not more."""

    verdict: Verdict | None = None
    limit: LimitId | None = None
    unit: Unit = Unit.CNY
    amount: int = 0
    asked: int = 0
    draws: tuple[Draw, ...] = ()


NOTHING = Holding()


class Room:
    """What is left of the shared limits while one member is settled."""

    def __init__(
        self,
        limits: Mapping[LimitId, int],
        used: Mapping[LimitId, int],
        holdings: Mapping[Key, Holding],
    ) -> None:
        self._limits = limits
        self.used = Counter(used)
        self._before = dict(used)
        self._places: Counter[tuple[LimitId, str]] = Counter()
        for key, holding in holdings.items():
            self._places.update(_places(key, holding))

    def obstacle(self, key: Key, old: Holding, new: Holding) -> LimitId | None:
        """The first limit that `new` instead of `old` would overstep; None: it fits."""
        for limit, more in self._difference(key, old, new).items():
            rule = rule_of(limit)
            if more > 0 and rule in self._limits and self.used[limit] + more > self._limits[rule]:
                return rule
        return None

    def swap(self, key: Key, old: Holding, new: Holding) -> None:
        """Give back the old holding and take the new one."""
        for limit, more in self._difference(key, old, new).items():
            self.used[limit] += more
        self._places.subtract(_places(key, old))
        self._places.update(_places(key, new))

    def touched(self) -> list[LimitId]:
        """The limits whose use changed."""
        return sorted(limit for limit, n in self.used.items() if n != self._before.get(limit))

    def _difference(self, key: Key, old: Holding, new: Holding) -> dict[LimitId, int]:
        more: dict[LimitId, int] = {}
        for holding, sign in ((old, -1), (new, 1)):
            for draw in holding.draws:
                if counts_amounts(draw.limit):
                    amount = (draw.amount or holding.amount) if holding.amount else 0
                    more[draw.limit] = more.get(draw.limit, 0) + sign * amount
        before, after = _places(key, old), _places(key, new)
        for place in sorted(before.keys() | after.keys()):
            held = self._places[place]
            then = held - before[place] + after[place]
            more[place[0]] = more.get(place[0], 0) + (then > 0) - (held > 0)
        return more


def _places(key: Key, holding: Holding) -> Counter[tuple[LimitId, str]]:
    own = f"{key.party}/{key.clause}/{key.occasion}"
    return Counter(
        (draw.limit, draw.holder or own)
        for draw in holding.draws
        if holding.amount and not counts_amounts(draw.limit)
    )


def decide(room: Room, key: Key, due: Due | None, old: Holding) -> Holding:
    """The verdict on a due (None: nothing owed any more), taking and giving back room."""
    new = _verdict(room, key, due, old)
    room.swap(key, old, new)
    return new


def _verdict(room: Room, key: Key, due: Due | None, old: Holding) -> Holding:
    if old.verdict is Verdict.REFUSED:
        return old
    if due is None:
        return replace(old, limit=None, amount=0, asked=0)
    wish = Holding(Verdict.ADMITTED, due.why.limit, due.unit, due.amount, due.amount, due.draws)
    if due.amount == 0:
        return replace(wish, verdict=old.verdict or Verdict.CAPPED)
    if old.verdict is Verdict.ADMITTED and _turned_away(old) and old.asked == due.amount:
        return old
    obstacle = room.obstacle(key, old, wish)
    if obstacle is None:
        return wish
    if old.verdict is not Verdict.ADMITTED:
        return replace(wish, verdict=Verdict.REFUSED, limit=obstacle, amount=0)
    kept = old.amount if old.unit is due.unit else 0
    return replace(wish, limit=obstacle, amount=kept)


def _turned_away(holding: Holding) -> bool:
    """Whether a shared limit said no to what it asked for last."""
    return holding.limit not in (None, MONTHLY_CAP) and holding.asked > holding.amount


def load_holdings(session: Session, campaign_id: int, member_id: int) -> dict[Key, Holding]:
    """What a member's keys hold."""
    rows = session.scalars(
        select(Admission)
        .where(Admission.campaign_id == campaign_id, Admission.member_id == member_id)
        .execution_options(populate_existing=True)
    )
    return {
        Key(campaign_id, row.party, row.clause, row.occasion): Holding(
            Verdict(row.verdict),
            row.limit_id,
            Unit(row.unit),
            row.amount,
            row.asked,
            tuple(Draw(*draw) for draw in row.draws),
        )
        for row in rows
    }


def load_room(
    session: Session,
    campaign_id: int,
    holdings: Mapping[Key, Holding],
    now: datetime,
    *,
    lock: bool,
) -> Room:
    """The room in a campaign's limits as of now. `lock`: nobody else admits until the end."""
    query = select(LimitUse.limit_id, LimitUse.used).where(LimitUse.campaign_id == campaign_id)
    if lock:
        query = query.with_for_update()
    used = {row.limit_id: row.used for row in session.execute(query)}
    limits = limits_at(session, campaign_id, now)
    return Room(
        {limit: row.amount for limit, row in limits.items() if row.amount is not None},
        used,
        holdings,
    )


def save_room(session: Session, campaign_id: int, room: Room) -> None:
    """Write the counters that changed."""
    changed = [
        {"campaign_id": campaign_id, "limit_id": limit, "used": room.used[limit]}
        for limit in room.touched()
    ]
    if changed:
        session.execute(_upsert(_dialect(session), "limit_uses"), changed)


def save_holding(
    session: Session, key: Key, member_id: int, holding: Holding, now: datetime
) -> None:
    """Write a verdict."""
    assert holding.verdict is not None
    values = {
        "campaign_id": key.campaign,
        "party": key.party,
        "clause": key.clause,
        "occasion": key.occasion,
        "member_id": member_id,
        "verdict": holding.verdict.value,
        "limit_id": holding.limit,
        "unit": holding.unit.value,
        "amount": holding.amount,
        "asked": holding.asked,
        "draws": [[draw.limit, draw.holder, draw.amount] for draw in holding.draws],
        "at": now,
    }
    session.execute(_upsert(_dialect(session), "admissions"), values)


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


@cache
def _upsert(dialect: str, name: str) -> Any:
    """Insert a row, or bring it up to the values; built once, it is on the hot path."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    table = Base.metadata.tables[name]
    row = insert(table)
    identity = [column.name for column in table.primary_key]
    rest = {column.name: row.excluded[column.name] for column in table.c}
    for column in identity:
        del rest[column]
    return row.on_conflict_do_update(index_elements=identity, set_=rest)
