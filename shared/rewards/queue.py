"""Who is to be settled, and from when. Many hear, one settles: hearing only wakes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Index, Integer, String, bindparam, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc
from shared.base.direct import Direct, among
from shared.base.rows import upsert_rows
from shared.campaigns.campaigns import Campaign, Life

MOST = 500
"""Members settled in one transaction."""
LONGEST_PAUSE = timedelta(hours=6)


class SettleTask(Base):
    """One member of one campaign to be settled at or after `due_at`."""

    __tablename__ = "settle_tasks"
    __table_args__ = (Index("ix_settle_tasks_due", "due_at", "campaign_id", "member_id"),)

    campaign_id: Mapped[int] = mapped_column(Id, primary_key=True)
    member_id: Mapped[int] = mapped_column(Id, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(Utc)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    """Failed settlings in a row; the next one waits longer."""
    problem: Mapped[str | None] = mapped_column(String(120))


_TASKS = SettleTask.metadata.tables[SettleTask.__tablename__]


@dataclass(frozen=True)
class Task:
    """A member whose time has come."""

    campaign: int
    member: int


def wake(session: Session, campaign_id: int, member_id: int, at: datetime) -> None:
    """Have a member settled at `at` or earlier, when that is already planned.

    Write it in the transaction of the fact that is its reason. Whoever wakes several members
    does so by `wake_all`, so that two hearers never wait for each other.
    """
    _wake(session, [(campaign_id, member_id)], at)


def wake_all(session: Session, whom: Collection[tuple[int, int]], at: datetime) -> None:
    """Wake members, each (campaign, member), in the one order in which everybody does."""
    _wake(session, sorted(set(whom)), at)


def _wake(session: Session, whom: Sequence[tuple[int, int]], at: datetime) -> None:
    rows = [(campaign, member, at, 0) for campaign, member in whom]
    upsert_rows(
        session, _TASKS, ("campaign_id", "member_id", "due_at", "tries"), rows, least="due_at"
    )


def due_tasks(session: Session, now: datetime, most: int = MOST) -> list[Task]:
    """Members whose time has come, longest waiting first, locked until the transaction ends.

    A member whom somebody is just waking is left for the next time; members of a paused
    campaign wait until it resumes.
    """
    return [Task(*row) for row in _DUE.read(session, now=now, most=most)]


_WAITING = (
    select(_TASKS.c.campaign_id, _TASKS.c.member_id)
    .where(
        _TASKS.c.due_at <= bindparam("now"),
        _TASKS.c.campaign_id.not_in(select(Campaign.id).where(Campaign.life == Life.PAUSED.value)),
    )
    .order_by(_TASKS.c.due_at, _TASKS.c.campaign_id, _TASKS.c.member_id)
)
_DUE = Direct(
    _WAITING.limit(bindparam("most", type_=Integer)).with_for_update(of=_TASKS, skip_locked=True)
)


def more_wait(session: Session, now: datetime, most: int = MOST) -> bool:
    """Whether more than `most` members are waiting for `due_tasks`; looks no further."""
    return bool(_NEXT.read(session, now=now, most=most))


_NEXT = Direct(_WAITING.limit(1).offset(bindparam("most", type_=Integer)))


def waiting(session: Session, now: datetime) -> int:
    """How many members' time has come."""
    return len(session.scalars(select(SettleTask.member_id).where(SettleTask.due_at <= now)).all())


def lock_tasks(session: Session, campaign_id: int, member_ids: Collection[int]) -> set[int]:
    """Keep others from waking members until the end; which of them had a task.

    What is heard meanwhile waits behind this lock and wakes the member afterwards.
    """
    return {member for (member,) in _LOCK.read(session, campaign=campaign_id, members=member_ids)}


_LOCK = Direct(
    select(_TASKS.c.member_id)
    .where(_TASKS.c.campaign_id == bindparam("campaign"), among(_TASKS.c.member_id, "members"))
    .order_by(_TASKS.c.member_id)
    .with_for_update()
)


def plan_next(
    session: Session,
    campaign_id: int,
    times: Mapping[int, datetime | None],
    locked: Collection[int],
) -> None:
    """Set when each member is settled next; None: only when woken. `locked`: by `lock_tasks`."""
    done = [member for member, at in times.items() if at is None and member in locked]
    if done:
        mine = SettleTask.campaign_id == campaign_id, SettleTask.member_id.in_(done)
        session.execute(delete(SettleTask).where(*mine))
    planned = {member: at for member, at in sorted(times.items()) if at is not None}
    upsert_rows(
        session,
        _TASKS,
        ("campaign_id", "member_id", "due_at", "tries", "problem"),
        [(campaign_id, member, at, 0, None) for member, at in planned.items() if member in locked],
    )
    for member, at in planned.items():
        if member not in locked:
            wake(session, campaign_id, member, at)


def postpone(session: Session, task: Task, problem: str, now: datetime) -> None:
    """A member who could not be settled waits, each time longer; the others go on."""
    row = session.get(SettleTask, (task.campaign, task.member), populate_existing=True)
    if row is not None:
        pause = min(timedelta(minutes=2**row.tries), LONGEST_PAUSE)
        row.due_at, row.tries, row.problem = now + pause, row.tries + 1, problem[:120]
        session.flush()
