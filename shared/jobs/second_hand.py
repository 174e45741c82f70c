"""The second hand: a process that settles beside its leader for as long as many wait.

Python computes on one core at a time, and settling computes for most of its time; a thread more
was measured to gain nothing. The hand works under the leader's name, so the fence that voids
a leader's late batch voids the hand's; it is asked for when more members wait than are one batch,
and ends when the leader does, however that ends. A database in a file has one writer and needs
no hand.

A line of JSON a message: the database and its keys first (by the pipe, which nobody else reads),
then what to do; the answer says how many were settled.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import IO, Any

from shared.actions.settling import settle_waiting
from shared.base.database import Database, open_database
from shared.base.lease import LostLease
from shared.base.log import configure_logs, log
from shared.base.privacy import Keyring
from shared.rewards.queue import MOST, more_wait

REST_AFTER = 60.0
"""Seconds without anything to do, after which it ends; the next time takes a second to begin."""

_logger = log("second_hand")


@dataclass
class SecondHand:
    """The leader's hold on its second hand. Not for several threads."""

    database: Database
    most: int = MOST
    """Members a batch."""
    _process: _Process | None = field(default=None, init=False)
    _busy: bool = field(default=False, init=False)
    _used: float = field(default=0.0, init=False)

    def settle(self, holder: str, now: datetime) -> int:
        """Settle a batch oneself, and have the hand at the rest where more wait than are one; how
        many oneself. LostLease: nothing of it was written."""
        if self._useful and not self.busy and self._more_wait(now):
            self._ask(holder, now)
        return settle_waiting(self.database, holder, now, most=self.most)

    @property
    def busy(self) -> bool:
        """Whether the hand is at it."""
        if self._process is not None and self._busy and _waits(self._process.said):
            self._busy, self._used = False, monotonic()
            if not self._process.said.readline():  # it died, and the database undid its last
                self.close()
        return self._busy

    @property
    def pid(self) -> int | None:
        """The hand's process, when there is one."""
        return self._process.pid if self._process is not None else None

    def rest(self) -> None:
        """End the hand when it had nothing to do for a while."""
        if not self.busy and monotonic() - self._used > REST_AFTER:
            self.close()

    def close(self) -> None:
        """End the hand after the batch it is at. Before the lease is given up: the name of who
        gave it up is good until another takes the lease."""
        if self._process is not None:
            self._process.end()
            _logger.info("second_hand.ended", pid=self._process.pid)
        self._process, self._busy = None, False

    @property
    def _useful(self) -> bool:
        return self.database.engine.dialect.name != "sqlite" and (os.cpu_count() or 1) > 1

    def _more_wait(self, now: datetime) -> bool:
        with self.database.reading() as session:
            return more_wait(session, now, self.most)

    def _ask(self, holder: str, now: datetime) -> None:
        self._used = monotonic()
        try:
            if self._process is None:
                self._process = _Process()
                _logger.info("second_hand.begun", pid=self._process.pid)
                self._process.tell(_opening(self.database))
            self._process.tell({"holder": holder, "now": now.isoformat(), "most": self.most})
            self._busy = True
        except BrokenPipeError:
            self.close()


class _Process:
    """A hand and the two pipes to it."""

    def __init__(self) -> None:
        program = [sys.executable, "-P", "-m", __name__]
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(program, stdin=pipe, stdout=pipe, text=True)  # noqa: S603 (ours)
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._told, self.said = self._child.stdin, self._child.stdout
        self.pid = self._child.pid

    def tell(self, message: dict[str, Any]) -> None:
        """BrokenPipeError when nobody hears it."""
        self._told.write(json.dumps(message) + "\n")
        self._told.flush()

    def end(self) -> None:
        """Close the pipe, by which it knows, and wait."""
        with suppress(BrokenPipeError):
            self._told.close()
        self._child.wait()
        self.said.close()


def _opening(database: Database) -> dict[str, Any]:
    keys = database.keyring
    return {
        "database": database.engine.url.render_as_string(hide_password=False),
        "masters": {name: base64.b64encode(key).decode() for name, key in keys.masters.items()},
        "blind_key": base64.b64encode(keys.blind_key).decode(),
    }


def serve(orders: IO[str], answers: IO[str]) -> None:
    """Settle as told until the leader is gone: its end of the pipe closes with it."""
    opening = json.loads(orders.readline())
    keys = {name: base64.b64decode(key) for name, key in opening["masters"].items()}
    database = open_database(
        opening["database"], Keyring(keys, base64.b64decode(opening["blind_key"]))
    )
    try:
        while line := orders.readline():
            settled = _settle(database, json.loads(line), orders)
            with suppress(BrokenPipeError):
                answers.write(json.dumps({"settled": settled}) + "\n")
                answers.flush()
    finally:
        database.close()


def _settle(database: Database, order: dict[str, Any], orders: IO[str]) -> int:
    """Batch after batch while they are full and the leader is there; how many."""
    settled, most = 0, order["most"]
    now = datetime.fromisoformat(order["now"])
    try:
        while not _waits(orders):  # one order at a time: what waits is the end
            batch = settle_waiting(database, order["holder"], now, most=most)
            settled += batch
            if batch < most:
                break
    except LostLease:
        _logger.warning("lease.lost", holder=order["holder"])
    except Exception as error:  # its text may hold what no log should; the leader has the turn
        _logger.error("turn.failed", turn="second_hand", error=type(error).__name__)
    return settled


def _waits(pipe: IO[str]) -> bool:
    """Whether there is something to read, or the end."""
    return bool(select.select([pipe], [], [], 0)[0])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells everybody; the leader decides
    configure_logs()
    serve(sys.stdin, sys.stdout)
