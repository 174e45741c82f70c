"""Choosing: a member picks one of several rewards; the first pick stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import get_campaign, version
from shared.campaigns.prizes import Prize
from shared.campaigns.rules import Rules
from shared.ledger.balance import Account, Key
from shared.ledger.entries import Entry
from shared.post.audit import record
from shared.referrals.referrals import Referral
from shared.rewards.queue import lock_task, wake
from shared.rewards.settle import situation
from shared.rewards.standing import Happening, happen


@dataclass(frozen=True)
class OpenChoice:
    """A choice that the member may still make. `entry`: the ledger's row that granted it."""

    entry: int
    key: Key
    options: tuple[Prize, ...]
    rules: Rules
    zone: str
    until: datetime | None
    """The first moment that is too late."""


def open_choices(session: Session, member_id: int, now: datetime) -> list[OpenChoice]:
    """What a member may pick now, the one that lapses first in front."""
    query = select(Referral.campaign_id).where(Referral.member_id == member_id).distinct()
    found = [
        choice
        for campaign in session.scalars(query)
        for choice in _in_campaign(session, campaign, member_id, now)
    ]
    return sorted(found, key=lambda choice: (choice.until or now, choice.entry))


def choose(session: Session, member_id: int, entry: int, option: int, now: datetime) -> Prize:
    """Pick an option (from 1) of an open choice; what was picked.

    Refusal `choice.gone` when it is not the member's, was made or has lapsed.
    """
    for choice in open_choices(session, member_id, now):
        if choice.entry == entry and 0 < option <= len(choice.options):
            break
    else:
        raise Refusal("choice.gone")
    key = choice.key
    lock_task(session, key.campaign, member_id)
    happen(session, key, member_id, Happening.CHOSEN, now, amount=option)
    wake(session, key.campaign, member_id, now)
    record(session, f"member:{member_id}", "reward.choose", f"entry:{entry}", now, option=option)
    session.flush()
    return choice.options[option - 1]


def _in_campaign(
    session: Session, campaign_id: int, member_id: int, now: datetime
) -> list[OpenChoice]:
    here = situation(session, campaign_id, member_id, now)
    mine = [
        (key, due)
        for key, due in here.want.items()
        if due.unit is Unit.CHOICE
        and key.party == f"member:{member_id}"
        and (due.expires is None or now < due.expires)
        and any(here.position(key).balance.of(account, Unit.CHOICE) for account in _OPEN)
    ]
    return [
        OpenChoice(
            _granted_by(session, key),
            key,
            due.options,
            version(session, campaign_id, due.why.version).rules,
            get_campaign(session, campaign_id).zone,
            due.expires,
        )
        for key, due in mine
    ]


_OPEN = (Account.PENDING, Account.AVAILABLE)


def _granted_by(session: Session, key: Key) -> int:
    number = session.scalar(
        select(Entry.id).where(
            Entry.campaign_id == key.campaign,
            Entry.party == key.party,
            Entry.clause == key.clause,
            Entry.occasion == key.occasion,
            Entry.revision == 1,
        )
    )
    assert number is not None, "what stands in the ledger was granted by an entry"
    return number
