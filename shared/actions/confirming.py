"""What follows from a decided case: rewards released or taken back, the blacklist, and who is a
party of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.claims.claims import Claim, ClaimStep
from shared.people.members import Member, person_of
from shared.people.persons import Person
from shared.people.staff import Staff
from shared.referrals.referrals import Referral, Registration
from shared.rewards.holds import release_referral
from shared.rewards.queue import wake_all
from shared.risk import cases, sightings
from shared.risk.blacklist import Mark, customer_hash, list_all
from shared.risk.cases import Case
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


def confirm_fraud(session: Session, case: Case, now: datetime) -> None:
    """Two people confirmed it: nothing of these referrals is ever released.

    Here the reversal is joined: a fact for each referral by which it no longer qualifies. The
    hold stays as well, so that nothing that the fact does not reach could be paid.
    """
    _wake(session, case, now)


def undo_fraud(session: Session, case: Case, now: datetime) -> None:
    """An appeal was granted: the opposite of `confirm_fraud`; the holds end by `release`."""
    _wake(session, case, now)


def _wake(session: Session, case: Case, now: datetime) -> None:
    assert case.campaign_id is not None
    rows = cases.referrals_of(session, case.id)
    wake_all(session, {(case.campaign_id, row.member_id) for row in rows}, now)


def list_abuse(session: Session, case: Case, now: datetime, until: datetime) -> int:
    """Put what the abusers used on the blacklist for a term; how many hashes.

    The friends' numbers and devices, and the customers who invited them or whom they became. A
    branch's tablet has no device mark, an address is never listed.
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
    customers = set(sightings.customers_of(session, numbers).values())
    customers |= set(
        session.scalars(select(Member.customer_ref).where(Member.id.in_(members - {None})))
    )
    marks |= {(Mark.CUSTOMER, customer_hash(session, each)) for each in customers}
    return list_all(session, case.id, marks, now, until)


@dataclass(frozen=True)
class Parties:
    """Who is a party of a case: members and friends, and employees who had a hand in it."""

    customers: frozenset[str]
    staff: frozenset[int]

    def has(self, staff: Staff) -> bool:
        """Whether an employee is one of them, or had a hand in it."""
        return staff.id in self.staff or staff.customer_ref in self.customers


def parties_of(session: Session, case: Case) -> Parties:
    """Everybody who is a party of a case."""
    rows = cases.referrals_of(session, case.id)
    referrals = [row.referral_id for row in rows]
    members = {row.member_id for row in rows} | ({case.member_id} if case.member_id else set())
    known = session.scalars(select(Member).where(Member.id.in_(members))).all()
    customers = {each.customer_ref for each in known}
    customers |= set(sightings.customers_of(session, referrals).values())
    numbers = {person_of(session, each).phone_blind for each in known}
    hands: set[int] = set()
    taken = select(Registration.phone_blind, Registration.staff_id).join(
        Referral, Referral.registration_id == Registration.id
    )
    for number, staff in session.execute(taken.where(Referral.id.in_(referrals))):
        numbers.add(number)
        hands |= {staff} if staff is not None else set()
    hands |= _claim_hands(session, referrals) | _sharing(session, numbers - {None})
    return Parties(frozenset(customers), frozenset(hands))


def _claim_hands(session: Session, referrals: list[int]) -> set[int]:
    actors = session.scalars(
        select(ClaimStep.actor)
        .join(Claim, Claim.id == ClaimStep.claim_id)
        .join(Referral, Referral.claim_id == Claim.id)
        .where(Referral.id.in_(referrals), ClaimStep.actor.like("staff:%"))
    )
    return {int(actor.removeprefix("staff:")) for actor in actors}


def _sharing(session: Session, numbers: Collection[str | None]) -> set[int]:
    """Employees whose own number is one of these: themselves, or somebody they share it with."""
    query = (
        select(Staff.id)
        .join(Member, Member.customer_ref == Staff.customer_ref)
        .join(Person, Person.id == Member.person_id)
        .where(Person.phone_blind.in_(numbers))
    )
    return set(session.scalars(query))
