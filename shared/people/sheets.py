"""CSV files of members and staff → checked lines, or every bad line with its reason.

A reason repeats what stands in a cell only where the column holds nothing personal.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from shared.base.errors import Refusal
from shared.base.i18n import locale_from_tag
from shared.base.sheets import Complaints, Unfit, decoded
from shared.people.members import MemberStatus
from shared.people.phone import read_phone
from shared.people.staff import Role

LEFT = "left"
"""Instead of a role: this person no longer works here."""

_MEMBER_COLUMNS = (
    "customer_ref",
    "phone",
    "name",
    "language",
    "segment",
    "region",
    "card_product",
    "opened_on",
    "status",
)
_MEMBER_ANY = ("payout_account",)
"""Columns that a file may have."""
_STAFF_COLUMNS = ("staff_no", "name", "branch", "role", "customer_ref")
_REFERENCE = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class MemberLine:
    """One checked line of the members' file; `phone` in E.164, `language` a catalogue's name."""

    customer_ref: str
    phone: str
    name: str
    language: str
    segment: str
    region: str
    card_products: str
    opened_on: date
    status: MemberStatus
    payout_account: str | None = None
    """The bank's own reference of where the member is paid."""


@dataclass(frozen=True)
class StaffLine:
    """One checked line of the staff file; `role` None: has left."""

    staff_no: str
    name: str
    branch: str
    role: Role | None
    customer_ref: str | None


Line = TypeVar("Line", MemberLine, StaffLine)


def read_members(raw: bytes, today: date) -> list[MemberLine]:
    """The lines of a members' file. BadFile lists what is wrong with it."""
    return _Sheet(
        _MEMBER_COLUMNS, _member_cells(today), _member, ("customer_ref",), _MEMBER_ANY
    ).read(raw)


def read_staff(raw: bytes) -> list[StaffLine]:
    """The lines of a staff file. BadFile lists what is wrong with it."""
    return _Sheet(_STAFF_COLUMNS, _STAFF_CELLS, _staff, ("staff_no", "customer_ref")).read(raw)


Cell = Callable[[str], object]


@dataclass
class _Sheet(Generic[Line]):
    columns: tuple[str, ...]
    cells: dict[str, Cell]
    make: Callable[[dict[str, object]], Line]
    unique: tuple[str, ...]
    may_have: tuple[str, ...] = ()
    complaints: Complaints = field(default_factory=Complaints)

    def read(self, raw: bytes) -> list[Line]:
        lines: list[Line] = []
        try:
            places = self._places(reader := csv.reader(io.StringIO(decoded(raw), newline="")))
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    checked = self._checked(cells, places, reader.line_num)
                    if checked is not None:
                        lines.append(self.make(checked))
        except Unfit as bad:
            self.complaints.note(1, "", bad)
        except csv.Error:
            self.complaints.note(reader.line_num, "", Unfit("not_csv"))
        if not lines and not self.complaints.total:
            self.complaints.note(1, "", Unfit("empty"))
        self.complaints.settle()
        return lines

    def _places(self, reader: Iterator[list[str]]) -> dict[str, int]:
        self.seen: dict[tuple[str, str], int] = {}
        header = [name.strip().lower() for name in next(reader, [])]
        if not any(header):
            raise Unfit("empty")
        missing = [name for name in self.columns if name not in header]
        if missing:
            raise Unfit("missing_column", columns=", ".join(missing))
        known = (*self.columns, *self.may_have)
        twice = [name for name in known if header.count(name) > 1]
        if twice:
            raise Unfit("column_twice", columns=", ".join(twice))
        self.width = len(header)
        return {name: header.index(name) for name in known if name in header}

    def _checked(
        self, cells: list[str], places: dict[str, int], line: int
    ) -> dict[str, object] | None:
        if len(cells) != self.width:
            self.complaints.note(line, "", Unfit("width", found=len(cells), expected=self.width))
            return None
        before = self.complaints.total
        checked: dict[str, object] = {}
        for name, check in self.cells.items():
            if name not in places:
                continue
            try:
                checked[name] = check(cells[places[name]].strip())
                if name in self.unique and checked[name]:
                    self._only_once(name, str(checked[name]), line)
            except Unfit as bad:
                self.complaints.note(line, name, bad)
        return checked if self.complaints.total == before else None

    def _only_once(self, name: str, value: str, line: int) -> None:
        first = self.seen.setdefault((name, value), line)
        if first != line:
            raise Unfit("twice", first=first)


def _reference(value: str) -> str:
    if not value:
        raise Unfit("missing")
    if len(value) > 40 or not _REFERENCE.fullmatch(value):
        raise Unfit("reference")
    return value


def _optional_reference(value: str) -> str | None:
    return _reference(value) if value else None


def _account(value: str) -> str | None:
    if len(value) > 64 or (value and not _REFERENCE.fullmatch(value)):
        raise Unfit("account")
    return value or None


def _phone(value: str) -> str:
    if not value:
        raise Unfit("missing")
    try:
        return read_phone(value)
    except Refusal:
        raise Unfit("phone") from None


def _text(most: int, *, required: bool = False) -> Cell:
    def check(value: str) -> str:
        if required and not value:
            raise Unfit("missing")
        if len(value) > most:
            raise Unfit("long", most=most)
        return value

    return check


def _language(value: str) -> str:
    locale = locale_from_tag(value)
    if locale is None:
        raise Unfit("language", value=value[:20])
    return locale.value


def _choice(kinds: type[StrEnum], reason: str) -> Cell:
    def check(value: str) -> StrEnum:
        try:
            return kinds(value.lower())
        except ValueError:
            allowed = ", ".join(kinds)
            raise Unfit(reason, value=value[:20], allowed=allowed) from None

    return check


def _role(value: str) -> object:
    return None if value.lower() == LEFT else _choice(Role, "role")(value)


def _day(today: date) -> Cell:
    def check(value: str) -> date:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise Unfit("date", value=value[:20]) from None
        # A bank east of us may already have tomorrow.
        if day > today + timedelta(days=1):
            raise Unfit("future", value=value[:20])
        return day

    return check


def _member_cells(today: date) -> dict[str, Cell]:
    return {
        "customer_ref": _reference,
        "phone": _phone,
        "name": _text(80, required=True),
        "language": _language,
        "segment": _text(40),
        "region": _text(40),
        "card_product": _text(200),
        "opened_on": _day(today),
        "status": _choice(MemberStatus, "status"),
        "payout_account": _account,
    }


_STAFF_CELLS: dict[str, Cell] = {
    "staff_no": _reference,
    "name": _text(80, required=True),
    "branch": _text(120, required=True),
    "role": _role,
    "customer_ref": _optional_reference,
}


def _member(cells: dict[str, object]) -> MemberLine:
    return MemberLine(card_products=cells.pop("card_product"), **cells)  # type: ignore[arg-type]


def _staff(cells: dict[str, object]) -> StaffLine:
    return StaffLine(**cells)  # type: ignore[arg-type]
