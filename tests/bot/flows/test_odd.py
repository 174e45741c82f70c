"""Whatever comes: old keyboards, stickers, nonsense, groups. Nothing raises, everything helps."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from talk import PLACE, Person, Talk

from bot.conversation import SCREENS, TALKS, TAPS
from bot.dialogue import Flow
from bot.flows.commands import COMMANDS, UNLISTED, read_command
from bot.flows.help import Topic
from bot.flows.plain_words import understand
from bot.flows.taps import MOST_BYTES, Tap, Verb, decode, encode
from bot.flows.turn import Screen
from shared.base.database import Database
from shared.base.i18n import Locale, text
from shared.people.chats import Chat


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now)


def test_every_screen_verb_and_flow_has_somebody_who_answers() -> None:
    assert set(SCREENS) == set(Screen)
    assert set(TAPS) == set(Verb)
    assert set(TALKS) == set(Flow)


def test_what_a_button_holds_is_read_back() -> None:
    tap = decode(encode(Verb.CLAIM_WHEN, "a1b2c3d4", "this_month"))
    assert tap == Tap(Verb.CLAIM_WHEN, ("a1b2c3d4", "this_month"))
    assert decode(encode(Verb.PAGE, 3)).number(0) == 3
    longest = encode(Verb.SWITCH, "leaderboard", "off", "leaderboard")
    assert len(longest.encode()) <= MOST_BYTES
    with pytest.raises(ValueError, match="cannot hold"):
        encode(Verb.OPEN, "x" * 64)
    with pytest.raises(ValueError, match="cannot hold"):
        encode(Verb.OPEN, "a:b")


FORGED = (
    "", "0:open:invite", "2:open:invite", "1", "1:", "1:fly", "open", "1:open:moon", "1:page:x",
    "1:page:٣", "1:page:9999999", "1:page:-1", "1:lang:fr", "1:switch:moon:on", "1:faq:moon",
    "1:nick:1", "1:code", ":::",
)  # fmt: skip


def test_an_old_or_forged_keyboard_gets_the_menu(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/start")
    for data in FORGED:
        alice.taps_data(data, alice.last).sees("old_keyboard", "button.invite")
        alice.taps_data(data).sees("old_keyboard", "button.invite")
        assert alice.toast == alice.words("old_keyboard.toast")


def test_a_members_button_in_an_unbound_chat_leads_to_binding(talk: Talk) -> None:
    bob = talk.person("3003")
    for verb in Verb:
        bob.taps_data(encode(verb, "x", "y"))
        assert bob.fresh, verb
    bob.taps_data(encode(Verb.REFRESH, 0)).sees("start.contact")


@pytest.mark.parametrize("locale", list(Locale))
def test_stickers_nonsense_and_novels_get_a_helpful_answer(talk: Talk, locale: Locale) -> None:
    alice = talk.alice(locale)
    alice.sends_sticker().sees("unknown.other", "button.invite")
    alice.says("qwertz").sees("unknown.text", "button.progress")
    alice.says("长" * 401).sees("unknown.long")
    alice.says("/fly").sees("unknown.command")
    alice.says("/cancel").sees("cancel.nothing")
    for odd in ("", " ", "/", "//", "🙂", "<b>", "&amp;", "%s {x}", "\x00", "​", "@"):
        assert alice.says(odd).fresh, odd
    stranger = talk.person("4004", locale)
    stranger.sends_sticker().sees("unknown.other")
    stranger.says("qwertz").sees("unknown.text")


def test_double_taps_on_the_consent_ask_for_the_contact_again(talk: Talk) -> None:
    wang = talk.person("2002", phone="+8613800138012")
    wang.says("/start")
    data = wang.last.buttons[0].data
    wang.taps_data(data, wang.last).sees("start.contact")
    wang.taps_data(data).sees("start.contact")
    wang.shares_contact()
    wang.taps_data(data).sees("button.progress")


def test_groups_get_a_line_and_nothing_personal(talk: Talk) -> None:
    alice = talk.alice()
    talk.registers("+8613900139000")
    for words in ("/progress", "/invite@JiankaBot", "hi @jiankabot"):
        (reply,) = alice.in_group(words).replies
        assert reply.text == alice.words("group.private")
        assert [b.url for row in reply.rows for b in row] == [PLACE.chat_url]
    for words in ("good morning", "/progress@OtherBot"):
        assert alice.in_group(words).replies == ()


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("进度", Screen.PROGRESS), ("邀请", Screen.INVITE), ("邀請", Screen.INVITE),
        ("progress", Screen.PROGRESS), ("Progress?", Screen.PROGRESS),
        ("怎么看进度？", Screen.PROGRESS),
        ("How do I invite a friend?", Screen.INVITE), ("補登", Screen.CLAIM),
        ("奖励什么时候到账", Topic.WHEN), ("Ｉｎｖｉｔｅ", Screen.INVITE),
        ("活动规则", Topic.TERMS), ("when will i be paid", Topic.WHEN),
        ("我要找人工客服", Topic.PERSON), ("取消", Screen.CANCEL),
        ("你好", Screen.START), ("cancellation", None), ("不要取消我的卡", None),
        ("asdf", None), ("this", None), ("shipping", None), ("", None),
    ],
)  # fmt: skip
def test_plain_words_are_understood(typed: str, place: Screen | Topic | None) -> None:
    assert understand(typed) is place


@pytest.mark.parametrize("locale", list(Locale))
def test_who_types_a_buttons_label_gets_what_it_opens(locale: Locale) -> None:
    for name in ("invite", "progress", "claim", "help", "rewards", "settings", "cancel"):
        assert understand(text(locale, f"button.{name}")) is Screen(name)


def test_what_is_listened_for_leads_to_one_place_only() -> None:
    places: dict[str, str] = {}
    for one in (*Screen, *(f"faq.{topic}" for topic in Topic)):
        for locale in Locale:
            key = f"hear.{one}"
            if one in (Screen.CLAIMS, Screen.GREETING):
                continue
            for phrase in text(locale, key).split("|"):
                assert places.setdefault(phrase.casefold(), key) == key, phrase
                assert phrase.strip() == phrase
                assert phrase


def test_commands_are_read_with_their_payload_and_for_this_bot_only() -> None:
    typed = read_command("/START@jiankabot  b_Tok-en_1 ", "JiankaBot")
    assert typed is not None
    assert (typed.screen, typed.payload) == (Screen.START, "b_Tok-en_1")
    assert read_command("/start@OtherBot", "JiankaBot") is None
    assert read_command("start", "JiankaBot") is None
    unknown = read_command("/fly", "JiankaBot")
    assert unknown is not None
    assert unknown.screen is None


@pytest.mark.parametrize("locale", list(Locale))
def test_the_menu_fits_what_telegram_allows(locale: Locale) -> None:
    assert [command.name for command in COMMANDS] == [
        "start", "invite", "progress", "claim", "leaderboard",
        "help", "language", "settings", "privacy",
    ]  # fmt: skip
    for command in (*COMMANDS, *UNLISTED):
        assert 1 <= len(text(locale, command.key)) <= 256
    assert len(text(locale, "bot.name")) <= 64
    assert len(text(locale, "bot.short_description")) <= 120
    assert len(text(locale, "bot.description")) <= 512


def walk(person: Person) -> list[str]:
    """Open every screen there is by typing its command; the data of every button seen."""
    seen: list[str] = []
    for command in (*COMMANDS, *UNLISTED):
        person.says(f"/{command.name}")
        seen += [b.data for message in person.fresh for b in message.buttons if b.data]
    return seen


@pytest.mark.parametrize("locale", list(Locale))
def test_every_button_that_can_be_reached_answers(talk: Talk, locale: Locale) -> None:
    alice = talk.alice(locale)
    talk.registers("+8613900139000")
    waiting, tried = walk(alice), set[str]()
    leave = {encode(Verb.UNBIND, "yes"), encode(Verb.WITHDRAW, "yes")}
    while waiting:
        data = waiting.pop()
        tap = decode(data)
        one_by_one = tap.verb in (Verb.OPEN, Verb.FAQ, Verb.SWITCH)
        kind = f"{tap.verb} {tap.word(0)}" if one_by_one else tap.verb
        if kind in tried or data in leave or tap.verb is Verb.LANGUAGE:
            continue
        tried.add(kind)
        alice.taps_data(data)
        assert alice.fresh, data
        waiting += [b.data for message in alice.fresh for b in message.buttons if b.data]
    assert {Verb.POSTER, Verb.NICKNAME, Verb.EXPORT, Verb.SEND_CODE, Verb.CANCEL} <= tried
    assert {f"{Verb.FAQ} {topic}" for topic in Topic} <= tried
    with talk.database.reading() as session:
        chat = session.scalars(select(Chat).where(Chat.address == alice.sender)).one()
        assert chat.member_id == talk.story.alice
