"""Sweeps: which nights the machine looked for friends who were missed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Integer
from sqlalchemy.orm import Mapped, mapped_column

from shared.base.database import Base, Id, Utc


class ClaimSweep(Base):
    """One night of one campaign: swept once, by whichever worker came first."""

    __tablename__ = "claim_sweeps"

    campaign_id: Mapped[int] = mapped_column(Id, primary_key=True)
    night: Mapped[date] = mapped_column(Date, primary_key=True)
    """The local day on which it was."""
    at: Mapped[datetime] = mapped_column(Utc)
    invited: Mapped[int] = mapped_column(Integer)
