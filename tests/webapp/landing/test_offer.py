"""What the invite page says before anything is asked, and to whom."""

from __future__ import annotations

import re

import pytest
from browser import Browser, Friend
from flask import Flask
from story import Story

from shared.actions.inviting import set_greeting
from shared.base.i18n import Locale, text
from shared.campaigns.campaigns import Life, get_campaign, move
from shared.people.members import get_member
from shared.referrals.codes import show_code


def _show_name(story: Story) -> None:
    with story.database.transaction() as session:
        get_member(session, story.alice).show_name = True


def test_the_page_says_what_one_gets_and_what_it_costs(bob: Friend, story: Story) -> None:
    bob.opens(f"/i/{story.code}")
    for said in ("您得 ¥50", "年费", "分期", "透支利息", "取现", "违约金"):
        assert said in bob.words


def test_the_inviter_is_nameless_until_they_choose_to_be_shown(bob: Friend, story: Story) -> None:
    bob.opens(f"/i/{story.code}")
    assert "您的朋友邀请您办卡" in bob.words
    _show_name(story)
    bob.opens(f"/i/{story.code}")
    assert re.search(r"您的朋友 \S\*\* 邀请您办卡", bob.words)


def test_a_greeting_is_shown_and_cannot_become_markup(bob: Friend, story: Story) -> None:
    with story.database.transaction() as session:
        set_greeting(session, story.alice, "<b>好用</b> & 省心", story.now)
    page = bob.opens(f"/i/{story.code}")
    assert "&lt;b&gt;好用&lt;/b&gt; &amp; 省心" in page.text


def test_pages_filled_from_one_mould_do_not_mix_readers(app: Flask, story: Story) -> None:
    pages = [Browser(app).opens(f"/i/{story.code}").text for _ in range(2)]
    tokens = [re.findall(r'name="csrf_token" value="([^"]+)"', page)[0] for page in pages]
    nonces = [re.findall(r'nonce="([^"]+)"', page)[0] for page in pages]
    assert tokens[0] != tokens[1]
    assert nonces[0] != nonces[1]
    assert "\x02" not in pages[0]


@pytest.mark.parametrize("locale", list(Locale))
def test_the_page_speaks_the_language_chosen_and_remembers_it(
    bob: Friend, story: Story, locale: Locale
) -> None:
    bob.opens(f"/i/{story.code}?lang={locale.lang}")
    page = bob.opens(f"/i/{story.code}")
    assert f'<html lang="{locale.lang}">' in page.text
    assert text(locale, "landing.send_code") in bob.words


@pytest.mark.parametrize(
    ("header", "lang"),
    [("en-GB,en;q=0.9", "en"), ("zh-TW", "zh-Hant"), ("zh-HK;q=0.9,en;q=0.3", "zh-Hant"),
     ("fr-FR", "zh-Hans"), ("", "zh-Hans"), ("zh-CN,zh;q=0.9", "zh-Hans")],
)  # fmt: skip
def test_without_a_choice_the_browsers_languages_decide(
    app: Flask, story: Story, header: str, lang: str
) -> None:
    page = Browser(app, language=header).opens(f"/i/{story.code}")
    assert f'<html lang="{lang}">' in page.text


def test_the_code_is_read_as_people_write_it(bob: Friend, story: Story) -> None:
    for typed in (story.code.lower(), show_code(story.code), f" {story.code} "):
        assert bob.opens(f"/i/{typed}").status_code == 200


def test_previews_get_tags_without_personal_data_and_robots_are_told_to_stay_out(
    bob: Friend, story: Story
) -> None:
    _show_name(story)
    head = bob.opens(f"/i/{story.code}").text.partition("</head>")[0]
    assert 'property="og:title"' in head
    assert 'name="robots" content="noindex, nofollow"' in head
    assert "**" not in head
    assert story.code not in head


STATES = {
    Life.PAUSED: ("paused", 200),
    Life.CLOSING: ("ended", 410),
}


@pytest.mark.parametrize("life", STATES)
def test_a_campaign_that_takes_nobody_says_why_and_what_to_do(
    bob: Friend, story: Story, life: Life
) -> None:
    with story.database.transaction() as session:
        move(session, get_campaign(session, 1), life, "operator:test", story.now)
    state, status = STATES[life]
    assert bob.opens(f"/i/{story.code}").status_code == status
    assert bob.sees(f"state-{state}")
    assert not bob.sees("phone")


def test_an_ended_campaign_refuses_a_form_that_was_open(bob: Friend, story: Story) -> None:
    bob.opens(f"/i/{story.code}")
    with story.database.transaction() as session:
        move(session, get_campaign(session, 1), Life.CLOSING, "operator:test", story.now)
    assert bob.submits("send-code", phone="13900139000").status_code == 410
    assert bob.sees("state-ended")


def test_a_campaign_not_begun_asks_to_come_back(bob: Friend, story: Story) -> None:
    from datetime import timedelta

    with story.database.transaction() as session:
        get_campaign(session, 1).starts_at = story.now + timedelta(days=1)
    bob.opens(f"/i/{story.code}")
    assert bob.sees("state-not_yet")


@pytest.mark.parametrize(
    ("typed", "state"),
    [("ABC", "malformed"), ("K7Q2M9XX", "malformed"), ("<script>", "malformed"),
     ("%00%ff", "malformed"), ("A" * 300, "malformed"), ("00000000", "unknown")],
)  # fmt: skip
def test_a_code_that_leads_nowhere_is_explained_with_a_field_to_mend_it(
    bob: Friend, typed: str, state: str
) -> None:
    assert bob.opens(f"/i/{typed}").status_code == 404
    assert bob.sees(f"state-{state}")
    assert bob.sees("invite-code")
    assert "<script>" not in (bob.page.text if bob.page else "")


def test_a_code_typed_into_that_field_opens_the_invite(bob: Friend, story: Story) -> None:
    bob.opens(f"/i/?code={show_code(story.code)}")
    assert bob.path == f"/i/{story.code}"
    assert bob.sees("phone")


def test_terms_and_privacy_are_complete_in_every_language(bob: Friend, story: Story) -> None:
    for locale in Locale:
        bob.opens(f"/i/{story.code}/terms?lang={locale.lang}")
        assert text(locale, "landing.terms.share") in bob.words
        assert "¥100" in bob.words
        bob.opens(f"/i/{story.code}/privacy?lang={locale.lang}")
        assert text(locale, "landing.privacy.inviter.3") in bob.words


def test_the_qr_code_holds_the_link(bob: Friend, story: Story) -> None:
    zxing = pytest.importorskip("zxingcpp")
    from io import BytesIO

    from PIL import Image

    answer = bob.opens(f"/i/{story.code.lower()}/qr.png")
    assert answer.mimetype == "image/png"
    assert answer.cache_control.max_age == 86400
    found = zxing.read_barcodes(Image.open(BytesIO(answer.data)).convert("L"))
    assert [one.text for one in found] == [f"http://127.0.0.1:8000/i/{story.code}"]
    again = bob.client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert bob.opens("/i/00000000/qr.png").status_code == 404
