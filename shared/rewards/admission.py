"""Admission: shared limits bind here, in the order in which dues are admitted.

The verdict is a row that stands: a refusal is final, a place is never taken from one member
for another heard of later. A due that does not fit wholly is refused; one that shrinks gives
back; one that grows beyond the room stays at its old amount with the reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc
from shared.base.money import Unit
from shared.base.rows import upsert_rows
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


_ADMISSIONS = Admission.metadata.tables[Admission.__tablename__]
_USES = LimitUse.metadata.tables[LimitUse.__tablename__]
_HELD = [
    _ADMISSIONS.c[name]
    for name in (
        "member_id", "party", "clause", "occasion",
        "verdict", "limit_id", "unit", "amount", "asked", "draws",
    )
]  # fmt: skip


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
    """What is left of the shared limits while some members are settled."""

    def __init__(
        self,
        limits: Mapping[LimitId, int],
        used: Mapping[LimitId, int],
        holdings: Mapping[Key, Holding],
    ) -> None:
        self._limits = limits
        self.used = Counter(used)
        self._before = dict(used)
        self._places: dict[Place, int] = defaultdict(int)
        for key, holding in holdings.items():
            for place in _places(key, holding):
                self._places[place] += 1

    def obstacle(self, key: Key, old: Holding, new: Holding) -> LimitId | None:
        """The first limit that `new` instead of `old` would overstep; None: it fits."""
        for limit, more in self._difference(key, old, new):
            rule = rule_of(limit)
            if more > 0 and rule in self._limits and self.used[limit] + more > self._limits[rule]:
                return rule
        return None

    def swap(self, key: Key, old: Holding, new: Holding) -> None:
        """Give back the old holding and take the new one."""
        if old == new:
            return
        for limit, more in self._difference(key, old, new):
            self.used[limit] += more
        for place in _places(key, old):
            self._places[place] -= 1
        for place in _places(key, new):
            self._places[place] += 1

    def touched(self) -> list[LimitId]:
        """The limits whose use changed."""
        return sorted(limit for limit, n in self.used.items() if n != self._before.get(limit))

    def _difference(self, key: Key, old: Holding, new: Holding) -> list[tuple[LimitId, int]]:
        """What each limit would give more: budgets first, then the places in their order."""
        budgets: dict[LimitId, int] = {}
        for holding, sign in ((old, -1), (new, 1)):
            for draw in holding.draws:
                if counts_amounts(draw.limit):
                    amount = (draw.amount or holding.amount) if holding.amount else 0
                    budgets[draw.limit] = budgets.get(draw.limit, 0) + sign * amount
        places: dict[LimitId, int] = {}
        before, after = _places(key, old), _places(key, new)
        for place in sorted({*before, *after}):
            held = self._places[place]
            then = held - before.count(place) + after.count(place)
            places[place[0]] = places.get(place[0], 0) + (then > 0) - (held > 0)
        return [*budgets.items(), *places.items()]


Place = tuple[LimitId, str]
"""A limit that counts, and whose place it is."""


def _places(key: Key, holding: Holding) -> list[Place]:
    if not holding.amount:
        return []
    own = f"{key.party}/{key.clause}/{key.occasion}"
    return [
        (draw.limit, draw.holder or own) for draw in holding.draws if not counts_amounts(draw.limit)
    ]


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
    return holdings_of(session, campaign_id, [member_id])[member_id]


def holdings_of(
    session: Session, campaign_id: int, member_ids: Collection[int]
) -> dict[int, dict[Key, Holding]]:
    """What the keys of some members hold."""
    rows = session.execute(
        select(*_HELD).where(
            _ADMISSIONS.c.campaign_id == campaign_id, _ADMISSIONS.c.member_id.in_(member_ids)
        )
    )
    found: dict[int, dict[Key, Holding]] = {member_id: {} for member_id in member_ids}
    for member, party, clause, occasion, verdict, limit, unit, amount, asked, draws in rows:
        found[member][Key(campaign_id, party, clause, occasion)] = Holding(
            Verdict(verdict),
            limit,
            Unit(unit),
            amount,
            asked,
            tuple(Draw(*draw) for draw in draws),
        )
    return found


def load_room(
    session: Session,
    campaign_id: int,
    holdings: Mapping[Key, Holding],
    now: datetime,
    *,
    lock: bool,
) -> Room:
    """The room in a campaign's limits as of now, for those who have these holdings.

    `lock`: nobody else admits until the end.
    """
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
    upsert_rows(
        session,
        _USES,
        [
            {"campaign_id": campaign_id, "limit_id": limit, "used": room.used[limit]}
            for limit in room.touched()
        ],
    )


@dataclass(frozen=True)
class Decision:
    """A verdict to be written down."""

    key: Key
    member: int
    holding: Holding


def save_holdings(session: Session, decisions: Sequence[Decision], now: datetime) -> None:
    """Write verdicts, one a key."""
    upsert_rows(session, _ADMISSIONS, [_row(decision, now) for decision in decisions])


def _row(decision: Decision, now: datetime) -> dict[str, Any]:
    key, holding = decision.key, decision.holding
    assert holding.verdict is not None
    return {
        "campaign_id": key.campaign,
        "party": key.party,
        "clause": key.clause,
        "occasion": key.occasion,
        "member_id": decision.member,
        "verdict": holding.verdict.value,
        "limit_id": holding.limit,
        "unit": holding.unit.value,
        "amount": holding.amount,
        "asked": holding.asked,
        "draws": [[draw.limit, draw.holder, draw.amount] for draw in holding.draws],
        "at": now,
    }
