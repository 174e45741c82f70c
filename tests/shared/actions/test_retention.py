"""The desk's long questions: the answer, the draft and the bank's file each go after their term."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from shared.actions.housekeeping import keep_house
from shared.actions.inquiring import Inquiry, InquiryKind, InquiryState
from shared.base.database import Database
from shared.post.audit import Audit

FILE = b"reference,status,reason\nJK000001-00001,paid,\n"
TRIAL = {"source": "slug: spring", "slug": "spring", "until": None, "ltv": 90_000}


def asks(
    database: Database, now: datetime, kind: InquiryKind, state: InquiryState, asked: dict[str, Any]
) -> int:
    """A question with all it can have, ended `now`."""
    with database.transaction() as session:
        inquiry = Inquiry(
            kind=kind.value, campaign_id=1, asked=asked, file=FILE, asked_by=1, asked_at=now,
            state=state.value, tries=1, done=0, answer={"faults": 2}, lines=b"lines",
            ended_at=now,
        )  # fmt: skip
        session.add(inquiry)
        session.flush()
        return inquiry.id


def kept(database: Database, number: int) -> tuple[str, bool, bool, bool]:
    """State, and whether file, answer and lines are there."""
    with database.reading() as session:
        row = session.get_one(Inquiry, number)
        null = session.scalar(select(Inquiry.answer.is_(None)).where(Inquiry.id == number))
        assert (row.answer is None) == null  # nothing is kept, not even a JSON null
        return row.state, row.file is not None, row.answer is not None, row.lines is not None


@pytest.mark.parametrize(("kind", "days"), [(InquiryKind.REVIEW, 400), (InquiryKind.TRIAL, 180)])
def test_an_answer_goes_after_its_term_and_the_banks_file_long_before(
    database: Database, now: datetime, kind: InquiryKind, days: int
) -> None:
    asked = TRIAL if kind is InquiryKind.TRIAL else {"month": "2026-03"}
    number = asks(database, now, kind, InquiryState.DONE, asked)
    for at, what in (
        (timedelta(days=30), ("done", True, True, True)),
        (timedelta(days=30, seconds=1), ("done", False, True, True)),
        (timedelta(days=days), ("done", False, True, True)),
        (timedelta(days=days, seconds=1), ("gone", False, False, False)),
    ):
        keep_house(database, now + at)
        assert kept(database, number) == what, at
    with database.reading() as session:
        row = session.get_one(Inquiry, number)
        assert (row.asked_by, row.asked_at, row.ended_at) == (1, now, now)
        assert row.asked == {name: asked[name] for name in asked if name != "source"}
        counted = session.scalars(select(Audit).where(Audit.act == "answers.forgotten")).one()
        assert counted.details == {"count": 1}
    assert not any(keep_house(database, now + timedelta(days=days + 1)).values())


def test_the_file_goes_however_the_question_ended_and_stays_while_it_is_open(
    database: Database, now: datetime
) -> None:
    ended = {
        state: asks(database, now, InquiryKind.REVIEW, state, {"month": "2026-03"})
        for state in (InquiryState.FAILED, InquiryState.STOPPED)
    }
    waits = asks(database, now, InquiryKind.REVIEW, InquiryState.WAITING, {"month": "2026-03"})
    with database.transaction() as session:
        session.get_one(Inquiry, waits).ended_at = None
    keep_house(database, now + timedelta(days=500))
    for state, number in ended.items():
        assert kept(database, number)[:2] == (state.value, False)
    assert kept(database, waits)[:2] == ("waiting", True)
