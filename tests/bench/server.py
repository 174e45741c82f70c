"""A server as a process group of its own: started, asked how much it worked, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running server; its group's id is its first process's."""

    group: int
    port: int

    def cpu(self) -> float | None:
        """Seconds of processor time that the group has had; None where there is no /proc."""
        if not Path("/proc/self/stat").exists():
            return None
        return sum(_cpu_of(entry, self.group) for entry in Path("/proc").glob("[0-9]*"))


def _cpu_of(process: Path, group: int) -> float:
    try:
        # The name in parentheses may hold anything; after it: state, parent, group, …
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS if int(fields[2]) == group else 0.0


@contextmanager
def serving(
    command: Sequence[str], port: int, folder: Path, variables: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run `command` until the block is left; it listens on `port` when the block begins."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JIANKA_")}
    path = folder / f"server-{port}.log"
    with path.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment | dict(variables or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, port, path)
            yield Server(process.pid, port)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"no server on port {port}:\n{output.read_text()[-2000:]}")
