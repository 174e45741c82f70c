"""A payout as a file for the bank: CSV or XLSX, in full or masked; and the bank's answer to it.

No cell is ever a formula: in CSV what a spreadsheet would take for one is quoted, in XLSX texts
are written as texts.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import xlsxwriter

from shared.base.money import Unit
from shared.base.sheets import Complaints, Unfit, decoded

COLUMNS = (
    "reference",
    "customer_ref",
    "application_ref",
    "name",
    "unit",
    "item",
    "gross",
    "borne",
    "tax",
    "netted",
    "net",
)
"""`net` is what the bank pays: gross + borne - tax - netted. Money in yuan, the rest in pieces."""
ANSWER_COLUMNS = ("reference", "status", "reason")
_AMOUNTS = ("gross", "borne", "tax", "netted", "net")
_MONEY = frozenset({Unit.CNY, Unit.DONATION})
_FORMULA = re.compile(r"^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")
_LONG_NUMBER = re.compile(r"\d{6,}")
_MOST_REASON = 80


class Form(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True)
class Row:
    """One line of the file; amounts in the unit's smallest piece."""

    reference: str
    customer_ref: str
    application_ref: str
    name: str
    unit: Unit
    item: str
    gross: int
    borne: int
    tax: int
    netted: int
    net: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the bank's answer, on its line of the file. A file may hold 480,000."""

    line: int
    reference: str
    paid: bool
    reason: str
    hundredths: int | None = None
    """What the bank says it paid, where it does: hundredths of a yuan or of a piece."""


def write(rows: Iterable[Row], form: Form) -> bytes:
    """The file."""
    return _csv(rows) if form is Form.CSV else _xlsx(rows)


def _csv(rows: Iterable[Row]) -> bytes:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(
            [
                str(_written(row, name)) if name in _AMOUNTS else tame(getattr(row, name))
                for name in COLUMNS
            ]
        )
    return sheet.getvalue().encode("utf-8-sig")  # the mark tells spreadsheets that it is UTF-8


def tame(cell: str) -> str:
    """A text that a spreadsheet would take for a formula, quoted."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _written(row: Row, name: str) -> Decimal:
    amount = Decimal(getattr(row, name))
    return (amount / 100).quantize(Decimal("0.01")) if row.unit in _MONEY else amount


def _xlsx(rows: Iterable[Row]) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("payout")
    bold = book.add_format({"bold": True})
    money, pieces = book.add_format({"num_format": "0.00"}), book.add_format({"num_format": "0"})
    for column, name in enumerate(COLUMNS):
        sheet.write_string(0, column, name, bold)
    for place, row in enumerate(rows, 1):
        for column, name in enumerate(COLUMNS):
            if name in _AMOUNTS:
                shape = money if row.unit in _MONEY else pieces
                sheet.write_number(place, column, float(_written(row, name)), shape)
            else:
                sheet.write_string(place, column, getattr(row, name))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(COLUMNS) - 1, 16)
    book.close()
    return content.getvalue()


def read_answers(raw: bytes) -> list[Answer]:
    """The bank's answer, every line checked. BadFile lists what is wrong with it.

    CSV with the columns reference, status (paid or failed) and reason, which a failure needs;
    others are passed over, but `net` is compared when it is there.
    """
    complaints, answers = Complaints(), []
    reader = csv.DictReader(io.StringIO())
    try:
        reader = csv.DictReader(io.StringIO(decoded(raw), newline=""))
        header = [(name or "").strip().lower() for name in reader.fieldnames or []]
        if missing := [name for name in ANSWER_COLUMNS if name not in header]:
            raise Unfit("missing_column", columns=", ".join(missing))
        reader.fieldnames = header
        for cells in reader:
            given = {name: (cells.get(name) or "").strip() for name in (*ANSWER_COLUMNS, "net")}
            if not any(given.values()):
                continue
            try:
                answers.append(_answer(reader.line_num, given))
            except _Column as bad:
                complaints.note(reader.line_num, bad.column, bad.unfit)
    except Unfit as bad:
        complaints.note(1, "", bad)
    except csv.Error:
        complaints.note(max(reader.line_num, 1), "", Unfit("not_csv"))
    if not answers and not complaints.total:
        complaints.note(1, "", Unfit("empty"))
    complaints.settle()
    return answers


class _Column(Exception):
    def __init__(self, column: str, unfit: Unfit) -> None:
        super().__init__(column)
        self.column = column
        self.unfit = unfit


def _answer(line: int, given: dict[str, str]) -> Answer:
    reference, status = given["reference"].lstrip("'").upper(), given["status"].lower()
    if not reference:
        raise _Column("reference", Unfit("missing"))
    if status not in ("paid", "failed"):
        raise _Column("status", Unfit("status", value=status[:20], allowed="paid, failed"))
    if status == "failed" and not given["reason"]:
        raise _Column("reason", Unfit("missing"))
    reason = _LONG_NUMBER.sub("…", given["reason"])[:_MOST_REASON]  # no account in our tables
    return Answer(line, reference, status == "paid", reason, _hundredths(given["net"]))


def _hundredths(written: str) -> int | None:
    """What stands under `net`, in hundredths; None when nothing does."""
    if not written:
        return None
    found = re.fullmatch(r"(\d{1,15})(?:\.(\d{1,2}))?", written.replace(",", ""))
    if found is None:
        raise _Column("net", Unfit("amount"))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
