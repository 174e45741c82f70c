"""Start: consent before any question, the own contact, the branch's token, the friend's code."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from story import ALICE
from talk import Person, Talk

from shared.base.database import Database
from shared.base.i18n import Locale
from shared.people.chats import Chat, Proof, new_binding_token
from shared.people.consents import Purpose, holds
from shared.people.members import member_by_ref
from shared.referrals.codes import new_code

WANG = "+8613800138012"


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now)


def chat_of(person: Person) -> Chat:
    with person.talk.database.reading() as session:
        chat = session.scalars(select(Chat).where(Chat.address == person.sender)).one()
        session.expunge(chat)
        return chat


def token(talk: Talk, ref: str = "C100002") -> str:
    with talk.database.transaction() as session:
        member = member_by_ref(session, ref)
        assert member is not None
        return new_binding_token(session, member.id, None, talk.story.now)


@pytest.mark.parametrize("locale", list(Locale))
def test_consent_comes_before_any_question_and_then_the_own_contact(
    talk: Talk, locale: Locale
) -> None:
    wang = talk.person("2002", locale, WANG)
    wang.says("/start").sees("Telegram", "button.agree", "button.decline")
    assert not wang.keyboard
    wang.taps("button.agree").sees("start.agreed", "start.contact")
    assert wang.keyboard == wang.words("button.share_contact")
    wang.shares_contact().sees("start.bound", "button.invite")
    assert not wang.keyboard
    assert chat_of(wang).proof == Proof.CONTACT
    with talk.database.reading() as session:
        assert holds(session, Purpose.CHAT, chat_id=chat_of(wang).id)


def test_who_declines_is_asked_nothing_and_may_look_again(talk: Talk) -> None:
    wang = talk.person("2002", phone=WANG)
    wang.says("/start").taps("button.decline").sees("start.declined")
    assert not wang.keyboard
    with talk.database.reading() as session:
        assert not holds(session, Purpose.CHAT, chat_id=chat_of(wang).id)
    wang.taps("button.look_again").sees("button.agree")


def test_a_contact_shared_before_the_consent_is_not_used(talk: Talk) -> None:
    wang = talk.person("2002", phone=WANG)
    wang.shares_contact().sees("button.agree")
    assert chat_of(wang).member_id is None


def test_a_foreign_or_forwarded_contact_is_refused_with_the_way_on(talk: Talk) -> None:
    mallory = talk.person("6666", phone="+8613700137000")
    mallory.says("/start").taps("button.agree")
    mallory.shares_contact(ALICE, own=False).sees("start.contact_foreign")
    assert mallory.keyboard
    assert chat_of(mallory).member_id is None


def test_a_typed_number_proves_nothing(talk: Talk) -> None:
    mallory = talk.person("6666")
    mallory.says("/start").taps("button.agree")
    mallory.says(ALICE).sees("start.contact_not_typed")
    assert chat_of(mallory).member_id is None


def test_an_unknown_number_is_told_to_its_owner(talk: Talk) -> None:
    bob = talk.person("3003", phone="+8613900139000")
    bob.says("/start").taps("button.agree").shares_contact()
    bob.sees("error.binding.unknown")
    assert not bob.keyboard


def test_what_one_wanted_before_binding_is_opened_after_it(talk: Talk) -> None:
    wang = talk.person("2002", phone=WANG)
    wang.says("/progress").sees("button.agree")
    wang.taps("button.agree").shares_contact().sees("start.bound", "progress.nobody")


def test_the_branchs_token_waits_for_the_consent_and_opens_everything(talk: Talk) -> None:
    wang = talk.person("2002", Locale.EN)
    made = token(talk)
    wang.says(f"/start b_{made}").sees("button.agree")
    assert chat_of(wang).member_id is None
    wang.taps("button.agree").sees("start.bound_full")
    assert chat_of(wang).proof == Proof.FULL
    again = talk.person("2003")
    again.says(f"/start b_{made}").taps("button.agree").sees("error.binding.token")
    assert chat_of(again).member_id is None


def test_a_token_older_than_five_minutes_binds_nobody(talk: Talk) -> None:
    wang = talk.person("2002")
    made = token(talk)
    talk.later(minutes=5)
    wang.says(f"/start b_{made}").taps("button.agree").sees("error.binding.token")


def test_the_newest_chat_wins_and_the_old_one_is_told(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/start")
    new = talk.person("1002", Locale.ZH_HANS, ALICE)
    new.says("/start").taps("button.agree").shares_contact().sees("start.bound_replaced")
    alice.sees("notice.chat.replaced")
    assert chat_of(alice).member_id is None
    alice.says("/progress").sees("start.contact")


@pytest.mark.parametrize("locale", list(Locale))
def test_a_friend_sees_the_page_and_what_they_get(talk: Talk, locale: Locale) -> None:
    bob = talk.person("3003", locale)
    bob.says(f"/start i_{talk.story.code}").sees("¥300", "friend.costs")
    (button,) = bob.last.buttons
    assert button.url == f"https://card.example/i/{talk.story.code}"
    bob.sees_not("button.agree")


def test_a_friend_sees_the_masked_name_and_the_greeting_if_the_member_chose(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/settings").taps("button.show_name.on").taps("button.greeting")
    alice.says("一起来 <b>用卡</b> & 省钱").sees("&lt;b&gt;用卡&lt;/b&gt; &amp; 省钱")
    bob = talk.person("3003")
    bob.says(f"/start i_{talk.story.code}").sees("李**", "&lt;b&gt;用卡", "&amp;")


def test_a_wrong_code_says_how_to_mend_it(talk: Talk) -> None:
    bob = talk.person("3003")
    bob.says("/start i_AAAAAAAB").sees("friend.malformed")
    bob.says("/start i_").sees("friend.malformed")
    bob.says(f"/start i_{new_code()}").sees("friend.unknown")


def test_unbinding_names_its_effects_and_leaves_the_invite(talk: Talk) -> None:
    alice = talk.alice(Locale.EN)
    alice.says("/settings").taps("button.unbind").sees("settings.unbind.ask")
    alice.taps("button.unbind_yes").sees("settings.unbind.done")
    assert chat_of(alice).member_id is None
    alice.taps("button.bind_again").shares_contact().sees("start.bound")
    alice.says("/invite").sees(talk.story.code[:4])


def test_a_blocked_bot_is_silent_and_comes_back(talk: Talk) -> None:
    alice = talk.alice()
    alice.blocks()
    assert alice.fresh == []
    assert chat_of(alice).blocked_at == talk.story.now
    alice.says("/start").sees("button.progress")
    assert chat_of(alice).blocked_at is None
