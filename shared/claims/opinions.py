"""Opinions: what a member thinks of how a claim was handled; asked once, answered once.

Asked when nothing more can come: under a final answer, or when the term to appeal against a
refusal is over. A claim of before the question was there has no row and is never asked about.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc


class Opinion(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class ClaimOpinion(Base):
    """The one question about a claim."""

    __tablename__ = "claim_opinions"

    claim_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    ask_at: Mapped[datetime | None] = mapped_column(Utc, index=True)
    """When to ask; none: it was asked, or will not be."""
    asked_at: Mapped[datetime | None] = mapped_column(Utc)
    opinion: Mapped[str | None] = mapped_column(String(10))
    given_at: Mapped[datetime | None] = mapped_column(Utc, index=True)


def opinion_for_update(session: Session, claim_id: int) -> ClaimOpinion | None:
    """The question as it stands now, locked: the second of two taps sees the first one's."""
    return session.get(ClaimOpinion, claim_id, with_for_update=True, populate_existing=True)


def ask_later(session: Session, claim_id: int, at: datetime) -> None:
    """Ask when the moment has come, unless the member has appealed by then."""
    _row(session, claim_id).ask_at = at
    session.flush()


def was_asked(session: Session, claim_id: int, at: datetime) -> None:
    """The question went out, and never will again."""
    row = _row(session, claim_id)
    row.ask_at, row.asked_at = None, at
    session.flush()


def to_ask(session: Session, now: datetime, most: int) -> list[int]:
    """Claims whose question is due, the oldest first."""
    query = select(ClaimOpinion.claim_id).where(ClaimOpinion.ask_at <= now)
    return list(session.scalars(query.order_by(ClaimOpinion.ask_at).limit(most)))


def _row(session: Session, claim_id: int) -> ClaimOpinion:
    row = opinion_for_update(session, claim_id)
    if row is None:
        row = ClaimOpinion(claim_id=claim_id)
        session.add(row)
    return row
