"""Repairing: what a review found is put right by two people, never by an entry written by hand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shared.actions.kinship import circle_of
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Life, get_campaign
from shared.people.members import get_member
from shared.people.staff import Role, Staff, same_person
from shared.post.audit import record
from shared.rewards.causes import Cause, Remedy, remedy_of
from shared.rewards.queue import wake
from shared.rewards.repairs import WHOLE_CAMPAIGN, Repair, recount

APPLIERS = (Role.DESK, Role.MANAGER)


def propose_repair(
    session: Session,
    campaign_id: int,
    member_id: int,
    cause: Cause,
    remedy: Remedy,
    month: str,
    actor: str,
    now: datetime,
) -> Repair:
    """Ask for a repair; the one that is open already is returned as it is.

    `month` is YYYY-MM, `member_id` WHOLE_CAMPAIGN for a recount. Refusal `repair.by_hand` for
    what no settling mends.
    """
    if remedy not in (Remedy.SETTLE, Remedy.RECOUNT):
        raise Refusal("repair.by_hand")
    repair = session.scalar(
        select(Repair).where(
            Repair.campaign_id == campaign_id,
            Repair.member_id == member_id,
            Repair.remedy == remedy.value,
            Repair.applied_at.is_(None),
        )
    )
    if repair is None:
        repair = Repair(
            campaign_id=campaign_id, member_id=member_id, remedy=remedy.value, month=month,
            cause=cause.value, proposed_by=actor, proposed_at=now,
        )  # fmt: skip
        session.add(repair)
        session.flush()
        record(
            session, actor, "repair.proposed", f"repair:{repair.id}", now,
            campaign=campaign_id, member=member_id, remedy=remedy.value, cause=cause.value,
        )  # fmt: skip
    return repair


def propose_repairs(
    session: Session,
    campaign_id: int,
    faulty: Collection[tuple[int, Cause]],
    month: str,
    actor: str,
    now: datetime,
) -> int:
    """Ask for one repair a member; how many are open for them now."""
    causes = dict(sorted(faulty, reverse=True))  # of several, the first by name
    for member, cause in sorted(causes.items()):
        propose_repair(session, campaign_id, member, cause, remedy_of(cause), month, actor, now)
    return len(causes)


def apply_repair(session: Session, repair_id: int, staff: Staff, now: datetime) -> Repair:
    """Carry a repair out; the settler posts what follows.

    Refusals: `repair.unknown`, `repair.applied`, `repair.authority` (the desk's and managers'
    work), `repair.same` (who proposed it), `repair.party` (their own account, or of
    somebody close to them), `repair.paused`.
    """
    repair = session.get(Repair, repair_id, populate_existing=True)
    if repair is None:
        raise Refusal("repair.unknown")
    actor = f"staff:{staff.id}"
    _refuse(session, repair, staff)
    claimed = session.execute(
        update(Repair)
        .where(Repair.id == repair_id, Repair.applied_at.is_(None))
        .values(applied_by=actor, applied_at=now)
        .execution_options(synchronize_session=False)
    )
    if not claimed.rowcount:  # type: ignore[attr-defined]
        raise Refusal("repair.applied")
    session.refresh(repair)
    if repair.remedy == Remedy.RECOUNT:
        recount(session, repair.campaign_id, now)
    else:
        wake(session, repair.campaign_id, repair.member_id, now)
    record(session, actor, "repair.applied", f"repair:{repair.id}", now, remedy=repair.remedy)
    return repair


def apply_repairs(
    session: Session, campaign_id: int, upto: int, staff: Staff, now: datetime, most: int = 500
) -> int:
    """Carry out a campaign's open repairs up to a number, those that this person may; how many.

    What they proposed themselves and what concerns them or somebody close to them is left to
    another.
    Refusals `repair.authority`, `repair.paused`.
    """
    query = select(Repair).where(
        Repair.campaign_id == campaign_id,
        Repair.id <= upto,
        Repair.applied_at.is_(None),
        Repair.proposed_by != f"staff:{staff.id}",
    )
    applied = 0
    for repair in session.scalars(query.order_by(Repair.member_id).limit(most)).all():
        try:
            apply_repair(session, repair.id, staff, now)
        except Refusal as refusal:
            if refusal.code in ("repair.authority", "repair.paused"):
                raise
        else:
            applied += 1
    return applied


def _refuse(session: Session, repair: Repair, staff: Staff) -> None:
    if staff.role not in APPLIERS or not staff.active:
        raise Refusal("repair.authority")
    if same_person(session, staff, repair.proposed_by):
        raise Refusal("repair.same")
    if repair.member_id != WHOLE_CAMPAIGN:
        member = get_member(session, repair.member_id)
        if member.id in circle_of(session, staff).members:
            raise Refusal("repair.party")
    if get_campaign(session, repair.campaign_id).life == Life.PAUSED:
        raise Refusal("repair.paused")
