"""Stored updates are heard: in order within a chat, each wholly or not at all, poison set aside.

What waits is heard a few in one transaction, as the commit costs more than most answers; when
one of them fails, each is heard in a transaction of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from sqlalchemy.orm import Session
from telegram import Bot, Update

from bot.delivery import HANDED_OVER, Delivery, answer_body
from bot.flows.turn import Place
from bot.line import Owed
from bot.messages import Incoming, Kind, Reply, Response
from bot.pace import Outage
from bot.telegram.door import Door
from bot.telegram.fetching import KIND
from bot.telegram.menu import ChatMenus
from bot.telegram.parse import chat_key, parse
from shared.actions.joining import language
from shared.base import i18n
from shared.base.clock import Clock
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.base.log import log
from shared.people.chats import Chat, chat_at, find_or_add_chat
from shared.post import inbox, outbox
from shared.post.outbox import Channel, Urgency

LOOK_EVERY = 1.0
"""Seconds between looks when nothing new was stored (a replayed row has no bell)."""
RETRY_AFTER = (0.2, 0.5, 1.0, 2.0)
"""Seconds before a failed update is heard again; its chat waits so that order is kept."""
TOGETHER = 32
"""Updates heard in one transaction: their answers go out when the last of them is done."""
_MOST = 100

Respond = Callable[[Session, Incoming, Place, datetime], Response]

_log = log("bot")


@dataclass(frozen=True)
class _Heard:
    """What is left to do after the commit."""

    update: Update
    incoming: Incoming
    response: Response
    chat: Chat | None = None
    """The person's own; none in a group."""
    spoken: Locale | None = None
    """The language the chat is spoken to."""
    owed: tuple[Owed, ...] = ()


class Hearing:
    """Hears what `Fetching` stored. `bell` says that there is something new."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot: Bot,
        place: Place,
        respond: Respond,
        delivery: Delivery,
        door: Door,
        menus: ChatMenus,
    ) -> None:
        self._database, self._clock, self._bot = database, clock, bot
        self._place, self._respond = place, respond
        self._delivery, self._door, self._menus = delivery, door, menus
        self._stuck: dict[str, float] = {}
        self._bell = asyncio.Event()
        self._away = Outage(_log, "database")

    def ring(self) -> None:
        """Something was stored."""
        self._bell.set()

    async def run(self) -> None:
        """Hear until cancelled."""
        while True:
            self._bell.clear()
            try:
                heard = await self.hear_waiting()
                self._away.is_over()
            except Exception as error:
                await asyncio.sleep(self._away.goes_on(type(error).__name__))
                continue
            if not heard:
                await self._rest()

    async def _rest(self) -> None:
        """Until the bell rings, or a chat that is stuck may be tried again."""
        soonest = min(self._stuck.values(), default=monotonic() + LOOK_EVERY)
        pause = min(max(soonest - monotonic(), 0.01), LOOK_EVERY)
        try:
            await asyncio.wait_for(self._bell.wait(), pause)
        except TimeoutError:
            return

    async def hear_waiting(self) -> int:
        """One pass over what waits; how many rows it got done."""
        done = 0
        waiting = self._waiting()
        # Looked at once: a line set free in the middle would be heard from its middle on.
        stuck = {line for line, until in self._stuck.items() if until > monotonic()}
        for start in range(0, len(waiting), TOGETHER):
            free = [row for row in waiting[start : start + TOGETHER] if _line_of(*row) not in stuck]
            together = self._hear_together(free)
            done += together if together is not None else await self._hear_each(free, stuck)
            # Answers begin to go out while the next updates are heard.
            await asyncio.sleep(0)
        return done

    def _hear_together(self, rows: list[tuple[int, Update | None]]) -> int | None:
        """In one transaction; how many, or None when one failed and so none was heard."""
        try:
            heard = self._hear(rows)
        except Exception:
            return None
        for row_id, update in rows:
            self._stuck.pop(_line_of(row_id, update), None)
        for each in heard:
            self._after(each)
        return len(rows)

    async def _hear_each(self, rows: list[tuple[int, Update | None]], stuck: set[str]) -> int:
        """Each in a transaction of its own; who fails joins `stuck` and holds up their line."""
        done = 0
        for row_id, update in rows:
            line = _line_of(row_id, update)
            if line in stuck:
                continue
            done += self._hear_or_count(row_id, update, line)
            if line in self._stuck:
                stuck.add(line)
            await asyncio.sleep(0)
        return done

    def _waiting(self) -> list[tuple[int, Update | None]]:
        with self._database.reading() as session:
            rows = inbox.waiting(session, KIND, _MOST)
            return [(row.id, self._read(session, row)) for row in rows]

    def _read(self, session: Session, row: inbox.Inbox) -> Update | None:
        """The stored update; None when it cannot be read, which is counted like other poison."""
        try:
            return Update.de_json(inbox.read_body(session, row), self._bot)
        except Exception:
            return None

    def _hear_or_count(self, row_id: int, update: Update | None, key: str) -> bool:
        try:
            heard = self._hear([(row_id, update)])
        except Exception as error:
            tries = self._count_failure(row_id, update, type(error).__name__)
            if tries < inbox.MOST_TRIES:
                self._stuck[key] = monotonic() + RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1]
            else:
                self._stuck.pop(key, None)
            return False
        self._stuck.pop(key, None)
        for each in heard:
            self._after(each)
        return True

    def _hear(self, rows: list[tuple[int, Update | None]]) -> list[_Heard]:
        """The effects, the marks and the answers, in one transaction."""
        now = self._clock()
        with self._database.transaction() as session:
            taken = inbox.take(session, [row_id for row_id, _ in rows], now)
            heard = [
                each
                for row_id, update in rows
                if row_id in taken and (each := self._answered(session, update, now)) is not None
            ]
            return _owe(session, heard, now)

    def _answered(self, session: Session, update: Update | None, now: datetime) -> _Heard | None:
        if update is None:
            raise ValueError("unreadable")
        incoming = parse(update, self._place.bot_username)
        if incoming is None:
            return None
        response = self._respond(session, incoming, self._place, now)
        chat = None
        if not incoming.in_group:
            chat = chat_at(session, incoming.channel, incoming.sender)
        heard = _Heard(update, incoming, response, chat, language(session, chat) if chat else None)
        session.flush()
        session.expunge_all()  # who comes next in this transaction sees what others committed
        return heard

    def _after(self, heard: _Heard) -> None:
        """The commit stands: send what is owed, then what may be lost."""
        self._delivery.hand_over(heard.owed)
        try:
            self._answer_directly(heard.update, heard)
        except Exception as error:
            _log.error("answer_lost", problem=type(error).__name__)

    def _answer_directly(self, update: Update, heard: _Heard) -> None:
        if update.callback_query is not None:
            self._door.answer_tap(update.callback_query.id, heard.response.toast)
        if update.inline_query is not None:
            response = heard.response
            self._door.answer_share(update.inline_query.id, response.results, response.toast)
        if heard.incoming.in_group and update.effective_chat is not None:
            for reply in heard.response.replies:
                self._door.send_unowed(str(update.effective_chat.id), reply)
        if heard.chat and heard.spoken and heard.incoming.kind is not Kind.LEFT:
            self._menus.follow(heard.chat, heard.spoken)

    def _count_failure(self, row_id: int, update: Update | None, problem: str) -> int:
        """In a transaction of its own, as the failed one left nothing."""
        now = self._clock()
        with self._database.transaction() as session:
            inbox.mark_failed(session, row_id, problem, now)
            row = session.get_one(inbox.Inbox, row_id)
            tries, is_poison = row.tries, row.set_aside_at is not None
            apology = _apologise(session, update, self._place, now) if is_poison else ()
        _log.error("update_failed", row=row_id, problem=problem, tries=tries, set_aside=is_poison)
        self._delivery.hand_over(apology)
        return tries


def _line_of(row_id: int, update: Update | None) -> str:
    """Who must wait when this one fails."""
    return chat_key(update) if update is not None else f"row {row_id}"


def _owe(session: Session, heard: list[_Heard], now: datetime) -> list[_Heard]:
    """What was heard with its answers: outbox rows that are ours to send for a few seconds."""
    answers = [
        (place, each.chat, answer_body(reply, on_picture=each.incoming.message_has_picture))
        for place, each in enumerate(heard)
        if each.chat is not None
        for reply in each.response.replies
    ]
    ids = outbox.send_answers(
        session,
        Channel.TELEGRAM,
        [(chat.id, body) for _, chat, body in answers],
        now,
        now + HANDED_OVER,
    )
    owed: list[list[Owed]] = [[] for _ in heard]
    for row_id, (place, chat, body) in zip(ids, answers, strict=True):
        owed[place].append(Owed(row_id, chat.id, chat.address, Urgency.ANSWER, body))
    return [replace(each, owed=tuple(mine)) for each, mine in zip(heard, owed, strict=True)]


def _apologise(
    session: Session, update: Update | None, place: Place, now: datetime
) -> tuple[Owed, ...]:
    """Nobody talks to a wall: who wrote what we could not hear is told so."""
    incoming = parse(update, place.bot_username) if update is not None else None
    if update is None or incoming is None or incoming.in_group:
        return ()
    if incoming.kind in (Kind.LEFT, Kind.SHARE):
        return ()
    chat = find_or_add_chat(session, incoming.channel, incoming.sender, incoming.language, now)
    text = i18n.text(language(session, chat), "telegram.trouble")
    told = _Heard(update, incoming, Response((Reply(text),)), chat)
    return _owe(session, [told], now)[0].owed
