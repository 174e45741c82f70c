"""The payout's file: what it holds, that no cell is a formula, and the bank's answer to it."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from shared.base.money import Unit
from shared.base.sheets import BadFile
from shared.reports.payout_file import COLUMNS, Answer, Form, Row, read_answers, write

EVIL = '=HYPERLINK("http://evil.example","x")'


def row(name: str, unit: Unit = Unit.CNY, net: int = 12_345) -> Row:
    return Row("JK000001-00001", "C100001", "", name, unit, "", net, 0, 0, 0, net)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    "name", [EVIL, "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "\n=1", "\r=1"]
)
def test_a_formula_in_a_name_does_not_become_one(name: str) -> None:
    cell = read(write([row(name)], Form.CSV))[1][COLUMNS.index("name")]
    assert cell == f"'{name}"
    with zipfile.ZipFile(io.BytesIO(write([row(name)], Form.XLSX))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet.lower()


def test_an_ordinary_name_stays_as_it_is() -> None:
    cells = read(write([row("Anne-Marie O'Neil")], Form.CSV))
    assert cells[0] == list(COLUMNS)
    assert cells[1][COLUMNS.index("name")] == "Anne-Marie O'Neil"


def test_money_stands_in_yuan_and_the_rest_in_pieces() -> None:
    rows = [row("A"), row("B", Unit.POINTS, 500), row("C", Unit.GIFT, 1), row("D", Unit.DONATION)]
    nets = [cells[-1] for cells in read(write(rows, Form.CSV))[1:]]
    assert nets == ["123.45", "500", "1", "123.45"]
    with zipfile.ZipFile(io.BytesIO(write(rows, Form.XLSX))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>123.45</v>" in sheet
    assert "<v>500</v>" in sheet


def test_an_answer_is_read_with_its_line_and_what_it_says_was_paid() -> None:
    head = b"\xef\xbb\xbfReference,Status,Reason,Net\n"
    raw = head + b"jk000001-00001,PAID,,123.45\n\n'JK2,failed,gone,\n"
    assert read_answers(raw) == [
        Answer(2, "JK000001-00001", True, "", 12_345),
        Answer(4, "JK2", False, "gone", None),
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "missing_column"),
        (b"reference,status\nJK1,paid\n", "missing_column"),
        (b"reference,status,reason\n", "empty"),
        (b"reference,status,reason\n,paid,\n", "missing"),
        (b"reference,status,reason\nJK1,done,\n", "status"),
        (b"reference,status,reason\nJK1,failed,\n", "missing"),
        (b"reference,status,reason,net\nJK1,paid,,many\n", "amount"),
        (b"\xff\xfe\x00", "encoding"),
    ],
)
def test_a_file_that_is_not_an_answer_is_refused_whole(raw: bytes, reason: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_answers(raw)
    assert [line.reason for line in refused.value.lines] == [reason]
