"""The command line as an operator meets it: one clear line, the right status, no traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from shared import cli
from shared.actions.branch import sign_in
from shared.actions.paying import confirm
from shared.actions.remedying import ask_goodwill, decide_remedy
from shared.base.database import open_database
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from shared.campaigns.file import read_campaign
from shared.ledger.balance import Account
from shared.ledger.entries import positions
from shared.people.members import Member
from shared.people.staff import Staff, enrol_tablet
from shared.post import inbox
from shared.post.audit import Audit
from shared.post.audit_chain import chain_new
from shared.rewards.settle import settle

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "assets" / "sample"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settings(sqlite_url: str, settings: Settings) -> Settings:
    """Of the two engines the command line needs but one."""
    return settings.model_copy(update={"database_url": sqlite_url})


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def jianka(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command in this process, with the test's settings in the environment."""
    for name in list(os.environ):
        if name.startswith("JIANKA_"):
            monkeypatch.delenv(name)
    for name in ("database_url", "sms", "clock_file", "mode"):
        monkeypatch.setenv(f"JIANKA_{name.upper()}", str(getattr(settings, name)))
    for name in ("secret_keys", "blind_index_key", "telegram_token"):
        value = getattr(settings, name).get_secret_value()
        monkeypatch.setenv(f"JIANKA_{name.upper()}", value)
    secrets = ",".join(secret.get_secret_value() for secret in settings.bank_webhook_secrets)
    monkeypatch.setenv("JIANKA_BANK_WEBHOOK_SECRETS", secrets)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return int(caught.value.code or 0), out, err

    return run


def count(url: str, table: type, keyring: Keyring) -> int:
    database = open_database(url, keyring)
    try:
        with database.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0
    finally:
        database.close()


def test_help_names_every_command_and_loads_no_face() -> None:
    program = (
        "import sys; from shared import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('loaded:', [m for m in ('flask', 'telegram', 'granian') if m in sys.modules])\n"
    )
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd=ROOT
    )
    for name in ("demo", "web", "bot", "worker", "sandbox", "db", "members", "doctor"):
        assert f"  {name} " in answer.stdout
    assert "loaded: []" in answer.stdout


@pytest.mark.parametrize("place", sorted(cli.PROGRAMS.values()) + sorted(cli.COMMANDS.values()))
def test_every_name_leads_somewhere(place: str) -> None:
    assert callable(cli._load(place))


def test_help_is_in_the_terminals_language() -> None:
    def spoken(language: str) -> str:
        environment = {k: v for k, v in os.environ.items() if k not in ("LC_ALL", "LC_MESSAGES")}
        command = [sys.executable, "-m", "shared.cli", "doctor", "--help"]
        environment["LANG"] = language
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=ROOT, encoding="utf-8"
        ).stdout

    assert "账本" in spoken("zh_CN.UTF-8")
    assert "帳本" in spoken("zh_TW.UTF-8")
    assert "ledger" in spoken("de_DE.UTF-8")


def test_members_staff_campaign_and_doctor(jianka: Run, sqlite_url: str, keyring: Keyring) -> None:
    assert jianka("members", "import", SAMPLE / "members.csv")[:2] == (
        0,
        "Imported: 12 added, 0 changed, 0 as before.\n",
    )
    assert jianka("staff", "import", SAMPLE / "staff.csv")[0] == 0
    code, out, _ = jianka("campaign", "apply", SAMPLE / "campaign.yaml")
    assert (code, "version 1" in out) == (0, True)
    assert "Nothing changed" in jianka("campaign", "apply", SAMPLE / "campaign.yaml")[1]
    code, out, err = jianka("doctor")
    assert (code, err) == (0, ""), out
    assert out.count("✓") == 12
    assert count(sqlite_url, Audit, keyring) >= 3


def test_the_doctor_names_what_is_missing(jianka: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JIANKA_TELEGRAM_TOKEN")
    monkeypatch.setenv("JIANKA_SMS", "")
    code, out, err = jianka("doctor")
    assert code == 1
    assert "✗ JIANKA_TELEGRAM_TOKEN is not set" in out
    assert "✗ JIANKA_SMS is not set" in out
    assert "jianka campaign apply" in out
    assert err == "jianka: 4 things to mend.\n"


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("UPDATE audit SET actor = 'staff:9' WHERE id = 2", "changed at place 2: act 2"),
        ("DELETE FROM audit WHERE id = 2", "at place 2 of the audit is gone: act 2"),
        (
            "INSERT INTO audit (id, at, actor, act, subject, details) SELECT 70, at, actor, act,"
            " subject, details FROM audit WHERE id = 1",
            "act 70 of the audit was put there by none of our programs",
        ),
    ],
)
def test_the_doctor_names_the_first_act_that_is_not_as_it_was(
    jianka: Run, sqlite_url: str, keyring: Keyring, deed: str, said: str
) -> None:
    jianka("members", "import", SAMPLE / "members.csv")
    jianka("staff", "import", SAMPLE / "staff.csv")
    with closing(open_database(sqlite_url, keyring)) as database:
        with database.transaction() as session:
            chain_new(session)
            for act in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER audit_no_{act}"))
        with database.transaction() as session:
            session.execute(text(deed))
    code, out, _ = jianka("doctor")
    assert code == 1
    assert said in " ".join(out.split())


def test_the_doctor_of_an_empty_database_says_what_to_run(
    jianka: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JIANKA_DATABASE_URL", f"sqlite:///{tmp_path / 'fresh.db'}")
    code, out, _ = jianka("doctor")
    assert code == 1
    assert "jianka db upgrade" in out
    assert jianka("db", "upgrade")[:2] == (0, "The database is up to date.\n")
    assert "jianka db upgrade" not in jianka("doctor")[1]


def test_bad_rows_are_listed_and_nothing_is_loaded(
    jianka: Run, tmp_path: Path, sqlite_url: str, keyring: Keyring
) -> None:
    raw = (SAMPLE / "members.csv").read_text(encoding="utf-8")
    path = tmp_path / "members.csv"
    path.write_text(raw.replace("2020-11-27", "soon").replace("C100005,", "C100001,"))
    code, out, err = jianka("members", "import", path)
    assert (code, out) == (1, "")
    lines = [" ".join(line.split()) for line in err.splitlines()]
    assert lines[1] == "4 opened_on “soon” is no date: write it like 2024-03-25"
    assert lines[2] == "6 customer_ref the same as in line 2"
    assert lines[3].startswith("jianka: nothing was imported: 2 things are wrong")
    assert count(sqlite_url, Member, keyring) == 0


def test_events_are_imported_and_known_ones_passed_over(jianka: Run, tmp_path: Path) -> None:
    event = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/bank",
        "type": "jianka.application.submitted",
        "time": "2026-03-04T03:00:00Z",
        "data": {"application_id": "A1", "phone": "+8613900139002"},
    }
    path = tmp_path / "day.jsonl"
    path.write_text(json.dumps(event))
    assert jianka("events", "import", path)[1] == "Stored 1 events; 0 were known already.\n"
    assert jianka("events", "import", path)[1] == "Stored 0 events; 1 were known already.\n"
    event["data"] = {"application_id": "A2", "phone": "+8613900139002"}
    path.write_text(json.dumps(event))
    code, _, err = jianka("events", "import", path)
    assert (code, "Lines: 1" in err) == (1, True)
    path.write_text("{}\n{")
    code, _, err = jianka("events", "import", path)
    assert (code, "not JSON" in err) == (1, True)


def test_a_campaign_file_with_mistakes_names_their_lines(jianka: Run, tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text("slug: x y\nzone: Nowhere\n")
    code, _, err = jianka("campaign", "apply", path)
    assert code == 1
    assert err.startswith("jianka: the campaign file was not applied:")
    assert "slug" in err


def test_a_missing_file_is_named(jianka: Run) -> None:
    assert jianka("members", "import", "/nowhere/members.csv") == (
        1,
        "",
        "jianka: /nowhere/members.csv: No such file or directory\n",
    )


@pytest.mark.parametrize("command", ["web", "bot", "worker", "sandbox", "doctor"])
def test_missing_settings_are_named_before_anything_starts(
    jianka: Run, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JIANKA_SECRET_KEYS")
    monkeypatch.setenv("JIANKA_PORT", "http")
    code, out, err = jianka(command)
    assert (code, out) == (1, "")
    assert "JIANKA_SECRET_KEYS" in err
    assert "JIANKA_PORT" in err
    assert len(err.splitlines()) == 1


def test_another_blind_index_key_is_refused(jianka: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANKA_BLIND_INDEX_KEY", "A" * 43 + "=")
    code, _, err = jianka("members", "import", SAMPLE / "members.csv")
    assert (code, "JIANKA_BLIND_INDEX_KEY" in err) == (1, True)


@pytest.mark.parametrize("url", ["postgresql://jianka:sesame@127.0.0.1:9/jianka", "sesame"])
def test_a_database_that_does_not_answer_is_said_without_its_password(
    jianka: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("JIANKA_DATABASE_URL", url)
    code, _, err = jianka("members", "import", SAMPLE / "members.csv")
    assert (code, "sesame" in err) == (1, False)
    assert "JIANKA_DATABASE_URL" in err


def test_the_sandbox_is_refused_in_production(jianka: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MODE", "production"), ("SMS", "http://127.0.0.1:9/")):
        monkeypatch.setenv(f"JIANKA_{name}", value)
    monkeypatch.delenv("JIANKA_CLOCK_FILE")
    code, _, err = jianka("sandbox")
    assert (code, "JIANKA_MODE" in err) == (1, True)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Refusal("campaign.none"), "jianka: "),
        (Refusal("nobody.has.words"), "jianka: nobody.has.words"),
        (ZeroDivisionError("13800138001"), "jianka: unexpected ZeroDivisionError at "),
        (UnicodeDecodeError("utf-8", b"", 0, 1, ""), "jianka: the file is not UTF-8"),
    ],
)
def test_whatever_goes_wrong_is_one_line(
    jianka: Run, monkeypatch: pytest.MonkeyPatch, failure: Exception, said: str
) -> None:
    def fail(_settings: Settings) -> None:
        raise failure

    monkeypatch.setattr(cli, "_load", lambda _place: fail)
    code, _, err = jianka("worker")
    assert (code, len(err.splitlines())) == (1, 1)
    assert err.startswith(said)
    assert "1380013" not in err


def test_an_interrupted_command_says_nothing(jianka: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_settings: Settings) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_load", lambda _place: interrupt)
    assert jianka("worker") == (130, "", "\n")


def test_an_unknown_command_is_a_usage_error(jianka: Run) -> None:
    code, _, err = jianka("fly")
    assert (code, "fly" in err) == (2, True)


def test_a_branch_is_set_up_by_two_commands(jianka: Run, sqlite_url: str, keyring: Keyring) -> None:
    assert jianka("staff", "import", SAMPLE / "staff.csv")[0] == 0
    assert jianka("staff", "pin", "S1001", "--pin", "123456")[0] == 1
    assert jianka("staff", "pin", "S9999", "--pin", "258036")[0] == 1
    assert jianka("staff", "pin", "S1001", "--pin", "258036")[0] == 0
    assert jianka("tablet", "add", "nowhere", "counter 1")[0] == 1
    status, said, _ = jianka("tablet", "add", "静安支行", "counter 1")
    code = re.search(r"\d{8}", said)
    assert status == 0
    assert code is not None
    now = datetime.now(UTC)
    database = open_database(sqlite_url, keyring)
    with database.transaction() as session:
        tablet, _ = enrol_tablet(session, code.group(), now)
        assert sign_in(session, tablet, "S1001", "258036", now)
    database.close()


def test_what_was_set_aside_is_heard_again_on_demand(
    jianka: Run, sqlite_url: str, keyring: Keyring
) -> None:
    database = open_database(sqlite_url, keyring)
    now = datetime.now(UTC)
    with database.transaction() as session:
        inbox.store(session, "bank", [inbox.Item("bank:x", "1", {"a": 1})], now)
        for _ in range(inbox.MOST_TRIES):
            inbox.mark_failed(session, 1, "ValueError", now)
        assert inbox.waiting(session, "bank", 9) == []
    assert jianka("events", "replay")[1].endswith("1.\n")
    with database.transaction() as session:
        assert [row.id for row in inbox.waiting(session, "bank", 9)] == [1]
    assert jianka("events", "replay")[1].endswith("0.\n") is True
    database.close()


def owed(session: Session, now: datetime) -> None:
    """Goodwill of ¥88 for the first member, given by the desk and a manager of the sample."""
    number = ask_goodwill(
        session, staff_of(session, "S9001"), 1, 1, Unit.CNY, 8_800, "late file", now
    )
    decide_remedy(session, staff_of(session, "S1002"), number, True, now)
    settle(session, 1, 1, now)


def staff_of(session: Session, staff_no: str) -> Staff:
    return session.scalars(select(Staff).where(Staff.staff_no == staff_no)).one()


def test_a_payout_from_batch_to_answer(
    jianka: Run, sqlite_url: str, keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room, file in (("members", "members.csv"), ("staff", "staff.csv")):
        jianka(room, "import", SAMPLE / file)
    jianka("campaign", "apply", SAMPLE / "campaign.yaml")
    jianka("staff", "pin", "S9001", "--pin", "258036")
    slug = read_campaign((SAMPLE / "campaign.yaml").read_text(encoding="utf-8")).slug
    assert jianka("payout", "list")[:2] == (
        0,
        "There is no batch yet. Run jianka payout prepare.\n",
    )
    assert jianka("payout", "prepare", "--campaign", "nobody")[0] == 1
    status, _, err = jianka("payout", "prepare", "--campaign", slug)
    assert (status, "cooling period" in err) == (1, True)
    database, now = open_database(sqlite_url, keyring), datetime.now(UTC)
    with database.transaction() as session:
        owed(session, now)
    status, said, _ = jianka("payout", "prepare", "--campaign", slug)
    assert (status, said.splitlines()[0]) == (
        0,
        "Batch 1 is prepared. Another person confirms it at the desk.",
    )
    assert "CNY: 1 lines, gross ¥88," in said
    masked, full = tmp_path / "masked.csv", tmp_path / "full.XLSX"
    assert jianka("payout", "export", 1, "--to", masked)[0] == 0
    assert "…0001" in masked.read_text(encoding="utf-8-sig")
    assert "C100001" not in masked.read_text(encoding="utf-8-sig")
    assert jianka("payout", "export", 1, "--to", tmp_path / "a.pdf")[0] == 1
    typed = iter(["S9001", "000000", "S9001", "258036", "S9001", "258036"])
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(typed))
    assert "PIN is wrong" in jianka("payout", "export", 1, "--to", full, "--full")[2]
    assert "cannot be done" in jianka("payout", "export", 1, "--to", full, "--full")[2]
    assert not full.exists()
    with database.transaction() as session:
        confirm(session, staff_of(session, "S1002"), 1, now)
    assert jianka("payout", "export", 1, "--to", full, "--full")[0] == 0
    assert full.read_bytes().startswith(b"PK")
    answer = tmp_path / "answer.csv"
    answer.write_text("reference,status,reason\nJK000001-00001,paid,\nJK1,paid,\n")
    status, said, err = jianka("payout", "answer", answer)
    assert (status, said) == (1, "1 lines paid, 0 failed, 0 answered before.\n")
    assert "line 3, JK1: no such reference" in err
    assert "batch 1  done" in jianka("payout", "list")[1]
    with database.transaction() as session:
        settle(session, 1, 1, now)
        paid = positions(session, 1, 1)
    assert [each.of(Account.PAID, Unit.CNY) for each in paid.values()] == [8_800]
    database.close()


def test_the_command_line_never_confirms_a_payout() -> None:
    group = cli._load(cli.COMMANDS["payout"])
    assert sorted(group.commands) == ["answer", "export", "list", "prepare"]
