"""What every measurement starts from: a campaign, members with chats, friends who registered."""

from __future__ import annotations

import base64
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import select, update

from shared.actions.importing import import_members
from shared.actions.inviting import invite_for
from shared.actions.joining import agree, bind_by_contact
from shared.actions.registering import (
    FinishForm,
    Registered,
    StartForm,
    finish_registration,
    start_registration,
)
from shared.base.database import Database, open_database
from shared.base.i18n import Locale
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from shared.campaigns.file import apply_campaign
from shared.migrations.upgrade import upgrade
from shared.people.chats import find_or_add_chat
from shared.people.consents import Purpose
from shared.people.members import member_by_ref
from shared.post.outbox import Outbox, read_body

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("JIANKA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
MASTER, BLIND = bytes(range(32)), bytes(range(32, 64))
MEMBERS = 200
FRIENDS = 250
_HEADER = "customer_ref,phone,name,language,segment,region,card_product,opened_on,status"


def member_ref(number: int) -> str:
    """The bank's word for the n-th member."""
    return f"M{number:06d}"


def chat_address(number: int) -> int:
    """Telegram's id of the n-th member."""
    return 5_000_000 + number


def friend_phone(number: int) -> str:
    """The n-th friend's number, E.164."""
    return f"+86139{number:08d}"


@dataclass(frozen=True)
class Stage:
    """A database to measure on. `began`: when its friends registered, UTC."""

    url: str
    codes: tuple[str, ...]
    """Of the members' invites."""
    began: datetime

    @property
    def engine(self) -> str:
        return "SQLite" if self.url.startswith("sqlite") else "PostgreSQL"

    @property
    def is_default(self) -> bool:
        """Targets are held on what runs without a server; the other is for information."""
        return self.engine == "SQLite"

    def open(self) -> Database:
        """The database, to be closed by the caller."""
        return open_database(self.url, Keyring({"k1": MASTER}, BLIND))

    def settings(self, port: int = 8000) -> Settings:
        """Settings of a program that works on it."""
        return Settings.model_validate(self.environment(port))

    def variables(self, port: int) -> dict[str, str]:
        """The same settings for a program of its own."""
        return {f"JIANKA_{name.upper()}": value for name, value in self.environment(port).items()}

    def environment(self, port: int) -> dict[str, str]:
        return {
            "mode": "test",
            "database_url": self.url,
            "port": str(port),
            "public_url": f"http://127.0.0.1:{port}",
            "secret_keys": "k1:" + base64.b64encode(MASTER).decode(),
            "blind_index_key": base64.b64encode(BLIND).decode(),
            "telegram_token": "123456:BENCH-token",
            "sms": "console",
            "web_workers": "2",
            "web_threads": "1",
        }


class Stages:
    """Sets the stage once for an engine, and hands out copies of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[str, Stage] = {}

    @contextmanager
    def ready(self) -> Iterator[Stages]:
        """These stages; what they keep on a server is gone afterwards."""
        try:
            yield self
        finally:
            if template := self._templates.get("postgres"):
                _drop(_name_of(template.url))

    @contextmanager
    def sqlite(self) -> Iterator[Stage]:
        """A fresh SQLite stage, gone afterwards."""
        path = self._folder / "template.db"
        template = self._templates.get("sqlite")
        if template is None:
            template = self._templates["sqlite"] = set_up(f"sqlite:///{path}")
        copy = self._folder / f"{uuid.uuid4().hex[:8]}.db"
        shutil.copy(path, copy)
        yield replace(template, url=f"sqlite:///{copy}")
        for leftover in self._folder.glob(f"{copy.name}*"):
            leftover.unlink()

    @contextmanager
    def postgres(self) -> Iterator[Stage]:
        """A fresh PostgreSQL stage, dropped afterwards."""
        template = self._templates.get("postgres")
        if template is None:
            template = self._templates["postgres"] = set_up(f"{POSTGRES}/{_create()}")
        name = _create(f"TEMPLATE {_name_of(template.url)} STRATEGY FILE_COPY")
        try:
            yield replace(template, url=f"{POSTGRES}/{name}")
        finally:
            _drop(name)


NewStage = Callable[[], AbstractContextManager[Stage]]


def _create(how: str = "") -> str:
    name = f"jianka_bench_{uuid.uuid4().hex[:8]}"
    _administer(f"CREATE DATABASE {name} {how}")
    return name


def _drop(name: str) -> None:
    _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _name_of(url: str) -> str:
    return url.rpartition("/")[2]


def postgres_is_there() -> bool:
    """Whether a PostgreSQL server answers at JIANKA_TEST_POSTGRES."""
    try:
        _administer("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _administer(statement: str) -> None:
    address = f"{POSTGRES}/postgres"
    with psycopg.connect(address, autocommit=True, connect_timeout=3) as connection:
        connection.execute(statement)


def set_up(url: str) -> Stage:
    """Fill an empty database: the sample campaign, members, chats, registered friends."""
    began = datetime.now(UTC) - timedelta(days=20)
    database = open_database(url, Keyring({"k1": MASTER}, BLIND))
    upgrade(database)
    with database.transaction() as session:
        import_members(session, _members_file(), "operator:bench", began)
        campaign = (ROOT / "assets" / "sample" / "campaign.yaml").read_text(encoding="utf-8")
        apply_campaign(session, campaign, began, "operator:bench")
    codes = [_join(database, number, began) for number in range(MEMBERS)]
    for number in range(FRIENDS):
        _register(database, codes[number % MEMBERS], friend_phone(number), began)
    with database.transaction() as session:
        session.execute(update(Outbox).values(sent_at=began))  # what was owed is not measured
    database.close()
    return Stage(url, tuple(codes), began)


def _members_file() -> bytes:
    lines = [
        f"{member_ref(n)},+86138{n:08d},王小明,zh_Hans,everyday,上海,jade,2021-04-12,active"
        for n in range(MEMBERS)
    ]
    return "\n".join([_HEADER, *lines, ""]).encode()


def _join(database: Database, number: int, now: datetime) -> str:
    with database.transaction() as session:
        member = member_by_ref(session, member_ref(number))
        assert member is not None
        chat = find_or_add_chat(session, "telegram", str(chat_address(number)), "zh-hans", now)
        agree(session, chat, Locale.ZH_HANS, now)
        bind_by_contact(session, chat, f"+86138{number:08d}", now)
        return invite_for(session, member.id, now).code


def _register(database: Database, code: str, phone: str, now: datetime) -> None:
    ticked = frozenset({Purpose.REFERRAL, Purpose.ADULT, Purpose.PROGRESS})
    with database.transaction() as session:
        started = start_registration(session, StartForm(code, phone, Locale.ZH_HANS), now)
        row = session.scalars(
            select(Outbox).where(Outbox.channel == "sms").order_by(Outbox.id.desc()).limit(1)
        ).one()
        sent = "".join(c for c in read_body(session, row)["text"] if c.isdigit())[:6]
        form = FinishForm(started.handle, sent, "王波", ticked, Locale.ZH_HANS)
        assert isinstance(finish_registration(session, form, now), Registered)
