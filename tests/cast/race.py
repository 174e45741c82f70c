"""Many processes at one campaign: hearers that store facts and wake, settlers that may settle."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from keys import BLIND, MASTER
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError

from shared.applications.facts import Application, Kind, insert_facts
from shared.base import lease
from shared.base.clock import system_clock
from shared.base.database import Database, open_database
from shared.base.lease import Lease
from shared.base.privacy import Keyring
from shared.campaigns.campaigns import current_version
from shared.campaigns.file import apply_campaign
from shared.jobs import worker
from shared.jobs.second_hand import SecondHand
from shared.people.chats import Chat, Proof
from shared.people.members import Member
from shared.people.persons import Person
from shared.referrals.referrals import CreditRow, Referral
from shared.rewards.queue import SettleTask, wake, wake_all
from shared.rewards.settle import DUTY

SPRING = Path(__file__).parents[1] / "shared" / "spring.yaml"
PATIENCE = 600.0
BATCH = 40
"""Members a settler takes at once: few, so that its second hand has its share."""
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Racer:
    """One friend who is about to qualify: whose, and the bank's name of the application."""

    campaign: int
    member: int
    referral: int
    application: str


def spring(slug: str, *changes: tuple[str, str]) -> str:
    """The spring campaign under another name, with some of its text replaced."""
    source = SPRING.read_text(encoding="utf-8")
    for old, new in (("slug: spring-referral", f"slug: {slug}"), *changes):
        assert old in source, old
        source = source.replace(old, new)
    return source


def members_without_chats(database: Database, many: int, now: datetime) -> list[int]:
    """Members whom nobody need tell anything."""
    with database.transaction() as session:
        persons = session.scalars(
            insert(Person).returning(Person.id), [{"created_at": now} for _ in range(many)]
        ).all()
        rows = [
            {
                "person_id": person,
                "customer_ref": f"R{person}",
                "opened_on": date(2020, 1, 1),
                "status_since": now,
            }
            for person in persons
        ]
        return list(session.scalars(insert(Member).returning(Member.id), rows))


def members_with_chats(database: Database, many: int, now: datetime) -> list[int]:
    """Members, each with a chat that listens."""
    members = members_without_chats(database, many, now)
    with database.transaction() as session:
        chats = [
            {
                "channel": "telegram",
                "address": f"race-{member}",
                "member_id": member,
                "proof": Proof.FULL.value,
                "seen_at": now,
            }
            for member in members
        ]
        session.execute(insert(Chat), chats)
    return members


def enrol(
    database: Database, source: str, members: Sequence[int], friends: int, at: datetime
) -> list[Racer]:
    """A campaign in which each member has some friends whose applications are credited."""
    with database.transaction() as session:
        campaign = apply_campaign(session, source, at, "operator:test").campaign_id
        version = current_version(session, campaign).number
        referrals = [
            {
                "campaign_id": campaign,
                "member_id": member,
                "version": version,
                "registered_at": at,
                "ordinal": ordinal,
            }
            for member in members
            for ordinal in range(1, friends + 1)
        ]
        ids = session.scalars(
            insert(Referral).returning(Referral.id, sort_by_parameter_order=True), referrals
        ).all()
        refs = [f"A-{number}" for number in ids]
        applications = session.scalars(
            insert(Application).returning(Application.id, sort_by_parameter_order=True),
            [{"application_ref": ref, "first_heard_at": at} for ref in refs],
        ).all()
        credits = [
            {
                "referral_id": referral,
                "application_id": application,
                "credited_on": at,
                "source": "link",
                "created_at": at,
            }
            for referral, application in zip(ids, applications, strict=True)
        ]
        session.execute(CreditRow.__table__.insert(), credits)  # type: ignore[attr-defined]
    return [
        Racer(campaign, row["member_id"], number, ref)
        for row, number, ref in zip(referrals, ids, refs, strict=True)
    ]


Told = tuple[Racer, dict[str, Any]]
"""A fact and whom it is about."""


def qualifying(racer: Racer, at: datetime, *, reversed_after: float | None = None) -> list[Told]:
    """Approved, a purchase of ¥320 a day later, taken back after so many days where told."""
    name = racer.application

    def told(kind: Kind, day: float, amount: int = 0) -> Told:
        return racer, {
            "event": f"{kind}|{name}",
            "kind": kind.value,
            "at": at + timedelta(days=day),
            "received_at": at + timedelta(days=day),
            "application_ref": name,
            "amount": amount,
            "transaction_ref": f"T-{name}" if amount else None,
        }

    facts = [told(Kind.APPROVED, 0), told(Kind.PURCHASE, 1, 32_000)]
    if reversed_after is not None:
        facts.append(told(Kind.REVERSED, 1 + reversed_after, 32_000))
    return facts


def hear(
    url: str, told: list[Told], size: int, adverse: float, seed: int, deadlocks: Any, gate: Any
) -> None:
    """A hearer: stores facts some at a time and wakes their members, often in adverse order.

    `hearing` wakes in one order, so that two never wait for each other; here they do, the
    database ends one of them, and that one begins again.
    """
    chance = random.Random(seed)
    database = open_database(f"{url}?options=-c%20deadlock_timeout%3D20ms", _keyring())
    if gate is not None:
        with database.reading() as session:  # what a process does once; nothing of it is kept
            insert_facts(session, [fact for _, fact in told[:size]])
            wake_all(session, [(racer.campaign, racer.member) for racer, _ in told[:1]], _LONG_AGO)
        gate.wait()
    while told:
        portion, rest = told[:size], told[size:]
        at = portion[0][1]["at"]
        places = list({(racer.campaign, racer.member) for racer, _ in portion})
        try:
            with database.transaction() as session:
                insert_facts(session, [fact for _, fact in portion])
                if chance.random() >= adverse:
                    wake_all(session, places, at)
                else:
                    for campaign, member in sorted(places, reverse=True):
                        wake(session, campaign, member, at)
                        time.sleep(0.001)  # for somebody to come the other way
        except OperationalError:
            with deadlocks.get_lock():
                deadlocks.value += 1
            continue
        told = rest
    if gate is not None:
        gate.wait()  # what a process does at its end is not hearing
    database.close()


def settle_forever(url: str, days: float, term: float) -> None:
    """A settler: the worker's own turns, `days` later than it is, under leases of `term` s."""
    lease.TERM = timedelta(seconds=term)
    worker.RENEW_EVERY = term / 4
    database = open_database(url, _keyring())
    lead = worker.Lead(database, worker.new_holder())
    hand = SecondHand(database, BATCH)

    def clock() -> datetime:
        return system_clock() + timedelta(days=days)

    worker.AFTER_A_FAILURE = 0.1
    never = threading.Event()
    worker.repeat("settle", lambda: worker.settle_turn(database, lead, clock, hand), 0.01, never)


def lead_with_a_hand(url: str, told: Any) -> None:
    """A leader called `one` that says which process its second hand is, and goes on for ever."""
    hand = SecondHand(open_database(url, _keyring()), 10)
    hand.settle("one", system_clock())
    told.put(hand.pid)
    while True:
        hand.settle("one", system_clock())


def _keyring() -> Keyring:
    return Keyring({"k1": MASTER}, BLIND)


class Race:
    """The processes of one race over one PostgreSQL database."""

    def __init__(self, database: Database, url: str) -> None:
        self.database = database
        self.url = url
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["shared.jobs.worker"])
        self.deadlocks = self.context.Value("i", 0)
        self.takeovers = 0
        self.hearers: list[ForkServerProcess] = []
        self.settlers: dict[int, ForkServerProcess] = {}
        self._how = (0.0, 2.0)

    def hear(
        self,
        told: Sequence[Told],
        hearers: int,
        *,
        size: int,
        twice: float = 0.3,
        adverse: float = 0.1,
        gate: Any = None,
    ) -> None:
        """Start hearers, each with its part of the facts and some of the others'."""
        chance = random.Random(len(told))
        for number in range(hearers):
            mine = [*told[number::hearers], *chance.sample(told, int(len(told) * twice / hearers))]
            chance.shuffle(mine)
            process = self.context.Process(
                target=hear,
                args=(self.url, mine, size, adverse, number, self.deadlocks, gate),
                daemon=True,
            )
            process.start()
            self.hearers.append(process)

    def settle(self, settlers: int, *, days: float = 0, term: float = 2.0) -> None:
        """Start those who may settle."""
        self._how = (days, term)
        for _ in range(settlers):
            self._start_settler()

    def _start_settler(self) -> None:
        process = self.context.Process(
            target=settle_forever, args=(self.url, *self._how), daemon=True
        )
        process.start()
        assert process.pid is not None
        self.settlers[process.pid] = process

    def kill_leader(self) -> bool:
        """Whoever settles now is killed with -9, and a new one stands by; whether anybody did."""
        with self.database.reading() as session:
            row = session.get(Lease, DUTY)
            pid = int(row.holder.split(":")[1]) if row else 0
        if pid not in self.settlers:
            return False
        self._end(pid)
        self._start_settler()
        self.takeovers += 1
        return True

    def run(self, *, kill_every: float = 0, kills: int = 0) -> None:
        """Until every fact is heard and everybody due is settled; the leader dies now and then."""
        until = time.monotonic() + PATIENCE
        last_kill = time.monotonic()
        chance = random.Random(11)
        pause = kill_every
        while not self._done():
            assert time.monotonic() < until, "the race does not end"
            time.sleep(0.02)
            if kills and time.monotonic() - last_kill > pause:
                kills -= self.kill_leader()
                last_kill = time.monotonic()
                pause = kill_every * (0.5 + chance.random())
        for process in self.hearers:
            process.join()
            assert process.exitcode == 0
        self.hearers = []

    def _done(self) -> bool:
        if any(process.is_alive() for process in self.hearers):
            return False
        now = system_clock() + timedelta(days=self._how[0])
        with self.database.reading() as session:
            due = select(func.count()).select_from(SettleTask).where(SettleTask.due_at <= now)
            return not session.scalar(due)

    def stop(self) -> None:
        """End every process that was started."""
        for pid in list(self.settlers):
            self._end(pid)
        for process in self.hearers:
            process.kill()
            process.join()

    def _end(self, pid: int) -> None:
        process = self.settlers.pop(pid)
        os.kill(pid, signal.SIGKILL)
        process.join()
