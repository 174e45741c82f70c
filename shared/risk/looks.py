"""Looks: which referrals are to be looked at, and what came of it the last time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.rows import upsert_rows
from shared.risk.known import Signal
from shared.risk.weighing import Action, Assessed

MOST = 100
"""Referrals looked at in one transaction."""


class Look(Base):
    """A referral that is to be looked at."""

    __tablename__ = "risk_looks"
    __table_args__ = (Index("ix_risk_looks_due", "due_at"),)

    referral_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    due_at: Mapped[datetime] = mapped_column(Utc)


class Assessment(Base):
    """What came of a look, where it was another than before. Only added."""

    __tablename__ = "assessments"
    __table_args__ = (
        Index("ix_assessments_referral", "referral_id", "id"),
        Index("ix_assessments_action", "campaign_id", "action", "id"),
    )

    id: Mapped[int] = id_column()
    referral_id: Mapped[int] = mapped_column(Id)
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Utc)
    score: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(12))
    signals: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Checks with their weights and counts; internal numbers only."""


def ask_looks(session: Session, whom: Iterable[tuple[int, int, int]], now: datetime) -> None:
    """Have referrals, each (referral, campaign, member), looked at."""
    rows = [(*each, now) for each in sorted(set(whom))]
    table = Look.metadata.tables[Look.__tablename__]
    columns = ("referral_id", "campaign_id", "member_id", "due_at")
    upsert_rows(session, table, columns, rows, least="due_at")


def due_looks(session: Session, now: datetime, most: int = MOST) -> list[Look]:
    """Those whose time has come, the longest waiting first, nobody else's until the end."""
    return list(
        session.scalars(
            select(Look)
            .where(Look.due_at <= now)
            .order_by(Look.due_at, Look.referral_id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
    )


def done_looks(session: Session, referral_ids: Collection[int]) -> None:
    """They were looked at."""
    session.execute(delete(Look).where(Look.referral_id.in_(referral_ids)))


def unlooked(session: Session, campaign_id: int) -> set[int]:
    """Members of whom a referral waits to be looked at: nothing of theirs is paid before."""
    query = select(Look.member_id).where(Look.campaign_id == campaign_id)
    return set(session.scalars(query))


def latest(session: Session, referral_ids: Collection[int]) -> dict[int, Assessment]:
    """What came of the last look at some referrals."""
    newest = (
        select(func.max(Assessment.id))
        .where(Assessment.referral_id.in_(referral_ids))
        .group_by(Assessment.referral_id)
    )
    rows = session.scalars(select(Assessment).where(Assessment.id.in_(newest)))
    return {row.referral_id: row for row in rows}


def keep(
    session: Session, campaign_id: int, found: Iterable[Assessed], now: datetime
) -> list[Assessed]:
    """Write down what is other than before; the ones that are."""
    mine = list(found)
    before = latest(session, [each.referral for each in mine])
    news = []
    for each in mine:
        signals = plain(each.signals)
        old = before.get(each.referral)
        if old is None and each.action is Action.PASS and not signals:
            continue  # nothing was seen, as of most
        if old is not None and (old.action, old.signals) == (each.action.value, signals):
            continue
        news.append(each)
        session.add(
            Assessment(
                referral_id=each.referral,
                campaign_id=campaign_id,
                member_id=each.member,
                at=now,
                score=each.score,
                action=each.action.value,
                signals=signals,
            )
        )
    session.flush()
    return news


def plain(signals: Iterable[Signal]) -> list[dict[str, Any]]:
    """Signals as they are kept."""
    return [
        {"check": each.check, "weight": each.weight, "detail": dict(each.detail)}
        for each in signals
    ]


def read(kept: Iterable[dict[str, Any]]) -> tuple[Signal, ...]:
    """Signals as they were kept."""
    return tuple(Signal(each["check"], each["weight"], each["detail"]) for each in kept)
