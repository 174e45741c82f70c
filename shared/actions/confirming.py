"""What follows from a decided case: rewards released or taken back, the blacklist, and who is a
party of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.actions.finding import WORDS, stands_as
from shared.actions.kinship import circle_of
from shared.actions.remedying import decide_remedy, note_finding
from shared.claims.claims import ClaimStep
from shared.claims.hands import decides
from shared.people.members import Member
from shared.people.staff import Staff, numbers_of
from shared.referrals.referrals import Referral, Registration
from shared.rewards.holds import release_referral
from shared.rewards.queue import wake_all
from shared.rewards.remedies import RemedyKind
from shared.risk import cases, sightings
from shared.risk.accounts import accounts_of_friends
from shared.risk.blacklist import Mark, customer_hash, list_all
from shared.risk.cases import Case, CaseKind, CaseReferral
from shared.risk.traces import Trace


def release(session: Session, case: Case, now: datetime) -> None:
    """What a case holds is released, and settling goes on."""
    assert case.campaign_id is not None
    woken = set()
    for row in cases.referrals_of(session, case.id):
        if row.released_at is None:
            row.released_at = now
            release_referral(session, case.campaign_id, row.member_id, row.referral_id, now)
            woken.add((case.campaign_id, row.member_id))
    session.flush()
    wake_all(session, woken, now)


def confirm_fraud(
    session: Session, case: Case, first: Staff, second: Staff, at: datetime, now: datetime
) -> None:
    """Two people confirmed it: each of these friends is found to be a fraud, as of the moment the
    first proposed it. What the finding does not reach stays held. Refusals of `note_finding`."""
    _find(session, case, RemedyKind.FRAUD, (first, second), at, now)


def undo_fraud(
    session: Session, case: Case, first: Staff, second: Staff, at: datetime, now: datetime
) -> None:
    """An appeal was granted: nobody is a fraud any more. `first` wrote the appeal down, `second`
    decided it."""
    _find(session, case, RemedyKind.CLEARED, (first, second), at, now)


def _find(
    session: Session,
    case: Case,
    kind: RemedyKind,
    people: tuple[Staff, Staff],
    at: datetime,
    now: datetime,
) -> None:
    """Ask and decide for each friend of a case, by the two people who did. The first one's right
    was held when they acted: a case does not hang on their still being here."""
    assert case.campaign_id is not None
    for row in sorted(cases.referrals_of(session, case.id), key=lambda row: row.referral_id):
        referral = session.get_one(Referral, row.referral_id)
        if stands_as(session, referral) is WORDS[kind]:
            continue
        asked = note_finding(
            session, people[0], case.campaign_id, referral.id, kind, f"case:{case.id}", at
        )
        decide_remedy(session, people[1], asked, True, now)


def list_abuse(session: Session, case: Case, now: datetime, until: datetime) -> int:
    """Put what the abusers used on the blacklist for a term; how many hashes.

    The friends' numbers, devices and payout accounts, and the customers who invited them or whom
    they became. A branch's tablet has no device mark, an address is never listed.
    """
    rows = cases.referrals_of(session, case.id)
    numbers = [row.referral_id for row in rows]
    marks: set[tuple[Mark, str]] = set()
    traced = (
        select(Registration.phone_blind, Trace.device)
        .join(Referral, Referral.registration_id == Registration.id)
        .outerjoin(Trace, Trace.registration_id == Registration.id)
        .where(Referral.id.in_(numbers))
    )
    for number, device in session.execute(traced):
        marks |= {(Mark.NUMBER, number or ""), (Mark.DEVICE, device or "")}
    members = {row.member_id for row in rows} | {case.member_id}
    became = sightings.customers_of(session, numbers)
    paid = accounts_of_friends(session, became, numbers).values()
    marks |= {(Mark.ACCOUNT, each) for accounts in paid for each in accounts}
    customers = set(became.values())
    customers |= set(
        session.scalars(select(Member.customer_ref).where(Member.id.in_(members - {None})))
    )
    marks |= {(Mark.CUSTOMER, customer_hash(session, each)) for each in customers}
    return list_all(session, case.id, marks, now, until)


def cases_touching(session: Session, staff: Staff) -> set[int]:
    """The risk cases in which an employee is a party: as a member or friend in it, by somebody
    close to them who is, or by having taken a registration or decided a claim in it."""
    circle = circle_of(session, staff)
    hands = numbers_of(session, staff)
    mine = [Registration.staff_id.in_(hands)]
    mine += [Registration.phone_blind.in_(circle.numbers)] if circle.numbers else []
    became = sightings.referrals_of_customers(session, circle.customers)
    friends = (
        select(CaseReferral.case_id)
        .join(Referral, Referral.id == CaseReferral.referral_id)
        .outerjoin(Registration, Registration.id == Referral.registration_id)
        .where(or_(Referral.id.in_(became), *mine))
    )
    decided = (
        select(CaseReferral.case_id)
        .join(Referral, Referral.id == CaseReferral.referral_id)
        .join(ClaimStep, ClaimStep.claim_id == Referral.claim_id)
        .where(ClaimStep.actor.in_([f"staff:{each}" for each in hands]), decides())
    )
    rows = select(CaseReferral.case_id).where(CaseReferral.member_id.in_(circle.members))
    alone = select(Case.id).where(
        Case.member_id.in_(circle.members), Case.kind != CaseKind.DISPUTE.value
    )
    asked = (friends, decided, rows, alone)
    return {case for query in asked for case in session.scalars(query)}
