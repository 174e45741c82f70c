"""One customer is new once: a second card brings nobody a second reward."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from story import BOB, Story, spends

from shared.actions.inviting import invite_for
from shared.actions.retention import forget_unmatched
from shared.applications.facts import FactRow
from shared.base.database import Database
from shared.base.money import Unit
from shared.people.members import member_by_ref
from shared.reports.progress import progress

OTHER = "+8613700137000"


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    return Story(database, now)


def pending(story: Story, customer_ref: str = "C100001") -> dict[Unit, int]:
    with story.database.reading() as session:
        member = member_by_ref(session, customer_ref)
        assert member is not None
        seen = progress(session, member.id, story.now)
        assert seen is not None
        return dict(seen.pending)


def registers_with_mallory(story: Story, phone: str) -> None:
    with story.database.transaction() as session:
        member = member_by_ref(session, "C100002")
        assert member is not None
        code = invite_for(session, member.id, story.now).code
    story.code, kept = code, story.code
    story.registers(phone)
    story.code = kept


def approved(story: Story, application: str) -> None:
    story.bank("application.approved", application_id=application, customer_ref="NA1")


def buys(story: Story) -> None:
    story.bank(
        "transaction.posted", customer_ref="NA1", transaction_id="T2", amount=40000,
        currency="CNY", kind="purchase",
    )  # fmt: skip


def test_the_same_customer_is_nobodys_new_friend_a_second_time(story: Story) -> None:
    story.registers()
    spends(story)
    registers_with_mallory(story, OTHER)
    story.later(days=1)
    story.bank("application.submitted", application_id="A2", phone=OTHER)
    story.later(days=1)
    approved(story, "A2")
    buys(story)
    assert story.progress().available[Unit.CNY] == 10000
    assert pending(story, "C100002") == {}


def test_an_earlier_card_heard_of_late_takes_the_reward_back(story: Story) -> None:
    story.later(days=10)
    registers_with_mallory(story, OTHER)
    story.bank("application.submitted", application_id="A2", phone=OTHER)
    approved(story, "A2")
    buys(story)
    assert pending(story, "C100002")[Unit.CNY] == 10000
    today = story.now
    story.now = today - timedelta(days=5)
    approved(story, "A1")
    story.now = today
    story.work()
    assert pending(story, "C100002") == {}


def test_a_card_closed_long_enough_ago_leaves_a_new_customer(story: Story) -> None:
    approved(story, "A1")
    story.bank("card.closed", application_id="A1")
    story.later(days=361)
    story.registers()
    story.bank("application.submitted", application_id="A2", phone=BOB)
    approved(story, "A2")
    buys(story)
    assert pending(story)[Unit.CNY] == 10000


def test_what_speaks_against_a_reward_is_not_forgotten(story: Story) -> None:
    approved(story, "A1")
    story.later(days=1)
    story.registers()
    story.bank("application.submitted", application_id="A2", phone=BOB)
    approved(story, "A2")
    story.later(days=200)
    with story.database.transaction() as session:
        forget_unmatched(session, story.now, story.now - timedelta(days=120))
        kept = session.scalars(select(FactRow.application_ref)).all()
    assert "A1" in kept
