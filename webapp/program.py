"""`jianka web`: the application behind granian, in a few processes."""

from __future__ import annotations

import gc
import os
import socket
import tempfile
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from shared.base.clock import Clock, file_clock, system_clock
from shared.base.database import open_database
from shared.base.errors import Misconfigured
from shared.base.log import configure_logs, log
from shared.base.privacy import read_keyring
from shared.base.settings import Mode, Settings, read_settings
from webapp.limits import COUNTS_FILE

_given: list[Settings] = []
"""The settings of `run`, for workers that are forked from it."""


def clock_of(settings: Settings) -> Clock:
    """The clock the settings name."""
    return file_clock(settings.clock_file) if settings.clock_file else system_clock


def application() -> Flask:
    """What each worker process serves: its own database connections, the same settings."""
    from webapp.app import create_app

    settings = _given[0] if _given else read_settings()
    configure_logs()
    database = open_database(settings.database_url, read_keyring(settings))
    app = create_app(settings, database, clock_of(settings))
    gc.collect()
    gc.freeze()  # what was made by now lives as long as the process
    return app


def host_of(settings: Settings) -> str:
    """Everybody in production, this machine alone in demo and test."""
    return "0.0.0.0" if settings.mode is Mode.PRODUCTION else "127.0.0.1"  # noqa: S104


def probe(host: str, port: int) -> None:
    """Misconfigured when the port is taken (the server itself answers that with a backtrace)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise Misconfigured(
                f"JIANKA_PORT: {host}:{port} cannot be used ({error.strerror}); "
                "stop the program that uses it or choose another port"
            ) from None


def run(settings: Settings) -> None:
    """Serve until interrupted. Misconfigured when the port is taken."""
    host = host_of(settings)
    probe(host, settings.port)
    configure_logs()
    _given[:] = [settings]
    with tempfile.TemporaryDirectory(prefix="jianka-web-") as shared:
        # Read by prometheus-client when the workers import it, so that /metrics sums them.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        os.environ[COUNTS_FILE] = str(Path(shared) / "counts.sqlite")
        server = Granian(
            "webapp.program:application",
            address=host,
            port=settings.port,
            interface=Interfaces.WSGI,
            factory=True,
            workers=settings.web_workers,
            blocking_threads=settings.web_threads,
            backlog=1024,
            respawn_failed_workers=True,
            workers_kill_timeout=10,
            log_level=LogLevels.error,
        )
        server.on_startup(lambda: log("web").info("listening", host=host, port=settings.port))
        server.serve()
