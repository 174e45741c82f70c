"""Admission: shared limits bind here, in the order in which dues are admitted.

The verdict is a row that stands: a refusal is final, a place is never taken from one member
for another heard of later. A due that does not fit wholly is refused; one that shrinks gives
back; one that grows beyond the room stays at its old amount with the reason.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import JSON, BigInteger, Index, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc
from shared.base.direct import Direct, among
from shared.base.money import Unit
from shared.base.rows import insert_rows, upsert_rows
from shared.campaigns.campaigns import room_at
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
_COLUMNS = (
    "campaign_id", "party", "clause", "occasion", "member_id",
    "verdict", "limit_id", "unit", "amount", "asked", "draws", "at",
)  # fmt: skip
_HELD = Direct(
    select(*(_ADMISSIONS.c[name] for name in _COLUMNS[:-1])).where(
        _ADMISSIONS.c.campaign_id == bindparam("campaign"),
        among(_ADMISSIONS.c.member_id, "members"),
    )
)
_USED = select(_USES.c.limit_id, _USES.c.used).where(_USES.c.campaign_id == bindparam("campaign"))
_TAKEN, _TAKEN_LOCKED = Direct(_USED), Direct(_USED.with_for_update())


class Holding(NamedTuple):
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
        self._taken: dict[LimitId, int] = defaultdict(int)
        self._full = False
        self._places: dict[Place, int] = defaultdict(int)
        for key, holding in holdings.items():
            for limit, holder, _ in holding.draws if holding.amount else ():
                if not counts_amounts(limit):
                    self._places[limit, holder or _own(key)] += 1

    def take(self, key: Key, old: Holding, new: Holding) -> LimitId | None:
        """Take `new` instead of `old` where it fits; else the first limit it would overstep."""
        used, moved = self._difference(key, old, new)
        for limit, more in used.items():
            if more > 0:
                rule = rule_of(limit)
                most = self._limits.get(rule)
                if most is not None and self.used[limit] + more > most:
                    self._full = True
                    return rule
        self._move(used, moved)
        return None

    def swap(self, key: Key, old: Holding, new: Holding) -> None:
        """Give back the old holding and take the new one, whether it fits or not."""
        self._move(*self._difference(key, old, new))

    def moves_to(self, limits: Mapping[LimitId, int], used: Mapping[LimitId, int]) -> bool:
        """Stand on other limits and counters, when everything here would come out the same on
        them; whether it does.

        It does when nothing was turned away and all that was taken fits at once, whatever was
        given back in between.
        """
        if self._full or any(
            used.get(limit, 0) + more > limits.get(rule_of(limit), sys.maxsize)
            for limit, more in self._taken.items()
        ):
            return False
        for limit in self.used.keys() | used.keys():
            self.used[limit] += used.get(limit, 0) - self._before.get(limit, 0)
        self._limits, self._before = limits, dict(used)
        return True

    def touched(self) -> list[LimitId]:
        """The limits whose use changed."""
        return sorted(limit for limit, n in self.used.items() if n != self._before.get(limit))

    def _move(self, used: Mapping[LimitId, int], moved: Mapping[Place, int]) -> None:
        for limit, more in used.items():
            self.used[limit] += more
            if more > 0:
                self._taken[limit] += more
        for place, more in moved.items():
            self._places[place] += more

    def _difference(
        self, key: Key, old: Holding, new: Holding
    ) -> tuple[dict[LimitId, int], dict[Place, int]]:
        """What each limit would give more: budgets first, then the places in their order. And
        how many more would hold each place."""
        used: dict[LimitId, int] = {}
        moved: dict[Place, int] = {}
        for holding, sign in ((old, -1), (new, 1)):
            if not holding.amount:
                continue
            for limit, holder, amount in holding.draws:
                if counts_amounts(limit):
                    used[limit] = used.get(limit, 0) + sign * (amount or holding.amount)
                else:
                    place = (limit, holder or _own(key))
                    moved[place] = moved.get(place, 0) + sign
        for place in sorted(moved):
            held = self._places[place]
            more = (held + moved[place] > 0) - (held > 0)
            used[place[0]] = used.get(place[0], 0) + more
        return used, moved


Place = tuple[LimitId, str]
"""A limit that counts, and whose place it is."""


def _own(key: Key) -> str:
    """The holder of a place that no other due shares."""
    return f"{key.party}/{key.clause}/{key.occasion}"


def decide(room: Room, key: Key, due: Due | None, old: Holding) -> Holding:
    """The verdict on a due (None: nothing owed any more), taking and giving back room."""
    if old.verdict is Verdict.REFUSED:
        return old
    if due is None:
        new = old._replace(limit=None, amount=0, asked=0)
    else:
        new = Holding(Verdict.ADMITTED, due.why.limit, due.unit, due.amount, due.amount, due.draws)
        if due.amount == 0:
            new = new._replace(verdict=old.verdict or Verdict.CAPPED)
        elif new == old or (_turned_away(old) and old.asked == due.amount):
            return old
        elif obstacle := room.take(key, old, new):
            new = _kept_small(new, old, obstacle)
        else:
            return new
    room.swap(key, old, new)
    return new


def _turned_away(holding: Holding) -> bool:
    """Whether it was admitted, and a shared limit said no to what it asked for last."""
    return (
        holding.verdict is Verdict.ADMITTED
        and holding.limit not in (None, MONTHLY_CAP)
        and holding.asked > holding.amount
    )


def _kept_small(wish: Holding, old: Holding, obstacle: LimitId) -> Holding:
    """What comes of a wish that a limit is in the way of.

    What stays goes on holding what it held: the day it is earned on now may have no room.
    """
    if old.verdict is not Verdict.ADMITTED:
        return wish._replace(verdict=Verdict.REFUSED, limit=obstacle, amount=0)
    kept = old.amount if old.unit is wish.unit else 0
    return wish._replace(limit=obstacle, amount=kept, draws=old.draws if kept else wish.draws)


def load_holdings(session: Session, campaign_id: int, member_id: int) -> dict[Key, Holding]:
    """What a member's keys hold."""
    return holdings_of(session, campaign_id, [member_id])[member_id]


def holdings_of(
    session: Session, campaign_id: int, member_ids: Collection[int]
) -> dict[int, dict[Key, Holding]]:
    """What the keys of some members hold."""
    found: dict[int, dict[Key, Holding]] = {member_id: {} for member_id in member_ids}
    for row in _HELD.read(session, campaign=campaign_id, members=member_ids):
        *key, member, verdict, limit, unit, amount, asked, draws = row
        drawn = tuple(Draw(*draw) for draw in draws)
        found[member][Key(*key)] = Holding(
            Verdict(verdict), limit, Unit(unit), amount, asked, drawn
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
    if lock:
        return Room(*lock_limits(session, campaign_id, now), holdings)
    used = dict(_TAKEN.read(session, campaign=campaign_id))
    return Room(room_at(session, campaign_id, now), used, holdings)


def lock_limits(
    session: Session, campaign_id: int, now: datetime
) -> tuple[dict[LimitId, int], dict[LimitId, int]]:
    """What every limit of a campaign lets through as of now, and how much of it is taken;
    nobody else admits until the end."""
    used = dict(_TAKEN_LOCKED.read(session, campaign=campaign_id))
    return room_at(session, campaign_id, now), used


def save_room(session: Session, campaign_id: int, room: Room) -> None:
    """Write the counters that changed."""
    upsert_rows(
        session,
        _USES,
        ("campaign_id", "limit_id", "used"),
        [(campaign_id, limit, room.used[limit]) for limit in room.touched()],
    )


class Decision(NamedTuple):
    """A verdict to be written down, instead of the one before (None: the first)."""

    key: Key
    member: int
    holding: Holding
    before: Verdict | None


def save_holdings(session: Session, decisions: Sequence[Decision], now: datetime) -> None:
    """Write verdicts, one a key."""
    first = [each for each in decisions if each.before is None]
    if first:
        insert_rows(session, _ADMISSIONS, _COLUMNS, (_row(each, now) for each in first))
    later = [each for each in decisions if each.before is not None]
    upsert_rows(session, _ADMISSIONS, _COLUMNS, [_row(each, now) for each in later])


def _row(decision: Decision, now: datetime) -> tuple[Any, ...]:
    verdict, limit, unit, amount, asked, draws = decision.holding
    assert verdict is not None
    drawn = ",".join(f"[{_quoted(limit)},{_quoted(holder)},{n}]" for limit, holder, n in draws)
    held = str(verdict), limit, str(unit), amount, asked, f"[{drawn}]"
    return (*decision.key, decision.member, *held, now)


_quoted = json.encoder.encode_basestring
