"""A branch's day in figures, and what waits there. Counts only: nobody is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from shared.campaigns.campaigns import shown_campaign
from shared.claims.claims import QUEUED, Claim, ClaimStep, State
from shared.people.staff import Staff
from shared.post.audit import Audit
from shared.referrals.referrals import Registration

DUE_SOON = timedelta(hours=24)
_NO_CAMPAIGN = "UTC"


@dataclass(frozen=True)
class BranchDay:
    """What happened at a branch since midnight of the campaign's zone."""

    zone: str
    registered: int
    """Walk-ins who proved their number."""
    unfinished: int
    """Walk-ins who began and have not (yet) proved their number."""
    invites_shown: int
    credited: int
    refused: int


@dataclass(frozen=True)
class Waiting:
    """What waits for the branch's people. `overdue` is part of `due_soon`; `escalated`: nobody came
    to it in time, so a manager does."""

    claims: int
    due_soon: int
    overdue: int
    escalated: int
    unfinished: int


def zone_at(session: Session, now: datetime) -> str:
    """The zone in which the branch reads times: the campaign's, UTC without one."""
    campaign = shown_campaign(session, now)
    return campaign.zone if campaign is not None else _NO_CAMPAIGN


def branch_day(session: Session, branch_id: int, now: datetime) -> BranchDay:
    """The branch's figures of today. `now` in UTC."""
    zone = zone_at(session, now)
    since = _midnight(now, zone)
    actors = _actors(session, branch_id)
    return BranchDay(
        zone,
        registered=_count(
            session, Registration.branch_id == branch_id, Registration.proven_at >= since
        ),
        unfinished=_unfinished(session, branch_id, since),
        invites_shown=_count(
            session, Audit.act == "invite.shown", Audit.at >= since, Audit.actor.in_(actors)
        ),
        credited=_decided(session, State.CREDITED, actors, since),
        refused=_decided(session, State.REFUSED, actors, since),
    )


def waiting(session: Session, branch_id: int, now: datetime) -> Waiting:
    """What waits now: claims for people and today's unfinished walk-ins of the branch."""
    still_open = Claim.state.in_([state.value for state in QUEUED])
    return Waiting(
        claims=_count(session, still_open),
        due_soon=_count(session, still_open, Claim.due_at <= now + DUE_SOON),
        overdue=_count(session, still_open, Claim.due_at <= now),
        escalated=_count(session, still_open, Claim.escalated_at.is_not(None)),
        unfinished=_unfinished(session, branch_id, _midnight(now, zone_at(session, now))),
    )


def _midnight(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _actors(session: Session, branch_id: int) -> list[str]:
    ids = session.scalars(select(Staff.id).where(Staff.branch_id == branch_id))
    return [f"staff:{staff_id}" for staff_id in ids]


def _unfinished(session: Session, branch_id: int, since: datetime) -> int:
    return _count(
        session,
        Registration.branch_id == branch_id,
        Registration.started_at >= since,
        Registration.proven_at.is_(None),
    )


def _decided(session: Session, state: State, actors: list[str], since: datetime) -> int:
    return _count(
        session,
        ClaimStep.after == state.value,
        ClaimStep.at >= since,
        ClaimStep.actor.in_(actors),
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(*conditions)) or 0
