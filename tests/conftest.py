"""Fixtures everybody uses: real databases through the real migrations, fixed keys, a fixed day.

Without a PostgreSQL server the PostgreSQL half is skipped; in strict mode (JIANKA_STRICT=1)
what cannot run fails.
"""

from __future__ import annotations

import base64
import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import argon2
import hypothesis
import psycopg
import pytest
from keys import BLIND, MASTER, WEBHOOK_SECRET
from snapshot import EMPTY
from strict import unavailable
from turns import Turns, Watch, further_inputs, left_to_the_night, turn, watched

from shared.base.database import Database, open_database
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from shared.migrations.upgrade import upgrade
from shared.people import staff

POSTGRES = os.environ.get("JIANKA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")

# Examples are drawn on a shared machine: how long one takes says nothing.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("nightly", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("default")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long turns first; what runs by night only, and what coverage need not watch, is marked."""
    items.sort(key=turn)
    for item in left_to_the_night(items):
        item.add_marker(pytest.mark.nightly)
    for item in further_inputs(filter(watched, items)):
        item.add_marker(pytest.mark.unwatched)


def pytest_collection_finish() -> None:
    """What stands by now stays: looking through it for garbage again and again takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Turns:
    """How the tests go to the workers."""
    return Turns(config, log)


WATCH = Watch()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture starts a process."""
    WATCH.turn_to(item)


@pytest.fixture(scope="session", autouse=True)
def _cheap_pins() -> None:
    """Argon2's price is for thieves; tests log in a thousand times."""
    staff._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring({"k1": MASTER}, BLIND)


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in Shanghai."""
    return datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated SQLite file a session; each test gets a copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = open_database(f"sqlite:///{path}", Keyring({"k1": MASTER}, BLIND))
    upgrade(database)
    database.close()
    return path


def _administer(statement: str) -> None:
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """The name of one migrated PostgreSQL database, emptied for each test."""
    name = f"jianka_t_{uuid.uuid4().hex[:12]}"
    try:
        _administer(f"CREATE DATABASE {name}")
    except psycopg.OperationalError:
        unavailable("no PostgreSQL server (JIANKA_TEST_POSTGRES)")
    database = open_database(f"{POSTGRES}/{name}", Keyring({"k1": MASTER}, BLIND))
    upgrade(database)
    database.close()
    _administer(f"ALTER DATABASE {name} SET synchronous_commit = off")
    yield name
    _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def quick_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where SQLite files lie: in memory where the system offers it, as every commit is flushed."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path_factory.mktemp("databases")
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="jianka-") as folder:
        yield Path(folder)


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, quick_disk: Path) -> Iterator[str]:
    """A fresh, migrated SQLite database."""
    with tempfile.TemporaryDirectory(dir=quick_disk) as folder:
        path = Path(folder) / "jianka.db"
        shutil.copy(migrated_sqlite, path)
        yield f"sqlite:///{path}"


_ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def postgres_url(migrated_postgres: str) -> str:
    """The run's PostgreSQL database without a row."""
    url = f"{POSTGRES}/{migrated_postgres}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_ALONE)
        connection.execute(EMPTY)
    return url


@pytest.fixture
def postgres_database(postgres_url: str, keyring: Keyring) -> Iterator[Database]:
    """The same opened, for what only a server can show."""
    opened = open_database(postgres_url, keyring)
    yield opened
    opened.close()


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def database_url(request: pytest.FixtureRequest) -> str:
    """Both engines, one after the other."""
    url = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
def database(database_url: str, keyring: Keyring) -> Iterator[Database]:
    """An opened, migrated, empty database; every test that uses it runs on both engines."""
    opened = open_database(database_url, keyring)
    yield opened
    opened.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of test mode over the test's own database."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        mode="test",
        database_url=database_url,
        secret_keys="k1:" + base64.b64encode(MASTER).decode(),
        blind_index_key=base64.b64encode(BLIND).decode(),
        bank_webhook_secrets=WEBHOOK_SECRET,
        sms=f"file:{tmp_path / 'sms.jsonl'}",
        clock_file=tmp_path / "clock",
        telegram_token="123456:TEST-token",
    )


@pytest.fixture
def sqlite_or_postgres(request: pytest.FixtureRequest, keyring: Keyring) -> Iterator[Database]:
    """For tests with many seeds: even ones on SQLite, odd ones on PostgreSQL."""
    seed = request.node.callspec.params["seed"]
    name = "postgres_url" if seed % 2 else "sqlite_url"
    opened = open_database(request.getfixturevalue(name), keyring)
    yield opened
    opened.close()


def _chromium() -> str | None:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The machine's own chromium; nothing is downloaded."""
    found = _chromium()
    if found is None:
        unavailable("no chromium on this machine")
    flags = ["--disable-gpu", "--no-first-run", "--disable-background-networking"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": found, "args": flags}
