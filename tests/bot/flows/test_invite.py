"""Invite: the link in every form, in this chat and inside others."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from talk import PLACE, Talk

from bot.flows.turn import Place
from bot.telegram.drawing import draw
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.campaigns.advertising.check import check_copy
from shared.campaigns.campaigns import Life, move, running_campaign
from shared.people.chats import Chat


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now)


@pytest.mark.parametrize("locale", list(Locale))
def test_an_invite_is_a_picture_a_text_to_forward_and_three_ways_to_share(
    talk: Talk, locale: Locale
) -> None:
    alice = talk.alice(locale)
    link = f"https://card.example/i/{talk.story.code}"
    alice.says("/invite").sees("¥100", "¥50", "500", link)
    shown, forward = alice.fresh
    assert shown.reply.picture is not None
    assert shown.reply.picture.params["link"] == link
    assert [b.copy for b in shown.buttons if b.copy] == [link]
    assert [b.share for b in shown.buttons if b.share] == [
        f"{talk.story.code[:4]}-{talk.story.code[4:]}"
    ]
    assert forward.reply.rows == ()
    assert link in forward.reply.text
    passed_on = [forward.reply.text, *(each.text for each in alice.types_inline())]
    assert [check_copy(words) for words in passed_on] == [(), (), ()]
    alice.taps("button.poster").sees("poster.caption", "poster.toast")
    poster = alice.last.reply.picture
    assert poster is not None
    assert poster.params["link"] == f"{link}?ch=poster"
    assert draw(poster).startswith(b"\x89PNG")
    assert draw(shown.reply.picture).startswith(b"\x89PNG")


def test_inline_results_are_the_members_own(talk: Talk) -> None:
    alice = talk.alice()
    results = alice.types_inline("anything")
    assert [result.id for result in results] == [
        f"{talk.story.code}-offer",
        f"{talk.story.code}-short",
    ]
    for result in results:
        assert f"/i/{talk.story.code}?ch=inline" in result.text
        assert result.rows[0][0].url.endswith(f"/i/{talk.story.code}?ch=inline")
    assert talk.person("3003").types_inline() == ()
    with talk.database.reading() as session:
        assert session.scalar(select(Chat).where(Chat.address == "3003")) is None


def test_the_greeting_is_checked_and_goes_along(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/settings").taps("button.greeting").sees(alice.words("greeting.ask", most=60))
    alice.says("全国第一的卡").sees("全国第一", "copy.ranking.instead", "button.cancel")
    alice.says("好" * 61).sees(alice.words("error.greeting.long", most=60))
    alice.says("一起用卡吧 <3").sees("一起用卡吧 &lt;3")
    alice.says("/invite").sees("一起用卡吧 &lt;3")
    assert alice.types_inline()[0].text.startswith("一起用卡吧 &lt;3")
    alice.says("/settings").taps("button.greeting").sees("button.clear_greeting")
    alice.taps("button.clear_greeting").sees("greeting.cleared")
    alice.says("/invite").sees_not("一起用卡吧")


@pytest.mark.parametrize("locale", list(Locale))
def test_a_greeting_that_may_not_be_published_is_explained_and_not_kept(
    talk: Talk, locale: Locale
) -> None:
    alice = talk.alice(locale)
    alice.says("/settings").taps("button.greeting")
    for greeting, rule in (
        ("最 好 的卡，快来", "superlative"),
        ("找我必下卡", "approval"),
        ("办卡就送 500 元", "terms"),
        ("轉發到三個群就有紅包", "share_reward"),
        ("Guaranteed approval!", "approval"),
        ("<b>No.1</b> 信用卡", "ranking"),
    ):
        alice.says(greeting).sees(f"copy.{rule}.instead", "button.cancel")
    none = alice.words("settings.none")
    alice.says("/settings").sees(alice.words("settings.greeting", words=none))
    alice.taps("button.greeting").says("一起用卡吧").sees("一起用卡吧")


def test_a_greeting_full_of_breaches_is_told_the_first_three(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/settings").taps("button.greeting")
    alice.says("全国第一，必下卡，终身免年费，稳赚，不转不是朋友").sees("第一", "必下卡")
    assert alice.screen().count("\n") <= 4


def test_without_a_campaign_there_is_nothing_to_invite_to(
    database: Database, now: datetime
) -> None:
    talk = Talk(database, now)
    with database.transaction() as session:
        campaign = running_campaign(session, now)
        assert campaign is not None
        move(session, campaign, Life.CLOSING, "operator:test", now)
        move(session, campaign, Life.CLOSED, "operator:test", now)
    alice = talk.alice()
    alice.says("/invite").sees("error.campaign.none")
    alice.says("/progress").sees("progress.none")
    alice.says("/leaderboard").sees("leaderboard.none")
    alice.says("/help").sees("help.no_campaign")
    alice.says("/settings").sees("settings.title")
    assert alice.types_inline() == ()
    bob = talk.person("3003")
    bob.says(f"/start i_{talk.story.code}").sees("friend.ended")


def test_a_place_knows_its_private_chat() -> None:
    assert PLACE.chat_url == "https://t.me/JiankaBot"
    assert Place("http://127.0.0.1:8000", "x", "y").demo is False
