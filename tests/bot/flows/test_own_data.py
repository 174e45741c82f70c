"""Settings, language, leaderboard, privacy: what is the person's own to decide."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from sqlalchemy import select
from talk import Person, Talk

from shared.base.database import Database
from shared.base.i18n import Locale
from shared.people.chats import Chat, Dialogue, Proof
from shared.people.members import get_member, person_of

BOB = "+8613900139000"


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now)


def prove(talk: Talk, person: Person) -> None:
    person.taps("button.send_code").says(talk.story.last_code()).sees("prove.right")


def test_the_chosen_language_wins_and_is_kept(talk: Talk) -> None:
    alice = talk.alice(Locale.ZH_HANS)
    alice.says("/language").sees("简体中文", "繁體中文", "English")
    alice.taps("繁體中文").sees("之後以繁體中文與您溝通。")
    alice.says("/help").sees("如何參與")
    talk.restarts()
    alice.language = "en"
    alice.says("/help").sees("如何參與")
    alice.says("language").taps("English").says("/help").sees("How it works")


def test_before_the_consent_the_language_can_be_changed(talk: Talk) -> None:
    wang = talk.person("2002", Locale.ZH_HANS)
    wang.says("/start").taps("button.language").taps("English")
    wang.sees("Do you agree?", "Agree and continue")


def test_settings_show_their_state_and_a_double_tap_changes_nothing_more(talk: Talk) -> None:
    alice = talk.alice(Locale.EN)
    alice.says("/settings").sees("invite page (such as L***): <b>off</b>")
    data = alice.last.buttons[0].data
    alice.taps("button.show_name.on").sees("L***): <b>on</b>", "settings.show_name.on")
    alice.taps_data(data, alice.last).sees("L***): <b>on</b>")
    alice.taps("button.show_name.off").sees("L***): <b>off</b>")


def test_the_leaderboard_shows_masked_names_of_those_who_joined(talk: Talk) -> None:
    alice = talk.alice()
    talk.registers(BOB)
    talk.spends("A1", BOB)
    alice.says("/leaderboard").sees("leaderboard.empty", "leaderboard.not_joined")
    alice.taps("button.leaderboard_join").sees("1. 李**（您）", "达标 1 位")
    alice.sees_not("李爱丽")
    alice.taps("button.leaderboard_leave").sees("leaderboard.empty")


def test_privacy_shows_personal_data_only_to_who_is_proven(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/privacy").sees("privacy.bound_contact", "2026 年 3 月 4 日")
    alice.sees_not("138****8001", "李**")
    alice.taps("button.export").sees("prove.why")
    prove(talk, alice)
    assert alice.last.reply.document is not None
    kept = json.loads(alice.last.reply.document.content)
    assert kept["member"]["customer_ref"] == "C100001"
    alice.says("/privacy").sees("privacy.bound_full", "138****8001", "李**")


@pytest.mark.parametrize("locale", list(Locale))
def test_erasing_names_its_effects_and_needs_its_own_confirmation(
    talk: Talk, locale: Locale
) -> None:
    alice = talk.alice(locale)
    alice.says("/privacy").taps("button.erase").sees("prove.why")
    prove(talk, alice)
    alice.sees(alice.words("privacy.erase_ask", issuer="荐卡银行"), "button.erase_yes")
    stale = next(b.data for b in alice.last.buttons if b.label == alice.words("button.erase_yes"))
    alice.says("yes").sees("button.erase_yes")
    alice.taps("button.keep").sees("cancel.done")
    alice.taps_data(stale).sees("privacy.erase_old")
    with talk.database.reading() as session:
        assert person_of(session, get_member(session, talk.story.alice)).erased_at is None
    alice.says("/privacy").taps("button.erase").taps("button.erase_yes").sees("privacy.erased")
    with talk.database.reading() as session:
        assert person_of(session, get_member(session, talk.story.alice)).erased_at is not None
        chat = session.scalars(select(Chat).where(Chat.address == alice.sender)).one()
        assert (chat.member_id, chat.proof) == (None, Proof.NONE)
        assert session.get(Dialogue, chat.id) is None
    alice.says("/progress").sees("button.agree")


def test_withdrawing_the_consent_lets_the_chat_go(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/privacy").taps("button.withdraw").sees("privacy.withdraw_ask")
    alice.taps("button.withdraw_yes").sees("privacy.withdrawn")
    alice.fresh = []
    talk.registers(BOB)
    assert alice.fresh == []
    alice.says("/invite").sees("button.agree")


def test_an_unbound_chat_may_look_at_its_privacy(talk: Talk) -> None:
    bob = talk.person("3003")
    bob.says("/privacy").sees("privacy.unbound", "privacy.not_agreed", "button.start")
    bob.sees_not("button.export", "button.erase")


def test_what_a_dialogue_holds_is_not_readable_in_the_database(talk: Talk) -> None:
    alice = talk.alice()
    with talk.database.transaction() as session:
        session.scalars(select(Chat).where(Chat.address == "1001")).one().proof = Proof.FULL
    alice.says("/claim").says("13900139077")
    with talk.database.reading() as session:
        (row,) = session.scalars(select(Dialogue))
        assert b"139" not in row.state
        assert b"phone" not in row.state
