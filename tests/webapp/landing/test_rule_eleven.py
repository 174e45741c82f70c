"""Nobody can ask the page whether a number is a customer: words, status and order are the same."""

from __future__ import annotations

import re

import pytest
from browser import Friend
from flask import Flask
from story import ALICE, BOB, Story
from werkzeug.test import TestResponse

from shared.actions.registering import (
    FinishForm,
    StartForm,
    finish_registration,
    start_registration,
)
from shared.base.i18n import Locale
from shared.people.consents import Purpose

UNKNOWN = "+8613900139555"
_OWN_PARTS = re.compile(
    r'name="csrf_token" value="[^"]*"|nonce="[^"]*"|\d{3}\*{4}\d{4}|token=[\w-]+|nonce-[\w-]+'
    r'|data-test="receipt">[^<]*'
    r'|data-test="receipt">[\w-]+<'
)


def _referred_before(story: Story) -> str:
    """Bob registered a while ago, elsewhere."""
    with story.database.transaction() as session:
        started = start_registration(session, StartForm(story.code, BOB, Locale.EN), story.now)
    code = story.last_code()
    ticked = frozenset({Purpose.REFERRAL, Purpose.ADULT})
    with story.database.transaction() as session:
        form = FinishForm(started.handle, code, "Bob", ticked, Locale.EN)
        finish_registration(session, form, story.now)
    story.later(hours=2)
    return BOB


def _bare(answer: TestResponse) -> tuple[int, str, list[str]]:
    """An answer without what is each session's own."""
    names = sorted(name for name, _ in answer.headers if name != "Set-Cookie")
    return answer.status_code, _OWN_PARTS.sub("…", answer.text), names


def _way(app: Flask, story: Story, phone: str) -> list[tuple[int, str, list[str]]]:
    friend = Friend(app, story.code, story.last_code)
    friend.opens(f"/i/{story.code}")
    steps = [friend.submits("send-code", follow=False, phone=phone)]
    steps.append(friend.opens(f"/i/{story.code}/confirm"))
    steps.append(friend.finishes(code="12"))
    steps.append(friend.finishes())
    story.later(minutes=2)
    return [_bare(step) for step in steps]


@pytest.mark.parametrize("whose", ["member", "referred"])
def test_every_answer_is_the_same_for_a_known_and_an_unknown_number(
    app: Flask, story: Story, whose: str
) -> None:
    known = ALICE if whose == "member" else _referred_before(story)
    assert _way(app, story, known) == _way(app, story, UNKNOWN)


@pytest.mark.parametrize("whose", ["member", "referred"])
def test_asking_to_stop_answers_the_same_too(app: Flask, story: Story, whose: str) -> None:
    known = ALICE if whose == "member" else _referred_before(story)
    ways = []
    for phone in (known, UNKNOWN):
        friend = Friend(app, story.code, story.last_code)
        friend.opens(f"/i/{story.code}/stop")
        steps = [friend.submits("send-code", phone=phone[3:])]
        steps.append(friend.submits("stop", code=story.last_code(), which="all"))
        ways.append([_bare(step)[:2] for step in steps])
    known_way, unknown_way = (
        [(status, page.replace(phone[3:], "…")) for status, page in way]
        for way, phone in zip(ways, (known, UNKNOWN), strict=True)
    )
    assert known_way == unknown_way
