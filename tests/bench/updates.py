"""The bot: updates through the whole program beside an echo of the library alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from time import perf_counter, process_time
from typing import Any

import httpx
from pairs import Row, Run, compare
from stage import MEMBERS, Stage, chat_address
from telegram import Bot, Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters
from telegram.request import HTTPXRequest

from bot.pace import Pace
from bot.program import build
from shared.base.clock import system_clock
from shared.base.database import Database

TARGET = 0.25
A_POLL = 100
"""Updates that Telegram gives at once."""
_ME = {"id": 123456, "is_bot": True, "first_name": "Bench", "username": "jianka_bench_bot"}
_AT_ONCE = Pace(10**6, 10.0**6, 10**6, 10.0**6)


def bot_updates(stage: Stage, pairs: int, updates: int) -> Iterator[Row]:
    """Updates of bound members through the whole program, in one process as in production."""
    target = TARGET if stage.is_default else None
    name = f"Bot update: inbox, read, write, reply ({stage.engine})"
    yield _row(stage, name, "/start", pairs, updates, target)
    name = f"Bot update: /progress, all of it ({stage.engine})"
    yield _row(stage, name, "/progress", pairs, updates // 3)


def _row(
    stage: Stage, name: str, typed: str, pairs: int, updates: int, target: float | None = None
) -> Row:
    database = stage.open()

    def ours(count: int) -> Run:
        return _timed(whole_program(stage, database, NoNetwork(typed, count)), count)

    def limit(count: int) -> Run:
        return _timed(echo(NoNetwork(typed, count)), count)

    try:
        limit(A_POLL)  # what is made once is made now
        ours(A_POLL)
        return compare(
            name,
            lambda: limit(updates),
            lambda: ours(updates),
            pairs,
            unit="updates/s",
            at_least=target,
        )
    finally:
        database.close()


def _timed(work: Coroutine[Any, Any, None], updates: int) -> Run:
    begin, cpu = perf_counter(), process_time()
    asyncio.run(work)
    return Run(updates, perf_counter() - begin, process_time() - cpu)


class NoNetwork(httpx.AsyncBaseTransport):
    """Telegram in memory, behind the library's own HTTP client: gives updates, takes answers."""

    _given = 0
    """Every update of this process has a number of its own."""

    def __init__(self, typed: str, updates: int) -> None:
        self._polls = _polls(typed, NoNetwork._given, updates)
        NoNetwork._given += updates
        self._owed = updates
        self.all_answered = asyncio.Event()

    def bot(self) -> Bot:
        """A bot whose clients end here instead of in a socket."""
        return Bot("123456:BENCH", request=self.client(), get_updates_request=self.client())

    def client(self) -> HTTPXRequest:
        """The library's client."""
        return HTTPXRequest(httpx_kwargs={"transport": self, "trust_env": False})

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        called = request.url.path.rpartition("/")[2]
        if called == "getUpdates":
            return httpx.Response(200, content=await self._poll())
        if called == "sendMessage":
            self._owed -= 1
            if self._owed == 0:
                self.all_answered.set()
            return httpx.Response(200, content=_SENT)
        return httpx.Response(200, content=_GET_ME if called == "getMe" else _TRUE)

    async def _poll(self) -> bytes:
        poll = next(self._polls, None)
        if poll is None:
            await self.all_answered.wait()
            await asyncio.sleep(0.001)
        return poll or _ok([])


def _ok(result: object) -> bytes:
    return json.dumps({"ok": True, "result": result}).encode()


_GET_ME, _TRUE = _ok(_ME), _ok(True)
_SENT = _ok(
    {
        "message_id": 7,
        "from": _ME,
        "chat": {"id": chat_address(0), "type": "private", "first_name": "Alice"},
        "date": 1_767_225_600,
        "text": "/start",
    }
)


def _polls(typed: str, first: int, updates: int) -> Iterator[bytes]:
    for start in range(first, first + updates, A_POLL):
        end = min(first + updates, start + A_POLL)
        yield _ok([_update(typed, number) for number in range(start, end)])


def _update(typed: str, number: int) -> dict[str, object]:
    address = chat_address(number % MEMBERS)
    person = {"id": address, "first_name": "Alice", "language_code": "zh-hans"}
    return {
        "update_id": 1000 + number,
        "message": {
            "message_id": number + 1,
            "from": person | {"is_bot": False},
            "chat": {"id": address, "type": "private", "first_name": "Alice"},
            "date": 1_767_225_600,
            "text": typed,
            "entities": [{"type": "bot_command", "offset": 0, "length": len(typed)}],
        },
    }


async def echo(network: NoNetwork) -> None:
    """Hear and answer all updates by python-telegram-bot alone, run as it is meant to be."""
    bot = network.bot()
    application = Application.builder().bot(bot).build()
    application.add_handler(MessageHandler(filters.TEXT, _echo))
    assert application.updater is not None
    async with application:
        await application.start()
        await application.updater.start_polling()
        await network.all_answered.wait()
        await application.updater.stop()
        await application.stop()


async def _echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    assert update.message.text is not None
    await update.message.reply_text(update.message.text)


async def whole_program(stage: Stage, database: Database, network: NoNetwork) -> None:
    """Hear and answer them by ours: inbox, conversation, outbox, sending, marking."""
    bot = network.bot()
    async with bot:
        polling = network.client()
        program = build(stage.settings(), database, system_clock, bot, polling, _AT_ONCE)
        parts = (program.fetching, program.hearing, program.delivery)
        loops = [asyncio.create_task(part.run()) for part in parts]
        await network.all_answered.wait()
        for loop in loops:
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop
        await program.delivery.stop(5.0)
        await program.door.close()
        await polling.shutdown()
