"""Admission: verdicts and counters as rows; shared limits bind here, in the order in which dues
are admitted. What is decided on them is in `shared.rewards.room`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, BigInteger, Index, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc
from shared.base.direct import Direct, among, passed_over
from shared.base.money import Unit
from shared.base.rows import insert_rows, upsert_rows
from shared.campaigns.campaigns import room_at
from shared.campaigns.rules import LimitId
from shared.ledger.balance import Key
from shared.rewards.owed import Draw
from shared.rewards.room import Holding, Room, Verdict


class Admission(Base):
    """The verdict on one key, with what it holds of the shared limits."""

    __tablename__ = "admissions"
    __table_args__ = (Index("ix_admissions_member", "member_id", "campaign_id"),)

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
        passed_over(_ADMISSIONS.c.campaign_id) == bindparam("campaign"),
        among(_ADMISSIONS.c.member_id, "members"),
    )
)
_USED = select(_USES.c.limit_id, _USES.c.used).where(_USES.c.campaign_id == bindparam("campaign"))
_TAKEN, _TAKEN_LOCKED = Direct(_USED), Direct(_USED.with_for_update())


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
