"""Batches: whoever holds the lease settles those who wait, many in one transaction.

The lease and the room are taken late. Most of the work is done on what is seen before, so
that a second batch of the same holder gets on with its own meanwhile; what was decided is
held against the room as it is then, and decided anew where it no longer fits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from shared.base import lease
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.base.lease import LostLease
from shared.base.memory import uncollected
from shared.rewards import queue
from shared.rewards.settle import DUTY, Change, Crowded, reckon

Tell = Callable[[Session, Sequence[Change]], None]
Look = Callable[[Session, int, Sequence[int]], None]

log = structlog.get_logger()


def settle_batch(
    database: Database,
    holder: str,
    now: datetime,
    on_changes: Tell,
    *,
    on_settled: Look | None = None,
    clock: Clock = system_clock,
    most: int = queue.MOST,
) -> int:
    """Settle up to `most` members whose time has come, in one transaction; how many.

    The caller holds the lease `DUTY` (`lease.take`); it is renewed inside (on real time, by
    `clock`), so LostLease means that another took over and nothing was written.
    `on_changes` writes notices of a campaign's changes into the same transaction, `on_settled`
    those of its members' friends. A member who cannot be settled or told is put off and
    logged; the others go on.
    """
    with uncollected(), database.transaction() as session:
        tasks = queue.due_tasks(session, now, most)
        together: dict[int, list[int]] = defaultdict(list)
        for task in tasks:
            together[task.campaign].append(task.member)
        batch = _Batch(
            session, now, lambda: lease.hold(session, DUTY, holder, clock()), on_changes, on_settled
        )
        for campaign, members in together.items():
            batch.settle(campaign, members)
        return len(tasks)


@dataclass(frozen=True)
class _Batch:
    """One transaction of settling."""

    session: Session
    now: datetime
    hold: Callable[[], None]
    """Be the only one who posts until the end; LostLease when another may."""
    on_changes: Tell
    on_settled: Look | None

    def settle(self, campaign: int, members: Sequence[int]) -> None:
        """Settle together; when that fails, each half for itself, down to the one who is at
        fault."""
        try:
            try:
                self._together(campaign, members, first=False)
            except Crowded:
                self._together(campaign, members, first=True)
        except LostLease:
            raise
        except Exception as problem:
            if len(members) > 1:
                middle = len(members) // 2
                for half in (members[:middle], members[middle:]):
                    self.settle(campaign, half)
                return
            error = type(problem).__name__  # its text may hold what no log should
            log.error("settle.failed", campaign=campaign, member=members[0], error=error)
            self.hold()
            queue.postpone(self.session, queue.Task(campaign, members[0]), error, self.now)

    def _together(self, campaign: int, members: Sequence[int], *, first: bool) -> None:
        """`first`: nobody else admits from the beginning. Else from before the posting on;
        Crowded when that was too late."""
        session = self.session
        with session.begin_nested():
            if first:
                self.hold()
            settling = reckon(session, campaign, members, members, self.now, lock=first)
            if settling is not None:
                settling.note(session)
                if changes := settling.changes():
                    self.on_changes(session, changes)
                if not first:
                    self.hold()
                    settling.admit(session)
                settling.post(session)
            if self.on_settled is not None:
                self.on_settled(session, campaign, members)
