"""Erasures outside the database: a file that a restored backup is held against.

A line is JSON: the database's fingerprint, a person's internal id, since when that person was
known, and when they were erased. It names nobody. The worker appends what is new to the file of
JIANKA_ERASURES; after a restore `jianka doctor --replay-erasures FILE` erases again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.actions.erasing import erase_person
from shared.base.database import Database
from shared.base.errors import Misconfigured
from shared.people.erasures import Erased, erasures, last_erasure, still_known


@dataclass(frozen=True)
class Replayed:
    """What a file came to: erased again, and gone already."""

    again: int
    gone: int


class ErasureFile:
    """The file, and how far the database's erasures are in it."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database, self._path = database, path
        self._seen = -1

    def keep_up(self) -> int:
        """Append what the file does not hold yet, to the disk; how many lines."""
        with self._database.reading() as session:
            last = last_erasure(session)
            if last == self._seen:
                return 0
            every = erasures(session)
        name = self._database.keyring.fingerprint()
        held = set()
        if self._path.exists():
            held = {(each.person, each.known_since) for each in read_erasures(self._path, name)}
        fresh = [each for each in every if (each.person, each.known_since) not in held]
        if fresh:
            self._append("".join(_line(name, each) for each in fresh))
        self._seen = last
        return len(fresh)

    def _append(self, lines: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        mode = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with os.fdopen(os.open(self._path, mode, 0o600), "a", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


def _line(name: str, erased: Erased) -> str:
    plain = {
        "database": name,
        "person": erased.person,
        "known_since": erased.known_since.isoformat(),
        "at": erased.at.isoformat(),
    }
    return json.dumps(plain) + "\n"


def read_erasures(path: Path, name: str) -> Iterator[Erased]:
    """The erasures of a file; Misconfigured names a line that is none, or another database's.

    A last line that was cut off in the middle of writing is passed over.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(keepends=True), 1):
        if not line.endswith("\n"):
            return
        try:
            plain = json.loads(line)
            known_since, at = (datetime.fromisoformat(plain[key]) for key in ("known_since", "at"))
            erased, database = Erased(int(plain["person"]), known_since, at), plain["database"]
        except (ValueError, KeyError, TypeError):
            raise Misconfigured(f"{path}: line {number} is not an erasure") from None
        if database != name:
            raise Misconfigured(f"{path}: line {number} belongs to another database")
        yield erased


def to_replay(database: Database, path: Path) -> list[Erased]:
    """Those of a file who are known again: a backup from before was restored."""
    every = list(read_erasures(path, database.keyring.fingerprint()))
    with database.reading() as session:
        return [each for each in every if still_known(session, each) is not None]


def replay_erasures(database: Database, path: Path, actor: str, now: datetime) -> Replayed:
    """Erase again whom a restored backup brought back, each in a transaction of its own."""
    every = list(read_erasures(path, database.keyring.fingerprint()))
    again = 0
    for each in every:
        with database.transaction() as session:
            person = still_known(session, each)
            if person is not None:
                erase_person(session, person, actor, now)
                again += 1
    return Replayed(again, len(every) - again)
