"""Members who claim one number after another get a case; nothing is held by it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from story import SAMPLE, Story

from shared.actions import case_deciding
from shared.actions.fishing import find_fishing
from shared.base.database import Database
from shared.claims.claims import Claim, State
from shared.people.staff import Staff
from shared.risk.blacklist import Listed
from shared.risk.cases import Case, CaseKind, Finding

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def refused(story: Story, count: int) -> None:
    with story.database.transaction() as session:
        for place in range(count):
            session.add(Claim(
                number=f"C-{story.now:%d}{place:04d}", campaign_id=1, member_id=story.alice,
                version=1, phone_blind=f"{place}", last_four="0000", how="late",
                roughly="this_week", state=State.REFUSED.value, reason="no_application",
                filed_at=story.now, due_at=story.now, decided_at=story.now,
            ))  # fmt: skip


def found(story: Story) -> list[Case]:
    with story.database.transaction() as session:
        find_fishing(session, story.now)
    with story.database.reading() as session:
        rows = list(session.scalars(select(Case).where(Case.kind == CaseKind.FISHING.value)))
        session.expunge_all()
        return rows


def test_fishing_is_seen_once_a_month_and_decided(database: Database, now: datetime) -> None:
    story = Story(database, now, (SAMPLE / "campaign.yaml").read_text(encoding="utf-8"))
    refused(story, 3)
    assert found(story) == []
    story.now += timedelta(days=1)
    refused(story, 1)
    (case,) = found(story)
    assert case.evidence == {"failed_claims": 4}
    assert len(found(story)) == 1  # one case a month
    with database.transaction() as session:
        one, two = session.scalars(select(Staff).where(Staff.role == "desk")).all()
        case_deciding.find_against(
            session, one, case.id, Finding.ABUSE, "twenty numbers", story.now
        )
        case_deciding.confirm(session, two, case.id, "agreed", story.now)
    with database.reading() as session:
        assert [each.mark for each in session.scalars(select(Listed))] == ["customer"]
