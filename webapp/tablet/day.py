"""Tasks and today: what waits at the branch, and what the day came to."""

from __future__ import annotations

from shared.reports.branch_day import branch_day, waiting
from webapp.sitting import Answer
from webapp.tablet.face import tablet, workplace
from webapp.tablet.seats import asking
from webapp.wiring import wiring


@tablet.get("/tasks")
def tasks() -> Answer:
    """What waits, most pressing first."""
    now = wiring().now()
    with asking() as (session, staff):
        work = waiting(session, staff.branch_id, now)
    return workplace("tasks", "tasks", work=work)


@tablet.get("/today")
def today() -> Answer:
    """The branch's figures since midnight."""
    now = wiring().now()
    with asking() as (session, staff):
        figures = branch_day(session, staff.branch_id, now)
    return workplace("today", "today", figures=figures, now=now)
