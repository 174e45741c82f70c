"""`jianka campaign simulate` as an operator meets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from crowd import SAMPLE, gather_crowd, happy_events

from shared import cli
from shared.actions.hearing import accept_events, hear_waiting
from shared.actions.settling import settle_waiting
from shared.applications.events import parse_items
from shared.base import lease
from shared.base.clock import Clock
from shared.base.database import Database, open_database
from shared.base.privacy import Keyring
from shared.jobs import simulating

NOW = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def jianka(
    sqlite_url: str, keyring: Keyring, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:  # fmt: skip
    """The command line over a history of three members with four friends each."""
    database = open_database(sqlite_url, keyring)
    crowd = gather_crowd(database, NOW, members=3, friends=4)
    with database.transaction() as session:
        assert lease.take(session, "settle", "test", datetime.now(UTC))
        accept_events(session, parse_items(happy_events(crowd), LATER), LATER)
    while hear_waiting(database, "test", LATER) or settle_waiting(database, "test", LATER):
        pass

    @contextmanager
    def opened() -> Iterator[tuple[Database, Clock]]:
        yield database, lambda: LATER

    monkeypatch.setattr(simulating, "opened", opened)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            cli.main(["campaign", "simulate", *(str(argument) for argument in arguments)])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return int(caught.value.code or 0), out, err

    yield run
    database.close()


def test_the_running_file_differs_by_nothing(jianka: Run, tmp_path: Path) -> None:
    to, chart = tmp_path / "trial.json", tmp_path / "trial.svg"
    code, out, _ = jianka(SAMPLE, "--ltv", "¥900", "--to", to, "--chart", chart)
    assert code == 0
    totals = [line.split() for line in out.splitlines() if line.startswith("Total")]
    assert len(totals) == 2
    assert totals[0][1] == totals[0][2] != "¥0"
    assert totals[0][3] == "¥0"
    assert "at most a third" in out
    kept = json.loads(to.read_text(encoding="utf-8"))
    sums = [
        {(c["clause"], c["unit"]): c["amount"] for c in kept[side]["costs"]}
        for side in ("draft", "actual")
    ]
    assert sums[0] == sums[1]
    assert kept["draft"]["friends"] == kept["actual"]["friends"] > 0
    assert kept["draft"]["within_third_of_ltv"] is True
    assert ElementTree.parse(chart).getroot().tag.endswith("svg")


def test_a_dearer_draft_shows_the_difference_and_no_share_without_a_value(
    jianka: Run, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.yaml"
    source = SAMPLE.read_text(encoding="utf-8")
    draft.write_text(source.replace("amount: ¥100", "amount: ¥120"), encoding="utf-8")
    code, out, _ = jianka(draft)
    friends = next(line.split()[2] for line in out.splitlines() if line.startswith("Qualified"))
    total = next(line for line in out.splitlines() if line.startswith("Total"))
    assert code == 0
    assert total.split()[3] == f"+¥{20 * int(friends)}"
    share = next(line for line in out.splitlines() if line.startswith("Share"))
    assert share.split()[-2:] == ["—", "—"]


def test_until_ends_with_the_day(jianka: Run) -> None:
    assert "Total" not in jianka(SAMPLE, "--until", "2026-03-03")[1]
    assert "Total" in jianka(SAMPLE, "--until", "2026-03-31")[1]


def test_what_is_wrong_is_one_clear_line(jianka: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    source = SAMPLE.read_text(encoding="utf-8")
    other.write_text(source.replace("slug: spring-referral", "slug: summer"), encoding="utf-8")
    assert "There is no campaign summer" in jianka(other)[2]
    assert jianka(other, "--campaign", "spring-referral")[0] == 0
    assert "such as ¥900" in jianka(SAMPLE, "--ltv", "900 points")[2]
    other.write_text("slug: x y\n", encoding="utf-8")
    code, _, err = jianka(other)
    assert code == 1
    assert "slug" in err
