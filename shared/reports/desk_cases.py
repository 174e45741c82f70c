"""Risk cases as the desk sees them: the list by age, and one with its evidence beside it.

Members are masked and friends are their numbers in the campaign: no name is needed to judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from shared.actions.approvals import MAY_CHANGE
from shared.actions.case_deciding import is_party
from shared.actions.confirming import cases_touching
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, get_campaign
from shared.ledger.balance import Account
from shared.people.staff import Staff
from shared.referrals.referrals import Referral, Registration
from shared.reports.desk_people import Masked, masked, who
from shared.rewards.situations import situations
from shared.risk import cases
from shared.risk.case_steps import CaseStep, steps_of
from shared.risk.cases import Case, CaseFinding, CaseKind, CaseReferral
from shared.risk.known import Signal
from shared.risk.looks import Assessment, read

MOST_SHOWN = 200
MOST_SUMMED = 50
"""Members whose rewards are added up beside a case."""


class Show(StrEnum):
    """Which cases a list shows."""

    WAITS = "waits"
    OVERDUE = "overdue"
    MINE = "mine"
    DECIDED = "decided"


@dataclass(frozen=True)
class CaseLine:
    """One case in a list."""

    case: Case
    campaign: Campaign
    member: Masked
    friends: int
    members: int
    assigned: str
    overdue: bool

    @property
    def zone(self) -> str:
        """In which its times are read."""
        return self.campaign.zone


@dataclass(frozen=True)
class Evidence:
    """One referral under a case, with what was seen in it."""

    row: CaseReferral
    ordinal: int
    member: Masked
    registered_at: datetime
    channel: str
    branch: bool
    """Taken on a branch's tablet."""
    signals: tuple[Signal, ...]


@dataclass(frozen=True)
class Told:
    """One entry of a case's history."""

    step: CaseStep
    by: str
    note: str
    to: str
    """Whom it was given to."""


@dataclass(frozen=True)
class CaseDetails:
    """A case with all that a person decides by."""

    line: CaseLine
    evidence: tuple[Evidence, ...]
    history: tuple[Told, ...]
    finding: CaseFinding | None
    held: Mapping[Unit, int]
    """What waits because of it, whoever would have it."""
    people: tuple[tuple[int, str], ...]
    """To whom it may be given."""


@dataclass(frozen=True)
class Watched:
    """A referral that is watched: nothing waits."""

    assessment: Assessment
    campaign: Campaign
    member: Masked
    ordinal: int
    signals: tuple[Signal, ...]


def case_lines(session: Session, show: Show, staff_id: int, now: datetime) -> list[CaseLine]:
    """Cases, the longest waiting first; decided ones the latest first. Those in which the reader
    is a party are not shown to them: it would tell whom it is about."""
    query = select(Case).where(Case.kind != CaseKind.DISPUTE.value)
    query = query.where(Case.id.not_in(_own(session, staff_id)))
    if show is Show.DECIDED:
        query = query.where(Case.state.not_in(cases.UNDECIDED))
        query = query.order_by(Case.closed_at.desc(), Case.id.desc())
    else:
        query = query.where(Case.state.in_(cases.UNDECIDED)).order_by(Case.opened_at, Case.id)
    if show is Show.OVERDUE:
        query = query.where(Case.due_at <= now)
    if show is Show.MINE:
        query = query.where(Case.assigned_to == staff_id)
    return _lines(session, query.limit(MOST_SHOWN), now)


def _own(session: Session, staff_id: int) -> set[int]:
    return cases_touching(session, session.get_one(Staff, staff_id))


def _lines(session: Session, query: Select[Case], now: datetime) -> list[CaseLine]:
    found = session.scalars(query).all()
    counted = session.execute(
        select(CaseReferral.case_id, func.count(), func.count(CaseReferral.member_id.distinct()))
        .where(CaseReferral.case_id.in_([case.id for case in found]))
        .group_by(CaseReferral.case_id)
    )
    counts = {case: (friends, members) for case, friends, members in counted}
    people = masked(session, {f"member:{case.member_id}" for case in found})
    return [
        CaseLine(
            case,
            get_campaign(session, case.campaign_id or 0),
            people[f"member:{case.member_id}"],
            *counts.get(case.id, (0, 1)),
            who(session, case.assigned_to),
            case.state in cases.UNDECIDED and case.due_at is not None and case.due_at <= now,
        )
        for case in found
    ]


def case_details(session: Session, number: int, staff_id: int, now: datetime) -> CaseDetails:
    """One case. LookupError when there is none, or the reader is a party of it."""
    query = select(Case).where(Case.id == number, Case.kind != CaseKind.DISPUTE.value)
    found = _lines(session, query, now)
    if not found or number in _own(session, staff_id):
        raise LookupError(f"case {number}")
    line, rows = found[0], cases.referrals_of(session, number)
    return CaseDetails(
        line,
        _evidence(session, rows),
        _history(session, number),
        cases.finding_of(session, number),
        _held(session, line.case, rows, now),
        _people(session, line.case),
    )


def _evidence(session: Session, rows: Sequence[CaseReferral]) -> tuple[Evidence, ...]:
    told = session.execute(
        select(Referral, Registration.channel, Registration.tablet_id)
        .outerjoin(Registration, Registration.id == Referral.registration_id)
        .where(Referral.id.in_([row.referral_id for row in rows[:MOST_SHOWN]]))
    )
    known = {referral.id: (referral, channel, tablet) for referral, channel, tablet in told}
    people = masked(session, {f"member:{row.member_id}" for row in rows})
    return tuple(
        Evidence(
            row,
            known[row.referral_id][0].ordinal,
            people[f"member:{row.member_id}"],
            known[row.referral_id][0].registered_at,
            known[row.referral_id][1] or "claim",
            known[row.referral_id][2] is not None,
            read(row.signals),
        )
        for row in rows[:MOST_SHOWN]
    )


def _history(session: Session, number: int) -> tuple[Told, ...]:
    return tuple(
        Told(
            step,
            who(session, step.actor) if step.actor.startswith("staff:") else "",
            step.note or "",
            who(session, step.count) if step.act == "assigned" and step.count else "",
        )
        for step in steps_of(session, number)
    )


def _held(
    session: Session, case: Case, rows: Sequence[CaseReferral], now: datetime
) -> Mapping[Unit, int]:
    """What of these referrals, and of the steps that rest on them, waits in the ledger."""
    members = sorted({row.member_id for row in rows if row.released_at is None})[:MOST_SUMMED]
    held: dict[Unit, int] = {}
    if not members or case.campaign_id is None:
        return held
    for here in situations(session, case.campaign_id, members, now).values():
        for key, due in here.want.items():
            amount = here.position(key).balance.of(Account.PENDING, due.unit)
            if due.held and amount:
                held[due.unit] = held.get(due.unit, 0) + amount
    return held


def _people(session: Session, case: Case) -> tuple[tuple[int, str], ...]:
    query = select(Staff).where(Staff.active, Staff.role.in_(MAY_CHANGE)).order_by(Staff.staff_no)
    return tuple(
        (staff.id, who(session, staff.id))
        for staff in session.scalars(query)
        if not is_party(session, staff, case)
    )


def watched(session: Session) -> list[Watched]:
    """Referrals of whom the last look came to watching, the latest first."""
    newest = select(func.max(Assessment.id)).group_by(Assessment.referral_id)
    rows = session.execute(
        select(Assessment, Referral.ordinal)
        .join(Referral, Referral.id == Assessment.referral_id)
        .where(Assessment.id.in_(newest), Assessment.action.in_(("watch", "hold", "hold_cluster")))
        .where(Assessment.referral_id.not_in(select(CaseReferral.referral_id)))
        .order_by(Assessment.id.desc())
        .limit(MOST_SHOWN)
    ).all()
    people = masked(session, {f"member:{row.member_id}" for row, _ in rows})
    return [
        Watched(
            row,
            get_campaign(session, row.campaign_id),
            people[f"member:{row.member_id}"],
            ordinal,
            read(row.signals),
        )
        for row, ordinal in rows
    ]
