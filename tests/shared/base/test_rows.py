"""Many rows at once: whatever they say arrives as it was said, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from shared.base.database import Database
from shared.base.rows import insert_rows, upsert_rows
from shared.rewards.admission import Admission
from shared.rewards.queue import SettleTask

TASKS = SettleTask.metadata.tables["settle_tasks"]
ADMISSIONS = Admission.metadata.tables["admissions"]
TASK = ("campaign_id", "member_id", "due_at", "tries", "problem")
ADMISSION = (
    "campaign_id", "party", "clause", "occasion", "member_id", "verdict", "limit_id", "unit",
    "amount", "asked", "draws", "at",
)  # fmt: skip
AWKWARD = ["a\tb", "a\\b", "\\N", "a\nb", 'a"b', "a'b", "{a,b}", "名额", ""]


def tasks(database: Database) -> list[tuple[object, ...]]:
    """What stands in the queue, by member."""
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(*TASKS.c).order_by("member_id"))]


def test_awkward_texts_arrive_as_they_were_said(database: Database, now: datetime) -> None:
    rows = [(1, number, now, 0, said) for number, said in enumerate([*AWKWARD, None])]
    with database.transaction() as session:
        insert_rows(session, TASKS, TASK, iter(rows))
        insert_rows(session, TASKS, TASK, [])
    assert tasks(database) == rows
    later = [(1, number, now + timedelta(hours=1), 1, said) for _, number, _, _, said in rows]
    with database.transaction() as session:
        upsert_rows(session, TASKS, TASK, [*later, (1, 99, now, 0, None)])
    assert tasks(database) == [*later, (1, 99, now, 0, None)]


def test_a_json_column_takes_its_text(database: Database, now: datetime) -> None:
    before = (1, "member:1", "base", "x", 1, "admitted", None, "CNY", 1, 1, '[["b","名",0]]', now)
    after = (*before[:-2], '[["c","\\"",2]]', now)
    with database.transaction() as session:
        insert_rows(session, ADMISSIONS, ADMISSION, [before])
        assert session.scalars(select(Admission.draws)).all() == [[["b", "名", 0]]]
        upsert_rows(session, ADMISSIONS, ADMISSION, [after])
        assert session.scalars(select(Admission.draws)).all() == [[["c", '"', 2]]]


def test_what_becomes_only_less_stays_else(database: Database, now: datetime) -> None:
    names = ("campaign_id", "member_id", "due_at", "tries")
    with database.transaction() as session:
        insert_rows(session, TASKS, TASK, [(1, 1, now, 3, "x"), (1, 2, now, 3, "x")])
        tick = timedelta(microseconds=1)
        moved = [(1, 1, now - tick, 0), (1, 2, now + tick, 0), (1, 3, now, 0)]
        upsert_rows(session, TASKS, names, moved, least="due_at")
    assert tasks(database) == [
        (1, 1, now - tick, 3, "x"), (1, 2, now, 3, "x"), (1, 3, now, 0, None),
    ]  # fmt: skip


def test_a_refusal_has_the_name_it_has_elsewhere(database: Database, now: datetime) -> None:
    twice = [(1, 1, now, 0, None)] * 2
    with pytest.raises(IntegrityError), database.transaction() as session:
        insert_rows(session, TASKS, TASK, twice)
    assert tasks(database) == []


def test_a_moment_without_a_time_zone_is_refused(database: Database, now: datetime) -> None:
    plain = now.replace(tzinfo=None)
    for write in (insert_rows, upsert_rows):
        with (
            pytest.raises(ValueError, match="without a time zone"),
            database.transaction() as session,
        ):
            write(session, TASKS, TASK, [(1, 1, plain, 0, None)])
