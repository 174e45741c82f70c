"""The way of one referral through the domain alone, on both engines."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from story import ALICE, BOB, Story, spends

from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.deciding import decide_claim
from shared.actions.registering import (
    FinishForm,
    Registered,
    StartForm,
    WrongCode,
    finish_registration,
    start_registration,
)
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.claims.claims import How, Reason, State, When
from shared.ledger.verify import verify
from shared.people.consents import Purpose
from shared.people.staff import Staff
from shared.post.inbox import Arrival
from shared.reports.progress import FriendState


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    return Story(database, now)


def test_a_friend_registers_spends_and_alice_is_paid_after_cooling(story: Story) -> None:
    story.registers()
    assert story.friend() is FriendState.REGISTERED
    spends(story)
    seen = story.progress()
    assert seen.friends[0].state is FriendState.EARNED
    assert seen.pending == {Unit.CNY: 10000, Unit.POINTS: 500}
    assert seen.reached == 1
    assert seen.next_step is not None
    assert seen.next_step.at == 3
    story.later(days=1)
    story.work()
    assert story.progress().available == {Unit.CNY: 10000, Unit.POINTS: 500}
    assert story.progress().pending == {}
    with story.database.reading() as session:
        assert verify(session) == []
    told = story.notices()
    for notice in ("friend.registered", "reward.pending", "step.reached", "reward.available"):
        assert notice in told


def test_a_wrong_code_is_counted_and_the_right_one_still_works(story: Story) -> None:
    with story.database.transaction() as session:
        started = start_registration(session, StartForm(story.code, BOB, Locale.ZH_HANS), story.now)
    right = story.last_code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    ticked = frozenset({Purpose.REFERRAL, Purpose.ADULT})
    for left in (4, 3):
        with story.database.transaction() as session:
            form = FinishForm(started.handle, wrong, "王波", ticked, Locale.ZH_HANS)
            assert finish_registration(session, form, story.now) == WrongCode(left)
    with story.database.transaction() as session:
        form = FinishForm(started.handle, right, "王波", ticked, Locale.ZH_HANS)
        assert isinstance(finish_registration(session, form, story.now), Registered)


def test_the_token_credits_even_when_the_number_is_another(story: Story) -> None:
    done = story.registers()
    story.bank(
        "application.submitted",
        application_id="A9",
        phone="+8613700137000",
        referral_token=done.referral_token,
    )
    assert story.friend() is FriendState.IN_PROGRESS


def test_an_existing_customer_looks_like_silence(story: Story) -> None:
    story.registers()
    story.bank("application.submitted", application_id="A1", phone=BOB)
    story.bank(
        "application.approved", application_id="A1", customer_ref="N1", existing_customer=True
    )
    story.bank(
        "transaction.posted",
        customer_ref="N1",
        transaction_id="T1",
        amount=90000,
        currency="CNY",
        kind="purchase",
    )
    assert story.friend() is FriendState.IN_PROGRESS
    assert story.progress().pending == {}
    story.later(days=200)
    story.work()
    assert story.friend() is FriendState.NOT_MET


def test_ones_own_number_earns_nothing(story: Story) -> None:
    story.registers(ALICE)
    spends(story, phone=ALICE)
    assert story.progress().pending == {}


def test_a_missed_friend_is_credited_by_a_person(story: Story) -> None:
    spends(story)
    with story.database.transaction() as session:
        form = ClaimForm(story.alice, How.IN_BRANCH, When.THIS_WEEK, phone=BOB)
        file_claim(session, form, story.now)
    story.judges = True
    story.work()
    with story.database.transaction() as session:
        mei = session.scalar(select(Staff).where(Staff.staff_no == "S1001"))
        assert mei is not None
        assert decide_claim(session, mei, 1, True, Reason.EVIDENCE, story.now) is State.CREDITED
    story.work()
    assert story.progress().pending[Unit.CNY] == 10000
    assert "claim.decided" in story.notices()


def test_the_same_event_twice_counts_once_and_another_body_is_a_conflict(story: Story) -> None:
    first = story.bank("application.submitted", application_id="A1", phone=BOB)
    again = story.bank("application.submitted", application_id="A1", phone=BOB)
    assert (first, again) == ([Arrival.STORED], [Arrival.REPEATED])
