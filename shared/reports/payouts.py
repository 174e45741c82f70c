"""The payouts there are: a campaign's batches, newest first, with their sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign
from shared.rewards.payouts import Batch, Line, LineState, State


@dataclass(frozen=True)
class Sum:
    """A batch's lines of one unit in one state; amounts in the unit's smallest piece."""

    unit: Unit
    state: LineState
    lines: int
    gross: int
    borne: int
    tax: int
    netted: int
    net: int


@dataclass(frozen=True)
class BatchLine:
    """One batch. Who made and who confirmed it, as the audit calls them."""

    number: int
    slug: str
    zone: str
    state: State
    prepared_by: str
    prepared_at: datetime
    confirmed_by: str | None
    sums: tuple[Sum, ...]


def batches(
    session: Session,
    campaign_id: int | None = None,
    most: int = 50,
    *,
    state: State | None = None,
    before: int | None = None,
) -> list[BatchLine]:
    """The newest batches of one campaign or of all, in any state or one; older than `before`."""
    query = (
        select(Batch, Campaign)
        .join(Campaign, Campaign.id == Batch.campaign_id)
        .order_by(Batch.id.desc())
        .limit(most)
    )
    if campaign_id is not None:
        query = query.where(Batch.campaign_id == campaign_id)
    if state is not None:
        query = query.where(Batch.state == state.value)
    if before is not None:
        query = query.where(Batch.id < before)
    return [
        BatchLine(
            batch.id,
            campaign.slug,
            campaign.zone,
            State(batch.state),
            batch.prepared_by,
            batch.prepared_at,
            batch.confirmed_by,
            sums_of(session, batch.id),
        )
        for batch, campaign in session.execute(query).all()
    ]


def sums_of(session: Session, batch_id: int) -> tuple[Sum, ...]:
    """A batch's sums by unit and state."""
    amounts = (Line.gross, Line.borne, Line.tax, Line.netted, Line.net)
    rows = session.execute(
        select(Line.unit, Line.state, func.count(), *(func.sum(each) for each in amounts))
        .where(Line.batch_id == batch_id)
        .group_by(Line.unit, Line.state)
        .order_by(Line.unit, Line.state)
    )
    return tuple(
        Sum(Unit(unit), LineState(state), int(count), *(int(each) for each in sums))
        for unit, state, count, *sums in rows
    )
