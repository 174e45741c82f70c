"""Who is to be settled, and from when. Many hear, one settles: hearing only wakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Index, Integer, String, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc
from shared.campaigns.campaigns import Campaign, Life

MOST = 250
"""Members settled in one transaction."""
LONGEST_PAUSE = timedelta(hours=6)


class SettleTask(Base):
    """One member of one campaign to be settled at or after `due_at`."""

    __tablename__ = "settle_tasks"
    __table_args__ = (Index("ix_settle_tasks_due", "due_at"),)

    campaign_id: Mapped[int] = mapped_column(Id, primary_key=True)
    member_id: Mapped[int] = mapped_column(Id, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(Utc)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    """Failed settlings in a row; the next one waits longer."""
    problem: Mapped[str | None] = mapped_column(String(120))


@dataclass(frozen=True)
class Task:
    """A member whose time has come."""

    campaign: int
    member: int


def wake(session: Session, campaign_id: int, member_id: int, at: datetime) -> None:
    """Have a member settled at `at` or earlier, when that is already planned.

    Write it in the transaction of the fact that is its reason. Whoever wakes several members
    does so in the order of (campaign, member), so that two hearers never wait for each other.
    """
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = insert(SettleTask).values(
        campaign_id=campaign_id, member_id=member_id, due_at=at, tries=0
    )
    earliest = case(
        (SettleTask.due_at <= row.excluded.due_at, SettleTask.due_at), else_=row.excluded.due_at
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["campaign_id", "member_id"], set_={"due_at": earliest}
        )
    )


def due_tasks(session: Session, now: datetime, most: int = MOST) -> list[Task]:
    """Members whose time has come, longest waiting first, locked until the transaction ends.

    A member whom somebody is just waking is left for the next time; members of a paused
    campaign wait until it resumes.
    """
    rows = session.execute(
        select(SettleTask.campaign_id, SettleTask.member_id)
        .join(Campaign, Campaign.id == SettleTask.campaign_id)
        .where(SettleTask.due_at <= now, Campaign.life != Life.PAUSED.value)
        .order_by(SettleTask.due_at, SettleTask.campaign_id, SettleTask.member_id)
        .limit(most)
        .with_for_update(of=SettleTask, skip_locked=True)
    )
    return [Task(campaign, member) for campaign, member in rows]


def waiting(session: Session, now: datetime) -> int:
    """How many members' time has come."""
    return len(session.scalars(select(SettleTask.member_id).where(SettleTask.due_at <= now)).all())


def lock_task(session: Session, campaign_id: int, member_id: int) -> bool:
    """Keep others from waking a member until the end; whether there was a task.

    What is heard meanwhile waits behind this lock and wakes the member afterwards.
    """
    row = session.scalar(
        select(SettleTask.member_id)
        .where(SettleTask.campaign_id == campaign_id, SettleTask.member_id == member_id)
        .with_for_update()
    )
    return row is not None


def plan_next(
    session: Session, campaign_id: int, member_id: int, at: datetime | None, *, locked: bool
) -> None:
    """Set when a member is settled next; None: only when woken. `locked`: by `lock_task`."""
    mine = (SettleTask.campaign_id == campaign_id, SettleTask.member_id == member_id)
    if not locked:
        if at is not None:
            wake(session, campaign_id, member_id, at)
    elif at is None:
        session.execute(delete(SettleTask).where(*mine))
    else:
        session.execute(update(SettleTask).where(*mine).values(due_at=at, tries=0, problem=None))


def postpone(session: Session, task: Task, problem: str, now: datetime) -> None:
    """A member who could not be settled waits, each time longer; the others go on."""
    row = session.get(SettleTask, (task.campaign, task.member), populate_existing=True)
    if row is not None:
        pause = min(timedelta(minutes=2**row.tries), LONGEST_PAUSE)
        row.due_at, row.tries, row.problem = now + pause, row.tries + 1, problem[:120]
        session.flush()
