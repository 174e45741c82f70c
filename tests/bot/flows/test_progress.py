"""Progress: how near the next step is, and of each friend what rule 10 allows."""

from __future__ import annotations

from datetime import datetime

import pytest
from talk import Talk

from bot.flows.progress import bar
from shared.base.database import Database
from shared.base.i18n import Locale, moment

BOB, EVE = "+8613900139000", "+8613900139001"


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now)


@pytest.mark.parametrize(
    ("reached", "goal", "cells"),
    [(0, 1, 0), (2, 3, 4), (1, 5, 1), (4, 5, 4), (3, 3, 6), (99, 5, 6)],
)
def test_the_bar_is_full_only_when_the_step_is_reached(reached: int, goal: int, cells: int) -> None:
    assert bar(reached, goal) == "▰" * cells + "▱" * (6 - cells)


@pytest.mark.parametrize("locale", list(Locale))
def test_from_nobody_to_a_reward_that_is_available(talk: Talk, locale: Locale) -> None:
    alice = talk.alice(locale)
    alice.says("/progress").sees("▱▱▱▱▱▱", "progress.nobody", "button.invite")
    alice.fresh = []
    talk.registers(BOB)
    first = alice.words("friend.ordinal", n=1)
    alice.sees(alice.words("notice.friend.registered", who=first))
    talk.spends("A1", BOB)
    alice.sees("¥100", "500", "button.invite_more")
    alice.says("/progress").sees("▰▰▱▱▱▱", "3,000", "¥100", first)
    alice.fresh = []
    talk.later(days=2)
    alice.sees("¥100", "button.progress")
    alice.taps("button.progress").sees("¥100 + 500")
    alice.taps("button.rewards").sees("statement.title", "¥100", first, "button.pdf")


def test_without_consent_a_friend_is_in_progress_until_the_reward(talk: Talk) -> None:
    alice = talk.alice()
    talk.registers(BOB)
    talk.registers(EVE, progress=True)
    for application, phone in (("A1", BOB), ("A2", EVE)):
        talk.bank("application.submitted", application_id=application, phone=phone)
        talk.bank(
            "application.approved", application_id=application, customer_ref=f"N{application}"
        )
        talk.bank("card.activated", customer_ref=f"N{application}")
    alice.says("/progress")
    lines = alice.screen().splitlines()
    assert "办理中（首刷满 ¥300" in next(line for line in lines if line.startswith("1. "))
    assert "已激活（首刷满 ¥300" in next(line for line in lines if line.startswith("2. "))


def test_a_declined_friend_looks_like_silence_until_the_window_ends(talk: Talk) -> None:
    alice = talk.alice()
    for application, phone in (("A1", BOB), ("A2", EVE)):
        talk.registers(phone, progress=application == "A2")
        talk.bank("application.submitted", application_id=application, phone=phone)
    before = alice.says("/progress").screen()
    alice.fresh = []
    talk.bank("application.declined", application_id="A1")
    talk.bank("application.declined", application_id="A2")
    assert alice.fresh == []
    assert alice.says("/progress").screen() == before
    talk.later(days=200)
    alice.says("/progress").sees("未获奖励（未满足推荐奖励条件）")


def test_more_than_four_friends_page_in_the_same_message_and_refresh_tells_the_time(
    talk: Talk,
) -> None:
    alice = talk.alice()
    for n in range(5):
        talk.registers(f"+861390013900{n}")
    alice.says("/progress").sees("4. ", "第 1/2 页").sees_not("5. ")
    count = len(alice.messages)
    alice.taps("button.next").sees("5. ", "第 2/2 页").sees_not("4. ")
    assert alice.last.reply.edits == alice.last.id
    talk.later(seconds=5)
    alice.taps("button.refresh").sees("更新于 12:00:05", "5. ", "progress.toast")
    talk.later(seconds=1)
    alice.taps("button.refresh").sees("更新于 12:00:06")
    alice.taps("button.previous").sees("1. ")
    alice.taps_data("1:page:999", alice.last).sees("5. ")
    assert len(alice.messages) == count


def test_a_nickname_is_the_members_own_and_is_escaped(talk: Talk) -> None:
    alice = talk.alice()
    talk.registers(BOB)
    alice.says("/progress").taps("button.nickname").says("<王>同事 & 友")
    alice.sees("1. &lt;王&gt;同事 &amp; 友")
    talk.registers(EVE)
    alice.says("/progress").taps("button.nickname").sees("nickname.which")
    alice.says("9").sees("nickname.which_wrong").says("2")
    alice.sees(alice.words("nickname.name", n=2, most=12))
    alice.says("名" * 13).sees(alice.words("error.friend.nickname_long", most=12))
    alice.says("小艾").sees("2. 小艾")


def test_what_was_taken_back_names_its_clause(talk: Talk) -> None:
    alice = talk.alice()
    talk.registers(BOB)
    talk.spends("A1", BOB)
    alice.fresh = []
    talk.bank(
        "transaction.reversed",
        customer_ref="NA1",
        original_transaction_id="TA1",
        amount=30000,
        currency="CNY",
    )
    alice.sees(
        alice.words(
            "notice.reward.reversed", amount="¥100", clause=alice.words("campaign.clause_name.base")
        )
    )


def test_pushes_may_be_off_and_progress_still_tells(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/settings").taps("button.pushes.off").sees("settings.pushes.off")
    alice.fresh = []
    talk.registers(BOB)
    assert alice.fresh == []
    alice.says("/progress").sees(alice.words("friend.ordinal", n=1))


def test_the_month_is_shown_with_its_hour_where_a_term_is_exact(now: datetime) -> None:
    assert moment(Locale.ZH_HANS, now, "Asia/Shanghai") == "3 月 4 日 12:00"
