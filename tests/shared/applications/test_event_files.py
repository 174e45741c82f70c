"""Files of events: JSON lines or CSV, read however long, judged whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.applications.event_files import LONGEST_LINE, check_event_file, events_of
from shared.base.sheets import BadFile

NOW = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
HEADER = "id,source,type,time,application_id,phone,amount,currency,kind,transaction_id,branch"


def submitted(number: int, **data: object) -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "/bank",
            "type": "jianka.application.submitted",
            "time": "2026-03-04T03:00:00Z",
            "data": {"application_id": f"A{number}", "phone": "+8613900139002"} | data,
        }
    )


def file(tmp_path: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))
    return path


def reasons(path: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(BadFile) as caught:
        check_event_file(path, NOW)
    return [(bad.line, bad.column, bad.reason) for bad in caught.value.lines]


def test_json_lines_are_counted_and_read_with_their_lines(tmp_path: Path) -> None:
    path = file(tmp_path, "day.jsonl", f"{submitted(1)}\n\n{submitted(2)}", "utf-8-sig")
    assert check_event_file(path, NOW) == 2
    assert [(line, event.id) for line, event in events_of(path, NOW)] == [(1, "e1"), (3, "e2")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_csv_line_is_the_same_event_as_its_json(tmp_path: Path, encoding: str) -> None:
    lines = (
        "e1,/bank,jianka.application.submitted,2026-03-04T03:00:00Z,A1,+8613900139002,,,,,静安支行",
        "e2,/bank,jianka.transaction.posted,2026-03-04T03:00:00Z,A1,,30000,CNY,purchase,T1,",
    )
    path = file(tmp_path, "day.CSV", "\n".join((HEADER, *lines)), encoding)
    (_, bob), (_, purchase) = events_of(path, NOW)
    assert bob.body == json.loads(submitted(1, branch="静安支行"))
    assert purchase.data == {
        "application_id": "A1",
        "transaction_id": "T1",
        "amount": 30000,
        "currency": "CNY",
        "kind": "purchase",
    }


def test_every_bad_event_is_named_with_line_and_field(tmp_path: Path) -> None:
    lines = (submitted(1), "{", submitted(2, phone="12"), '{"id": "e3"}', submitted(4))
    found = reasons(file(tmp_path, "day.jsonl", "\n".join(lines)))
    assert found[0] == (2, "", "not_json")
    assert found[1][0] == 3
    assert {column for line, column, _ in found if line == 4} >= {"source", "type", "time"}
    assert {line for line, _, _ in found} == {2, 3, 4}


def test_a_csv_amount_that_is_no_whole_number_is_refused(tmp_path: Path) -> None:
    line = "e2,/bank,jianka.transaction.posted,2026-03-04T03:00:00Z,A1,,300.00,CNY,purchase,T1,"
    assert reasons(file(tmp_path, "day.csv", f"{HEADER}\n{line}\ne3,x\n")) == [
        (2, "data.amount", "event"),
        (3, "", "width"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.jsonl", "", "empty"),
        ("a.csv", HEADER, "empty"),
        ("a.csv", "id,source,type\n", "missing_column"),
        ("a.csv", "\x00", "encoding"),
        ("a.jsonl", "x" * (LONGEST_LINE + 1), "line_too_long"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    assert [found[2] for found in reasons(file(tmp_path, name, content))] == [reason]


def test_bytes_that_are_neither_utf_8_nor_gbk_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(HEADER.encode() + b"\n\xff\xff")
    assert [found[2] for found in reasons(path)] == ["encoding"]
