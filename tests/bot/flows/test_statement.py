"""The statement in chat: pages of rewards, and the same as a file for who is surely the member."""

from __future__ import annotations

from datetime import datetime

import pytest
from talk import Person, Talk

from bot.messages import Drawn
from bot.notices import word_notice
from bot.telegram.drawing import draw
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.campaigns.advertising.check import check_copy
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post
from shared.people.chats import Chat
from shared.people.members import get_member, person_of
from shared.people.persons import set_details
from shared.pictures.statement_sheet import from_text
from shared.post.audit import Audit

BOB = "+8613900139000"


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now)


def granted(talk: Talk, count: int) -> None:
    """So many rewards of different amounts, the largest last."""
    alice = talk.story.alice
    with talk.database.transaction() as session:
        for n in range(1, count + 1):
            legs = {(Account.PAID, Unit.CNY): 100 * n, (Account.FUNDING, Unit.CNY): -100 * n}
            key = Key(1, f"member:{alice}", "base", f"month:2026-{n:02}")
            post(session, key, alice, 1, Balance(legs), {"version": 1}, talk.story.now)
            talk.story.later(minutes=1)


def tapped_data(person: Person, label: str) -> str:
    return next(b.data for b in person.last.buttons if b.label == person.words(label))


@pytest.mark.parametrize("locale", list(Locale))
def test_from_progress_through_the_pages_to_the_file(talk: Talk, locale: Locale) -> None:
    alice = talk.alice(locale)
    granted(talk, 7)
    alice.says("/progress").taps("button.rewards")
    alice.sees("statement.title", "¥28", "¥7", "¥6", "¥5", "button.older").sees_not("button.newer")
    count = len(alice.messages)
    alice.taps("button.older").sees("¥4", "¥3", "¥2", "button.newer")
    alice.taps("button.older").sees("<b>¥1</b>", "button.newer").sees_not("button.older")
    alice.taps("button.newer").sees("¥4", "¥3", "¥2").taps("button.newer").sees("¥7")
    assert len(alice.messages) == count
    alice.taps("button.pdf").sees("prove.why").taps("button.send_code")
    alice.says(talk.story.last_code()).sees("prove.right", "statement.pdf.asked")
    file = alice.last.reply.document
    assert file is not None
    assert (file.name, file.drawn) == ("statement-20260304.pdf", Drawn.STATEMENT_PDF)
    sheet = from_text(file.content)
    assert [entry.gross for entry in sheet.entries] == [f"¥{n}" for n in range(7, 0, -1)]
    assert sheet.language == locale.lang
    # Once proven, it is not asked again.
    alice.says("/progress").taps("button.rewards").taps("button.pdf").sees("statement.pdf.asked")
    with talk.database.reading() as session:
        acts = [row.act for row in session.query(Audit) if row.act == "statement.exported"]
    assert len(acts) == 2


def test_a_member_with_nothing_reads_what_will_stand_there(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("奖励明细").sees("statement.none", "button.progress").sees_not("button.pdf")


def test_a_choice_that_waits_is_one_tap_away(talk: Talk) -> None:
    alice = talk.alice()
    granted(talk, 1)
    alice.says("奖励").sees_not("button.choose")
    with talk.database.transaction() as session:
        key = Key(1, f"member:{talk.story.alice}", "base", "month:2025-12")
        legs = Balance({(Account.AVAILABLE, Unit.CHOICE): 1, (Account.FUNDING, Unit.CHOICE): -1})
        post(session, key, talk.story.alice, 1, legs, {"version": 1}, talk.story.now)
    alice.says("奖励").sees("待您选择", "button.choose")


def test_a_button_made_for_somebody_else_or_changed_turns_no_page(talk: Talk) -> None:
    alice = talk.alice()
    granted(talk, 4)
    alice.says("奖励")
    data = tapped_data(alice, "button.older")
    words = data.split(":")
    way, at, tie, _seal = words[2:]
    others = talk.database.keyring.blind("statement", f"{talk.story.alice + 1}:{way}:{at}:{tie}")
    forged = [
        ":".join([*words[:-1], others[:10]]),
        ":".join([*words[:3], "zzz", *words[4:]]),
        ":".join([*words[:4], "99", words[5]]),
        ":".join([*words[:2], "newer", *words[3:]]),
        ":".join(words[:-1]),
        "1:stmt",
    ]
    for wrong in forged:
        alice.taps_data(wrong, alice.messages[0]).sees("old_keyboard").sees_not("¥")
    alice.taps_data(data).sees("<b>¥1</b>")


def test_what_was_earned_stands_there_and_a_decline_does_not(talk: Talk) -> None:
    alice = talk.alice()
    talk.registers(BOB)
    talk.spends("A1", BOB)
    talk.registers("+8613900139001")
    talk.bank("application.submitted", application_id="A2", phone="+8613900139001")
    talk.bank("application.declined", application_id="A2")
    alice.says("奖励").sees(
        "推荐奖励 · 第 1 位好友", "3 月 5 日达标 · 待发放，预计 3 月 6 日可领取"
    )
    alice.sees("阶梯奖励 · 满 1 位好友").sees_not("第 2 位好友", "300")
    card = next(m.reply.picture for m in alice.messages if m.reply.picture is not None)
    assert card.kind == "thanks"
    assert card.params["words"] == "感谢您把好卡\n介绍给 1 位朋友"
    assert (card.params["to"], card.params["issuer"]) == ("李**：", "荐卡银行")
    assert not any("¥" in words or "波" in words for words in card.params.values())
    assert draw(card).startswith(b"\x89PNG")


@pytest.mark.parametrize("locale", list(Locale))
def test_the_card_promises_nothing_the_law_forbids(talk: Talk, locale: Locale) -> None:
    alice = talk.alice(locale)
    keys = ("thanks.eyebrow", "thanks.more")
    said = [alice.words(key) for key in keys] + [alice.words("thanks.words", n=3)]
    assert [check_copy(words) for words in said] == [(), (), ()]


def test_a_name_that_no_font_draws_costs_the_picture_and_not_the_notice(talk: Talk) -> None:
    release = talk.story.now.isoformat()
    params = {"at": 3, "unit": "POINTS", "amount": 3000, "zone": "UTC", "release": release}
    talk.alice()
    with talk.database.transaction() as session:
        chat = session.query(Chat).filter_by(address="1001").one()
        assert word_notice(session, chat, "step.reached", params, talk.story.now).picture
        person = person_of(session, get_member(session, talk.story.alice))
        set_details(session, person, name="😀")
        told = word_notice(session, chat, "step.reached", params, talk.story.now)
    assert told.picture is None
    assert "3,000" in told.text
