"""What stands to be returned, and the requests to write it off or to give goodwill."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, get_campaign
from shared.ledger.balance import Account, Key
from shared.reports.desk_people import Masked, masked, who
from shared.rewards.payable import open_keys, standings_in
from shared.rewards.remedies import Remedy, RemedyKind, RemedyState

MOST_DECIDED = 100


@dataclass(frozen=True)
class Owing:
    """What one key stands to return. `netting`: a batch is just taking it off a payment;
    `asked`: the request that waits about it."""

    key: Key
    unit: Unit
    amount: int
    payee: Masked
    netting: bool
    asked: int | None


@dataclass(frozen=True)
class RemedyLine:
    """One request with the people's names; the payee masked."""

    remedy: Remedy
    campaign: Campaign
    payee: Masked
    asker: str
    decider: str

    @property
    def open(self) -> bool:
        """Whether it still waits for the second person."""
        return self.remedy.state == RemedyState.ASKED.value


def owings(session: Session, campaign_id: int) -> list[Owing]:
    """Everything a campaign's parties stand to return, the largest first."""
    found = standings_in(session, campaign_id, [Account.RECOVERABLE])
    if not found:
        return []
    held = open_keys(session, campaign_id)
    asked = {
        (remedy.key, Unit(remedy.unit)): remedy.id
        for remedy in session.scalars(
            select(Remedy).where(
                Remedy.campaign_id == campaign_id,
                Remedy.kind == RemedyKind.WRITE_OFF.value,
                Remedy.state == RemedyState.ASKED.value,
            )
        )
    }
    payees = masked(session, {each.key.party for each in found})
    return [
        Owing(
            each.key,
            each.unit,
            each.amount,
            payees[each.key.party],
            (each.key, each.unit) in held,
            asked.get((each.key, each.unit)),
        )
        for each in sorted(found, key=lambda each: (-each.amount, each))
    ]


def remedy_of(session: Session, number: int) -> RemedyLine:
    """One request. LookupError when there is none."""
    remedy = session.get(Remedy, number)
    if remedy is None:
        raise LookupError(f"remedy {number}")
    return _lines(session, [remedy])[0]


def remedy_lines(session: Session, state: RemedyState | None = None) -> list[RemedyLine]:
    """Requests, the newest first; those that wait before the latest of the others."""
    query = select(Remedy).order_by(Remedy.id.desc())
    waits = Remedy.state == RemedyState.ASKED.value
    found: list[Remedy] = []
    if state in (None, RemedyState.ASKED):
        found += session.scalars(query.where(waits))
    if state is None:
        found += session.scalars(query.where(~waits).limit(MOST_DECIDED))
    elif state is not RemedyState.ASKED:
        found += session.scalars(query.where(Remedy.state == state.value).limit(MOST_DECIDED))
    return _lines(session, found)


def _lines(session: Session, found: list[Remedy]) -> list[RemedyLine]:
    payees = masked(session, {remedy.party for remedy in found})
    return [
        RemedyLine(
            remedy,
            get_campaign(session, remedy.campaign_id),
            payees[remedy.party],
            who(session, remedy.asked_by),
            who(session, remedy.decided_by),
        )
        for remedy in found
    ]
