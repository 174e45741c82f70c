"""From the outbox to a channel: in order within a chat, at the channel's pace, nothing lost.

Each chat has a line; a line is served by one task, answers before pushes. What the channel says
no to is settled by its verdict. A row stays owed in the database until it is marked, so a crash
at any moment costs at most a repeated text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.line import Line, Owed
from bot.messages import Reply, from_json, to_json
from bot.pace import Bucket, Outage, Pace
from shared.base.clock import Clock
from shared.base.database import Database
from shared.base.log import log
from shared.people.chats import Chat
from shared.post import outbox
from shared.post.outbox import Channel, Outbox, Urgency

LOOK_EVERY = 0.25
"""Seconds between looks at the outbox, so that a push goes out well within two."""
HANDED_OVER = timedelta(seconds=3)
"""How long an answer is its writer's to send; after a crash anybody's."""
BACKOFF = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 3600, 14400))
"""When a failed message is tried again; the eighth failure is the last."""
_BLOCKING_TRIES = 2
"""Failures that hold back the rest of the chat; later ones let it pass."""
_MOST_IN_HAND = 1000
_MOST_AT_ONCE = 200
_MARK_AFTER = 0.05

_log = log("bot")


class Verdict(StrEnum):
    """What a failed send means."""

    WAIT = "wait"
    """The channel names the seconds; not the message's fault."""
    RETRY = "retry"
    """Perhaps later; counted."""
    OUTAGE = "outage"
    """Nothing reaches the channel: everything waits, nothing is counted."""
    UNREACHABLE = "unreachable"
    """The person blocked us or is gone."""
    PERMANENT = "permanent"
    """This message will never be accepted."""


class Undelivered(Exception):
    """A channel's no. `code` is safe to log and keep; `wait` is seconds."""

    def __init__(self, verdict: Verdict, code: str, wait: float = 0.0) -> None:
        super().__init__(code)
        self.verdict, self.code, self.wait = verdict, code, wait


Send = Callable[[str, Reply, bool], Awaitable[None]]
"""(address, reply, edits a message with a picture); raises Undelivered."""
Word = Callable[[Session, Chat, str, dict[str, Any], datetime], Reply]
"""(session, chat, kind of notice, its parameters, now)."""


def answer_body(reply: Reply, *, on_picture: bool = False) -> dict[str, Any]:
    """The body of an outbox row that is already worded."""
    return {"reply": to_json(reply), "on_picture": on_picture}


class Delivery:
    """One channel's sender. `hand_over` what was just committed; `run` finds the rest."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channel: Channel,
        send: Send,
        word: Word,
        pace: Pace | None = None,
    ) -> None:
        self._database, self._clock, self._channel = database, clock, channel
        self._send, self._word = send, word
        self._pace = pace or Pace()
        self._all = Bucket(self._pace.all_burst, self._pace.all_rate)
        self._lines: dict[int, Line] = {}
        self._in_hand: set[int] = set()
        self._sent: list[int] = []
        self._marking: asyncio.TimerHandle | None = None
        self._away = Outage(_log, f"{channel.value} send")
        self._away_until = 0.0
        self._database_away = Outage(_log, "database")

    async def run(self) -> None:
        """Look for due rows until cancelled."""
        while True:
            pause = LOOK_EVERY
            try:
                self.look()
                self._database_away.is_over()
            except Exception as error:
                pause = self._database_away.goes_on(type(error).__name__)
            await asyncio.sleep(pause)

    def look(self) -> None:
        """Take what is due and put it in line; pushes to chats that blocked us fail here."""
        now = self._clock()
        if len(self._in_hand) >= _MOST_IN_HAND:
            return
        with self._database.reading() as session:
            if not outbox.anything_due(session, self._channel, now):
                return
        with self._database.transaction() as session:
            rows = outbox.take_due(session, self._channel, _MOST_AT_ONCE, now)
            fresh = [row for row in rows if row.id not in self._in_hand]
            ids = {row.chat_id for row in fresh}
            chats = {c.id: c for c in session.scalars(select(Chat).where(Chat.id.in_(ids)))}
            owed = [
                _owed(session, row, chats[row.chat_id])
                for row in fresh
                if row.chat_id in chats and not _is_vain(row, chats[row.chat_id])
            ]
            for row in fresh:
                if row.chat_id not in chats or _is_vain(row, chats[row.chat_id]):
                    outbox.mark_failed(session, row.id, Verdict.UNREACHABLE, now, retry_at=None)
        self.hand_over(owed)

    def hand_over(self, rows: Sequence[Owed]) -> None:
        """Send these, in order, after what their chats still wait for."""
        for owed in rows:
            if owed.row_id in self._in_hand:
                continue
            self._in_hand.add(owed.row_id)
            line = self._lines.get(owed.chat_id)
            if line is None:
                bucket = Bucket(self._pace.chat_burst, self._pace.chat_rate)
                line = self._lines[owed.chat_id] = Line(bucket)
            line.waiting[owed.urgency].append(owed)
            if line.task is None:
                line.task = asyncio.get_running_loop().create_task(self._serve(line))

    async def stop(self, grace: float) -> None:
        """Give what is being sent `grace` seconds; the rest stays owed."""
        tasks = [line.task for line in self._lines.values() if line.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._mark()

    async def _serve(self, line: Line) -> None:
        """Send one chat's messages one after the other."""
        try:
            while line.first() is not None:
                waited = await self._room(line)
                await self._deliver(line, merge=waited)
        except Exception as error:
            # Nothing is lost: the rows are owed, and are found again when their claim is over.
            _log.error("line_broken", problem=type(error).__name__)
            gone = [*line.being_served, *line.send_away()]
            self._in_hand.difference_update(owed.row_id for owed in gone)
        finally:
            line.task = None
            self._forget_idle()

    def _forget_idle(self) -> None:
        if len(self._lines) > _MOST_IN_HAND:
            idle = [c for c, at in self._lines.items() if at.task is None and at.bucket.full]
            for chat_id in idle:
                del self._lines[chat_id]

    async def _room(self, line: Line) -> bool:
        """Wait until this line may send; whether it had to."""
        waited = False
        while True:
            head = line.first()
            is_push = head is not None and head.urgency is Urgency.PUSH
            spare = self._pace.kept_for_answers if is_push else 0
            now = monotonic()
            pause = max(
                line.quiet_until - now,
                self._away_until - now,
                line.bucket.wait(),
                self._all.wait(spare),
            )
            if pause <= 0:
                break
            waited = True
            await asyncio.sleep(pause)
        line.bucket.take()
        self._all.take()
        return waited

    def _worded(self, owed: Owed) -> Reply:
        if "reply" in owed.body:
            return from_json(owed.body["reply"])
        with self._database.reading() as session:
            chat = session.get_one(Chat, owed.chat_id)
            notice, params = owed.body["notice"], owed.body.get("params", {})
            return self._word(session, chat, notice, params, self._clock())

    async def _deliver(self, line: Line, *, merge: bool) -> None:
        try:
            parcel = line.next(self._worded, merge=merge)
            await self._send(parcel.rows[0].address, parcel.reply, parcel.on_picture)
        except Undelivered as problem:
            self._settle(line, problem)
        except Exception as error:
            self._settle(line, Undelivered(Verdict.RETRY, type(error).__name__))
        else:
            self._away.is_over()
            self._sent += [owed.row_id for owed in parcel.rows]
            line.being_served = ()
            if self._marking is None:
                loop = asyncio.get_running_loop()
                self._marking = loop.call_later(_MARK_AFTER, self._mark)

    def _mark(self) -> None:
        """Mark what was sent, many in one transaction."""
        self._marking = None
        if not self._sent:
            return
        sent = self._sent
        try:
            with self._database.transaction() as session:
                outbox.mark_all_sent(session, sent, self._clock())
        except Exception as error:
            pause = self._database_away.goes_on(type(error).__name__)
            self._marking = asyncio.get_running_loop().call_later(pause, self._mark)
            return
        self._sent = []
        self._in_hand.difference_update(sent)

    def _settle(self, line: Line, problem: Undelivered) -> None:
        """Act on a verdict."""
        rows = line.being_served
        match problem.verdict:
            case Verdict.OUTAGE:
                self._away_until = monotonic() + self._away.goes_on(problem.code)
                line.put_back(rows)
            case Verdict.WAIT:
                line.put_back(rows)
                self._postpone(line, problem.wait)
            case Verdict.UNREACHABLE:
                self._failed((*rows, *line.send_away()), Verdict.UNREACHABLE, problem.code)
            case Verdict.PERMANENT if len(rows) > 1:
                line.put_back([replace(owed, alone=True) for owed in rows])
            case Verdict.PERMANENT:
                self._failed(rows, Verdict.PERMANENT, problem.code)
            case Verdict.RETRY:
                self._failed(rows, Verdict.RETRY, problem.code)
                self._hold(line, rows)

    def _postpone(self, line: Line, seconds: float) -> None:
        """The chat waits; written down, so that a restart does not forget it."""
        line.quiet_until = monotonic() + seconds
        ids = [owed.row_id for owed in line.everybody()]
        with self._database.transaction() as session:
            outbox.postpone(session, ids, self._clock() + timedelta(seconds=seconds))
        _log.warning("told_to_wait", channel=self._channel.value, seconds=seconds)

    def _hold(self, line: Line, rows: tuple[Owed, ...]) -> None:
        """The first failures hold the chat's order; then the rest may pass."""
        if rows[0].tries < _BLOCKING_TRIES:
            again = [replace(owed, tries=owed.tries + 1) for owed in rows]
            line.quiet_until = monotonic() + BACKOFF[rows[0].tries].total_seconds()
            line.put_back(again)
            self._in_hand.update(owed.row_id for owed in again)

    def _failed(self, rows: tuple[Owed, ...], verdict: Verdict, code: str) -> None:
        now = self._clock()
        with self._database.transaction() as session:
            for owed in rows:
                again = now + BACKOFF[min(owed.tries, len(BACKOFF) - 1)]
                retry_at = again if verdict is Verdict.RETRY else None
                outbox.mark_failed(session, owed.row_id, code, now, retry_at=retry_at)
            chat = session.get(Chat, rows[0].chat_id)
            if verdict is Verdict.UNREACHABLE and chat is not None:
                chat.blocked_at = now
        self._in_hand.difference_update(owed.row_id for owed in rows)
        _log.warning("undelivered", verdict=verdict.value, problem=code, rows=len(rows))


def _owed(session: Session, row: Outbox, chat: Chat) -> Owed:
    body = outbox.read_body(session, row)
    return Owed(row.id, chat.id, chat.address, Urgency(row.urgency), body, tries=row.tries)


def _is_vain(row: Outbox, chat: Chat) -> bool:
    return chat.blocked_at is not None and row.urgency == Urgency.PUSH


def _is_plain(reply: Reply) -> bool:
    """Words only."""
    return replace(reply, text="") == Reply("")
