"""The door to Telegram: sends what was composed, and turns its errors into verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from telegram import Bot, InlineQueryResultsButton
from telegram.error import BadRequest, TelegramError

from bot.messages import Reply, Shareable
from bot.telegram.compose import Call, anew, compose, compose_results
from bot.telegram.drawing import draw
from bot.telegram.errors import is_not_editable, is_unchanged, undelivered
from shared.base.log import log

_SHARE_SECONDS = 10
"""How long Telegram's clients may show a person's own results again."""
_TOAST_LENGTH = 200

_log = log("bot")


class Door:
    """Everything that goes out. What is owed goes by `send`; the rest may be lost."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._running: set[asyncio.Task[None]] = set()

    async def send(self, address: str, reply: Reply, on_picture: bool) -> None:
        """One reply to one chat. Undelivered says what the failure means."""
        # Drawing a picture or a file takes milliseconds in which others may be served.
        calls = (
            await asyncio.to_thread(compose, reply, address, on_picture=on_picture, draw=draw)
            if reply.picture or reply.document
            else compose(reply, address, on_picture=on_picture, draw=draw)
        )
        try:
            for call in calls:
                await self._call(call)
        except BadRequest as error:
            if reply.edits is not None and is_unchanged(error):
                return
            if reply.edits is not None and is_not_editable(error):
                await self.send(address, anew(reply), False)
                return
            raise undelivered(error) from error
        except TelegramError as error:
            raise undelivered(error) from error

    def send_unowed(self, address: str, reply: Reply) -> None:
        """A reply that may be lost (a group's)."""
        self._start(self.send(address, reply, False))

    def answer_tap(self, query_id: str, toast: str) -> None:
        """Stop the button's clock, with a short word or none."""
        self._start(self._answer_tap(query_id, toast))

    def answer_share(self, query_id: str, results: tuple[Shareable, ...], hint: str) -> None:
        """A person's own results; `hint` stands above them and opens the chat with us."""
        self._start(self._answer_share(query_id, results, hint))

    def spend(self, work: Coroutine[Any, Any, object]) -> None:
        """Other calls that may be lost."""
        self._start(work)

    async def close(self) -> None:
        """Let go of what is still under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _call(self, call: Call) -> None:
        await getattr(self._bot, call.method)(**call.params)

    async def _answer_tap(self, query_id: str, toast: str) -> None:
        await self._bot.answer_callback_query(query_id, text=toast[:_TOAST_LENGTH] or None)

    async def _answer_share(self, query_id: str, results: tuple[Shareable, ...], hint: str) -> None:
        button = InlineQueryResultsButton(hint, start_parameter="share") if hint else None
        await self._bot.answer_inline_query(
            query_id,
            compose_results(results),
            cache_time=_SHARE_SECONDS,
            is_personal=True,
            button=button,
        )

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(_quietly(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _quietly(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except Exception as error:
        _log.info("answer_lost", problem=type(error).__name__)
