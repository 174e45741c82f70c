"""Weights tried on history: `jianka risk try` names who would be held, and who are honest."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text
from story import SAMPLE, Story, spends

from shared import cli
from shared.actions import case_deciding
from shared.base.clock import Clock
from shared.base.database import Database
from shared.campaigns.file import read_campaign
from shared.jobs import risk
from shared.people.staff import Staff
from shared.reports.risk_trial import Outcome, try_risk
from shared.risk.cases import Finding
from shared.risk.traces import Place

RULES = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
ROOMY = RULES
STRICT = RULES[: RULES.index("  allowances:")] + RULES[RULES.index("reminder:") :]
PHONES = (Place("one", "203.0.113.7"), Place("two", "203.0.113.8"), Place("three", "203.0.113.9"))
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    """Four friends on one phone of whom one earned; another found against; one like no other."""
    made = Story(database, now, ROOMY)
    for place in range(4):
        made.registers(f"+861390{13 + place * 11}39000", place=PHONES[0])
        made.later(hours=9)
    spends(made, "A1", "+8613901339000")
    made.registers("+8613955512345", place=PHONES[1])
    made.later(days=2)
    made.work()
    return made


@on_sqlite
def test_a_trial_says_whom_it_would_hold_and_writes_nothing(story: Story) -> None:
    draft = read_campaign(STRICT).risk_rules
    with story.database.reading() as session:
        before = _rows(session)
        strict = try_risk(session, 1, "spring-referral", draft, story.now)
        roomy = try_risk(session, 1, "spring-referral", read_campaign(ROOMY).risk_rules, story.now)
        assert _rows(session) == before
    assert strict.looked == roomy.looked == 5
    assert len(strict.held) == 4
    assert roomy.held == []
    assert strict.held_honest == 1  # it earned and nobody took it back
    assert strict.held[0][1] is Outcome.REWARDED  # the honest come first
    assert strict.honest == 1


def _rows(session: object) -> list[int]:
    names = ("assessments", "cases", "key_events", "risk_looks")
    return [session.execute(text(f"SELECT count(*) FROM {n}")).scalar_one() for n in names]  # type: ignore[attr-defined]


@on_sqlite
def test_what_people_decided_is_known_to_a_trial(database: Database, now: datetime) -> None:
    story = Story(database, now, STRICT)
    for place in range(4):
        story.registers(f"+861390{13 + place * 11}39000", place=PHONES[0])
    story.work()
    with database.transaction() as session:
        one, two = session.scalars(select(Staff).where(Staff.role == "desk")).all()
        case_deciding.find_against(session, one, 1, Finding.ABUSE, "one phone", story.now)
        case_deciding.confirm(session, two, 1, "agreed", story.now)
    with database.reading() as session:
        trial = try_risk(session, 1, "spring", read_campaign(ROOMY).risk_rules, story.now)
    assert trial.outcomes == {(Outcome.ABUSE, True): 4}  # the blacklist would hold them


@pytest.fixture
def jianka(story: Story, monkeypatch: pytest.MonkeyPatch) -> Story:
    @contextmanager
    def opened() -> Iterator[tuple[Database, Clock]]:
        yield story.database, lambda: story.now

    monkeypatch.setattr(risk, "opened", opened)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return story


@on_sqlite
def test_the_command_prints_and_writes_it(
    jianka: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft, sheet = tmp_path / "draft.yaml", tmp_path / "held.csv"
    draft.write_text(STRICT, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["risk", "try", str(draft), "--to", str(sheet)])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "5 friends looked at" in said
    assert "4 friends registered on one device" in said
    rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 4
    assert "shared_device+60" in rows[0]["signals"]
    with pytest.raises(SystemExit) as ended:
        cli.main(["risk", "try", str(draft), "--campaign", "none"])
    assert ended.value.code == 1
    assert "none" in capsys.readouterr().err
