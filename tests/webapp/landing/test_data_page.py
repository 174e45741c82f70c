"""A friend's own data on the web: a copy or the end of it, by a code to the number."""

from __future__ import annotations

import json

import pytest
from browser import Friend
from canaries import known_of
from flask import Flask
from story import BOB, Story

STRANGER = "+8613900139055"


@pytest.fixture
def other(bob: Friend, app: Flask, story: Story) -> Friend:
    """Another browser, minutes after Bob registered."""
    bob.registers(BOB)
    story.later(minutes=5)
    friend = Friend(app, story.code, story.last_code)
    friend.opens(f"/i/{story.code}/privacy")
    assert friend.sees("own-data")
    friend.opens(f"/i/{story.code}/data")
    return friend


def test_a_copy_is_one_file_with_everything(other: Friend, story: Story) -> None:
    other.submits("send-code", phone="139 0013 9000")
    answer = other.submits("go", code=story.last_code(), which="copy")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    (bob,) = json.loads(answer.data)["invited"]
    assert (bob["name"], bob["phone"]) == ("王波", BOB)


def test_erasing_asks_for_a_tick_and_leaves_nothing(other: Friend, story: Story) -> None:
    other.submits("send-code", phone=BOB)
    code = story.last_code()
    assert other.submits("go", code=code, which="erase").status_code == 422
    assert other.sees("data-code")
    other.submits("go", code=code, which="erase", sure="yes")
    assert other.sees("data-done")
    story.work()
    assert known_of(story.database, ("王波",)) == []


def test_a_wrong_code_shows_nothing_and_is_counted(other: Friend, story: Story) -> None:
    other.submits("send-code", phone=BOB)
    wrong = "000000" if story.last_code() != "000000" else "111111"
    for which in ("copy", "erase"):
        answer = other.submits("go", code=wrong, which=which, sure="yes")
        assert answer.status_code == 422
        assert "王波" not in answer.text
    for _ in range(3):
        other.submits("go", code=wrong, which="copy")
    assert other.submits("go", code=story.last_code(), which="copy").status_code == 422
    assert known_of(story.database, ("王波",)) != []


def test_a_code_for_something_else_opens_nothing(other: Friend, story: Story) -> None:
    other.opens(f"/i/{story.code}/stop")
    other.submits("send-code", phone=BOB)
    other.opens(f"/i/{story.code}/data")
    action, hidden = other.form("send-code")
    answer = other.client.post(
        action, data={**hidden, "step": "code", "phone": BOB, "code": story.last_code()}
    )
    assert answer.status_code == 422
    assert "王波" not in answer.text


def test_a_number_nobody_registered_reads_the_same(other: Friend, story: Story) -> None:
    other.submits("send-code", phone=STRANGER)
    assert other.sees("data-code")
    answer = other.submits("go", code=story.last_code(), which="copy")
    assert json.loads(answer.data)["invited"] == []
    story.later(minutes=5)
    other.opens(f"/i/{story.code}/data")
    other.submits("send-code", phone=STRANGER)
    other.submits("go", code=story.last_code(), which="erase", sure="yes")
    assert other.sees("data-done")


def test_taking_every_consent_back_stops_storing(other: Friend, story: Story) -> None:
    other.opens(f"/i/{story.code}/stop")
    other.submits("send-code", phone=BOB)
    other.submits("stop", code=story.last_code(), which="all")
    assert other.sees("stop-done")
    assert known_of(story.database, ("王波",)) == []
