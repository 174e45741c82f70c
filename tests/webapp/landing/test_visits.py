"""A visit is one human opening; previews, HEADs and robots are counted apart."""

from __future__ import annotations

import pytest
from browser import PHONE, Browser, Friend
from flask import Flask
from sqlalchemy import select
from story import Story

from shared.referrals.referrals import Registration, Visit
from shared.risk.traces import Trace

PREVIEWS = [
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
]
ROBOTS = [
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "curl/8.5.0",
    "python-requests/2.31",
    "",
]
PEOPLE = [
    PHONE,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
    "Mobile/15E148 MicroMessenger/8.0.44 NetType/WIFI Language/zh_CN",
]


def _visits(story: Story) -> list[Visit]:
    with story.database.reading() as session:
        rows = list(session.scalars(select(Visit).order_by(Visit.id)))
        session.expunge_all()
        return rows


@pytest.mark.parametrize(
    ("agent", "kind"),
    [(a, "preview") for a in PREVIEWS]
    + [(a, "robot") for a in ROBOTS]
    + [(a, "human") for a in PEOPLE],
)
def test_the_opener_is_told_by_its_agent(app: Flask, story: Story, agent: str, kind: str) -> None:
    Browser(app, agent=agent).opens(f"/i/{story.code}")
    assert [row.kind for row in _visits(story)] == [kind]


def test_a_head_and_a_prefetch_are_no_people(app: Flask, story: Story) -> None:
    client = app.test_client()
    client.head(f"/i/{story.code}", headers={"User-Agent": PHONE})
    for name in ("Sec-Purpose", "Purpose", "X-Moz"):
        client.get(f"/i/{story.code}", headers={"User-Agent": PHONE, name: "prefetch"})
    assert {row.kind for row in _visits(story)} == {"robot", "preview"}
    assert all(row.device is None for row in _visits(story))


def test_one_browser_is_one_device_and_its_cookie_is_not_what_is_kept(
    app: Flask, story: Story
) -> None:
    one, other = Browser(app), Browser(app)
    for browser in (one, one, other):
        browser.opens(f"/i/{story.code}")
    first, second, third = (row.device for row in _visits(story))
    cookie = one.client.get_cookie("jianka_v", path="/i")
    assert first == second != third
    assert cookie is not None
    assert cookie.http_only
    assert cookie.value != first


def test_another_language_is_the_same_visit(app: Flask, story: Story) -> None:
    browser = Browser(app)
    browser.opens(f"/i/{story.code}")
    browser.opens(f"/i/{story.code}?lang=en")
    assert len(_visits(story)) == 1


def test_channel_and_campaign_parameters_are_kept_and_nothing_else(
    app: Flask, story: Story
) -> None:
    Browser(app).opens(
        f"/i/{story.code}?ch=poster&utm_source=lobby&utm_medium={'x' * 300}&phone=13800138000"
    )
    (row,) = _visits(story)
    assert row.channel == "poster"
    assert row.utm == {"utm_source": "lobby", "utm_medium": "x" * 80}


def test_a_registration_names_the_visit_it_came_from(app: Flask, story: Story) -> None:
    browser = Browser(app)
    browser.opens(f"/i/{story.code}?ch=street")
    browser.submits("send-code", phone="13900139000")
    with story.database.reading() as session:
        visit_id, channel = session.execute(
            select(Registration.visit_id, Registration.channel)
        ).one()
    assert visit_id == _visits(story)[0].id
    assert channel == "street"


def test_pages_that_are_not_open_count_no_visit(app: Flask, story: Story) -> None:
    browser = Browser(app)
    for path in ("/i/00000000", "/i/ABC", f"/i/{story.code}/terms", f"/i/{story.code}/qr.png"):
        browser.opens(path)
    assert _visits(story) == []


def test_where_a_visit_and_a_registration_came_from_is_kept_as_hashes(
    app: Flask, bob: Friend, story: Story
) -> None:
    host = "https://www.smzdm.com/p/?phone=13900139000"
    Browser(app).opens(f"/i/{story.code}", Referer=host)
    Browser(app).opens(f"/i/{story.code}", Referer="http://localhost/i/elsewhere")
    Browser(app).opens(f"/i/{story.code}", Referer="javascript:alert(1)")
    assert [row.site for row in _visits(story)] == ["smzdm.com", None, None]
    bob.registers("+8613900139000")
    with story.database.reading() as session:
        trace = session.scalars(select(Trace)).one()
        device = session.scalars(select(Visit.device).order_by(Visit.id.desc())).first()
        session.expunge(trace)
    assert trace.device == device  # the page's own mark, hashed as a visit's
    assert trace.address is not None
    assert trace.network is not None
    assert "127.0.0" not in f"{trace.address}{trace.network}"
