"""A campaign's life: one visible table, every change leaves a row."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from shared.base.errors import Refusal
from shared.base.i18n import Locale, refusal_text, text
from shared.campaigns.campaigns import (
    TRANSITIONS,
    Life,
    campaign_by_slug,
    get_campaign,
    move,
    open_for_registration,
    open_to_finish,
    running_campaign,
    shown_campaign,
)
from shared.campaigns.file import apply_campaign
from shared.post.audit import Audit

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")


@pytest.fixture
def running(database, now):
    """A session with a running campaign."""
    with database.transaction() as session:
        applied = apply_campaign(session, SPRING, now, "operator:test")
        yield session, get_campaign(session, applied.campaign_id)


def test_every_state_is_reached_from_draft_and_only_closed_is_the_end():
    reached, ahead = set(), [Life.DRAFT]
    while ahead:
        life = ahead.pop()
        if life not in reached:
            reached.add(life)
            ahead += TRANSITIONS[life]
    assert reached == set(Life)
    assert [life for life, following in TRANSITIONS.items() if not following] == [Life.CLOSED]
    for locale in Locale:
        assert all(text(locale, f"campaign.life.{life.value}") for life in Life)


def test_every_other_step_is_refused(running, now):
    session, campaign = running
    for before in Life:
        for after in set(Life) - TRANSITIONS[before]:
            campaign.life, campaign.paused_from = before.value, None
            with pytest.raises(Refusal) as caught:
                move(session, campaign, after, "staff:1", now)
            assert caught.value == Refusal("campaign.move", before=before.value, after=after.value)
    assert "draft" in refusal_text(
        Locale.EN, Refusal("campaign.move", before="draft", after="closed")
    )


def test_a_paused_campaign_resumes_where_it_stood(running, now):
    session, campaign = running
    move(session, campaign, Life.CLOSING, "staff:1", now)
    move(session, campaign, Life.PAUSED, "staff:1", now)
    with pytest.raises(Refusal):
        move(session, campaign, Life.RUNNING, "staff:2", now)
    move(session, campaign, Life.CLOSING, "staff:2", now)
    assert campaign.life == Life.CLOSING
    assert campaign.paused_from is None
    rows = session.scalars(select(Audit).where(Audit.act == "campaign.move")).all()
    assert [row.details["after"] for row in rows] == [
        "reviewed",
        "warm_up",
        "running",
        "closing",
        "paused",
        "closing",
    ]
    assert {row.actor for row in rows[-2:]} == {"staff:1", "staff:2"}


def test_the_campaign_that_started_last_is_the_running_one(running, now):
    session, campaign = running
    assert running_campaign(session, now) is campaign
    newer = SPRING.replace("slug: spring-referral", "slug: summer").replace(
        "starts: 2020-01-01", "starts: 2026-03-01"
    )
    apply_campaign(session, newer, now, "operator:test")
    assert running_campaign(session, now) is campaign_by_slug(session, "summer")
    assert running_campaign(session, now - timedelta(days=30)) is campaign
    later = SPRING.replace("slug: spring-referral", "slug: autumn").replace(
        "starts: 2020-01-01", "starts: 2026-09-01"
    )
    apply_campaign(session, later, now, "operator:test")
    assert running_campaign(session, now) is campaign_by_slug(session, "summer")


def test_members_go_on_seeing_a_campaign_that_is_paused_or_closing(running, now):
    session, campaign = running
    for life in (Life.PAUSED, Life.RUNNING, Life.CLOSING):
        move(session, campaign, life, "staff:1", now)
        assert shown_campaign(session, now) is campaign
    assert running_campaign(session, now) is None
    move(session, campaign, Life.CLOSED, "staff:1", now)
    assert shown_campaign(session, now) is None


def test_registration_is_open_from_the_first_moment_to_the_last(running):
    _, campaign = running
    moment = timedelta(microseconds=1)
    assert open_for_registration(campaign, campaign.starts_at)
    assert open_for_registration(campaign, campaign.ends_at - moment)
    assert not open_for_registration(campaign, campaign.starts_at - moment)
    assert not open_for_registration(campaign, campaign.ends_at)


def test_who_began_inside_may_finish_for_a_day(running, now):
    session, campaign = running
    begun = now - timedelta(minutes=5)
    assert open_to_finish(session, campaign, begun, now)
    move(session, campaign, Life.CLOSING, "staff:1", now)
    day = timedelta(hours=24)
    assert open_to_finish(session, campaign, begun, now + day - timedelta(seconds=1))
    assert not open_to_finish(session, campaign, begun, now + day)
    assert not open_to_finish(session, campaign, now + timedelta(minutes=1), now + day / 2)
    move(session, campaign, Life.PAUSED, "staff:1", now)
    assert not open_to_finish(session, campaign, begun, now)


def test_an_unknown_campaign_is_a_lookup_error(running):
    session, _ = running
    with pytest.raises(LookupError):
        get_campaign(session, 999)
