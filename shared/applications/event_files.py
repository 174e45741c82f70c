"""Files of bank events: CloudEvents as JSON lines, or CSV with a column for each field.

A CSV file has the columns id, source, type and time, and those of `data` that its events need
(application_id, phone, amount, …); an empty cell is a field that is not there. Files are read
line by line, however long they are.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.applications.events import BankEvent, read_event, read_json
from shared.base.sheets import Complaints, Unfit

LONGEST_LINE = 100_000
"""Bytes; a line beyond it is no event."""

_ENVELOPE = ("id", "source", "type", "time")
_AMOUNT = "amount"
_YES_NO = "existing_customer"
_YES_NO_WORDS = {"true": True, "false": False, "1": True, "0": False}

Told = Callable[[int], None]
"""(lines read so far)."""


def check_event_file(path: Path, now: datetime, told: Told | None = None) -> int:
    """The number of events in a file that is wholly well-formed; BadFile lists what is not."""
    complaints = Complaints()
    count = sum(1 for _ in _events(path, now, complaints, told))
    if not count and not complaints.total:
        complaints.note(1, "", Unfit("empty"))
    complaints.settle()
    return count


def events_of(path: Path, now: datetime) -> Iterator[tuple[int, BankEvent]]:
    """The events of a checked file with their lines. BadFile when it changed meanwhile."""
    complaints = Complaints()
    yield from _events(path, now, complaints, None)
    complaints.settle()


def _events(
    path: Path, now: datetime, complaints: Complaints, told: Told | None
) -> Iterator[tuple[int, BankEvent]]:
    read = _csv_items if path.suffix.lower() == ".csv" else _json_items
    line = 1
    try:
        for line, item in read(path, complaints):
            found = read_event(item, now)
            if isinstance(found, BankEvent):
                yield line, found
            else:
                for field, problem in found:
                    complaints.note(line, field, Unfit("event", problem=problem))
            if told and line % 1000 == 0:
                told(line)
    except Unfit as unfit:
        complaints.note(int(str(unfit.params.pop("line", line))), "", unfit)
    except csv.Error:
        complaints.note(line + 1, "", Unfit("not_csv"))


def _json_items(path: Path, complaints: Complaints) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(raw) > LONGEST_LINE:
                raise Unfit("line_too_long", line=number, most=LONGEST_LINE)
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            if not raw.strip():
                continue
            try:
                yield number, read_json(raw)
            except (ValueError, RecursionError):  # not JSON, or not UTF-8
                complaints.note(number, "", Unfit("not_json"))


def _csv_items(path: Path, complaints: Complaints) -> Iterator[tuple[int, Any]]:
    with path.open(encoding=_encoding(path), newline="") as file:
        reader = csv.reader(file)
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in _ENVELOPE if name not in header]
        if missing:
            raise Unfit("missing_column", line=1, columns=", ".join(missing))
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                unfit = Unfit("width", found=len(cells), expected=len(header))
                complaints.note(reader.line_num, "", unfit)
                continue
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            yield reader.line_num, _item(row)


def _item(row: dict[str, str]) -> dict[str, Any]:
    item: dict[str, Any] = {"specversion": "1.0"}
    item |= {name: row.pop(name) for name in _ENVELOPE}
    data: dict[str, Any] = {name: cell for name, cell in row.items() if cell}
    # What does not read as a number or as yes or no is left for the event's own check.
    if data.get(_AMOUNT, "").isdecimal():
        data[_AMOUNT] = int(data[_AMOUNT])
    if data.get(_YES_NO, "").lower() in _YES_NO_WORDS:
        data[_YES_NO] = _YES_NO_WORDS[data[_YES_NO].lower()]
    return item | {"data": data}


def _encoding(path: Path) -> str:
    """UTF-8 (a BOM or none), else GBK; Unfit `encoding` when it reads as neither."""
    for name in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            with path.open("rb") as file:
                while raw := file.read(1 << 20):
                    if b"\x00" in raw:
                        raise Unfit("encoding", line=1)
                    decoder.decode(raw)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    raise Unfit("encoding", line=1)
