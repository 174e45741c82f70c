"""`jianka sandbox`: the Telegram look-alike and its page, for the demo."""

from __future__ import annotations

import json
import signal
import socket
from dataclasses import replace
from pathlib import Path

from werkzeug.serving import make_server

from bot.sandbox.app import Counter, Sandbox, SandboxSettings, create_sandbox
from shared.base.errors import Misconfigured
from shared.base.settings import Mode, Settings

HOST = "127.0.0.1"
STORY = "story.json"
"""Beside the clock file: what the branch's staff know by heart, written by the demo."""


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Misconfigured in production, or when the port is taken."""
    if settings.mode is Mode.PRODUCTION:
        raise Misconfigured("JIANKA_MODE: the sandbox is for test and demo modes")
    probe(settings.sandbox_port)
    app = build(settings)
    server = make_server(HOST, settings.sandbox_port, app, threaded=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        app.world.close()
        server.server_close()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def probe(port: int) -> None:
    """Misconfigured when the sandbox's port is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            raise Misconfigured(
                f"JIANKA_SANDBOX_PORT: {HOST}:{port} cannot be used ({error.strerror}); "
                "stop the program that uses it or choose another port"
            ) from None


def build(settings: Settings) -> Sandbox:
    """The sandbox of these settings; its memory lies beside the clock file."""
    folder = settings.clock_file.parent if settings.clock_file else Path.cwd() / "var"
    token = settings.telegram_token.get_secret_value() if settings.telegram_token else ""
    secrets = settings.bank_webhook_secrets
    app = create_sandbox(
        SandboxSettings(
            state_path=folder / "sandbox.db",
            token=token,
            web_url=settings.public_url,
            bank_secret=secrets[0].get_secret_value() if secrets else "",
            clock_file=settings.clock_file,
            port=settings.sandbox_port,
            counter=_counter(folder / STORY),
        )
    )

    @app.before_request
    def counter_as_it_stands() -> None:
        # A spent enrolment code is followed by a fresh one while we run.
        app.world.settings = replace(app.world.settings, counter=_counter(folder / STORY))

    return app


def _counter(story: Path) -> Counter | None:
    try:
        told = json.loads(story.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Counter(told["tablet_code"], told["staff_no"], told["pin"])
