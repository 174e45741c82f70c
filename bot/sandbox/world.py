"""What every part of the sandbox shares: settings, memory, clock, faults and the record."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.sandbox.clock import SandboxClock
from bot.sandbox.journal import note
from bot.sandbox.people import Person
from bot.sandbox.state import Json, State

RECORDED = 20_000

ALICE = Person("Alice", "+8613800138001", "zh-hans", "alice_w")
BOB = Person("Bob", "+8613900139002", "zh-hans")


@dataclass(frozen=True)
class Counter:
    """What the branch's staff would know by heart: shown beside the tablet, typed by the story."""

    enrol_code: str
    staff_no: str
    pin: str

    def shown(self) -> list[tuple[str, str]]:
        """Name and value of each, in the order they are asked for."""
        return [("enrol", self.enrol_code), ("staff", self.staff_no), ("pin", self.pin)]


@dataclass(frozen=True)
class SandboxSettings:
    """How one sandbox is set up; `bank_secret` is a Standard Webhooks secret (`whsec_…`)."""

    state_path: Path
    token: str
    bot_username: str = "jianka_demo_bot"
    web_url: str = "http://127.0.0.1:8000"
    bank_secret: str = ""
    clock_file: Path | None = None
    port: int = 8001
    people: tuple[Person, ...] = (ALICE, BOB)
    counter: Counter | None = None
    alices: tuple[str, ...] = ("+8613800138001", "+8613800138012", "+85251380013")
    """Numbers of cardholders; each new play gives Alice the next one, so that it starts fresh."""

    @property
    def url(self) -> str:
        """The sandbox's own address."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Recorded:
    """One call of the bot, as it came over the wire; unpacks as (method, params, files)."""

    method: str
    params: dict[str, Any]
    files: dict[str, str]

    def __iter__(self) -> Any:
        return iter((self.method, self.params, self.files))


@dataclass
class Fault:
    """The next `times` calls of a method (`*`: any) fail with this status."""

    method: str
    status: int
    times: int
    retry_after: int | None


@dataclass
class World:
    """One running sandbox."""

    settings: SandboxSettings
    state: State
    clock: SandboxClock
    recorder: deque[Recorded] = field(default_factory=lambda: deque(maxlen=RECORDED))
    faults: list[Fault] = field(default_factory=list)
    polls: int = 0
    closing: bool = False

    @property
    def bot_id(self) -> int:
        """The bot's number: what stands before the colon of its token."""
        head = self.settings.token.partition(":")[0]
        return int(head) if head.isdigit() else 8_000_000_001

    def bot(self) -> Json:
        """The bot as a User."""
        name = self.state.fact("name:", self.settings.bot_username)
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": name,
            "username": self.settings.bot_username,
        }

    def now(self) -> datetime:
        """Simulated time, UTC."""
        return self.clock.now()

    def date(self) -> int:
        """Simulated time as the Bot API's Unix seconds."""
        return int(self.now().timestamp())

    def log(self, kind: str, text: str) -> None:
        """Adds a line to the log strip."""
        note(self.state, self.clock, kind, text)

    def new_poll(self) -> int:
        """Numbers a getUpdates call; the one before it ends."""
        with self.state.writing():
            self.polls += 1
            return self.polls

    def close(self) -> None:
        """Ends every long poll; the server is about to stop."""
        self.closing = True
        self.state.wake()
