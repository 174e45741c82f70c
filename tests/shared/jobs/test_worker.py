"""The worker: one leads, the others stand by; a failing turn stops nobody."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from story import BOB, Story

from shared.base import lease
from shared.base.clock import system_clock
from shared.base.database import Database
from shared.jobs import worker
from shared.jobs.second_hand import SecondHand
from shared.jobs.worker import Lead, house_turn, new_holder, repeat, settle_turn, sms_turn
from shared.post.inbox import Inbox
from shared.reports.progress import FriendState
from shared.rewards.settle import DUTY
from shared.risk.looks import Look


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    return Story(database, now)


@pytest.fixture(autouse=True)
def ask_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RENEW_EVERY", 0.0)


def turn(story: Story, lead: Lead) -> bool:
    return settle_turn(story.database, lead, lambda: story.now, SecondHand(story.database))


def work(story: Story, lead: Lead) -> int:
    turns = 0
    while turn(story, lead):
        turns += 1
    return turns


def tell(story: Story, monkeypatch: pytest.MonkeyPatch, kind: str, **data: object) -> None:
    """The bank's event is stored; nobody hears it yet."""
    with monkeypatch.context() as patch:
        patch.setattr(story, "work", lambda: None)
        story.bank(kind, **data)


def test_the_leader_hears_the_bank_and_settles(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.registers(progress=True)
    lead = Lead(story.database, new_holder())
    tell(story, monkeypatch, "application.submitted", application_id="A1", phone=BOB)
    tell(story, monkeypatch, "application.approved", application_id="A1", customer_ref="N1")
    assert work(story, lead) > 0
    assert story.friend() is FriendState.APPROVED
    with story.database.reading() as session:
        assert all(row.done_at for row in session.scalars(select(Inbox)))
    assert not turn(story, lead)


def test_the_leader_looks_at_whom_the_checks_are_to_see(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby does not, and settling goes first."""
    leads, stands = (Lead(story.database, new_holder()) for _ in range(2))
    assert not turn(story, leads)
    story.registers()
    assert not turn(story, stands)
    with story.database.reading() as session:
        assert len(session.scalars(select(Look)).all()) == 1
    work(story, leads)
    with story.database.reading() as session:
        assert session.scalars(select(Look)).all() == []
    assert not leads.looks_now(busy=True)
    monkeypatch.setattr(worker, "CHECK_AT_LEAST_EVERY", 0.0)
    assert leads.looks_now(busy=True)


def test_an_application_heard_before_its_registration_is_found(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = Lead(story.database, new_holder())
    tell(story, monkeypatch, "application.submitted", application_id="A1", phone=BOB)
    work(story, lead)
    story.now -= timedelta(minutes=5)
    story.registers(progress=True)
    story.later(minutes=5)
    work(story, lead)
    assert story.friend() is FriendState.IN_PROGRESS


def test_a_standby_does_nothing_until_the_leader_gives_up(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.registers()
    first, second = (Lead(story.database, new_holder()) for _ in range(2))
    assert first.ask()
    tell(story, monkeypatch, "application.submitted", application_id="A1", phone=BOB)
    assert not turn(story, second)
    assert not second.held
    first.give_up()
    assert work(story, second) > 0
    assert not first.ask()


def test_a_standby_takes_over_when_the_leader_is_silent_for_the_term(story: Story) -> None:
    later = system_clock() + lease.TERM + timedelta(seconds=1)
    assert Lead(story.database, "first").ask()
    assert not Lead(story.database, "second").ask()
    assert Lead(story.database, "third", clock=lambda: later).ask()


def test_a_leader_that_was_overtaken_while_it_slept_commits_nothing(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.registers()
    sleeper = Lead(story.database, "sleeper")
    assert sleeper.ask()
    tell(story, monkeypatch, "application.submitted", application_id="A1", phone=BOB)
    with story.database.transaction() as session:
        lease.give_up(session, DUTY, "sleeper", system_clock())
        assert lease.take(session, DUTY, "other", system_clock() + timedelta(seconds=1))
    monkeypatch.setattr(sleeper, "ask", lambda: True)
    assert not turn(story, sleeper)
    assert not sleeper.held
    assert story.friend() is FriendState.REGISTERED
    with story.database.reading() as session:
        assert session.scalars(select(Inbox)).one().done_at is None


def test_sms_and_house_have_their_turns(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    story.registers()

    def take(to: str, text: str, at: datetime) -> None:
        sent.append(to)

    assert sms_turn(story.database, take, lambda: story.now)
    assert not sms_turn(story.database, take, lambda: story.now)
    assert sent == [BOB]
    assert not house_turn(story.database, lambda: story.now)


def test_a_failing_turn_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "AFTER_A_FAILURE", 0.0)
    stop = threading.Event()
    turns: list[int] = []

    def turn() -> bool:
        turns.append(len(turns))
        if len(turns) == 3:
            stop.set()
        if len(turns) == 1:
            raise OSError("the database is away")
        return True

    repeat("test", turn, 0.0, stop)
    assert turns == [0, 1, 2]
