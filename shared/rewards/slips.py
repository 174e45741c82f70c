"""A payout's lines and their parts as they are read, added up and ended: by the hundred thousand,
so as plain tuples and by statements that are about many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from shared.base.direct import Direct, among
from shared.base.money import Unit
from shared.ledger.balance import Key
from shared.rewards.payouts import Line, LineState, Part, PartKind

_LINES = Line.metadata.tables[Line.__tablename__]
_PARTS = Part.metadata.tables[Part.__tablename__]
_AT_ONCE = 5_000
"""Lines whose parts are asked for together."""


class Slip(NamedTuple):
    """A line as it is read, by the hundred thousand. Fields as in `Line`."""

    id: int
    batch_id: int
    reference: str
    campaign_id: int
    member_id: int
    party: str
    customer_ref: str | None
    application_ref: str | None
    unit: str
    item: str
    gross: int
    borne: int
    tax: int
    netted: int
    net: int
    state: str


class Piece(NamedTuple):
    """A part as it is read, by the hundred thousand. Amounts as in `Part`."""

    line: int
    kind: PartKind
    key: Key
    """The key it pays or takes from."""
    unit: Unit
    amount: int
    tax: int
    borne: int


class Amounts(NamedTuple):
    """What one line comes to. `net = gross + borne - tax - netted`."""

    gross: int
    borne: int
    tax: int
    netted: int
    net: int


@dataclass(frozen=True)
class Total:
    """Sums of lines in one unit. `net = gross + borne - tax - netted`."""

    lines: int = 0
    gross: int = 0
    borne: int = 0
    tax: int = 0
    netted: int = 0
    net: int = 0

    def plus(self, line: Slip | Amounts) -> Total:
        """With one line more."""
        return Total(
            self.lines + 1,
            self.gross + line.gross,
            self.borne + line.borne,
            self.tax + line.tax,
            self.netted + line.netted,
            self.net + line.net,
        )


def totals_of(lines: Iterable[Slip]) -> dict[Unit, Total]:
    """Sums by unit."""
    totals: dict[Unit, Total] = {}
    for line in lines:
        unit = Unit(line.unit)
        totals[unit] = totals.get(unit, Total()).plus(line)
    return totals


SLIPS = select(*(_LINES.c[name] for name in Slip._fields))
"""Lines, to be narrowed down; each row is a `Slip`."""


def lines_of(session: Session, batch_id: int, *states: LineState) -> list[Slip]:
    """A batch's lines in order; of some states when any is named."""
    query = SLIPS.where(Line.batch_id == batch_id).order_by(Line.ordinal)
    if states:
        query = query.where(Line.state.in_([state.value for state in states]))
    return [Slip(*row) for row in session.execute(query)]


def parts_of(session: Session, lines: Iterable[Slip | Line]) -> dict[int, list[Piece]]:
    """The parts of some lines, by line."""
    found: dict[int, list[Piece]] = {line.id: [] for line in lines}
    ids = list(found)
    for start in range(0, len(ids), _AT_ONCE):
        rows = _PARTS_OF.read(session, lines=ids[start : start + _AT_ONCE])
        for line, kind, campaign, party, clause, occasion, unit, amount, tax, borne in rows:
            key = Key(campaign, party, clause, occasion)
            piece = Piece(line, PartKind(kind), key, Unit(unit), amount, tax, borne)
            found[line].append(piece)
    return found


_PARTS_OF = Direct(
    select(
        _PARTS.c.line_id, _PARTS.c.kind,
        _PARTS.c.campaign_id, _PARTS.c.party, _PARTS.c.clause, _PARTS.c.occasion,
        _PARTS.c.unit, _PARTS.c.amount, _PARTS.c.tax, _PARTS.c.borne,
    )
    .where(among(_PARTS.c.line_id, "lines"))
    .order_by(_PARTS.c.id)
)  # fmt: skip


def close(
    session: Session, lines: Sequence[Slip], to: LineState, reason: str | None, at: datetime
) -> None:
    """End waiting lines and free their keys: two statements, however many they are."""
    assert all(line.state == LineState.WAITING.value for line in lines)
    if not lines:
        return
    ids = [line.id for line in lines]
    ended = {"to_state": to.value, "why": reason, "at": at}
    session.execute(_END, {"lines": ids} | ended)
    session.execute(_FREE, {"lines": ids})


_END = (
    update(_LINES)
    .where(among(_LINES.c.id, "lines"))
    .values(state=bindparam("to_state"), reason=bindparam("why"), answered_at=bindparam("at"))
)
_FREE = update(_PARTS).where(among(_PARTS.c.line_id, "lines")).values(open=False)
