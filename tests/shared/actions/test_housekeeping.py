"""What time alone brings about, and what stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from story import BOB, Story, spends

from shared.actions.housekeeping import keep_house, turn_campaigns
from shared.actions.joining import agree
from shared.actions.registering import StartForm, start_registration
from shared.applications.facts import FactRow
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.campaigns.campaigns import Campaign, Life
from shared.people import consents
from shared.people.chats import Chat, Dialogue, chat_at, find_or_add_chat
from shared.people.persons import Person
from shared.post.audit import Audit
from shared.post.inbox import Inbox
from shared.post.outbox import Outbox
from shared.referrals.referrals import Registration


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    return Story(database, now)


def test_what_nobody_proved_is_erased_after_a_day_and_not_before(story: Story) -> None:
    with story.database.transaction() as session:
        start_registration(session, StartForm(story.code, BOB, Locale.ZH_HANS), story.now)
    story.later(hours=23)
    assert keep_house(story.database, story.now)["registrations_erased"] == 0
    story.later(hours=2)
    assert keep_house(story.database, story.now)["registrations_erased"] == 1
    with story.database.reading() as session:
        registration = session.scalars(select(Registration)).one()
        bob = session.get(Person, registration.person_id)
        assert bob is None or (bob.key, bob.phone, bob.phone_blind) == (None, None, None)


def test_facts_of_nobody_go_after_120_days_and_are_counted(story: Story) -> None:
    story.registers()
    spends(story)
    story.bank("application.submitted", application_id="A2", phone="+8613700137000")
    story.later(days=119)
    assert keep_house(story.database, story.now)["facts_forgotten"] == 0
    story.later(days=2)
    assert keep_house(story.database, story.now)["facts_forgotten"] == 1
    with story.database.reading() as session:
        kept = set(session.scalars(select(FactRow.application_ref)))
        assert "A2" not in kept
        assert "A1" in kept
        counted = session.scalars(select(Audit).where(Audit.act == "facts.forgotten")).one()
        assert counted.details == {"count": 1}


def test_bodies_are_erased_30_days_after_they_are_done_and_identities_stay(story: Story) -> None:
    story.bank("application.submitted", application_id="A2", phone="+8613700137000")
    story.later(days=29)
    assert keep_house(story.database, story.now)["inbox_bodies_erased"] == 0
    story.later(days=2)
    done = keep_house(story.database, story.now)
    assert done["inbox_bodies_erased"] == 1
    assert done["outbox_bodies_erased"] == 0
    with story.database.reading() as session:
        event = session.scalars(select(Inbox)).one()
        assert event.body is None
        assert event.digest
        assert all(row.body for row in session.scalars(select(Outbox)))


def test_a_campaign_begins_and_closes_by_its_dates(story: Story) -> None:
    def life() -> str:
        with story.database.reading() as session:
            return session.scalars(select(Campaign.life)).one()

    with story.database.transaction() as session:
        campaign = session.scalars(select(Campaign)).one()
        campaign.life = Life.WARM_UP.value
        campaign.starts_at = story.now + timedelta(days=1)
        campaign.ends_at = story.now + timedelta(days=3)
    for days, expected in ((0, "warm_up"), (1, "running"), (1, "running"), (1, "closing")):
        story.later(days=days)
        with story.database.transaction() as session:
            turn_campaigns(session, story.now)
        assert life() == expected


def test_a_campaign_that_slept_through_its_days_goes_straight_to_closing(story: Story) -> None:
    with story.database.transaction() as session:
        campaign = session.scalars(select(Campaign)).one()
        campaign.life = Life.WARM_UP.value
        campaign.ends_at = story.now
        assert turn_campaigns(session, story.now) == 2
        assert campaign.life == Life.CLOSING


def test_a_paused_campaign_stays_paused(story: Story) -> None:
    with story.database.transaction() as session:
        campaign = session.scalars(select(Campaign)).one()
        campaign.life = Life.PAUSED.value
        campaign.ends_at = story.now
        assert turn_campaigns(session, story.now) == 0


def test_housekeeping_done_twice_is_done_once(story: Story) -> None:
    with story.database.transaction() as session:
        start_registration(session, StartForm(story.code, BOB, Locale.ZH_HANS), story.now)
    story.later(days=31)
    assert any(keep_house(story.database, story.now).values())
    assert not any(keep_house(story.database, story.now).values())


def test_a_chat_that_only_looked_in_goes_and_one_that_agreed_stays(story: Story) -> None:
    with story.database.transaction() as session:
        chat = find_or_add_chat(session, "telegram", "5005", "en", story.now)
        session.add(Dialogue(chat_id=chat.id, state=b"\x02k1", changed_at=story.now))
    story.later(hours=23)
    assert keep_house(story.database, story.now)["dialogues_forgotten"] == 0
    story.later(hours=2)
    assert keep_house(story.database, story.now)["dialogues_forgotten"] == 1
    story.later(days=28)
    assert keep_house(story.database, story.now)["chats_forgotten"] == 0
    story.later(days=2)
    assert keep_house(story.database, story.now)["chats_forgotten"] == 1
    with story.database.reading() as session:
        assert set(session.scalars(select(Chat.address))) == {"1001"}


def test_an_agreement_to_older_texts_ends_where_the_new_one_begins(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consents, "TEXT_VERSION", "2027-01")
    with story.database.transaction() as session:
        chat = chat_at(session, "telegram", "1001")
        assert chat is not None
        for _ in range(2):
            agree(session, chat, Locale.EN, story.now + timedelta(days=300))
        (standing,) = consents.standing_consents(session, chat_id=chat.id)
        assert (standing.text_version, standing.locale) == ("2027-01", "en")
        rows = session.scalars(select(consents.Consent)).all()
        assert [row.withdrawn_at for row in rows] == [story.now + timedelta(days=300), None]
