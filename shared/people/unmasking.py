"""Unmaskings: each time staff had somebody's name and number shown in full, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.sealing import Sealed


class Unmasking(Base):
    """One look at one person. The database refuses to change or delete a row."""

    __tablename__ = "unmaskings"
    __table_args__ = (Index("ix_unmaskings_staff", "staff_id", "at"),)

    id: Mapped[int] = id_column()
    person_id: Mapped[int] = mapped_column(Id)
    staff_id: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Utc)
    reason: Mapped[str] = mapped_column(Sealed("unmasking"))
    """In the employee's words."""


def looks_since(session: Session, staff_id: int, since: datetime) -> int:
    """How many looks an employee has had since a moment."""
    found = select(func.count()).where(Unmasking.staff_id == staff_id, Unmasking.at > since)
    return session.scalar(found) or 0
