"""The history of cases: who did what, when, and what they wrote about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.sealing import Sealed


class CaseAct(StrEnum):
    """What happened to a case, in its history."""

    OPENED = "opened"
    JOINED = "joined"
    """More referrals were held under it."""
    ASSIGNED = "assigned"
    PROPOSED = "proposed"
    SENT_BACK = "sent_back"
    """The second person did not agree."""
    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    APPEALED = "appealed"
    UPHELD = "upheld"
    ESCALATED = "escalated"


class CaseStep(Base):
    """One entry of a case's history. Only added; the note is sealed, as people write names."""

    __tablename__ = "case_steps"

    id: Mapped[int] = id_column()
    case_id: Mapped[int] = mapped_column(Id, index=True)
    at: Mapped[datetime] = mapped_column(Utc)
    actor: Mapped[str] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(10))
    count: Mapped[int] = mapped_column(Integer, default=0)
    note: Mapped[str | None] = mapped_column(Sealed("case.note"))


def write_step(
    session: Session,
    case_id: int,
    act: CaseAct,
    actor: str,
    now: datetime,
    *,
    note: str = "",
    count: int = 0,
) -> None:
    """Add to a case's history."""
    session.add(
        CaseStep(
            case_id=case_id, at=now, actor=actor, act=act.value, count=count, note=note or None
        )
    )


def steps_of(session: Session, case_id: int) -> list[CaseStep]:
    """A case's history, oldest first."""
    query = select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.id)
    return list(session.scalars(query))
