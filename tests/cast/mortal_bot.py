"""The bot's own parts without a network: programs that live as long as a test lets them.

Every act is a program's whole life: it opens nothing but the database, and what it had in hand
is gone when it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot_running import QUICK
from dying import Mortal
from sqlalchemy import select
from telegram import Bot
from telegram_stand_in import BOT_ID, TOKEN, USERNAME

from bot.conversation import respond
from bot.delivery import Delivery
from bot.flows.turn import Place
from bot.line import Owed
from bot.messages import Reply
from bot.notices import word_notice
from bot.telegram.fetching import KIND, _writer
from bot.telegram.hearing import Hearing
from shared.base.database import Database
from shared.post import inbox
from shared.post.inbox import Inbox
from shared.post.outbox import CLAIM_TERM, Channel

PLACE = Place("https://card.example", USERNAME, "荐卡银行", demo=True)
Json = dict[str, Any]


def _runs(work: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """In a thread of its own: a browser's loop may be running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


class _Nowhere:
    """Delivery, door and menus of a program that dies before it has sent anything."""

    def hand_over(self, rows: list[Owed]) -> None: ...
    def answer_tap(self, *_: object) -> None: ...
    def answer_share(self, *_: object) -> None: ...
    def send_unowed(self, *_: object) -> None: ...
    def follow(self, *_: object) -> None: ...


@dataclass
class MortalBot:
    """One person's chat with programs that die."""

    database: Database
    now: datetime
    person: Json
    every: int = 1
    """How many statements lie between two deaths."""
    shown: list[Reply] = field(default_factory=list)
    deaths: int = 0
    _updates: int = 100

    def __post_init__(self) -> None:
        self._mortal = Mortal(self.database)

    @property
    def chat(self) -> Json:
        return {"id": self.person["id"], "type": "private", "first_name": "A"}

    def message(self, **content: Any) -> Json:
        """An update: a message with this content."""
        self._updates += 1
        message = {
            "message_id": self._updates, "date": int(self.now.timestamp()), "chat": self.chat,
            "from": self.person,
        }  # fmt: skip
        return {"update_id": self._updates, "message": message | content}

    def tap(self, data: str) -> Json:
        """An update: a button is pressed."""
        self._updates += 1
        bot = {"id": BOT_ID, "is_bot": True, "first_name": "Jianka", "username": USERNAME}
        shown = {
            "message_id": 7, "date": int(self.now.timestamp()), "chat": self.chat, "from": bot,
            "text": "…",
        }  # fmt: skip
        query = {"id": str(self._updates), "from": self.person, "chat_instance": "1"}
        query |= {"message": shown, "data": data}
        return {"update_id": self._updates, "callback_query": query}

    def data_of(self, label: str) -> str:
        """What the newest button with this label holds."""
        for reply in reversed(self.shown):
            for button in (each for row in reply.rows for each in row):
                if button.label == label and button.data:
                    return button.data
        raise AssertionError(f"no button {label!r}")

    def stores(self, update: Json) -> None:
        """A program fetches the update (again) and commits it."""
        item = inbox.Item(f"{KIND}:{BOT_ID}", str(update["update_id"]), update, _writer(update))
        with self.database.transaction() as session:
            inbox.store(session, KIND, [item], self.now)

    def hears(self) -> None:
        """A program hears what is stored, and ends before it sends an answer."""
        nowhere = _Nowhere()
        hearing = Hearing(
            self.database, lambda: self.now, Bot(TOKEN), PLACE, respond, nowhere, nowhere,  # type: ignore[arg-type]
            nowhere,  # type: ignore[arg-type]
        )  # fmt: skip
        _runs(hearing.hear_waiting)

    def sends(self, *, marks: bool = True) -> list[Reply]:
        """A later program sends what is owed; what arrived. Not `marks`: it ends before it noted
        that anything was sent."""
        self.now += CLAIM_TERM + timedelta(seconds=1)
        arrived: list[Reply] = []

        async def send(_address: str, reply: Reply, _on_picture: bool) -> None:
            arrived.append(reply)

        def word(*given: Any) -> Reply:
            return word_notice(*given, issuer=PLACE.issuer)

        async def program() -> None:
            delivery = Delivery(
                self.database, lambda: self.now, Channel.TELEGRAM, send, word, QUICK
            )
            delivery.look()
            lines = [line.task for line in delivery._lines.values() if line.task is not None]
            await asyncio.gather(*lines)
            if marks:
                await delivery.stop(1)

        _runs(program)
        return arrived

    def lives(self, update: Json) -> list[Reply]:
        """Nothing dies; what arrived."""
        self.stores(update)
        self.hears()
        self.shown += (arrived := self.sends())
        return arrived

    def dies(self, update: Json) -> list[Reply]:
        """Programs die at every statement of storing and of hearing, as each commits, after each
        commit, and after sending before they noted it. What arrived in the end, once each."""
        self.deaths += self._mortal.dies_everywhere(lambda: self.stores(update), self.every)
        self.stores(update)
        self.deaths += self._mortal.dies_everywhere(self.hears, self.every)
        self.stores(update)  # nobody confirmed it, so it comes again
        self.hears()
        self.hears()
        once, again = self.sends(marks=False), self.sends()
        assert once == again, "a text was lost, or others came between"
        assert self.sends() == []
        self.deaths += 3
        self.shown += again
        return again

    def waiting(self) -> int:
        """How many updates nobody has heard."""
        with self.database.reading() as session:
            return len(session.scalars(select(Inbox.id).where(Inbox.done_at.is_(None))).all())
