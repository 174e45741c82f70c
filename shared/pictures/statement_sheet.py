"""Every word of a member's statement, and the form in which it waits to be drawn."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Sum:
    """One unit's totals."""

    unit: str
    amounts: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One grant. `live`: it stands; else it is set in quiet ink."""

    earned: str
    what: str
    why: str
    status: str
    gross: str
    tax: str
    net: str
    live: bool


@dataclass(frozen=True)
class StatementSheet:
    """Every word of a statement. `page` holds `{n}` and `{of}`; heads stand above the columns."""

    language: str
    issuer: str
    title: str
    member: str
    as_of: str
    chain: str
    sums_title: str
    sum_heads: tuple[str, ...]
    sums: tuple[Sum, ...]
    title_of_entries: str
    heads: tuple[str, ...]
    entries: tuple[Entry, ...]
    nothing: str
    notes_title: str
    notes: tuple[str, ...]
    page: str


def to_text(sheet: StatementSheet) -> str:
    """The sheet as the outbox keeps it until it is drawn."""
    return json.dumps(asdict(sheet), ensure_ascii=False)


def from_text(kept: str) -> StatementSheet:
    """The sheet that `to_text` wrote."""
    raw: dict[str, Any] = json.loads(kept)
    raw["sums"] = tuple(Sum(s["unit"], tuple(s["amounts"])) for s in raw["sums"])
    raw["entries"] = tuple(Entry(**entry) for entry in raw["entries"])
    for name in ("sum_heads", "heads", "notes"):
        raw[name] = tuple(raw[name])
    return StatementSheet(**raw)
