"""The bot as a program: in a thread of the test, or as a process of its own that can be killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot import program
from bot.flows.turn import Place
from bot.messages import Button, Incoming, Kind, Picture, Reply, Response, Shareable
from bot.pace import Pace
from shared.base.settings import Settings, read_settings
from shared.people.chats import find_or_add_chat

QUICK = Pace(chat_burst=100, chat_rate=100, all_burst=100, all_rate=1000)


def in_a_thread(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine away from the main thread, where a browser's driver may keep its loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def echo(session: Session, incoming: Incoming, place: Place, now: datetime) -> Response:
    """A conversation that says what it heard, and does what channel tests need."""
    if incoming.in_group:
        return Response((Reply(f"group {incoming.text}"),))
    chat = find_or_add_chat(session, incoming.channel, incoming.sender, incoming.language, now)
    if incoming.kind is Kind.LEFT:
        chat.blocked_at = now
        return Response()
    if incoming.kind is Kind.SHARE:
        shared = Shareable("r1", "title", "about", f"<b>{incoming.text}</b>")
        return Response(results=(shared,) if incoming.text else (), toast="how to begin")
    if incoming.kind is Kind.TAP:
        edited = Reply(f"tapped {incoming.text}", edits=incoming.message)
        return Response((edited,), toast="done")
    if incoming.kind is not Kind.TEXT:
        return Response((Reply(f"{incoming.kind} {incoming.phone} {incoming.own_contact}"),))
    return _said(incoming.text)


def _said(text: str) -> Response:
    word = text.split()[0]
    row = ((Button("Tap", data="1:tap"), Button("Share", share="x"), Button("Copy", copy="y")),)
    match word:
        case "boom":
            raise RuntimeError(text)
        case "two":
            return Response((Reply("first"), Reply("second")))
        case "button":
            return Response((Reply("with a button", rows=row),))
        case "picture":
            link = "http://127.0.0.1/i/K7Q2M9XD"
            picture = Picture("invite_qr", {"link": link})
            return Response((Reply("a picture", rows=row, picture=picture),))
        case "contact":
            return Response((Reply("your number?", ask_contact="Share my number"),))
    return Response((Reply(f"heard {text}"),))


@contextmanager
def running_bot(
    settings: Settings, respond: Any = None, pace: Pace = QUICK
) -> Iterator[asyncio.AbstractEventLoop]:
    """The program on a thread of its own; leaving stops it as SIGTERM would."""
    kept, program.respond = program.respond, respond or program.respond  # type: ignore[attr-defined]
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            loop.run_until_complete(program.serve(settings, stop, pace))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield loop
    finally:
        if not failures:
            loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        alive = thread.is_alive()
        loop.close() if not alive else None
        program.respond = kept  # type: ignore[attr-defined]
    assert not alive, "the bot does not stop"
    if failures:
        raise failures[0]


def echo_process(settings: Settings) -> subprocess.Popen[bytes]:
    """The program with the echo conversation as a process; its log comes on stderr."""
    environment = {
        "JIANKA_MODE": settings.mode.value,
        "JIANKA_DATABASE_URL": settings.database_url,
        "JIANKA_SECRET_KEYS": settings.secret_keys.get_secret_value(),
        "JIANKA_BLIND_INDEX_KEY": settings.blind_index_key.get_secret_value(),
        "JIANKA_TELEGRAM_API": settings.telegram_api,
        "JIANKA_TELEGRAM_TOKEN": (
            settings.telegram_token.get_secret_value() if settings.telegram_token else ""
        ),
    }
    return subprocess.Popen(
        [sys.executable, __file__],
        env={k: v for k, v in os.environ.items() if not k.startswith("JIANKA_")} | environment,
        stderr=subprocess.PIPE,
    )


if __name__ == "__main__":
    program.respond = echo  # type: ignore[attr-defined]
    program.run(read_settings())
