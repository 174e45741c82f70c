"""A payout's lines: drawn up from what stands, less tax and what is owed back, and written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.withholding import TaxOffice
from shared.base.money import Unit, split
from shared.base.rows import Row, insert_rows
from shared.campaigns.tax import TaxRule
from shared.ledger.balance import Account
from shared.rewards.payable import Standing
from shared.rewards.payouts import Batch, Line, LineState, Part, PartKind
from shared.rewards.slips import Amounts, Total

_NAMED_BY_CLAUSE = frozenset({Unit.GIFT, Unit.PRIVILEGE, Unit.DONATION})
"""Units of which only the clause says what is given."""


@dataclass(frozen=True)
class Payee:
    """By which references the bank knows a party."""

    customer_ref: str | None = None
    application_ref: str | None = None

    @property
    def known(self) -> bool:
        """Whether the bank could pay them at all."""
        return bool(self.customer_ref or self.application_ref)


@dataclass(frozen=True)
class Draft:
    """One line to be: whose, what it pays and what it nets, under which tax rule."""

    pays: tuple[Standing, ...]
    nets: tuple[tuple[Standing, int], ...]
    tax: int
    borne: int

    @property
    def gross(self) -> int:
        return sum(each.amount for each in self.pays)

    @property
    def netted(self) -> int:
        return sum(amount for _, amount in self.nets)


def drafted(found: Iterable[Standing], office: TaxOffice) -> Iterator[Draft]:
    """Lines to be, in the order of party, unit and item; what is owed back is netted first."""
    owed: dict[tuple[str, Unit, str], list[Standing]] = defaultdict(list)
    back: dict[tuple[str, Unit, str], list[Standing]] = defaultdict(list)
    for each in found:
        item = each.key.clause if each.unit in _NAMED_BY_CLAUSE else ""
        side = owed if each.account is Account.AVAILABLE else back
        side[each.key.party, each.unit, item].append(each)
    for place in sorted(owed, key=lambda place: (owed[place][0].member, place)):
        debts = back[place]
        for rule, pays in _by_rule(owed[place], office):
            gross = sum(each.amount for each in pays)
            tax = office.keep(place[0], gross, rule)
            borne = tax if rule is not None and rule.gross_up else 0
            nets, debts = _net(debts, gross + borne - tax)
            yield Draft(tuple(pays), nets, tax, borne)


def _by_rule(
    pays: Iterable[Standing], office: TaxOffice
) -> list[tuple[TaxRule | None, list[Standing]]]:
    groups: dict[TaxRule | None, list[Standing]] = {}
    for each in pays:
        groups.setdefault(office.rule_of(each), []).append(each)
    return list(groups.items())


def _net(
    debts: Sequence[Standing], most: int
) -> tuple[tuple[tuple[Standing, int], ...], list[Standing]]:
    """What is taken of each debt, `most` in all; and what is left of them."""
    taken, left = [], []
    for debt in debts:
        amount = min(debt.amount, most)
        most -= amount
        if amount:
            taken.append((debt, amount))
        if rest := debt.amount - amount:
            left.append(debt._replace(amount=rest))
    return tuple(taken), left


_LINES, _PARTS = Line.metadata.tables[Line.__tablename__], Part.metadata.tables[Part.__tablename__]
_LINE_COLUMNS = (
    "batch_id", "ordinal", "reference", "campaign_id", "member_id", "party", "customer_ref",
    "application_ref", "unit", "item", "state", *Amounts._fields,
)  # fmt: skip
_PART_COLUMNS = (
    "line_id", "kind", "campaign_id", "party", "clause", "occasion", "unit", "amount", "tax",
    "borne", "open",
)  # fmt: skip


def write_lines(
    session: Session, batch: Batch, drafts: Sequence[Draft], payees: Mapping[str, Payee]
) -> dict[Unit, Total]:
    """Lines and parts, each as one stream of rows; the sums by unit."""
    sums = [_sum(draft) for draft in drafts]
    lines = (
        _line(batch, ordinal, draft, payees[draft.pays[0].key.party]) + each
        for ordinal, (draft, each) in enumerate(zip(drafts, sums, strict=True), 1)
    )
    insert_rows(session, _LINES, _LINE_COLUMNS, lines)
    ids = session.scalars(select(Line.id).where(Line.batch_id == batch.id).order_by(Line.ordinal))
    parts = (
        part
        for line_id, draft in zip(ids.all(), drafts, strict=True)
        for part in _parts(line_id, draft)
    )
    insert_rows(session, _PARTS, _PART_COLUMNS, parts)
    totals: dict[Unit, Total] = {}
    for draft, each in zip(drafts, sums, strict=True):
        unit = draft.pays[0].unit
        totals[unit] = totals.get(unit, Total()).plus(each)
    return totals


def _sum(draft: Draft) -> Amounts:
    gross, netted = draft.gross, draft.netted
    net = gross + draft.borne - draft.tax - netted
    return Amounts(gross, draft.borne, draft.tax, netted, net)


def _line(batch: Batch, ordinal: int, draft: Draft, payee: Payee) -> Row:
    """A line's row up to its sums."""
    first = draft.pays[0]
    return (
        batch.id,
        ordinal,
        f"JK{batch.id:06d}-{ordinal:05d}",
        batch.campaign_id,
        first.member,
        first.key.party,
        payee.customer_ref,
        payee.application_ref,
        first.unit.value,
        first.key.clause if first.unit in _NAMED_BY_CLAUSE else "",
        LineState.WAITING.value,
    )


def _parts(line_id: int, draft: Draft) -> Iterator[Row]:
    """The rows of a line's parts; tax is shared among the keys by their amounts, to the fen."""
    weights = [each.amount for each in draft.pays]
    taxes, borne = split(draft.tax, weights), split(draft.borne, weights)
    for each, tax, more in zip(draft.pays, taxes, borne, strict=True):
        yield _part(line_id, PartKind.PAY, each, each.amount, tax, more)
    for each, amount in draft.nets:
        yield _part(line_id, PartKind.NET, each, amount, 0, 0)


def _part(line_id: int, kind: PartKind, each: Standing, amount: int, tax: int, borne: int) -> Row:
    return (line_id, kind.value, *each.key, each.unit.value, amount, tax, borne, True)
