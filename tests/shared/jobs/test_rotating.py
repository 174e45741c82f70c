"""What the operator types and reads: rotation, erasures, and what the doctor says of both."""

from __future__ import annotations

import base64
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from keys import BLIND, MASTER
from sqlalchemy import text

from shared.actions.erasing import erase_person
from shared.base.database import Database, open_database
from shared.base.errors import Misconfigured
from shared.base.privacy import Keyring
from shared.cli import jianka
from shared.people.persons import add_person
from shared.post.audit_chain import chain_new

OLD = f"k1:{base64.b64encode(MASTER).decode()}"
NEW = f"k2:{base64.b64encode(b'n' * 32).decode()}"


@pytest.fixture
def database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    """A database with a person in it, and the settings that open it."""
    for name, value in (
        ("MODE", "test"), ("DATABASE_URL", sqlite_url), ("SECRET_KEYS", OLD),
        ("BLIND_INDEX_KEY", base64.b64encode(BLIND).decode()), ("SMS", "console"),
        ("ERASURES", str(tmp_path / "erased.jsonl")),
    ):  # fmt: skip
        monkeypatch.setenv(f"JIANKA_{name}", value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    opened = open_database(sqlite_url, Keyring({"k1": MASTER}, BLIND))
    with opened.transaction() as session:
        add_person(session, datetime.now(UTC), name="王小明")
    return opened


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(jianka, ["doctor", *arguments])


def test_rotation_says_when_the_old_key_may_go(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Everything is under k1." in doctor("--rotate").output
    monkeypatch.setenv("JIANKA_SECRET_KEYS", f"{NEW},{OLD}")
    said = doctor("--rotate")
    assert said.exit_code == 0, said.output
    assert "Now under k2: values renewed 1." in said.output
    assert "Nothing is left under k1." in said.output
    monkeypatch.setenv("JIANKA_SECRET_KEYS", NEW)
    assert "the newest is k2" in doctor().output
    monkeypatch.setenv("JIANKA_SECRET_KEYS", OLD)
    refused = doctor("--rotate")
    assert isinstance(refused.exception, Misconfigured)
    assert "'k2' is missing" in str(refused.exception)
    database.close()


def test_a_value_whose_key_is_missing_is_told_by_place(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as session:
        session.execute(text("DELETE FROM master_keys"))
    database.close()
    monkeypatch.setenv("JIANKA_SECRET_KEYS", NEW)
    assert "lacks the key k1, which 1 values of persons.key are under" in doctor().output
    said = doctor("--rotate")
    assert said.exit_code == 1
    assert "persons.key: 1 under k1 that do not open" in said.output


def test_erasures_are_written_and_replayed(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        person = add_person(session, datetime.now(UTC), name="李小红")
    path = Path(str(database.engine.url.database))
    with closing(database.engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = path.read_bytes()
    with database.transaction() as session:
        erase_person(session, session.merge(person), "operator:test", datetime.now(UTC))
        chain_new(session)
    erased = tmp_path / "erased.jsonl"
    assert "1" in doctor("--erasures", str(erased)).output
    assert "everybody in" in doctor().output
    assert "the audit is whole: 1 acts" in doctor().output
    database.close()
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    path.write_bytes(backup)
    assert "brought back 1 who were erased" in doctor().output
    assert "Erased again: 1" in doctor("--replay-erasures", str(erased)).output
    assert "everybody in" in doctor().output
