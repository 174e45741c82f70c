"""The program over HTTP: every update has one effect, every answer arrives, whatever breaks."""

import asyncio
import json
import signal
import time
from dataclasses import replace
from datetime import datetime

import pytest
from bot_running import echo, echo_process, in_a_thread, running_bot
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from telegram_stand_in import StandIn, eventually, stand_in

from bot import program
from bot.delivery import answer_body
from bot.flows.turn import Place
from bot.messages import Incoming, Reply, Response
from bot.pace import Outage
from bot.telegram import hearing
from shared.base.database import Database
from shared.base.errors import Misconfigured
from shared.base.settings import Settings
from shared.people.chats import Chat
from shared.post import inbox
from shared.post.inbox import Inbox
from shared.post.outbox import Channel, Outbox, send_later

both_engines = pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "RETRY_AFTER", (0.02, 0.02, 0.02, 0.02))
    monkeypatch.setattr(Outage, "LONGEST", 0.1)


def count(database: Database, table: type, *where: object) -> int:
    with database.reading() as session:
        found = session.scalar(select(func.count()).select_from(table).where(*where))  # type: ignore[arg-type]
    return found or 0


def test_what_is_said_is_answered(bot_settings: Settings, telegram: StandIn) -> None:
    alice = telegram.phone("Alice")
    with running_bot(bot_settings, echo):
        alice.says("hello")
        alice.sees("heard hello")


def test_updates_are_confirmed_only_after_they_are_stored(
    bot_settings: Settings, telegram: StandIn, database: Database
) -> None:
    alice = telegram.phone("Alice")
    with running_bot(bot_settings, echo):
        last = alice.says("hello")
        alice.sees("heard hello")
        eventually(lambda: not telegram.queued, "the confirmation")
        assert count(database, Inbox, Inbox.external_id == str(last)) == 1
    offsets = [int(c.params["offset"]) for c in telegram.of("getUpdates") if "offset" in c.params]
    assert offsets[0] == last + 1


@both_engines
def test_the_same_update_twice_has_one_effect(
    bot_settings: Settings, telegram: StandIn, database: Database
) -> None:
    alice = telegram.phone("Alice")
    with running_bot(bot_settings, echo):
        alice.says("once")
        update = telegram.queued[0]
        alice.sees("heard once")
    telegram.push_again(update)
    with running_bot(bot_settings, echo):
        alice.says("next")
        alice.sees("heard next")
    assert [m.words for m in alice.messages] == ["heard once", "heard next"]
    assert count(database, Inbox) == 2


@both_engines
def test_answers_keep_the_order_of_what_was_said(bot_settings: Settings, telegram: StandIn) -> None:
    alice, bob = telegram.phone("Alice"), telegram.phone("Bob")
    for n in range(10):
        alice.says(f"a{n}")
        bob.says(f"b{n}")
    alice.says("two")
    telegram.delay = 0.02
    with running_bot(bot_settings, echo):
        seen = alice.sees_new(12)
        bob.sees_new(10)
    assert [m.words for m in seen] == [*(f"heard a{n}" for n in range(10)), "first", "second"]
    assert [m.words for m in bob.messages] == [f"heard b{n}" for n in range(10)]


def test_one_slow_chat_does_not_hold_up_the_others(
    bot_settings: Settings, telegram: StandIn
) -> None:
    phones = [telegram.phone(f"P{n}") for n in range(12)]
    telegram.delay = 0.3
    for phone in phones:
        phone.says("hi")
    with running_bot(bot_settings, echo):
        for phone in phones:
            phone.sees("heard hi")
    assert telegram.most_at_once > 3


@both_engines
def test_a_poison_update_is_set_aside_after_five_tries_and_the_rest_flow_on(
    bot_settings: Settings, telegram: StandIn, database: Database
) -> None:
    alice, bob = telegram.phone("Alice", "en"), telegram.phone("Bob")
    poison = alice.says("boom")
    alice.says("after")
    bob.says("hello")
    with running_bot(bot_settings, echo):
        bob.sees("heard hello")
        alice.sees("that step did not go through")
        alice.sees("heard after")
        assert "heard after" in alice.messages[-1].words, "answers keep a chat's order"
        with database.reading() as session:
            row = session.scalars(select(Inbox).where(Inbox.external_id == str(poison))).one()
            assert (row.tries, row.problem) == (5, "RuntimeError")
            assert row.set_aside_at is not None
            assert row.done_at is None


def test_a_row_that_was_set_aside_can_be_replayed(
    bot_settings: Settings, telegram: StandIn, database: Database
) -> None:
    alice = telegram.phone("Alice")
    alice.says("boom")
    with running_bot(bot_settings, echo):
        alice.sees("抱歉")
        with database.reading() as session:
            row_id = session.scalars(select(Inbox.id)).one()

    with database.transaction() as session:
        inbox.replay(session, row_id)
    with running_bot(bot_settings, mended):
        alice.sees("mended")


def mended(session: Session, incoming: Incoming, place: Place, now: datetime) -> Response:
    """The conversation after its mistake was found."""
    return echo(session, replace(incoming, text="mended"), place, now)


@both_engines
def test_an_answer_that_was_committed_but_not_sent_goes_out_after_a_crash(
    bot_settings: Settings, telegram: StandIn, database: Database
) -> None:
    alice = telegram.phone("Alice")
    telegram.fails("sendMessage", 0, "the line is dead")
    process = echo_process(bot_settings)
    try:
        alice.says("hello")
        eventually(lambda: telegram.of("sendMessage"), "the first try")
        assert count(database, Outbox, Outbox.sent_at.is_(None)) == 1
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert alice.messages == []
    with running_bot(bot_settings, echo):
        alice.sees("heard hello", seconds=12)
    assert len(alice.messages) == 1
    assert count(database, Inbox) == 1


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_at_once_and_leaves_no_secrets_in_the_log(
    bot_settings: Settings, telegram: StandIn, sign: signal.Signals
) -> None:
    alice = telegram.phone("Alice", number="+8613800138001")
    telegram.fails("sendMessage", 502, "Bad Gateway")
    process = echo_process(bot_settings)
    alice.shares_contact()
    alice.sees("contact")
    process.send_signal(sign)
    _, lines = process.communicate(timeout=5)
    assert process.returncode == 0
    assert b'"event": "ready"' in lines
    assert b'"event": "undelivered"' in lines
    for secret in (b"TEST-token", b"13800138001", b"Alice", str(alice.id).encode()):
        assert secret not in lines


def test_a_push_reaches_the_phone_within_two_seconds(
    bot_settings: Settings, telegram: StandIn, database: Database
) -> None:
    alice = telegram.phone("Alice")
    with running_bot(bot_settings, echo):
        alice.says("hello")
        alice.sees("heard hello")
        with database.transaction() as session:
            chat = session.scalars(select(Chat)).one()
            body = answer_body(Reply("news"))
            send_later(session, Channel.TELEGRAM, body, chat.seen_at, chat_id=chat.id)
        alice.sees("news", seconds=2)


def test_flood_control_is_obeyed_and_the_answer_arrives(
    bot_settings: Settings, telegram: StandIn
) -> None:
    alice, bob = telegram.phone("Alice"), telegram.phone("Bob")
    telegram.fails("sendMessage", 429, "Too Many Requests", chat=alice.id, retry_after=1)
    with running_bot(bot_settings, echo):
        alice.says("hello")
        bob.says("hello")
        bob.sees("heard hello", seconds=0.9)
        alice.sees("heard hello")
    tries = [c for c in telegram.of("sendMessage") if int(c.params["chat_id"]) == alice.id]
    assert len(tries) == 2
    assert tries[1].at - tries[0].at >= 1


def test_who_blocked_the_bot_is_marked_and_comes_back(
    bot_settings: Settings, telegram: StandIn, database: Database
) -> None:
    alice = telegram.phone("Alice")

    def blocked() -> bool:
        return count(database, Chat, Chat.blocked_at.is_not(None)) == 1

    with running_bot(bot_settings, echo):
        telegram.fails("sendMessage", 403, "Forbidden: bot was blocked by the user")
        alice.says("hello")
        eventually(blocked, "the mark")
        alice.says("again")
        alice.sees("heard again")
        assert not blocked()
        alice.becomes("kicked")
        eventually(blocked, "the mark after the update")
        alice.becomes("member")
        eventually(lambda: not blocked(), "the way back")


def test_an_outage_of_telegram_is_waited_out_with_one_line_in_the_log(
    bot_settings: Settings, telegram: StandIn
) -> None:
    alice = telegram.phone("Alice")
    telegram.fails("getMe", 502, "Bad Gateway")
    telegram.fails("getUpdates", 502, "Bad Gateway")
    process = echo_process(bot_settings)
    alice.says("hello")
    alice.sees("heard hello")
    process.send_signal(signal.SIGTERM)
    _, lines = process.communicate(timeout=5)
    assert lines.count(b'"event": "outage"') == 2
    assert lines.count(b'"event": "outage_over"') == 2


def test_nothing_is_lost_while_nobody_answers_at_the_other_end(
    bot_settings: Settings, database: Database
) -> None:
    with stand_in() as before:
        port = before.port
        alice = before.phone("Alice")
        settings = bot_settings.model_copy(update={"telegram_api": before.url})
        with running_bot(settings, echo):
            alice.says("one")
            alice.sees("heard one")
            before.fails("sendMessage", 0, "the line is dead")
            alice.says("later")
            eventually(lambda: len(before.of("sendMessage")) == 2, "the second answer")
    with stand_in(port) as after:
        again = after.phone("Alice")
        with running_bot(settings, echo):
            again.sees("heard later", seconds=12)
    assert count(database, Outbox, Outbox.sent_at.is_(None)) == 0


def test_a_tap_edits_its_message_and_is_answered(bot_settings: Settings, telegram: StandIn) -> None:
    alice = telegram.phone("Alice")
    with running_bot(bot_settings, echo):
        alice.says("button")
        alice.taps("Tap")
        alice.sees("tapped 1:tap")
        eventually(lambda: alice.toasts == ["done"], "the toast")
    assert len(alice.messages) == 1
    assert alice.messages[0].buttons == []


def test_a_tap_below_a_picture_edits_its_caption(bot_settings: Settings, telegram: StandIn) -> None:
    alice = telegram.phone("Alice")
    with running_bot(bot_settings, echo):
        alice.says("picture")
        alice.taps("Tap")
        shown = alice.sees("tapped 1:tap")
    assert shown.photo is not None
    assert shown.photo.startswith(b"\x89PNG")
    assert len(telegram.of("editMessageCaption")) == 1


@pytest.mark.parametrize(
    ("problem", "messages"),
    [
        ("Bad Request: message is not modified: specified new message content …", 1),
        ("Bad Request: message to edit not found", 2),
        ("Bad Request: message can't be edited", 2),
    ],
)
def test_an_edit_that_cannot_be_is_no_failure(
    bot_settings: Settings,
    telegram: StandIn,
    database: Database,
    problem: str,
    messages: int,
) -> None:
    alice = telegram.phone("Alice")
    with running_bot(bot_settings, echo):
        alice.says("button")
        telegram.fails("editMessageText", 400, problem)
        alice.taps("Tap")
        alice.sees_new(messages)
        eventually(lambda: count(database, Outbox, Outbox.sent_at.is_not(None)) == 2, "the marks")
    assert count(database, Outbox, Outbox.failed_at.is_not(None)) == 0


def test_shares_are_personal_and_a_stranger_is_shown_how_to_begin(
    bot_settings: Settings, telegram: StandIn
) -> None:
    alice = telegram.phone("Alice")
    with running_bot(bot_settings, echo):
        alice.types_inline("K7Q2-M9XD")
        eventually(lambda: len(alice.shares) == 1, "the results")
        alice.types_inline("")
        eventually(lambda: len(alice.shares) == 2, "the hint")
    assert json.loads(alice.shares[0]["is_personal"]) is True
    assert "K7Q2-M9XD" in alice.shares[0]["results"]
    assert "how to begin" in alice.shares[1]["button"]


def test_a_group_is_answered_in_the_group(bot_settings: Settings, telegram: StandIn) -> None:
    alice = telegram.phone("Alice")
    group = {"id": -4000, "type": "group", "title": "Friends"}
    with running_bot(bot_settings, echo):
        alice.sends(chat=group, text="/invite@jianka_test_bot")
        sent = eventually(lambda: telegram.of("sendMessage"), "an answer")
    assert (sent[0].params["chat_id"], sent[0].words) == ("-4000", "group /invite")
    assert alice.messages == []


def test_menus_are_set_once_in_each_language_and_left_alone_afterwards(
    bot_settings: Settings, telegram: StandIn
) -> None:
    setters = ("setMyCommands", "setMyName", "setMyDescription", "setMyShortDescription")
    with running_bot(bot_settings, echo):
        eventually(lambda: len(telegram.of(*setters)) == 8, "the menus")
    with running_bot(bot_settings, echo):
        eventually(lambda: len(telegram.of("getMyShortDescription")) == 4, "a second look")
        time.sleep(0.1)
    assert len(telegram.of(*setters)) == 8
    chinese = [c for c in telegram.of("setMyName") if c.params.get("language_code") == "zh"]
    assert "荐卡" in chinese[0].params["name"]


def test_who_reads_traditional_chinese_has_a_menu_in_it(
    bot_settings: Settings, telegram: StandIn
) -> None:
    lin, alice = telegram.phone("Lin", "zh-hant"), telegram.phone("Alice", "zh-hans")
    with running_bot(bot_settings, echo):
        lin.says("hi")
        alice.says("hi")
        lin.says("again")
        lin.sees("heard again")

        def own_menus() -> list[str]:
            scopes = [c.params["scope"] for c in telegram.of("setMyCommands")]
            return [scope for scope in scopes if "chat_id" in scope]

        eventually(own_menus, "the menu")
    assert len(own_menus()) == 1
    assert str(lin.id) in own_menus()[0]


@pytest.mark.parametrize(
    ("token", "said"), [(None, "the bot needs one"), ("1:no", "does not know")]
)
def test_a_wrong_token_is_named(
    bot_settings: Settings, telegram: StandIn, token: str | None, said: str
) -> None:
    secret = SecretStr(token) if token else None
    wrong = bot_settings.model_copy(update={"telegram_token": secret})
    with pytest.raises(Misconfigured, match=said):
        in_a_thread(program.serve(wrong, asyncio.Event()))
