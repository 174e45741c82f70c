"""An event file is stored in batches; a second run goes on where the first one stopped."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from shared.base.database import Database
from shared.jobs import event_files
from shared.jobs.event_files import Stored, store_event_file
from shared.post.inbox import Inbox, InboxConflict


def event(number: int, phone: str = "+8613900139002") -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "/bank",
            "type": "jianka.application.submitted",
            "time": "2026-03-04T03:00:00Z",
            "data": {"application_id": f"A{number}", "phone": phone},
        }
    )


@pytest.fixture
def day(tmp_path: Path) -> Path:
    path = tmp_path / "day.jsonl"
    path.write_text("\n".join(event(number) for number in range(25)))
    return path


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "BATCH", 10)


def rows(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Inbox)) or 0


def test_every_event_is_stored_once(database: Database, day: Path, now: datetime) -> None:
    told: list[int] = []
    assert store_event_file(database, day, now, told.append) == Stored(25, 0, 0, ())
    assert told == [10, 20, 25]
    assert store_event_file(database, day, now) == Stored(0, 25, 0, ())
    assert rows(database) == 25


def test_a_run_that_broke_off_is_resumed_by_the_next(
    database: Database, day: Path, now: datetime
) -> None:
    def break_off(done: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_event_file(database, day, now, break_off)
    assert rows(database) == 20
    assert store_event_file(database, day, now) == Stored(5, 20, 0, ())
    assert rows(database) == 25


def test_the_same_identity_with_another_body_is_left_to_a_person(
    database: Database, day: Path, now: datetime
) -> None:
    store_event_file(database, day, now)
    lines = day.read_text().splitlines()
    lines[11] = event(11, phone="+8613900139003")
    day.write_text("\n".join([*lines, event(25)]))
    assert store_event_file(database, day, now) == Stored(1, 24, 1, (12,))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(InboxConflict)) == 1
