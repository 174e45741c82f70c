"""The ledger held against the bank: our lines against its file, reference by reference, and
what the keys' lives say was paid against the lines that paid it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.ledger.balance import Key
from shared.rewards.causes import Cause
from shared.rewards.payouts import Line, LineState, Part, PartKind
from shared.rewards.standing import Happening, KeyEvent

PAID = "paid"
"""The state of a line that the bank carried out; any other moved no money."""
FAILED = "failed"


@dataclass(frozen=True)
class FileLine:
    """One line of the bank's file: our reference, the amount in the smallest unit, its state."""

    reference: str
    amount: int
    state: str


@dataclass(frozen=True)
class FileDifference:
    """A reference for which ledger and file do not say the same. Amounts in the smallest unit."""

    reference: str
    cause: Cause
    ledger: int
    file: int


def against_file(paid: Mapping[str, int], lines: Iterable[FileLine]) -> Iterator[FileDifference]:
    """What the ledger says was paid, by reference, held against the lines of the bank's file.

    A reference that the bank carried out twice counts with both amounts.
    """
    carried: Counter[str] = Counter()
    for line in lines:
        if line.state == PAID:
            carried[line.reference] += line.amount
    for reference in sorted(paid.keys() | carried.keys()):
        ledger, file = paid.get(reference, 0), carried[reference]
        if ledger == file:
            continue
        cause = Cause.OTHER_AMOUNT
        if not file:
            cause = Cause.NOT_IN_FILE
        elif not ledger:
            cause = Cause.NOT_IN_LEDGER
        yield FileDifference(reference, cause, ledger, file)


@dataclass(frozen=True)
class PaidLine:
    """A line that we hold as paid: in which unit, and what went to the party."""

    unit: Unit
    net: int


def paid_lines(
    session: Session,
    campaign_id: int,
    since: datetime,
    before: datetime,
    also: Collection[str] = (),
) -> dict[str, PaidLine]:
    """A campaign's lines paid in a half-open window, by reference, and those of `also` whenever.

    Lines that were netted to nothing never went to the bank and are left out.
    """
    in_window = and_(Line.answered_at >= since, Line.answered_at < before)
    rows = session.execute(
        select(Line.reference, Line.unit, Line.net).where(
            Line.campaign_id == campaign_id,
            Line.state == LineState.PAID.value,
            Line.net > 0,
            or_(in_window, Line.reference.in_(also)),
        )
    )
    return {reference: PaidLine(Unit(unit), net) for reference, unit, net in rows}


def lines_elsewhere(session: Session, campaign_id: int, references: Collection[str]) -> set[str]:
    """Those references that are another campaign's."""
    query = select(Line.reference).where(
        Line.reference.in_(references), Line.campaign_id != campaign_id
    )
    return set(session.scalars(query))


@dataclass(frozen=True)
class UnpaidLife:
    """A key whose life says another amount was paid than the lines of payouts did."""

    member: int
    key: Key
    unit: Unit
    told: int
    paid: int

    @property
    def cause(self) -> Cause:
        """Paid by the ledger and by no line, the other way round, or another amount."""
        if not self.paid:
            return Cause.NOT_IN_FILE
        return Cause.OTHER_AMOUNT if self.told else Cause.NOT_IN_LEDGER


def unpaid_lives(session: Session, campaign_id: int, most: int = 1000) -> list[UnpaidLife]:
    """The first keys for which the ledger was told of a payment that no paid line carries."""
    told = select(
        KeyEvent.member_id, KeyEvent.party, KeyEvent.clause, KeyEvent.occasion, KeyEvent.unit,
        KeyEvent.amount.label("told"), literal(0).label("paid"),
    ).where(KeyEvent.campaign_id == campaign_id, KeyEvent.kind == Happening.PAID.value)  # fmt: skip
    paid = (
        select(
            Line.member_id,
            Part.party,
            Part.clause,
            Part.occasion,
            Part.unit,
            literal(0).label("told"),
            Part.amount.label("paid"),
        )
        .join(Line, Line.id == Part.line_id)
        .where(
            Part.campaign_id == campaign_id,
            Part.kind == PartKind.PAY.value,
            Line.state == LineState.PAID.value,
        )
    )
    both = union_all(told, paid).subquery()
    key = (both.c.member_id, both.c.party, both.c.clause, both.c.occasion, both.c.unit)
    sums = func.sum(both.c.told), func.sum(both.c.paid)
    rows = session.execute(
        select(*key, *sums).group_by(*key).having(sums[0] != sums[1]).order_by(*key).limit(most)
    )
    return [
        UnpaidLife(
            member, Key(campaign_id, party, clause, occasion), Unit(unit), int(life), int(line)
        )
        for member, party, clause, occasion, unit, life, line in rows
    ]
