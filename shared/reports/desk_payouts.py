"""Payouts as the desk sees them: what could be paid, one batch, its lines with masked names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.paying import mask_reference, names_of
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, Life, get_campaign
from shared.ledger.balance import Account
from shared.ledger.entries import Entry, Leg
from shared.reports.desk_people import masked_name, who
from shared.reports.desk_rows import Slice
from shared.reports.payouts import Sum, sums_of
from shared.rewards.payouts import Batch, Line, LineState, Part, PartKind, State
from shared.rewards.slips import Total


@dataclass(frozen=True)
class Ready:
    """What stands available in a campaign and in no open batch, by unit, in its smallest piece."""

    campaign: Campaign
    amounts: Mapping[Unit, int]

    @property
    def paused(self) -> bool:
        """Nothing is paid out meanwhile."""
        return self.campaign.life == Life.PAUSED


@dataclass(frozen=True)
class BatchSight:
    """One batch: whose work it was, its sums without what was withdrawn, and its lines' states."""

    batch: Batch
    campaign: Campaign
    state: State
    maker: str
    checker: str
    totals: Mapping[Unit, Total]
    counts: Mapping[LineState, int]
    to_bank: int
    """Lines with something for the bank to pay."""


@dataclass(frozen=True)
class PayLine:
    """One payment, its payee masked; amounts in the unit's smallest piece."""

    ordinal: int
    reference: str
    party: str
    name: str
    payee: str
    unit: Unit
    item: str
    gross: int
    borne: int
    tax: int
    netted: int
    net: int
    state: LineState
    reason: str
    answered_at: datetime | None


def ready_to_pay(session: Session) -> list[Ready]:
    """Every campaign in which something could go into a batch now."""
    available = select(Entry.campaign_id, Leg.unit, func.sum(Leg.amount)).join(
        Leg, Leg.entry_id == Entry.id
    )
    available = available.where(Leg.account == Account.AVAILABLE.value, Leg.unit != Unit.CHOICE)
    held = select(Part.campaign_id, Part.unit, func.sum(Part.amount)).where(
        Part.open, Part.kind == PartKind.PAY.value
    )
    sums: defaultdict[int, defaultdict[Unit, int]] = defaultdict(lambda: defaultdict(int))
    for campaign_id, unit, amount in session.execute(
        available.group_by(Entry.campaign_id, Leg.unit)
    ):
        sums[campaign_id][Unit(unit)] += int(amount)
    for campaign_id, unit, amount in session.execute(held.group_by(Part.campaign_id, Part.unit)):
        sums[campaign_id][Unit(unit)] -= int(amount)
    return [
        Ready(get_campaign(session, campaign_id), left)
        for campaign_id, units in sorted(sums.items())
        if (left := {unit: n for unit, n in sorted(units.items()) if n > 0})
    ]


def batch_sight(session: Session, number: int) -> BatchSight:
    """One batch. LookupError when there is none."""
    batch = session.get(Batch, number)
    if batch is None:
        raise LookupError(f"batch {number}")
    sums = sums_of(session, number)
    # A cancelled batch shows what it would have been.
    kept = [
        each
        for each in sums
        if each.state is not LineState.WITHDRAWN or batch.state == State.CANCELLED
    ]
    to_bank = select(func.count()).where(
        Line.batch_id == number, Line.net > 0, Line.state != LineState.WITHDRAWN.value
    )
    return BatchSight(
        batch,
        get_campaign(session, batch.campaign_id),
        State(batch.state),
        who(session, batch.prepared_by),
        who(session, batch.confirmed_by),
        {unit: _total(kept, unit) for unit in sorted({each.unit for each in kept})},
        {
            state: n
            for state in LineState
            if (n := sum(each.lines for each in sums if each.state is state))
        },
        session.scalar(to_bank) or 0,
    )


def _total(sums: Sequence[Sum], unit: Unit) -> Total:
    mine = [each for each in sums if each.unit is unit]
    columns = ("lines", "gross", "borne", "tax", "netted", "net")
    return Total(*(sum(getattr(each, name) for each in mine) for name in columns))


def pay_lines(
    session: Session, number: int, state: LineState | None, after: str, most: int
) -> Slice[PayLine]:
    """A batch's lines in order, from `after` (an ordinal) on."""
    query = select(Line).where(Line.batch_id == number).order_by(Line.ordinal).limit(most + 1)
    if state is not None:
        query = query.where(Line.state == state.value)
    if after.isdecimal() and len(after) < 10:
        query = query.where(Line.ordinal > int(after))
    found = list(session.scalars(query))
    shown = found[:most]
    names = names_of(session, {line.party for line in shown})
    return Slice(
        tuple(_line(line, masked_name(names.get(line.party, ""))) for line in shown),
        str(shown[-1].ordinal) if len(found) > most else "",
    )


def _line(line: Line, name: str) -> PayLine:
    return PayLine(
        line.ordinal,
        line.reference,
        line.party,
        name,
        mask_reference(line.customer_ref or line.application_ref or ""),
        Unit(line.unit),
        line.item,
        line.gross,
        line.borne,
        line.tax,
        line.netted,
        line.net,
        LineState(line.state),
        line.reason or "",
        line.answered_at,
    )
