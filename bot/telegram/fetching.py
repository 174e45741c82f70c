"""Updates in: each is stored under its identity and committed before the next are asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest

from bot.pace import Outage
from bot.telegram.errors import seconds_to_wait
from bot.telegram.parse import ALLOWED_UPDATES
from shared.base.clock import Clock
from shared.base.database import Database
from shared.base.log import log
from shared.post import inbox

KIND = "telegram"
POLL_SECONDS = 25
_ANSWER_SECONDS = 10.0

_log = log("bot")


def _writer(update: dict[str, Any]) -> str:
    """Who wrote an update, so that it can be forgotten with them; empty for nobody."""
    for part in update.values():
        if isinstance(part, dict) and isinstance(part.get("from"), dict):
            return f"{KIND}:{part['from'].get('id', '')}"
    return ""


class Fetching:
    """The long poll. It asks with its own request, as the client's would hide the raw JSON."""

    def __init__(
        self,
        bot: Bot,
        request: BaseRequest,
        database: Database,
        clock: Clock,
        stored: Callable[[], None],
    ) -> None:
        self._address = f"{bot.base_url}/getUpdates"
        self._source = f"{KIND}:{bot.id}"
        self._request, self._database, self._clock = request, database, clock
        self._stored = stored
        self._away = Outage(_log, "telegram fetch")
        self._database_away = Outage(_log, "database")

    async def run(self) -> None:
        """Fetch until cancelled."""
        offset: int | None = None
        while True:
            updates = await self._ask(offset)
            while updates and (pause := self._store(updates)):
                await asyncio.sleep(pause)
            if updates:
                offset = max(int(update["update_id"]) for update in updates) + 1

    async def _ask(self, offset: int | None) -> list[dict[str, Any]]:
        """The next updates; empty after a quiet poll or a failure that was waited out."""
        wanted: dict[str, object] = {
            "timeout": POLL_SECONDS,
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        if offset is not None:
            wanted["offset"] = offset
        try:
            answer = await self._request.post(
                f"{self._address}?{urlencode(wanted)}",
                read_timeout=POLL_SECONDS + _ANSWER_SECONDS,
            )
        except TelegramError as error:
            pause = self._away.goes_on(type(error).__name__)
            await asyncio.sleep(max(pause, seconds_to_wait(error)))
            return []
        self._away.is_over()
        assert isinstance(answer, list)
        return answer

    def _store(self, updates: list[dict[str, Any]]) -> float:
        """Commit the updates: 0 when that is done, else the seconds until the next try."""
        items = [
            inbox.Item(self._source, str(update["update_id"]), update, _writer(update))
            for update in updates
        ]
        try:
            with self._database.transaction() as session:
                arrivals = inbox.store(session, KIND, items, self._clock())
        except Exception as error:
            return self._database_away.goes_on(type(error).__name__)
        self._database_away.is_over()
        if inbox.Arrival.CONFLICT in arrivals:
            _log.warning("update_changed", count=arrivals.count(inbox.Arrival.CONFLICT))
        self._stored()
        return 0.0
