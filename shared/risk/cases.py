"""Cases: what a person decides about, with the evidence beside it (first cut: disputes)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Utc, id_column


class CaseKind(StrEnum):
    DISPUTE = "dispute"
    """Two members, one application: the money stays until two people decide."""


class Case(Base):
    """One matter for a person. At most one open case of a kind about a subject."""

    __tablename__ = "cases"
    __table_args__ = (UniqueConstraint("kind", "subject"),)

    id: Mapped[int] = id_column()
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    opened_at: Mapped[datetime] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)


def open_case(
    session: Session, kind: CaseKind, subject: str, now: datetime, evidence: dict[str, Any]
) -> Case:
    """Open a case, or return the one there is."""
    case = session.scalar(select(Case).where(Case.kind == kind.value, Case.subject == subject))
    if case is None:
        case = Case(kind=kind.value, subject=subject, evidence=evidence, opened_at=now)
        session.add(case)
        session.flush()
    return case
