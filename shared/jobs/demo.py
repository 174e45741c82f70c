"""`jianka demo`: the whole story on this machine, with no token, no network, no server.

One process supervises four: sandbox, web, bot and worker. They stop together: on Ctrl-C, on
SIGTERM, when one of them dies, and when the supervisor itself is killed (each holds a pipe
from it, see `lifeline`).
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO

import click

from shared.base.errors import Misconfigured
from shared.base.settings import Settings
from shared.jobs import demo_stage
from shared.jobs.console import complain, say, words
from shared.jobs.demo_stage import FOLDER, Stage, set_stage

PROGRAMS = ("sandbox", "web", "worker", "bot")
"""In the order of their start: the bot's first call finds the sandbox there."""

READY_WITHIN = 120.0
STOP_WITHIN = 15.0
_TICK = 0.1
_RENEW_EVERY = 2.0


@click.command(help=words("help.demo"))
def demo() -> None:
    """Play the whole story in a browser; Ctrl-C stops everything, the data stays."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with set_stage() as stage:
        settings = stage.settings
        for name, port in (
            ("JIANKA_SANDBOX_PORT", settings.sandbox_port),
            ("JIANKA_PORT", settings.port),
        ):
            _probe(name, port)
        say("demo.starting", folder=FOLDER)
        stage.load()
        with _running(stage) as programs:
            if _ready(settings, programs, stop):
                _announce(stage)
                _watch(stage, programs, stop)
        if stop.is_set():
            say("demo.stopped", folder=FOLDER)


def _probe(name: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise Misconfigured(words("demo.taken", port=port, name=name)) from error


@dataclass(frozen=True)
class Program:
    """One running program and where it writes what it has to say."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


@contextmanager
def _running(stage: Stage) -> Iterator[list[Program]]:
    """The four programs, started one after the other; whatever happens, none is left behind."""
    programs: list[Program] = []
    with ExitStack() as logs:
        try:
            for name in PROGRAMS:
                path = FOLDER / f"{name}.log"
                log = logs.enter_context(path.open("wb"))
                programs.append(Program(name, _start(name, stage, log), path))
            yield programs
        finally:
            _stop([program.process for program in programs])


def _start(name: str, stage: Stage, log: IO[bytes]) -> subprocess.Popen[bytes]:
    # A group of its own: the terminal's Ctrl-C reaches the supervisor alone, which stops the
    # programs in order. The pipe on stdin is the lifeline.
    return subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, "-P", "-m", "shared.cli", name, "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=stage.environment,
        process_group=0,
    )


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(processes):
        if process.poll() is None:
            process.terminate()
    deadline = monotonic() + STOP_WITHIN
    for process in processes:
        try:
            process.wait(max(0.0, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(settings: Settings, programs: list[Program], stop: threading.Event) -> bool:
    """Wait until the web answers and the bot listens; False when told to stop before."""
    addresses = [
        f"http://127.0.0.1:{settings.sandbox_port}/sandbox/api/bot",
        f"http://127.0.0.1:{settings.port}/readyz",
    ]
    deadline = monotonic() + READY_WITHIN
    while not stop.is_set():
        _look_after(programs)
        addresses = [address for address in addresses if not _answers(address)]
        if not addresses:
            return True
        if monotonic() > deadline:
            raise click.ClickException(words("demo.late", address=addresses[0], folder=FOLDER))
        stop.wait(_TICK)
    return False


def _answers(address: str) -> bool:
    # Not through a proxy of the environment: it would not know this machine's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _announce(stage: Stage) -> None:
    settings, story = stage.settings, stage.story
    say("demo.ready")
    say("demo.page", address=f"http://127.0.0.1:{settings.sandbox_port}/")
    say("demo.web", address=settings.public_url)
    say(
        "demo.tablet",
        address=f"{settings.public_url}/tablet/",
        code=story.tablet_code,
        staff_no=story.staff_no,
        pin=story.pin,
        manager_no=story.manager_no,
        manager_pin=story.manager_pin,
    )
    say(
        "demo.desk",
        address=f"{settings.public_url}/desk/",
        desk_no=demo_stage.DESK,
        desk_pin=demo_stage.DESK_PIN,
        second_no=demo_stage.SECOND,
        second_pin=demo_stage.SECOND_PIN,
        auditor_no=demo_stage.AUDITOR,
        auditor_pin=demo_stage.AUDITOR_PIN,
    )
    say("demo.stop", folder=FOLDER)
    sys.stdout.flush()


def _watch(stage: Stage, programs: list[Program], stop: threading.Event) -> None:
    """Until told to stop; a spent enrolment code of the tablet is followed by a fresh one."""
    renewed = monotonic()
    while not stop.is_set():
        _look_after(programs)
        if monotonic() - renewed > _RENEW_EVERY:
            stage.renew()
            renewed = monotonic()
        stop.wait(_TICK)


def _look_after(programs: list[Program]) -> None:
    """Whoever died takes all down, with its name, its status and its last line."""
    for program in programs:
        status = program.process.poll()
        if status is not None:
            if last := program.last_words():
                complain(last)
            raise click.ClickException(
                words("demo.died", name=program.name, status=status, log=program.log)
            )
