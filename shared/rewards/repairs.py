"""Repairs that a review proposes: one person asks for one, another has it carried out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.rewards.admission import load_room, save_room
from shared.rewards.review import held_of_limits

WHOLE_CAMPAIGN = 0
"""The member of a repair that concerns nobody alone."""


class Repair(Base):
    """One thing to be put right. At most one of a kind is open for a member."""

    __tablename__ = "repairs"
    __table_args__ = (
        Index(
            "ux_repairs_open",
            "campaign_id",
            "member_id",
            "remedy",
            unique=True,
            sqlite_where=text("applied_at IS NULL"),
            postgresql_where=text("applied_at IS NULL"),
        ),
    )

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    """`WHOLE_CAMPAIGN` when the counters of the limits are meant."""
    remedy: Mapped[str] = mapped_column(String(10))
    month: Mapped[str] = mapped_column(String(7))
    """The review that found it, YYYY-MM."""
    cause: Mapped[str] = mapped_column(String(20))
    proposed_by: Mapped[str] = mapped_column(String(60))
    proposed_at: Mapped[datetime] = mapped_column(Utc)
    applied_by: Mapped[str | None] = mapped_column(String(60))
    applied_at: Mapped[datetime | None] = mapped_column(Utc)


def open_repairs(session: Session, campaign_id: int) -> list[Repair]:
    """What was proposed and waits for the second person, oldest first."""
    query = (
        select(Repair)
        .where(Repair.campaign_id == campaign_id, Repair.applied_at.is_(None))
        .order_by(Repair.id)
    )
    return list(session.scalars(query))


def recount(session: Session, campaign_id: int, now: datetime) -> None:
    """Set every limit's counter to what the verdicts hold. Nobody admits until the end."""
    room = load_room(session, campaign_id, {}, now, lock=True)
    held = held_of_limits(session, campaign_id)
    for limit in room.used.keys() | held.keys():
        room.used[limit] = held[limit]
    save_room(session, campaign_id, room)
