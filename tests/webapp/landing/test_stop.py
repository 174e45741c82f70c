"""Stop hearing from us: consents are taken back in one's own browser, or by a code."""

from __future__ import annotations

import pytest
from browser import Friend
from flask import Flask
from sqlalchemy import select
from story import BOB, Story

from shared.people.consents import Consent


def _standing(story: Story) -> set[str]:
    with story.database.reading() as session:
        query = select(Consent.purpose).where(
            Consent.person_id.is_not(None), Consent.withdrawn_at.is_(None)
        )
        return set(session.scalars(query))


ALL = {"referral", "adult", "progress", "masked_name", "marketing"}


@pytest.fixture
def registered(bob: Friend, story: Story) -> Friend:
    bob.registers(BOB, progress="yes", masked_name="yes", marketing="yes")
    assert _standing(story) == ALL
    return bob


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ("optional", {"referral", "adult"}),
        ("all", {"adult"}),
        ("progress", ALL - {"progress"}),
        ("masked_name", ALL - {"masked_name"}),
        ("marketing", ALL - {"marketing"}),
    ],
)
def test_the_browser_that_registered_needs_no_code(
    registered: Friend, story: Story, which: str, left: set[str]
) -> None:
    registered.opens(f"/i/{story.code}/stop")
    registered.submits("stop", which=which)
    assert registered.sees("stop-done")
    assert _standing(story) == left


def test_another_browser_proves_the_number_first(
    registered: Friend, app: Flask, story: Story
) -> None:
    story.later(minutes=5)
    other = Friend(app, story.code, story.last_code)
    other.opens(f"/i/{story.code}/stop")
    other.submits("send-code", phone="139 0013 9000")
    wrong = "000000" if story.last_code() != "000000" else "111111"
    assert other.submits("stop", code=wrong, which="all").status_code == 422
    assert _standing(story) == ALL
    other.submits("stop", code=story.last_code(), which="all")
    assert other.sees("stop-done")
    assert _standing(story) == {"adult"}


def test_a_registration_code_does_not_stop_anything(
    registered: Friend, app: Flask, story: Story
) -> None:
    spent = story.last_code()
    story.later(minutes=5)
    other = Friend(app, story.code, story.last_code)
    other.opens(f"/i/{story.code}/stop")
    other.submits("send-code", phone=BOB)
    if spent != story.last_code():
        other.submits("stop", code=spent, which="all")
        assert _standing(story) == ALL


def test_a_number_that_cannot_be_read_is_explained(bob: Friend, story: Story) -> None:
    bob.opens(f"/i/{story.code}/stop")
    assert bob.submits("send-code", phone="12").status_code == 422
    assert bob.sees("stop-phone")
