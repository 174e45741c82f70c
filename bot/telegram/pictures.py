"""Claims' pictures, fetched from Telegram one by one: never inside a transaction, never more bytes
than a picture may have, drawn anew before they are kept.

Addresses of files hold the token, so nothing of them, and no error's text, is ever logged.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
from telegram import Bot
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.delivery import Verdict
from bot.pace import Outage
from bot.telegram.errors import undelivered
from shared.actions.claim_fetching import (
    begin_fetch,
    picture_came,
    picture_failed,
    picture_refused,
    put_off,
)
from shared.base.clock import Clock
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.log import log
from shared.claims.pictures import Wanted, wanted
from shared.pictures.photo import MOST_BYTES, photo_jpeg
from shared.post.outbox import Channel

LOOK_EVERY = 1.0
"""Seconds between looks at what is wanted."""
_MOST_AT_ONCE = 20
_FETCH_SECONDS = 60.0
"""The longest a whole picture may take."""
_READ_SECONDS = 20.0

_log = log("bot")


def file_client(*, trust_env: bool) -> httpx.AsyncClient:
    """What downloads files; the library's own would hold whatever it is sent."""
    return httpx.AsyncClient(
        timeout=_READ_SECONDS, trust_env=trust_env, headers={"Accept-Encoding": "identity"}
    )


class Pictures:
    """Fetches what members attached. `base`: the address under which Telegram serves our files."""

    def __init__(
        self, database: Database, clock: Clock, bot: Bot, files: httpx.AsyncClient, base: str
    ) -> None:
        self._database, self._clock, self._bot = database, clock, bot
        self._files, self._base = files, base
        self._away = Outage(_log, "telegram files")
        self._database_away = Outage(_log, "database")

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            try:
                fetched = await self.fetch_wanted()
                self._database_away.is_over()
            except Exception as error:
                await asyncio.sleep(self._database_away.goes_on(type(error).__name__))
                continue
            if not fetched:
                await asyncio.sleep(LOOK_EVERY)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._files.aclose()

    async def fetch_wanted(self) -> int:
        """One pass over what is wanted now; how many were looked at."""
        with self._database.reading() as session:
            waiting = wanted(session, Channel.TELEGRAM.value, self._clock(), _MOST_AT_ONCE)
        for one in waiting:
            await self._fetch(one)
        return len(waiting)

    async def _fetch(self, one: Wanted) -> None:
        with self._database.transaction() as session:
            if not begin_fetch(session, one, self._clock()):
                return
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                raw = await self._downloaded(one.source)
            self._away.is_over()
            # Decoding takes up to seconds in which others are served.
            jpeg = await asyncio.to_thread(photo_jpeg, raw)
        except Refusal as refusal:
            self._refused(one, refusal.code.removeprefix("photo."))
        except (TelegramError, TimeoutError) as error:
            self._failed(one, error if isinstance(error, TelegramError) else NetworkError("slow"))
        else:
            with self._database.transaction() as session:
                kept = picture_came(session, one, jpeg)
            _log.info("picture_fetched", picture=one.id, kept=kept, bytes=len(jpeg))

    async def _downloaded(self, source: str) -> bytes:
        """The file. Refusal `photo.large`; TelegramError for whatever else goes wrong."""
        file = await self._bot.get_file(source)
        address = file.file_path or ""
        if (file.file_size or 0) > MOST_BYTES:
            raise Refusal("photo.large", most=MOST_BYTES // 2**20)
        if not address.startswith(self._base):  # a path of the server's own disk, or elsewhere
            raise BadRequest("no address of ours")
        try:
            return await self._read(address)
        except httpx.HTTPError as error:
            raise NetworkError(type(error).__name__) from error

    async def _read(self, address: str) -> bytes:
        raw = bytearray()
        async with self._files.stream("GET", address) as answer:
            if answer.status_code != httpx.codes.OK:
                raise NetworkError(f"status {answer.status_code}")
            async for piece in answer.aiter_raw(64 * 1024):
                raw += piece
                if len(raw) > MOST_BYTES:
                    raise Refusal("photo.large", most=MOST_BYTES // 2**20)
        return bytes(raw)

    def _refused(self, one: Wanted, why: str) -> None:
        with self._database.transaction() as session:
            picture_refused(session, one, why, self._clock())
        _log.info("picture_refused", picture=one.id, why=why)

    def _failed(self, one: Wanted, error: TelegramError) -> None:
        """Act on what the failure means; what is the network's own is not the picture's fault."""
        problem = undelivered(error)
        if isinstance(error, BadRequest) and "too big" in error.message.lower():
            self._refused(one, "large")
            return
        now = self._clock()
        with self._database.transaction() as session:
            if problem.verdict is Verdict.OUTAGE:
                pause = timedelta(seconds=self._away.goes_on(problem.code))
                put_off(session, one, now, pause)
            elif problem.verdict is Verdict.WAIT:
                put_off(session, one, now, timedelta(seconds=problem.wait))
            else:
                lasting = problem.verdict in (Verdict.PERMANENT, Verdict.UNREACHABLE)
                picture_failed(session, one, now, for_good=lasting)
        _log.warning("picture_failed", picture=one.id, problem=problem.code)
