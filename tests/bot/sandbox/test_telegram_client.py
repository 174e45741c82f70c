"""The unchanged client library talks to the sandbox as it talks to Telegram."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import telegram_spec
from PIL import Image
from sandbox_server import TOKEN, Served
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaPhoto,
    InputTextMessageContent,
    KeyboardButton,
    MenuButtonCommands,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.ext import Application, CallbackQueryHandler, CommandHandler


def with_bot(sandbox: Served, play: Callable[[Bot], Awaitable[Any]], token: str = TOKEN) -> Any:
    async def run() -> Any:
        async with Bot(
            token, base_url=f"{sandbox.url}/bot", base_file_url=f"{sandbox.url}/file/bot"
        ) as bot:
            return await play(bot)

    return in_a_loop_of_its_own(run())


def in_a_loop_of_its_own(play: Coroutine[Any, Any, Any]) -> Any:
    """Runs in another thread: where a browser test ran before, this one has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, play).result()


def picture(size: tuple[int, int] = (300, 300)) -> bytes:
    drawn = io.BytesIO()
    Image.new("1", size, 1).save(drawn, "PNG")
    return drawn.getvalue()


KEYS = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("刷新", callback_data="p:1")],
        [
            InlineKeyboardButton("打开", url="http://127.0.0.1:8000/i/K7Q2M9XD"),
            InlineKeyboardButton("复制", copy_text=CopyTextButton("K7Q2-M9XD")),
            InlineKeyboardButton("分享", switch_inline_query="邀请"),
        ],
    ]
)


@pytest.fixture(autouse=True)
def every_call_follows_the_specification(sandbox: Served) -> Any:
    yield
    if telegram_spec.at_hand():
        assert telegram_spec.violations(sandbox.app.recorder) == []


def test_a_message_with_a_keyboard_arrives_and_is_edited(sandbox: Served) -> None:
    alice = sandbox.alice
    sandbox.does(alice, "say", text="/start")

    async def play(bot: Bot) -> None:
        updates = await bot.get_updates(timeout=2)
        assert updates[0].message.entities[0].type == "bot_command"
        chat = updates[0].effective_chat.id
        sent = await bot.send_message(
            chat, "<b>您的进度</b> 1&lt;2", parse_mode="HTML", reply_markup=KEYS
        )
        assert (sent.text, sent.entities[0].length) == ("您的进度 1<2", 4)
        edited = await bot.edit_message_text("好", chat, sent.message_id, reply_markup=KEYS)
        assert edited.edit_date is not None
        with pytest.raises(BadRequest, match="not modified"):
            await bot.edit_message_text("好", chat, sent.message_id, reply_markup=KEYS)
        plain = await bot.edit_message_reply_markup(chat, sent.message_id)
        assert plain.reply_markup is None
        answer = await bot.send_message(
            chat, "回复", reply_parameters=ReplyParameters(sent.message_id)
        )
        assert answer.reply_to_message.message_id == sent.message_id
        assert await bot.delete_message(chat, sent.message_id)

    with_bot(sandbox, play)
    shown = sandbox.get(f"/chats/{alice}/messages")["messages"]
    assert [one["deleted"] for one in shown] == [False, True, False]


def test_a_picture_is_sent_kept_sent_again_and_replaced(sandbox: Served) -> None:
    alice = sandbox.alice
    sandbox.does(alice, "say", text="/invite")

    async def play(bot: Bot) -> None:
        sent = await bot.send_photo(alice, picture(), caption="您的邀请", reply_markup=KEYS)
        assert (sent.photo[-1].width, sent.caption) == (300, "您的邀请")
        again = await bot.send_photo(alice, sent.photo[-1].file_id)
        file = await bot.get_file(again.photo[-1].file_id)
        assert bytes(await file.download_as_bytearray()) == picture()
        media = InputMediaPhoto(picture((200, 200)), caption="新的")
        changed = await bot.edit_message_media(media, alice, sent.message_id)
        assert (changed.photo[-1].width, changed.caption) == (200, "新的")
        await bot.edit_message_caption(alice, sent.message_id, caption="更新")
        document = await bot.send_document(alice, b"a,b\n1,2\n", filename="statement.csv")
        assert document.document.file_name == "statement.csv"
        with pytest.raises(BadRequest, match=r"(?i)image_process_failed"):
            await bot.send_photo(alice, b"no picture")

    with_bot(sandbox, play)
    first = sandbox.get(f"/chats/{alice}/messages")["messages"][1]["message"]
    kept = sandbox.client.get(f"/sandbox/api/files/{first['photo'][0]['file_id']}")
    assert kept.content == picture((200, 200))


def test_a_keyboard_asks_for_the_contact_and_the_contact_is_the_senders_own(
    sandbox: Served,
) -> None:
    alice, bob = sandbox.alice, sandbox.bob
    sandbox.does(alice, "say", text="/start")

    async def ask(bot: Bot) -> None:
        keyboard = ReplyKeyboardMarkup(
            [[KeyboardButton("发送我的号码", request_contact=True)]],
            one_time_keyboard=True,
            resize_keyboard=True,
        )
        await bot.send_message(alice, "请核对号码", reply_markup=keyboard)

    with_bot(sandbox, ask)
    phone = sandbox.get(f"/users/{alice}/changes")
    assert phone["keyboard"]["keyboard"][0][0]["request_contact"] is True
    sandbox.does(alice, "contact")
    sandbox.does(alice, "contact", phone="+8613900000000", first_name="Carol")
    sandbox.does(alice, "contact", of=bob)
    assert sandbox.get(f"/users/{alice}/changes")["keyboard"] is None

    async def read(bot: Bot) -> None:
        own, foreign, forwarded = (await bot.get_updates())[1:]
        assert own.message.contact.user_id == own.effective_user.id == alice
        assert own.message.contact.phone_number == "8613800138001"
        assert foreign.message.contact.user_id is None
        assert forwarded.message.contact.user_id == bob
        assert forwarded.message.forward_origin.sender_user.id == bob
        await bot.send_message(alice, "谢谢", reply_markup=ReplyKeyboardRemove())

    with_bot(sandbox, read)


def test_a_tap_reaches_the_bot_and_its_answer_reaches_the_phone(sandbox: Served) -> None:
    alice = sandbox.alice
    sandbox.does(alice, "say", text="/progress")

    async def send(bot: Bot) -> None:
        await bot.send_message(alice, "进度", reply_markup=KEYS)

    with_bot(sandbox, send)
    message = sandbox.get(f"/chats/{alice}/messages")["messages"][-1]["id"]
    query = sandbox.does(alice, "tap", message_id=message, label="刷新")
    assert query["answer"] is None

    async def answer(bot: Bot) -> None:
        tapped = (await bot.get_updates())[-1].callback_query
        assert (tapped.data, tapped.message.text) == ("p:1", "进度")
        await tapped.answer("没有变化", show_alert=True)
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await bot.answer_callback_query("999", "x")

    with_bot(sandbox, answer)
    answers = sandbox.get(f"/users/{alice}/changes")["answers"]
    assert answers == [{"id": query["id"], "answer": {"text": "没有变化", "show_alert": True}}]


def test_inline_results_are_personal_and_go_to_a_friend(sandbox: Served) -> None:
    alice, bob = sandbox.alice, sandbox.bob
    asked = sandbox.does(alice, "inline", query="邀请")

    async def answer(bot: Bot) -> None:
        query = (await bot.get_updates())[-1].inline_query
        result = InlineQueryResultArticle(
            "one", "邀请朋友", InputTextMessageContent("http://127.0.0.1:8000/i/K7Q2M9XD")
        )
        await query.answer([result], is_personal=True, cache_time=60)

    with_bot(sandbox, answer)
    mine = sandbox.does(alice, "inline", query="邀请")["answer"]
    assert asked["answer"] is None
    assert mine["results"][0]["title"] == "邀请朋友"
    assert sandbox.does(bob, "inline", query="邀请")["answer"] is None
    sandbox.does(alice, "choose", query="邀请", result=mine["results"][0], to=bob)
    received = sandbox.get(f"/users/{bob}/changes")["received"]
    assert received[0]["text"] == "http://127.0.0.1:8000/i/K7Q2M9XD"


def test_inline_results_that_are_not_personal_are_cached_for_everybody(sandbox: Served) -> None:
    sandbox.does(sandbox.alice, "inline", query="x")

    async def answer(bot: Bot) -> None:
        query = (await bot.get_updates())[-1].inline_query
        await query.answer([InlineQueryResultArticle("1", "A", InputTextMessageContent("a"))])

    with_bot(sandbox, answer)
    assert sandbox.does(sandbox.bob, "inline", query="x")["answer"]["results"][0]["id"] == "1"


def test_profile_and_menu_are_told_by_language_and_scope(sandbox: Served) -> None:
    alice = sandbox.alice
    sandbox.does(alice, "say", text="/start")

    async def play(bot: Bot) -> None:
        private = BotCommandScopeAllPrivateChats()
        await bot.set_my_commands([BotCommand("invite", "邀请朋友")], private, "zh")
        await bot.set_my_commands([BotCommand("invite", "Invite a friend")], private)
        await bot.set_my_name("荐卡", language_code="zh")
        await bot.set_my_description("推荐有礼")
        await bot.set_my_short_description("荐卡")
        await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
        assert (await bot.get_my_commands(private))[0].description == "Invite a friend"
        assert (await bot.get_my_description()).description == "推荐有礼"
        assert (await bot.get_chat_menu_button()).type == "commands"
        assert (await bot.get_chat(alice)).first_name == "Alice"
        with pytest.raises(BadRequest, match=r"(?i)invalid language code"):
            await bot.set_my_name("荐卡", language_code="zh-hans")
        with pytest.raises(BadRequest, match=r"(?i)bot_command_invalid"):
            await bot.set_my_commands([BotCommand("Invite", "x")])
        assert await bot.delete_my_commands(private)

    with_bot(sandbox, play)
    phone = sandbox.get(f"/users/{alice}/changes")
    assert phone["commands"] == [{"command": "invite", "description": "邀请朋友"}]
    assert phone["bot"]["name"] == "荐卡"
    sandbox.client.patch(f"/sandbox/api/users/{alice}", json={"language_code": "en"})
    assert sandbox.get(f"/users/{alice}/changes")["commands"] == []


def test_a_blocked_bot_and_a_stranger_are_refused(sandbox: Served) -> None:
    alice = sandbox.alice

    async def write(bot: Bot) -> None:
        await bot.send_message(alice, "hello")

    with pytest.raises(BadRequest, match="Chat not found"):
        with_bot(sandbox, write)
    sandbox.does(alice, "say", text="/start")
    with_bot(sandbox, write)
    sandbox.does(alice, "block")
    with pytest.raises(Forbidden, match="blocked by the user"):
        with_bot(sandbox, write)
    sandbox.does(alice, "unblock")
    with_bot(sandbox, write)

    async def statuses(bot: Bot) -> list[str]:
        updates = await bot.get_updates()
        return [u.my_chat_member.new_chat_member.status for u in updates if u.my_chat_member]

    assert with_bot(sandbox, statuses) == ["kicked", "member"]


def test_faults_on_order_reach_the_client_as_its_own_errors(sandbox: Served) -> None:
    sandbox.does(sandbox.alice, "say", text="/start")

    async def write(bot: Bot) -> Any:
        return await bot.send_message(sandbox.alice, "hello")

    sandbox.post("/faults", method="sendMessage", status=429, retry_after=7)
    with pytest.raises(RetryAfter) as late:
        with_bot(sandbox, write)
    assert late.value._retry_after.total_seconds() == 7
    sandbox.post("/faults", status=502, times=2, method="sendMessage")
    for _ in range(2):
        with pytest.raises(NetworkError):
            with_bot(sandbox, write)
    assert with_bot(sandbox, write).text == "hello"
    with pytest.raises(InvalidToken):
        with_bot(sandbox, write, token="8000000001:wrong")


def test_a_whole_application_polls_and_answers(sandbox: Served) -> None:
    alice = sandbox.alice

    async def run() -> None:
        app = (
            Application.builder()
            .token(TOKEN)
            .base_url(f"{sandbox.url}/bot")
            .base_file_url(f"{sandbox.url}/file/bot")
            .build()
        )

        async def start(update: Any, _: Any) -> None:
            await update.message.reply_text("您好", reply_markup=KEYS)

        async def refresh(update: Any, _: Any) -> None:
            await update.callback_query.answer("好")
            await update.callback_query.edit_message_text("已更新")

        app.add_handler(CommandHandler("start", start))
        app.add_handler(CallbackQueryHandler(refresh))
        async with app:
            await app.start()
            await app.updater.start_polling(timeout=5)
            await asyncio.to_thread(sandbox.does, alice, "say", text="/start")
            shown = await asyncio.to_thread(_wait_for, sandbox, alice, "您好")
            tapped = await asyncio.to_thread(
                sandbox.client.post,
                f"/sandbox/api/users/{alice}/tap?wait=5",
                json={"message_id": shown, "data": "p:1"},
            )
            assert tapped.json()["answer"] == {"text": "好"}
            await asyncio.to_thread(_wait_for, sandbox, alice, "已更新")
            await app.updater.stop()
            await app.stop()

    in_a_loop_of_its_own(run())


def _wait_for(sandbox: Served, chat: int, text: str) -> int:
    since = 0
    for _ in range(5):
        found = sandbox.get(f"/chats/{chat}/messages", since=since, wait=3)
        for one in found["messages"]:
            if one["message"].get("text") == text:
                return int(one["id"])
        since = found["seq"]
    raise AssertionError(f"{text} did not arrive")
