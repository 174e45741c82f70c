"""Assigning: whose work a claim is. It is taken, handed on, and comes back when staff leave.

Being given a claim is no right and no bar: who may decide it is `deciding`'s, and a colleague
with the member at the counter may be faster.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.deciding import DECIDERS, is_party, may_credit, refuse_party
from shared.base.errors import Refusal
from shared.claims import claims
from shared.claims.claims import OPEN, Claim, State
from shared.claims.hands import first_of_two, had_a_hand
from shared.people.staff import Role, Staff
from shared.post.audit import record

HANDS_OUT = frozenset({Role.MANAGER.value, Role.DESK.value})
"""Who gives anybody's work to anybody; a teller takes what is nobody's and hands on their own."""


def assign_claim(
    session: Session, staff: Staff, claim_id: int, to: int | None, now: datetime
) -> None:
    """Give a claim to somebody who may decide it, or to nobody.

    Refusals: `claim.unknown`, `claim.decided`, `claim.party` (the giver's own affair),
    `claim.authority` (a colleague's work, or another role), `claim.assignee` (to somebody who
    may not decide it: not there, a party, without the authority, or with a hand in it).
    """
    claim = claims.claim_for_update(session, claim_id)
    if State(claim.state) not in OPEN:
        raise Refusal("claim.decided", number=claim.number)
    refuse_party(session, staff, claim)
    if not may_assign(staff, claim):
        raise Refusal("claim.authority")
    if to == claim.assigned_to:
        return
    whom = session.get(Staff, to) if to is not None else None
    if to is not None and (whom is None or not may_take(session, whom, claim)):
        raise Refusal("claim.assignee")
    _give(session, claim, to, f"staff:{staff.id}", now)


def may_assign(staff: Staff, claim: Claim) -> bool:
    """Whether somebody may say whose work a claim is."""
    if not staff.active or staff.role not in HANDS_OUT | DECIDERS:
        return False
    return staff.role in HANDS_OUT or claim.assigned_to in (None, staff.id)


def may_take(session: Session, staff: Staff, claim: Claim) -> bool:
    """Whether a claim may become somebody's work: they could decide it."""
    if not staff.active or not may_credit(session, staff, claim):
        return False
    if claim.escalated_at is not None and staff.role != Role.MANAGER:
        return False
    return not is_party(session, staff, claim) and not had_a_hand(session, claim, staff)


def takers(session: Session, claim: Claim, branch_id: int | None = None) -> list[Staff]:
    """To whom a claim may be given, at one branch or anywhere, by staff number."""
    query = select(Staff).where(Staff.active, Staff.role.in_(DECIDERS)).order_by(Staff.staff_no)
    if branch_id is not None:
        query = query.where(Staff.branch_id == branch_id)
    return [staff for staff in session.scalars(query) if may_take(session, staff, claim)]


def release_work(
    session: Session, leavers: Iterable[tuple[Staff, int]], actor: str, now: datetime
) -> int:
    """Staff left, or have other work or another branch now: their claims go to a manager of the
    branch where they were (given beside each), else to everybody. Where somebody who decides no
    more was the first of two, their word is void; a promotion or a move leaves it. How many claims.
    """
    moved = 0
    for staff, branch_id in leavers:
        decides = staff.active and staff.role in DECIDERS
        if decides and staff.branch_id == branch_id:
            continue
        states = [state.value for state in OPEN]
        query = select(Claim.id).where(Claim.state.in_(states)).order_by(Claim.id)
        half = query.where(Claim.state == State.SECOND_PERSON.value)
        for claim_id in () if decides else session.scalars(half).all():
            claim = claims.claim_for_update(session, claim_id)
            if first_of_two(session, claim) == staff.id:
                _void(session, claim, staff, actor, now)
                moved += 1
        for claim_id in session.scalars(query.where(Claim.assigned_to == staff.id)).all():
            claim = claims.claim_for_update(session, claim_id)
            managers = [s for s in takers(session, claim, branch_id) if s.role == Role.MANAGER]
            others = [manager.id for manager in managers if manager.id != staff.id]
            _give(session, claim, others[0] if others else None, actor, now)
            moved += 1
    return moved


def _void(session: Session, claim: Claim, staff: Staff, actor: str, now: datetime) -> None:
    back = State.WITH_PERSON if claim.appealed_at is None else State.APPEALED
    claims.advance(session, claim, back, actor, now, void=staff.id)
    record(session, actor, "claim.voided", f"claim:{claim.id}", now, first=staff.id)


def _give(session: Session, claim: Claim, to: int | None, actor: str, now: datetime) -> None:
    before, claim.assigned_to = claim.assigned_to, to
    claims.note(session, claim, actor, now, assigned=to)
    record(session, actor, "claim.assigned", f"claim:{claim.id}", now, to=to, before=before)
