"""Deciding cases: people decide about risk cases at the desk.

Clearing releases at once; finding against a case takes two people, its appeal another one.
Nobody decides where they are a party, and nothing but a person refuses.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.approvals import AT_THE_DESK, MAY_CHANGE
from shared.actions.assessing import risk_rules_of
from shared.actions.confirming import (
    cases_touching,
    confirm_fraud,
    list_abuse,
    release,
    undo_fraud,
)
from shared.base.errors import Refusal
from shared.campaigns.risk import RiskRules
from shared.people.staff import Staff, same_person
from shared.post.audit import record
from shared.risk import cases
from shared.risk.blacklist import strike
from shared.risk.case_steps import CaseAct, write_step
from shared.risk.cases import Case, CaseFinding, CaseState, Finding

LONGEST_NOTE = 500


def assign(session: Session, staff: Staff, number: int, to: int | None, now: datetime) -> None:
    """Give a case to a person at the desk, or to nobody.

    Refusals: `desk.read_only`, `case.unknown`, `case.decided`, `case.party`, `case.assignee` (not
    at the desk, or a party of the case).
    """
    case = _mine(session, staff, number)
    if case.state not in cases.UNDECIDED:
        raise Refusal("case.decided", number=number)
    if to is not None:
        whom = session.get(Staff, to)
        if whom is None or not whom.active or whom.role not in MAY_CHANGE:
            raise Refusal("case.assignee")
        if is_party(session, whom, case):
            raise Refusal("case.assignee")
    case.assigned_to = to
    write_step(session, case.id, CaseAct.ASSIGNED, f"staff:{staff.id}", now, count=to or 0)
    _audit(session, staff, "case.assigned", case, now, to=to)


def clear(session: Session, staff: Staff, number: int, note: str, now: datetime) -> None:
    """Find nothing wrong: what the case holds is released.

    Refusals: `desk.read_only`, `case.unknown`, `case.decided`, `case.party`, `case.note`.
    """
    case = _mine(session, staff, number)
    cases.move(case, CaseState.CLEARED)
    _write(session, case, CaseAct.CLEARED, staff, note, now)
    _close(case, now)
    release(session, case, now)
    _audit(session, staff, "case.cleared", case, now)


def find_against(
    session: Session, staff: Staff, number: int, finding: Finding, note: str, now: datetime
) -> None:
    """Find that it is to be refused, or an abuse; another person confirms.

    Refusals: as for `clear`.
    """
    case = _mine(session, staff, number)
    if finding is Finding.HONEST:
        raise Refusal("case.decided", number=number)
    cases.move(case, CaseState.PROPOSED)
    _write(session, case, CaseAct.PROPOSED, staff, note, now)
    session.add(
        CaseFinding(case_id=case.id, finding=finding.value, proposed_by=staff.id, proposed_at=now)
    )
    case.assigned_to = None
    _audit(session, staff, "case.proposed", case, now, finding=finding.value)


def confirm(session: Session, staff: Staff, number: int, note: str, now: datetime) -> None:
    """The second person agrees: the reward is taken back, an abuse enters the blacklist.

    Refusals: as for `clear`, and `case.maker` for the one who proposed it.
    """
    case, found = _proposed(session, staff, number)
    cases.move(case, CaseState.CONFIRMED)
    found.confirmed_by, found.confirmed_at = staff.id, now
    _write(session, case, CaseAct.CONFIRMED, staff, note, now)
    _close(case, now)
    first = session.get_one(Staff, found.proposed_by)
    confirm_fraud(session, case, first, staff, found.proposed_at, now)
    if found.finding == Finding.ABUSE.value:
        term = timedelta(days=_rules(session, case).blacklist_days)
        list_abuse(session, case, now, now + term)
    _audit(session, staff, "case.confirmed", case, now, finding=found.finding)


def send_back(session: Session, staff: Staff, number: int, note: str, now: datetime) -> None:
    """The second person does not agree: the case is open again. Refusals: as for `confirm`."""
    case, found = _proposed(session, staff, number)
    cases.move(case, CaseState.OPEN)
    found.sent_back_at = now
    _write(session, case, CaseAct.SENT_BACK, staff, note, now)
    _audit(session, staff, "case.sent_back", case, now)


def appeal(session: Session, staff: Staff, number: int, note: str, now: datetime) -> None:
    """Write down that the member disagrees: once, and to be decided by somebody new.

    Refusals: `desk.read_only`, `case.unknown`, `case.decided` (no confirmed case, or appealed
    before), `case.party`, `case.note`.
    """
    case = _mine(session, staff, number)
    found = cases.finding_of(session, case.id)
    if found is None:
        raise Refusal("case.decided", number=number)
    cases.move(case, CaseState.APPEALED)
    found.appealed_by, found.appealed_at = staff.id, now
    case.closed_at, case.escalated_at = None, None
    case.due_at = now + timedelta(hours=_rules(session, case).decide_hours)
    _write(session, case, CaseAct.APPEALED, staff, note, now)
    _audit(session, staff, "case.appealed", case, now)


def decide_appeal(
    session: Session, staff: Staff, number: int, uphold: bool, note: str, now: datetime
) -> None:
    """Somebody new decides: it stands for good, or everything is given back.

    Refusals: as for `clear`, and `case.again` for whoever proposed, confirmed or wrote it down.
    """
    case = _mine(session, staff, number)
    found = cases.finding_of(session, case.id)
    if found is None or case.state != CaseState.APPEALED.value:
        raise Refusal("case.decided", number=number)
    before = (found.proposed_by, found.confirmed_by, found.appealed_by)
    if any(same_person(session, staff, f"staff:{each}") for each in before if each is not None):
        raise Refusal("case.again")
    cases.move(case, CaseState.UPHELD if uphold else CaseState.CLEARED)
    found.appeal_decided_by, found.appeal_decided_at = staff.id, now
    act = CaseAct.UPHELD if uphold else CaseAct.CLEARED
    _write(session, case, act, staff, note, now)
    _close(case, now)
    if not uphold:
        first = session.get_one(Staff, found.appealed_by)
        undo_fraud(session, case, first, staff, found.appealed_at or now, now)
        strike(session, case.id, now)
        release(session, case, now)
    _audit(session, staff, f"case.{act.value}", case, now, appeal=True)


def escalate_cases(session: Session, now: datetime, most: int = 200) -> int:
    """Mark the cases that nobody decided in time, once; how many. What they hold stays held."""
    late = session.scalars(
        select(Case)
        .where(
            Case.state.in_(cases.UNDECIDED),
            Case.due_at <= now,
            Case.escalated_at.is_(None),
        )
        .order_by(Case.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for case in late:
        case.escalated_at, case.assigned_to = now, None  # whoever had it did not come to it
        write_step(session, case.id, CaseAct.ESCALATED, "worker", now)
        record(session, "worker", "case.escalated", f"case:{case.id}", now)
    return len(late)


def is_party(session: Session, staff: Staff, case: Case) -> bool:
    """Whether an employee has anything to do with what a case is about."""
    return case.id in cases_touching(session, staff)


def _mine(session: Session, staff: Staff, number: int) -> Case:
    """The case, locked for somebody who may decide it."""
    _hold_right(staff)
    case = cases.case_for_update(session, number)
    if is_party(session, staff, case):
        raise Refusal("case.party")
    return case


def _proposed(session: Session, staff: Staff, number: int) -> tuple[Case, CaseFinding]:
    case = _mine(session, staff, number)
    found = cases.finding_of(session, case.id)
    if found is None or case.state != CaseState.PROPOSED.value:
        raise Refusal("case.decided", number=number)
    if same_person(session, staff, f"staff:{found.proposed_by}"):
        raise Refusal("case.maker")
    return case, found


def _hold_right(staff: Staff) -> None:
    if staff.role not in AT_THE_DESK & MAY_CHANGE or not staff.active:
        raise Refusal("desk.read_only")


def _write(
    session: Session, case: Case, act: CaseAct, staff: Staff, note: str, now: datetime
) -> None:
    """Every decision has its reason in words. Refusal `case.note`."""
    words = " ".join(note.replace("\0", "").split())[:LONGEST_NOTE]
    if not words:
        raise Refusal("case.note")
    write_step(session, case.id, act, f"staff:{staff.id}", now, note=words)
    session.flush()


def _close(case: Case, now: datetime) -> None:
    case.closed_at, case.assigned_to = now, None


def _rules(session: Session, case: Case) -> RiskRules:
    assert case.campaign_id is not None
    return risk_rules_of(session, case.campaign_id)


def _audit(
    session: Session, staff: Staff, act: str, case: Case, now: datetime, **details: object
) -> None:
    record(session, f"staff:{staff.id}", act, f"case:{case.id}", now, **details)
