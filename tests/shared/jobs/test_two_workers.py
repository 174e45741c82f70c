"""Workers at once, the one that settles killed with -9 many times: nothing is lost or doubled."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess

import pytest
from crowd import Crowd, gather_crowd, happy_events
from sqlalchemy import func, select

from shared.actions.hearing import accept_events
from shared.applications.events import parse_items
from shared.applications.facts import FactRow
from shared.base.database import Database
from shared.base.lease import Lease
from shared.base.settings import Settings
from shared.jobs.worker import run
from shared.ledger.entries import Entry, Leg
from shared.ledger.verify import verify
from shared.people.chats import Proof, bind, find_or_add_chat
from shared.post.inbox import Inbox
from shared.post.outbox import Outbox, read_body
from shared.rewards.queue import SettleTask
from shared.rewards.review import differences, miscounts

KILLS = 20
PATIENCE = 90.0


class Workers:
    """Real workers over one database, each a process of its own (forked, so that twenty new ones
    cost no twenty imports)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["shared.jobs.worker"])
        self.running: dict[int, ForkServerProcess] = {}

    def start(self) -> None:
        process = self.context.Process(target=run, args=(self.settings,), daemon=True)
        process.start()
        assert process.pid is not None
        self.running[process.pid] = process

    def kill(self, pid: int) -> None:
        process = self.running.pop(pid)
        process.kill()
        process.join()

    def stop(self) -> None:
        """End those that still run; one that ended by itself is a failure."""
        died = [pid for pid, process in self.running.items() if not process.is_alive()]
        for pid in list(self.running):
            self.kill(pid)
        assert died == []


@pytest.fixture
def workers(settings: Settings) -> Iterator[Workers]:
    made = Workers(settings)
    yield made
    made.stop()


def leader(database: Database) -> int:
    """The process that holds the settling lease: its name is host:pid:token."""
    with database.reading() as session:
        row = session.get(Lease, "settle")
        return int(row.holder.split(":")[1]) if row else 0


def wait_for(what: str, ready: object, patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if ready():  # type: ignore[operator]
            return
        time.sleep(0.02)
    pytest.fail(f"{what} did not come in {patience} s")


def heard(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count(Inbox.done_at)).select_from(Inbox)) or 0


def idle(database: Database, ahead: timedelta = timedelta(0)) -> bool:
    with database.reading() as session:
        waiting = session.scalar(
            select(func.count()).select_from(Inbox).where(Inbox.done_at.is_(None))
        )
        due = session.scalar(
            select(func.count())
            .select_from(SettleTask)
            .where(SettleTask.due_at <= datetime.now(UTC) + ahead)
        )
        return not waiting and not due


@pytest.mark.waits
@pytest.mark.unwatched
@pytest.mark.parametrize("kills", [KILLS, pytest.param(200, marks=pytest.mark.nightly)])
def test_a_settler_killed_many_times_loses_and_doubles_nothing(
    database: Database, workers: Workers, settings: Settings, kills: int
) -> None:
    """Three kills in four while rewards are granted, the rest while they are released."""
    granting = kills * 3 // 4
    start = datetime.now(UTC) - timedelta(days=3, hours=14)
    crowd = gather_crowd(database, start, members=30, friends=4)
    with database.transaction() as session:
        for place, member in enumerate(crowd.members):
            chat = find_or_add_chat(session, "telegram", str(place), "en", start)
            bind(session, chat, member, Proof.FULL, start)
    events = happy_events(crowd)
    chance = random.Random(7)
    workers.start()
    workers.start()
    for turn in range(granting):
        portion = events[turn::granting]
        before = heard(database)
        with database.transaction() as session:
            accept_events(session, parse_items(portion, datetime.now(UTC)), datetime.now(UTC))
        if turn % 2:
            wait_for("the first events", lambda before=before: heard(database) > before)
        time.sleep(chance.random() * 0.15)
        _kill_the_leader(database, workers)
    wait_for("the end of the granting", lambda: idle(database))
    _nothing_lost_or_doubled(database, crowd.campaign, len(events))
    for turn in range(kills - granting):
        _set_clock(settings, crowd, (turn + 1) / (kills - granting))
        time.sleep(chance.random() * 0.15)
        _kill_the_leader(database, workers)
    ahead = _set_clock(settings, crowd, 1)
    wait_for("the end of the releases", lambda: idle(database, ahead))
    _everything_is_released(database, crowd.campaign, ahead)


def _kill_the_leader(database: Database, workers: Workers) -> None:
    """It is killed and replaced; the one that stood by leads."""
    wait_for("a live leader", lambda: leader(database) in workers.running)
    pid = leader(database)
    if pid in workers.running:
        workers.kill(pid)
    workers.start()


def _set_clock(settings: Settings, crowd: Crowd, share: float) -> timedelta:
    """To when that share of the rewards is released; how far from now that is."""
    purchases = crowd.registered + timedelta(days=3, hours=1)
    last = purchases + timedelta(days=30, seconds=len(crowd.friends) * share)
    ahead = last - datetime.now(UTC)
    assert settings.clock_file is not None
    settings.clock_file.write_text(str(ahead.total_seconds()), encoding="ascii")
    return ahead


def _everything_is_released(database: Database, campaign: int, ahead: timedelta) -> None:
    with database.reading() as session:
        assert verify(session) == []
        assert list(differences(session, campaign, datetime.now(UTC) + ahead)) == []
        key = (Entry.party, Entry.clause, Entry.occasion)
        pending = session.scalar(select(func.sum(Leg.amount)).where(Leg.account == "pending"))
        assert pending == 0
        released = session.execute(
            select(func.count())
            .select_from(Entry)
            .join(Leg, Leg.entry_id == Entry.id)
            .where(Leg.account == "available")
            .group_by(*key)
        )
        times = [count for (count,) in released]
    assert len(times) > 100
    assert set(times) == {1}


def _nothing_lost_or_doubled(database: Database, campaign: int, events: int) -> None:
    now = datetime.now(UTC)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FactRow)) == events
        assert verify(session) == []
        assert list(differences(session, campaign, now)) == []
        assert miscounts(session, campaign) == []
        granted = session.scalars(
            select(Entry).where(Entry.clause == "base", Entry.revision == 1)
        ).all()
        assert len(granted) > 50
        bodies = [read_body(session, row) for row in session.scalars(select(Outbox))]
    told = [body for body in bodies if body.get("notice") == "reward.pending"]
    assert len(told) == len(granted)
