"""`jianka reconcile`: a report to read and a file to work with."""

from __future__ import annotations

import csv
import random
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from planting import REVIEW, hide_admission, kept, lose_task, populate
from sqlalchemy import select

from shared.base.clock import Clock
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.campaigns.campaigns import get_campaign
from shared.campaigns.file import apply_campaign
from shared.jobs import reconcile as command
from shared.ledger.balance import Key
from shared.post.audit import Audit
from shared.reports.reconciliation import COLUMNS, cells, plain
from shared.rewards.books import month_in
from shared.rewards.causes import Against, Cause, Line, Remedy
from shared.rewards.repairs import Repair

CAMPAIGN = Path(__file__).parents[1] / "spring.yaml"


@pytest.fixture
def world(database, now):
    """Four members; one was never settled after the first, one's verdict is gone."""
    return kept(database, "reconcile", lambda: _made(database, now))


def _made(database, now):
    with database.transaction() as session:
        source = CAMPAIGN.read_text(encoding="utf-8")
        campaign = apply_campaign(session, source, now, "operator:test").campaign_id
    made = populate(database, campaign, now, random.Random(1), 4)
    made.settle(19.5)
    with database.transaction() as session:
        lose_task(made, session, made.members[0], random.Random(1))
    made.settle(27)
    with database.transaction() as session:
        hide_admission(made, session, made.members[1], random.Random(1))
    return made


@pytest.fixture
def run(world, monkeypatch):
    """The command on the test's database, at the review's hour, in English."""

    @contextmanager
    def opened():
        clock: Clock = lambda: world.at(REVIEW - 11)  # noqa: E731 (before anything is released)
        yield world.database, clock

    monkeypatch.setattr(command, "opened", opened)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def call(*arguments: object):
        found = CliRunner().invoke(command.reconcile_month, [str(each) for each in arguments])
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        assert found.exit_code == 0, found.output
        return found.output

    return call


def test_the_report_says_what_was_owed_and_granted_and_why_not(run, world):
    out = run("--month", "2026-03", "--campaign", "spring-referral")
    assert "Campaign spring-referral, 2026-03 (Asia/Shanghai)" in out
    assert "✗ never settled" in out
    assert "settle again" in out
    assert "✗ posted without a verdict on record" in out
    assert "a limit is miscounted" in out
    assert f"member:{world.members[0]} base" in out


def test_the_file_has_every_line_with_ids_and_no_formula(run, world, tmp_path):
    path = tmp_path / "march.csv"
    assert f"Written to {path}." in run("--month", "2026-03", "--to", path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    faults = {(int(row["member"]), row["cause"]) for row in rows if row["fault"] == "1"}
    assert faults == {
        (world.members[0], "never_settled"),
        (world.members[1], "no_verdict"),
    }
    never = next(row for row in rows if row["cause"] == "never_settled" and row["unit"] == "CNY")
    assert never["difference"] == f"-{never['should']}"
    assert never["remedy"] == "settle"
    assert not any("会员" in cell for row in rows for cell in row.values())
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_finished_is_not_there(run, tmp_path, monkeypatch):
    def broken(*_: object) -> list[str]:
        raise OSError("disk full")

    monkeypatch.setattr(command, "cells", broken)
    with pytest.raises(OSError, match="disk full"):
        run("--month", "2026-03", "--to", tmp_path / "march.csv")
    assert list(tmp_path.iterdir()) == []


def test_what_no_review_can_be_made_of_is_refused(run):
    for arguments, code in (
        (("--month", "March"), "review.month"),
        (("--month", "2026-13"), "review.month"),
        (("--month", "2026-05"), "review.future"),
        (("--month", "2026-03", "--campaign", "autumn"), "review.campaign"),
    ):
        with pytest.raises(Refusal) as caught:
            run(*arguments)
        assert caught.value.code == code


def test_repairs_are_proposed_once_and_the_review_is_on_record(run, world):
    for _ in range(2):
        out = run("--month", "2026-03", "--propose")
        assert "Repairs waiting for a second person: 3." in out
    with world.database.reading() as session:
        query = select(Repair.member_id, Repair.remedy).order_by(Repair.member_id)
        repairs = [tuple(row) for row in session.execute(query)]
        acts = session.scalars(select(Audit.act).where(Audit.act.like("re%"))).all()
    assert repairs == [
        (0, "recount"),
        (world.members[0], "settle"),
        (world.members[1], "settle"),
    ]
    assert sorted(acts) == ["repair.proposed"] * 3 + ["review.run"] * 2


def test_cells_are_plain_and_guarded(world):
    key = Key(1, "member:7", "base", "referral:9")
    line = Line(7, key, Unit.CNY, Against.OWED, Cause.TOO_LITTLE, 10_000, 9_950)
    with world.database.reading() as session:
        campaign = get_campaign(session, world.campaign)
        written = cells(Locale.EN, campaign.slug, month_in("2026-03", "UTC"), line)
    assert written == [
        "spring-referral", "2026-03", "7", "member:7", "base", "referral:9", "CNY", "owed",
        "too_little", "100.00", "99.50", "-0.50", "1", "settle", "posted too little",
    ]  # fmt: skip
    assert [plain(n, Unit.POINTS) for n in (3000, -1)] == ["3000", "-1"]
    assert line.remedy is Remedy.SETTLE
