"""Money at the desk: goodwill that is available, the settler at work, and the bank's answers."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from counter import CAMPAIGN, Page
from crowd import Crowd, gather_crowd, happy_events
from desktop import SHEN, TANG, Desk, Desks
from sqlalchemy import select

from shared.actions.hearing import accept_events, hear_waiting
from shared.actions.remedying import ask_goodwill, decide_remedy
from shared.actions.settling import settle_waiting
from shared.applications.events import parse_items
from shared.base import lease
from shared.base.money import Unit
from shared.jobs.inquiries import inquiry_turn
from shared.people.staff import Staff
from shared.rewards.queue import due_tasks
from shared.rewards.settle import DUTY, settle


def settles(desks: Desks) -> None:
    """The settler does what waits."""
    with desks.database.transaction() as session:
        for task in due_tasks(session, desks.clock(), 50):
            settle(session, task.campaign, task.member, desks.clock())


def goodwill(desks: Desks, customer_ref: str, amount: int, unit: Unit = Unit.CNY) -> None:
    """Tang asks, Shen agrees, and the member has it available."""
    member, now = desks.house.member_id(customer_ref), desks.clock()
    with desks.database.transaction() as session:
        people = {
            staff.staff_no: staff
            for staff in session.scalars(select(Staff).where(Staff.staff_no.in_([TANG, SHEN])))
        }
        number = ask_goodwill(session, people[TANG], 1, member, unit, amount, "late file", now)
        decide_remedy(session, people[SHEN], number, True, now)
    settles(desks)


def answers(desk: Desk, lines: str) -> Page:
    """The bank's answer file is loaded."""
    content = f"reference,status,reason\n{lines}\n".encode()
    return desk.posts("/desk/answers", file=(io.BytesIO(content), "answer.csv"))


def history(desks: Desks, members: int = 2, friends: int = 4) -> Crowd:
    """Members whose friends applied a month ago; what they earned is settled and released."""
    at, then = desks.clock(), desks.clock() - timedelta(days=40)
    rules = CAMPAIGN.replace("BRANCH_LIMIT", "¥200")
    crowd = gather_crowd(desks.database, then, members=members, friends=friends, campaign=rules)
    with desks.database.transaction() as session:
        assert lease.take(session, DUTY, "test", datetime.now(UTC))
        accept_events(session, parse_items(happy_events(crowd), at), at)
    while hear_waiting(desks.database, "test", at) or settle_waiting(desks.database, "test", at):
        pass
    return crowd


def works(desks: Desks) -> bool:
    """The worker answers one question of the desk."""
    return inquiry_turn(desks.database, "test", desks.clock)
