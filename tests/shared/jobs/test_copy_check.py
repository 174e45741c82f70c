"""`jianka copy check`: a line out for each line in, and a status that a script can read."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared import cli

ROOT = Path(__file__).parents[3]
Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Check some bytes as a file; the status, the lines of standard output, standard error."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(raw: bytes | str, *options: str, name: str = "texts.txt") -> tuple[int, list[str], str]:
        path = tmp_path / name
        path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        return ran(capsys, path, *options)

    return run


def ran(
    capsys: pytest.CaptureFixture[str], path: object, *options: str
) -> tuple[int, list[str], str]:
    with pytest.raises(SystemExit) as caught:
        cli.main(["copy", "check", str(path), *options])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(caught.value.code or 0), out.split("\n")[:-1], err


def test_each_line_is_answered_in_its_place(check: Run) -> None:
    code, out, err = check("第一步：登记\n全国第一\n\n必下卡，永久免费\n首刷满 ¥300 得 ¥50\n")
    assert (code, err) == (1, "")
    assert out == [
        "ok\t\t第一步：登记",
        "flag\tranking\t全国第一",
        "ok\t\t",
        "flag\tapproval,free\t必下卡，永久免费",
        "ok\t\t首刷满 ¥300 得 ¥50",
    ]


def test_all_fine_is_status_0(check: Run) -> None:
    assert check("活动最后一天\n首刷有礼") == (0, ["ok\t\t活动最后一天", "ok\t\t首刷有礼"], "")
    assert check("") == (0, [], "")
    assert check("\n") == (0, ["ok\t\t"], "")


@pytest.mark.parametrize(
    "raw",
    [
        "最好的卡\n".encode("utf-8-sig"),
        "最好的卡\r\n".encode(),
        "最好的卡".encode(),
    ],
)
def test_a_mark_and_the_ends_of_lines_are_no_text(check: Run, raw: bytes) -> None:
    assert check(raw) == (1, ["flag\tsuperlative\t最好的卡"], "")


def test_nothing_in_a_text_breaks_a_line_or_its_columns(check: Run) -> None:
    code, out, _ = check("a\tb\rc\x0bd\u2028e\x1b[31m\x85f\n最\t好的卡\n")
    assert code == 1
    assert out == ["ok\t\ta b c d e [31m f", "flag\tsuperlative\t最 好的卡"]


def test_why_and_what_instead_are_two_more_columns(check: Run) -> None:
    code, out, _ = check("必下卡，永久免费\n好\n", "--explain")
    assert code == 1
    first, second = (line.split("\t") for line in out)
    assert first[:3] == ["flag", "approval,free", "必下卡，永久免费"]
    assert "“必下卡” The bank alone decides" in first[3]
    assert "“永久免费” A card has costs" in first[3]
    assert "subject to approval by the bank" in first[4]
    assert second == ["ok", "", "好", "", ""]


def test_standard_input_is_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("包过\n你好".encode())))
    assert ran(capsys, "-") == (1, ["flag\tapproval\t包过", "ok\t\t你好"], "")


def test_what_cannot_be_read_is_status_2_and_one_clear_line(
    check: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = check("最好".encode("gbk"))
    assert (code, out) == (2, [])
    assert err == "jianka: the file is not UTF-8; save it as UTF-8 and try again.\n"
    for path in (tmp_path / "nowhere.txt", tmp_path):
        code, out, err = ran(capsys, path)
        assert (code, out) == (2, [])
        assert err.count("\n") == 1
        assert str(path) in err


def test_it_needs_no_settings_and_no_database(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JIANKA_")}
    answer = subprocess.run(
        [sys.executable, "-m", "shared.cli", "copy", "check", "-"],
        input="全国第一\n".encode(),
        capture_output=True,
        env=environment | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
    )
    assert answer.returncode == 1
    assert answer.stdout.decode() == "flag\tranking\t全国第一\n"
