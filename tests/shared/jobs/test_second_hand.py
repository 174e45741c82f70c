"""Two processes settle for one leader: together what one would, and never without the leader."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from keys import BLIND, MASTER
from race import Racer, enrol, lead_with_a_hand, members_without_chats, qualifying, spring
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from shared.applications.facts import insert_facts
from shared.base import lease
from shared.base.clock import system_clock
from shared.base.database import Database, open_database
from shared.base.privacy import Keyring
from shared.jobs import second_hand
from shared.jobs.second_hand import SecondHand, serve
from shared.ledger.entries import Entry
from shared.ledger.verify import verify
from shared.rewards.queue import more_wait, wake_all
from shared.rewards.review import miscounts
from shared.rewards.settle import DUTY

PATIENCE = 60.0
GRANTS = 3
"""Of each member: the friend's, their own, and the first step."""

pytestmark = [pytest.mark.postgres]


@pytest.fixture
def database(postgres_database: Database) -> Database:
    return postgres_database


@pytest.fixture
def hand(database: Database) -> Iterator[SecondHand]:
    made = SecondHand(database, 10)
    yield made
    made.close()


def many_wait(database: Database, members: int) -> list[Racer]:
    """Members who are all to be settled now, for a leader called `one`."""
    start = datetime.now(UTC) - timedelta(days=9)
    racers = enrol(
        database, spring("many"), members_without_chats(database, members, start), 1, start
    )
    with database.transaction() as session:
        insert_facts(session, [fact for racer in racers for _, fact in qualifying(racer, start)])
        wake_all(session, [(racer.campaign, racer.member) for racer in racers], start)
        assert lease.take(session, DUTY, "one", system_clock())
    return racers


def until_done(hand: SecondHand, holder: str = "one") -> int:
    """Settle until nobody waits; how many the leader settled itself."""
    own, until = 0, time.monotonic() + PATIENCE
    while (settled := hand.settle(holder, system_clock())) or hand.busy:
        assert time.monotonic() < until
        own += settled
    return own


def wait_until(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < until
        time.sleep(0.002)


def entries(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Entry)) or 0


def assert_whole(database: Database, racers: list[Racer]) -> None:
    with database.reading() as session:
        assert verify(session) == []
        assert miscounts(session, racers[0].campaign) == []
        assert not more_wait(session, system_clock(), 0)
    assert entries(database) == GRANTS * len(racers)


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return True
    return stat.rpartition(") ")[2].startswith("Z")


def test_two_hands_settle_what_one_would_and_each_its_share(
    database: Database, hand: SecondHand
) -> None:
    racers = many_wait(database, 200)
    assert hand.settle("one", system_clock()) == 10
    wait_until(lambda: entries(database) > 10 * GRANTS)  # the other has begun
    own = 10 + until_done(hand)
    assert_whole(database, racers)
    assert 10 < own < len(racers)
    assert hand.pid is not None


def test_where_few_wait_there_is_no_second_hand(database: Database, hand: SecondHand) -> None:
    racers = many_wait(database, 10)
    assert until_done(hand) == 10
    assert hand.pid is None
    assert_whole(database, racers)


def test_nobody_else_can_read_the_keys_it_is_given(database: Database, hand: SecondHand) -> None:
    many_wait(database, 30)
    hand.settle("one", system_clock())
    program = Path(f"/proc/{hand.pid}")
    seen = (program / "cmdline").read_bytes() + (program / "environ").read_bytes()
    assert b"second_hand" in seen
    for secret in second_hand._opening(database)["masters"].values():
        assert secret.encode() not in seen


def test_a_hand_that_is_killed_leaves_nothing_half_done_and_the_next_one_begins(
    database: Database, hand: SecondHand
) -> None:
    racers = many_wait(database, 600)
    killed: set[int] = set()
    for kill in range(4):
        assert hand.settle("one", system_clock()) == 10
        pid, before = hand.pid, entries(database)
        assert pid is not None
        wait_until(lambda before=before: entries(database) > before)
        time.sleep(0.004 * kill)  # somewhere else in a batch
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not hand.busy)
        killed.add(pid)
    assert len(killed) == 4
    assert entries(database) < GRANTS * len(racers)
    until_done(hand)
    assert_whole(database, racers)


def test_the_hand_ends_with_a_leader_that_is_killed(database: Database, postgres_url: str) -> None:
    racers = many_wait(database, 300)
    context = multiprocessing.get_context("forkserver")
    told = context.Queue()
    leader = context.Process(target=lead_with_a_hand, args=(postgres_url, told), daemon=True)
    leader.start()
    pid = told.get(timeout=PATIENCE)
    leader.kill()
    leader.join()
    wait_until(lambda: gone(pid))
    with database.transaction() as session:
        later = system_clock() + lease.TERM
        assert lease.take(session, DUTY, "two", later)
    until_done(SecondHand(database), "two")
    assert_whole(database, racers)


@contextmanager
def served(opening: dict[str, Any]) -> Iterator[tuple[IO[str], IO[str]]]:
    """A hand in a thread of this process: what it is told, and what it says."""
    (read, tell), (hear, answer) = os.pipe(), os.pipe()
    with os.fdopen(tell, "w") as told, os.fdopen(hear) as said:

        def serves() -> None:
            with os.fdopen(read) as orders, os.fdopen(answer, "w") as answers:
                serve(orders, answers)

        hand = threading.Thread(target=serves)
        hand.start()
        say(told, opening)
        yield told, said
        told.close()
        hand.join(PATIENCE)
        assert not hand.is_alive()


def say(told: IO[str], message: dict[str, Any]) -> None:
    told.write(json.dumps(message) + "\n")
    told.flush()


def test_a_hand_whose_leader_was_overtaken_writes_nothing(database: Database) -> None:
    racers = many_wait(database, 30)
    order = {"holder": "another", "now": system_clock().isoformat(), "most": 10}
    with served(second_hand._opening(database)) as (told, said):
        say(told, order)
        assert said.readline() == '{"settled": 0}\n'
        assert entries(database) == 0
        say(told, order | {"holder": "one"})
        assert said.readline() == '{"settled": 30}\n'
    assert_whole(database, racers)


def test_a_hand_that_cannot_settle_stays_for_the_next_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away for a moment: the leader meets that itself, and logs it."""
    racers = many_wait(database, 30)
    order = {"holder": "one", "now": system_clock().isoformat(), "most": 10}
    with served(second_hand._opening(database)) as (told, said):
        with monkeypatch.context() as away:
            away.setattr(second_hand, "settle_waiting", broken)
            say(told, order)
            assert said.readline() == '{"settled": 0}\n'
        say(told, order)
        assert said.readline() == '{"settled": 30}\n'
    assert_whole(database, racers)


def broken(*_: object, **__: object) -> int:
    raise OperationalError("SELECT", None, Exception("away"))


def test_a_hand_with_nothing_to_do_ends(
    database: Database, hand: SecondHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_wait(database, 40)
    until_done(hand)
    pid = hand.pid
    assert pid is not None
    hand.rest()
    assert hand.pid == pid
    monkeypatch.setattr(second_hand, "REST_AFTER", 0.0)
    hand.rest()
    assert hand.pid is None
    assert gone(pid)


def test_a_file_has_one_writer(sqlite_url: str) -> None:
    database = open_database(sqlite_url, Keyring({"k1": MASTER}, BLIND))
    racers = many_wait(database, 25)
    hand = SecondHand(database, 10)
    assert until_done(hand) == 25
    assert hand.pid is None
    assert_whole(database, racers)
    database.close()
