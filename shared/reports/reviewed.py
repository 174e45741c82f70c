"""A month's review that is kept: totals as plain values, lines packed, and both read again."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.base.money import Unit
from shared.ledger.balance import Key
from shared.reports.reconciliation import Reconciliation, Sum
from shared.rewards.bank_file import FileDifference
from shared.rewards.books import Month, month_in
from shared.rewards.causes import Against, Cause, Line
from shared.rewards.review import Miscount

MOST_EXPLAINED = 200_000
"""Lines kept that explain themselves; faults are kept however many they are."""

MOST_IN_FILE = 2_000
"""References kept that the bank's file says otherwise; all are counted."""


class LinePack:
    """Takes lines as they are found; what it holds is compressed."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._file = gzip.GzipFile(fileobj=self._bytes, mode="wb", compresslevel=6)
        self._explained = 0
        self.kept = 0

    def add(self, line: Line) -> None:
        """One more line."""
        if not line.fault:
            if self._explained >= MOST_EXPLAINED:
                return
            self._explained += 1
        self.kept += 1
        key = line.key
        plain = [
            line.member, key.party, key.clause, key.occasion, line.unit.value,
            line.against.value, line.cause.value, line.should, line.found, int(line.doubted),
        ]  # fmt: skip
        self._file.write(json.dumps(plain, separators=(",", ":")).encode() + b"\n")

    def packed(self) -> bytes:
        """All of them; nothing is added after."""
        self._file.close()
        return self._bytes.getvalue()


def unpacked(packed: bytes, campaign_id: int) -> Iterator[Line]:
    """The lines one after the other."""
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        for row in file:
            member, party, clause, occasion, unit, against, cause, should, found, doubted = (
                json.loads(row)
            )
            key = Key(campaign_id, party, clause, occasion)
            yield Line(
                member, key, Unit(unit), Against(against), Cause(cause), should, found,
                bool(doubted),
            )  # fmt: skip


@dataclass(frozen=True)
class Reviewed:
    """A review that is kept. `kept`: how many of its lines are."""

    month: Month
    members: int
    earned: Counter[Unit]
    granted: Counter[Unit]
    causes: dict[Cause, Sum]
    miscounts: list[Miscount]
    in_file: list[FileDifference]
    faults: int
    kept: int

    @property
    def units(self) -> list[Unit]:
        """In which anything was earned or granted."""
        return sorted({*self.earned, *self.granted})


def as_json(found: Reconciliation, zone: str, kept: int) -> dict[str, Any]:
    """A review's totals as plain values; amounts in the unit's smallest piece."""
    return {
        "month": found.month.name,
        "zone": zone,
        "members": found.members,
        "earned": _units(found.earned),
        "granted": _units(found.granted),
        "causes": {
            cause.value: {"lines": each.lines, "differences": _units(each.differences)}
            for cause, each in found.causes.items()
        },
        "miscounts": [[each.limit, each.counted, each.held] for each in found.miscounts],
        "in_file": [
            [each.reference, each.cause.value, each.ledger, each.file]
            for each in found.in_file[:MOST_IN_FILE]
        ],
        "faults": found.faults,
        "kept": kept,
    }


def reviewed(plain: dict[str, Any]) -> Reviewed:
    """What `as_json` wrote."""
    return Reviewed(
        month_in(plain["month"], plain["zone"]),
        plain["members"],
        _counter(plain["earned"]),
        _counter(plain["granted"]),
        {
            Cause(cause): Sum(each["lines"], _counter(each["differences"]))
            for cause, each in plain["causes"].items()
        },
        [Miscount(limit, counted, held) for limit, counted, held in plain["miscounts"]],
        [
            FileDifference(reference, Cause(cause), ledger, file)
            for reference, cause, ledger, file in plain["in_file"]
        ],
        plain["faults"],
        plain["kept"],
    )


def _units(counts: Counter[Unit]) -> dict[str, int]:
    return {unit.value: n for unit, n in sorted(counts.items()) if n}


def _counter(plain: dict[str, int]) -> Counter[Unit]:
    return Counter({Unit(unit): n for unit, n in plain.items()})
