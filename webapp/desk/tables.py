"""A table as every page of the desk shows it, and the same rows as a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, stream_with_context

from shared.base.money import Unit
from webapp.words import t

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Cell:
    """One cell. `kind`: text, code, number, moment, money, difference, pill or yes."""

    kind: str
    value: str | int | datetime | bool
    unit: Unit = Unit.CNY
    tone: str = "quiet"
    href: str = ""


@dataclass(frozen=True)
class Column:
    """One column: the key of its heading, and whether it is set as numbers are."""

    key: str
    number: bool = False


def as_csv(name: str, columns: Iterable[Column], rows: Iterable[Iterable[Cell]]) -> Response:
    """Rows as CSV in UTF-8 with the mark that spreadsheets look for; times in UTC."""
    heads = [t(column.key) for column in columns]
    return _sheet(name, heads, ([plain(cell) for cell in row] for row in rows))


def as_csv_of(name: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Response:
    """Rows of words that are ready as CSV; none is a formula."""
    return _sheet(name, heads, ([_tame(each) for each in row] for row in rows))


def _sheet(name: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Response:
    def lines() -> Iterator[str]:
        yield "\ufeff"
        yield _line(heads)
        for row in rows:
            yield _line(row)

    response = Response(stream_with_context(lines()), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _tame(words: str) -> str:
    return f"'{words}" if words.startswith(_FORMULA) else words


def plain(cell: Cell) -> str:
    """A cell for a file: amounts in whole units with their decimals, never a formula."""
    value = cell.value
    if cell.kind == "money":
        assert isinstance(value, int)
        return f"{value / 100:.2f}" if cell.unit in (Unit.CNY, Unit.DONATION) else str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, bool):
        return t("desk.yes") if value else t("desk.no")
    if isinstance(value, int):
        return str(value)
    return _tame(value)


def _line(values: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(values)
    return written.getvalue()
