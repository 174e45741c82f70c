"""`jianka demo` from outside: it becomes ready, answers, stops wholly, keeps its data."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import httpx
import pytest
from ports import free_port

READY = 150.0
GONE = 20.0


class Demo:
    """One demo in a folder of its own, on free ports; its output is collected."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.sandbox_port = free_port(), free_port()
        self.mark = uuid.uuid4().hex
        self.lines: list[str] = []

    def start(self) -> Demo:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("JIANKA_")}
        environment |= {
            "JIANKA_PORT": str(self.port),
            "JIANKA_SANDBOX_PORT": str(self.sandbox_port),
            "LC_ALL": "C.UTF-8",
            "MARK": self.mark,
        }
        self.lines.clear()
        self.process = subprocess.Popen(
            [str(Path(sys.executable).parent / "jianka"), "demo"],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()
        return self

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def ready(self) -> Demo:
        wait_for(lambda: "ready" in self.output or self.process.poll() is not None, READY)
        wait_for(lambda: "Ctrl-C" in self.output or self.process.poll() is not None, READY)
        assert self.process.poll() is None, self.output
        return self

    def ends(self) -> int:
        status = self.process.wait(GONE)
        self.reader.join(GONE)
        return status

    def left_behind(self) -> list[int]:
        """The processes that came from this start and still live."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"MARK={self.mark}".encode() in entry.read_bytes():
                    found.append(int(entry.parent.name))
            except OSError:  # gone, or somebody else's
                continue
        return found

    def child(self, name: str) -> int:
        """The process of one of the programs."""
        for number in self.left_behind():
            words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
            parent = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[1]
            if name.encode() in words and int(parent) == self.process.pid:
                return number
        raise LookupError(name)


def wait_for(true: Callable[[], bool], seconds: float) -> None:
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, "waited in vain"
        sleep(0.05)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    made = Demo(tmp_path)
    yield made
    if hasattr(made, "process") and made.process.poll() is None:
        made.process.terminate()
        made.ends()
    for number in made.left_behind():
        os.kill(number, signal.SIGKILL)


def test_it_is_ready_answers_leaves_nothing_keeps_its_data_and_dies_as_one(
    demo: Demo,
) -> None:
    demo.start().ready()
    story = json.loads((demo.folder / "var/demo/story.json").read_text())
    for address in (
        f"http://127.0.0.1:{demo.sandbox_port}/",
        f"http://127.0.0.1:{demo.port}/",
        f"http://127.0.0.1:{demo.port}/tablet/",
    ):
        assert address.rstrip("/") in demo.output
        with httpx.Client(trust_env=False, follow_redirects=True, timeout=20) as client:
            assert client.get(address).status_code in (200, 404)  # no page stands at the root
    assert story["tablet_code"] in demo.output
    assert story["pin"] in demo.output
    assert len(demo.left_behind()) >= 5

    os.killpg(demo.process.pid, signal.SIGINT)  # what a terminal's Ctrl-C does
    assert demo.ends() == 0
    assert demo.left_behind() == []
    assert "Traceback" not in demo.output

    database = demo.folder / "var/demo/jianka.db"
    with closing(sqlite3.connect(database)) as connection:
        before = connection.execute("SELECT id, customer_ref FROM members").fetchall()
    keys = (demo.folder / "var/demo/keys").read_text()
    assert len(before) == 12
    assert (demo.folder / "var/demo/keys").stat().st_mode & 0o077 == 0

    demo.start().ready()
    assert json.loads((demo.folder / "var/demo/story.json").read_text()) == story
    assert (demo.folder / "var/demo/keys").read_text() == keys
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT id, customer_ref FROM members").fetchall() == before

    os.kill(demo.child("worker"), signal.SIGKILL)  # one dies: all go, and it is named
    assert demo.ends() == 1
    assert "worker stopped by itself (status -9)" in demo.output
    assert demo.left_behind() == []
    assert "Traceback" not in demo.output


@pytest.mark.parametrize("name", ["port", "sandbox_port"])
def test_a_taken_port_is_named_before_anything_starts(demo: Demo, name: str) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = int(other.getsockname()[1])
        setattr(demo, name, taken)
        assert demo.start().ends() == 1
    assert demo.output.splitlines() == [
        f"jianka: port {taken} is taken: stop the program that uses it, or choose another by "
        f"JIANKA_{name.upper()}."
    ]
    assert not (demo.folder / "var/demo/jianka.db").exists()


def test_sigterm_while_it_starts_leaves_nothing(demo: Demo) -> None:
    demo.start()
    wait_for(lambda: "Starting" in demo.output, READY)
    demo.process.terminate()
    assert demo.ends() == 0
    assert demo.left_behind() == []
    assert "Traceback" not in demo.output


def test_a_second_one_in_the_folder_is_refused_and_a_killed_one_leaves_nothing(demo: Demo) -> None:
    demo.start()
    wait_for(lambda: "Starting" in demo.output, READY)
    second = Demo(demo.folder)
    assert second.start().ends() == 1
    assert "already running" in second.output
    wait_for(lambda: len(demo.left_behind()) >= 5, READY)
    demo.process.kill()
    demo.ends()
    wait_for(lambda: demo.left_behind() == [], GONE)
