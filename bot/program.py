"""The program `jianka bot`: updates in, answers and pushes out, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.conversation import respond
from bot.delivery import Delivery
from bot.flows.turn import Place
from bot.notices import word_notice
from bot.pace import Outage, Pace
from bot.telegram.door import Door
from bot.telegram.errors import seconds_to_wait
from bot.telegram.fetching import Fetching
from bot.telegram.hearing import Hearing
from bot.telegram.menu import ChatMenus, introduce
from bot.telegram.pictures import Pictures, file_client
from shared.base.clock import Clock, file_clock, system_clock
from shared.base.database import Database, open_database
from shared.base.errors import Misconfigured
from shared.base.log import configure_logs, log
from shared.base.privacy import read_keyring
from shared.base.settings import Mode, Settings
from shared.migrations.upgrade import check
from shared.post.outbox import Channel

GRACE = 3.0
"""Seconds that messages under way get when the program is told to stop."""
_CONNECTIONS = 64
_SEND_SECONDS = 20.0

_log = log("bot")


@dataclass(frozen=True)
class Program:
    """The parts, joined."""

    bot: Bot
    door: Door
    delivery: Delivery
    hearing: Hearing
    fetching: Fetching
    pictures: Pictures


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Misconfigured says what to mend."""
    configure_logs()
    asyncio.run(_until_signal(settings))


async def serve(settings: Settings, stop: asyncio.Event, pace: Pace | None = None) -> None:
    """Serve until `stop` is set; what is then still owed goes out after the next start."""
    _silence_libraries()
    token = _token(settings)
    clock = file_clock(settings.clock_file) if settings.clock_file else system_clock
    polling, sending = _request(settings, 1), _request(settings, _CONNECTIONS)
    bot = Bot(
        token,
        base_url=f"{settings.telegram_api}/bot",
        base_file_url=f"{settings.telegram_api}/file/bot",
        request=sending,
        get_updates_request=polling,
    )
    with _opened(settings) as database:
        try:
            if await _connected(bot, stop):
                program = build(settings, database, clock, bot, polling, pace or Pace())
                _log.info("ready", bot=bot.username)
                await _work(program, stop)
        finally:
            await bot.shutdown()
    _log.info("stopped")


def build(
    settings: Settings,
    database: Database,
    clock: Clock,
    bot: Bot,
    polling: HTTPXRequest,
    pace: Pace,
) -> Program:
    """Join the parts: Telegram → inbox → conversation → outbox → Telegram; pictures besides."""
    place = Place(
        public_url=settings.public_url,
        bot_username=bot.username,
        issuer=settings.issuer,
        demo=settings.mode is Mode.DEMO,
    )
    door = Door(bot)
    word = partial(word_notice, issuer=settings.issuer)
    delivery = Delivery(database, clock, Channel.TELEGRAM, door.send, word, pace)
    menus = ChatMenus(bot, door)
    hearing = Hearing(database, clock, bot, place, respond, delivery, door, menus)
    fetching = Fetching(bot, polling, database, clock, hearing.ring)
    files = file_client(trust_env=not _is_here(settings.telegram_api))
    base = f"{settings.telegram_api}/file/bot{bot.token}/"
    pictures = Pictures(database, clock, bot, files, base)
    return Program(bot, door, delivery, hearing, fetching, pictures)


async def _until_signal(settings: Settings) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    await serve(settings, stop)


async def _work(program: Program, stop: asyncio.Event) -> None:
    """Run the loops; if one breaks, stop them all and say why."""
    program.door.spend(introduce(program.bot))
    loops = [
        asyncio.create_task(part.run())
        for part in (program.fetching, program.hearing, program.delivery, program.pictures)
    ]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*loops, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*loops, stopping):
            task.cancel()
        await asyncio.gather(*loops, stopping, return_exceptions=True)
        await program.delivery.stop(GRACE)
        await program.door.close()
        await program.pictures.close()
    for task in done - {stopping}:
        task.result()


async def _connected(bot: Bot, stop: asyncio.Event) -> bool:
    """Get to know ourselves; False when told to stop before Telegram could be reached."""
    away = Outage(_log, "telegram")
    while not stop.is_set():
        try:
            await bot.initialize()
            # While a webhook is set, Telegram gives no updates to those who ask.
            await bot.delete_webhook()
            away.is_over()
            return True
        except InvalidToken:
            raise Misconfigured("JIANKA_TELEGRAM_TOKEN: Telegram does not know it") from None
        except TelegramError as error:
            pause = max(away.goes_on(type(error).__name__), seconds_to_wait(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
    return False


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    database = open_database(settings.database_url, read_keyring(settings))
    try:
        check(database)
        yield database
    finally:
        database.close()


def _token(settings: Settings) -> str:
    if settings.telegram_token is None:
        raise Misconfigured("JIANKA_TELEGRAM_TOKEN: the bot needs one (ask @BotFather for it)")
    return settings.telegram_token.get_secret_value()


def _request(settings: Settings, connections: int) -> HTTPXRequest:
    """A proxy of the environment is for the world outside, not for this machine's sandbox."""
    return HTTPXRequest(
        connection_pool_size=connections,
        read_timeout=_SEND_SECONDS,
        write_timeout=_SEND_SECONDS,
        pool_timeout=_SEND_SECONDS,
        httpx_kwargs={"trust_env": not _is_here(settings.telegram_api)},
    )


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _silence_libraries() -> None:
    """Their lines hold the token (in addresses) and people's messages (in answers)."""
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
