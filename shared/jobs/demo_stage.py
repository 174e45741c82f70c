"""What the demo plays on: a folder with keys, database, clock and the sample bank."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from shared.actions.importing import import_members, import_staff
from shared.base.clock import Clock
from shared.base.database import Database, open_database
from shared.base.errors import Misconfigured
from shared.base.privacy import read_keyring
from shared.base.settings import Settings, read_settings
from shared.campaigns.file import apply_campaign
from shared.jobs.console import words
from shared.jobs.opening import clock_of
from shared.migrations.upgrade import upgrade
from shared.people.chats import hash_token
from shared.people.members import Member
from shared.people.staff import Staff, Tablet, new_tablet, set_pin

FOLDER = Path("var") / "demo"
SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample"
TELLER, TELLER_PIN = "S1001", "258036"
MANAGER, MANAGER_PIN = "S1002", "147025"
DESK, DESK_PIN = "S9001", "369014"
SECOND, SECOND_PIN = "S9003", "480125"
AUDITOR, AUDITOR_PIN = "S9002", "591236"
_PINS = {
    TELLER: TELLER_PIN,
    MANAGER: MANAGER_PIN,
    DESK: DESK_PIN,
    SECOND: SECOND_PIN,
    AUDITOR: AUDITOR_PIN,
}
_ACTOR = "operator:demo"
_SAMPLE_SANDBOX = "http://127.0.0.1:8001/"
_TABLET_TERM = timedelta(days=3650)
"""The play's days pass quickly; its tablet may be enrolled on any of them."""


@dataclass(frozen=True)
class Story:
    """What staff know by heart; the sandbox shows it beside the tablet."""

    tablet_code: str
    staff_no: str = TELLER
    pin: str = TELLER_PIN
    manager_no: str = MANAGER
    manager_pin: str = MANAGER_PIN


@dataclass
class Stage:
    """The demo's own settings (also as an environment for its programs), database and story."""

    settings: Settings
    environment: dict[str, str]
    database: Database
    clock: Clock
    story: Story = field(default_factory=lambda: Story(""))

    def load(self) -> None:
        """The tables, the sample bank on the first start, and a code for the tablet."""
        upgrade(self.database)
        now = self.clock()
        with self.database.transaction() as session:
            if session.scalar(select(Member.id).limit(1)) is None:
                import_members(session, (SAMPLE / "members.csv").read_bytes(), _ACTOR, now)
                import_staff(session, (SAMPLE / "staff.csv").read_bytes(), _ACTOR, now)
            apply_campaign(session, self._campaign(), now, _ACTOR)
            for staff_no, pin in _PINS.items():
                staff = session.scalar(select(Staff).where(Staff.staff_no == staff_no))
                if staff is not None and staff.pin_hash is None:
                    set_pin(staff, pin)
        self.renew()

    def _campaign(self) -> str:
        # The sample's bank form is the sandbox's, wherever that is.
        text = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
        return text.replace(_SAMPLE_SANDBOX, f"http://127.0.0.1:{self.settings.sandbox_port}/")

    def renew(self) -> None:
        """See to it that the story names an enrolment code which is not spent yet."""
        path = FOLDER / "story.json"
        code = self.story.tablet_code
        if not code and path.exists():
            code = str(json.loads(path.read_text(encoding="utf-8")).get("tablet_code", ""))
        with self.database.reading() as session:
            waits = session.scalar(select(Tablet.id).where(Tablet.enrol_hash == hash_token(code)))
        if waits is None:
            with self.database.transaction() as session:
                teller = session.scalars(select(Staff).where(Staff.staff_no == TELLER)).one()
                now = self.clock()
                tablet, code = new_tablet(session, teller.branch_id, "demo", now)
                tablet.enrol_until = now + _TABLET_TERM
        if waits is None or code != self.story.tablet_code:
            self.story = Story(code)
            _write_whole(path, json.dumps(asdict(self.story), indent=2) + "\n")


@contextmanager
def set_stage() -> Iterator[Stage]:
    """The demo's folder, locked, with its settings read. Misconfigured when one plays there."""
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(words("demo.twice", folder=FOLDER)) from None
        settings, environment = _decide(_keys(FOLDER / "keys"))
        database = open_database(settings.database_url, read_keyring(settings))
        try:
            yield Stage(settings, environment, database, clock_of(settings))
        finally:
            database.close()


def _keys(path: Path) -> dict[str, str]:
    """The demo's own keys, made on its first start and readable by its owner only."""
    if not path.exists():
        keys = {
            "secret_keys": f"demo:{_random_key()}",
            "blind_index_key": _random_key(),
            "bank_webhook_secrets": f"whsec_{_random_key()}",
            "telegram_token": f"8000000001:{secrets.token_urlsafe(24)}",
        }
        _write_whole(path, "".join(f"{name}={value}\n" for name, value in keys.items()))
    lines = path.read_text(encoding="ascii").splitlines()
    return dict(line.split("=", 1) for line in lines)


def _random_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def _write_whole(path: Path, text: str) -> None:
    """Write a private file so that nobody ever reads half of it."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def _decide(keys: dict[str, str]) -> tuple[Settings, dict[str, str]]:
    """The demo's settings and the environment of its programs.

    Only the ports (and the look) are the person's choice, whatever else the machine's own
    settings say.
    """
    folder = FOLDER.resolve()
    fixed = keys | {
        "mode": "demo",
        "database_url": f"sqlite:///{folder / 'jianka.db'}",
        "redis_url": "",
        "clock_file": str(folder / "clock"),
    }
    ports = read_settings(**fixed, **_addresses(8000, 8001))
    fixed |= _addresses(ports.port, ports.sandbox_port)
    environment = {f"JIANKA_{name.upper()}": value for name, value in fixed.items()}
    return read_settings(**fixed), os.environ | environment


def _addresses(port: int, sandbox_port: int) -> dict[str, str]:
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    return {
        "public_url": f"http://127.0.0.1:{port}",
        "telegram_api": sandbox,
        "sms": f"{sandbox}/sandbox/sms",
    }
