"""Kinship: which employees had a hand in a referral, and who is close to them.

Close to an employee is a customer who shares the employee's number, device or payout account, who
invited them or was invited by them. Family names say nothing. The checks see it beside a referral
(`staffing`); who acts is held against it beforehand (`circle_of`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.claims.claims import Claim, ClaimStep
from shared.claims.hands import decides
from shared.people.members import Member
from shared.people.persons import Person
from shared.people.staff import Staff
from shared.referrals.referrals import Invite, Referral, Registration
from shared.risk import sightings
from shared.risk.accounts import accounts_of_customers, customers_of_accounts
from shared.risk.known import Clerk, Inviter, Seen
from shared.risk.rings import owners_of, who_is
from shared.risk.traces import Trace


@dataclass(frozen=True)
class Circle:
    """An employee as a customer, and the cardholders close to them: where they never act."""

    members: frozenset[int] = frozenset()
    """Their own member among them."""
    customers: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    """Keyed hashes."""


def circle_of(session: Session, staff: Staff) -> Circle:
    """Whose affairs an employee leaves to others: their own, and those of cardholders who share
    their number, a device or a payout account with them, who invited them, or whom they invited.

    Only what was proven ties people, as in the checks. Empty for who has no card.
    """
    if staff.customer_ref is None:
        return Circle()
    own, number = _as_customer(session, staff.customer_ref)
    became = sightings.referrals_of_customers(session, {staff.customer_ref})
    numbers, invited_by = _tied_to(session, own, number, became)
    brought = _brought_by(session, own)
    together = _paid_with(session, staff.customer_ref)
    rows = session.execute(
        select(Member.id, Member.customer_ref, Person.phone_blind)
        .outerjoin(Person, Person.id == Member.person_id)
        .where(
            or_(
                Member.id.in_(invited_by | ({own} if own is not None else set())),
                Member.customer_ref.in_(brought | together | {staff.customer_ref}),
                Person.phone_blind.in_(numbers),
            )
        )
    ).all()
    return Circle(
        frozenset(member for member, _, _ in rows),
        frozenset(customer for _, customer, _ in rows) | brought | together | {staff.customer_ref},
        frozenset(blind for _, _, blind in rows if blind),
    )


def _as_customer(session: Session, customer_ref: str) -> tuple[int | None, str | None]:
    row = session.execute(
        select(Member.id, Person.phone_blind)
        .outerjoin(Person, Person.id == Member.person_id)
        .where(Member.customer_ref == customer_ref)
    ).first()
    return (row[0], row[1]) if row is not None else (None, None)


def _tied_to(
    session: Session, own: int | None, number: str | None, became: set[int]
) -> tuple[set[str], set[int]]:
    """The numbers that share the employee's number or devices or came by their invite, and the
    members who invited them. `became`: the referrals by which they got their own card."""
    inviters = set(session.scalars(select(Referral.member_id).where(Referral.id.in_(became))))
    seen = (
        select(Registration.phone_blind, Invite.member_id)
        .join(Invite, Invite.id == Registration.invite_id)
        .outerjoin(Trace, Trace.registration_id == Registration.id)
        .where(Registration.proven_at.is_not(None), Registration.phone_blind.is_not(None))
    )
    devices = sightings.devices_of_numbers(session, {number} if number else ())
    by = [Registration.phone_blind == number] if number else []
    by += [Trace.device.in_(each) for each in devices.values()]
    by += [Invite.member_id == own] if own is not None else []
    tied = {number} if number else set()
    for blind, member in session.execute(seen.where(or_(*by))) if by else ():
        tied |= {blind} if blind else set()
        inviters |= {member} if blind == number else set()
    return tied, inviters


def _paid_with(session: Session, customer_ref: str) -> set[str]:
    """The customers who are paid into an account of this one's."""
    accounts = accounts_of_customers(session, [customer_ref]).get(customer_ref, frozenset())
    return customers_of_accounts(session, accounts)


def _brought_by(session: Session, own: int | None) -> set[str]:
    """The customers whom an employee's friends became."""
    if own is None:
        return set()
    friends = session.scalars(select(Referral.id).where(Referral.member_id == own)).all()
    return set(sightings.customers_of(session, friends).values())


@dataclass(frozen=True)
class Staffing:
    """Employees around some referrals."""

    employees: Mapping[int, int]
    """By member: the employee whom this customer is."""
    members: Mapping[int, int]
    """By employee: the member they are."""
    close: frozenset[tuple[int, int]]
    """Pairs of members who are close to each other."""
    deciders: Mapping[int, tuple[int, ...]]
    """By referral: who decided its claim."""
    own: frozenset[str]
    """The numbers and customer references of employees."""

    def taken_by(self, row: Seen) -> Clerk | None:
        """Who took a registration at the counter."""
        return self._clerk(row.staff, row.member) if row.staff is not None else None

    def decided_by(self, row: Seen) -> tuple[Clerk, ...]:
        """Who decided the claim that brought a friend."""
        return tuple(
            self._clerk(staff, row.member) for staff in self.deciders.get(row.referral or 0, ())
        )

    def is_employee(self, row: Seen) -> bool:
        """Whether the friend is an employee."""
        return bool({row.number, row.customer} & self.own)

    def _clerk(self, staff: int, inviter: int) -> Clerk:
        theirs = self.members.get(staff)
        own = theirs == inviter
        kin = theirs is not None and not own and (theirs, inviter) in self.close
        return Clerk(staff, own, kin)


def staffing(
    session: Session,
    subjects: Sequence[Seen],
    inviters: Mapping[int, Inviter],
    tied: Sequence[Seen],
) -> Staffing:
    """Find the employees around some referrals; `tied`: whatever hangs together with them."""
    deciders = _deciders(session, [row.referral for row in subjects if row.referral])
    hands = {row.staff for row in subjects if row.staff is not None}
    hands |= {staff for each in deciders.values() for staff in each}
    found = sightings.staff_seen(
        session,
        inviters.keys(),
        hands,
        {row.customer for row in subjects if row.customer},
        {row.number for row in subjects if row.number},
    )
    devices = sightings.devices_of_numbers(session, {number for *_, number in found if number})
    accounts = accounts_of_customers(session, [customer for _, _, customer, _ in found])
    people = dict(inviters)
    for _, member, customer, number in found:
        theirs = accounts.get(customer, frozenset())
        own = frozenset(devices.get(number, ()))
        people[member] = Inviter(member, customer, number, own, accounts=theirs)
    return Staffing(
        {member: clerk for clerk, member, _, _ in found},
        {clerk: member for clerk, member, _, _ in found},
        _close(people.values(), tied),
        deciders,
        frozenset(word for _, _, *words in found for word in words if word),
    )


def _close(people: Iterable[Inviter], tied: Iterable[Seen]) -> frozenset[tuple[int, int]]:
    everybody = list(people)
    owners = owners_of(everybody)
    pairs: set[tuple[int, int]] = set()
    for (kind, _), members in owners.items():
        if kind in ("n", "d", "a"):
            pairs |= {(a, b) for a in members for b in members if a != b}
    for row in tied:
        for other in who_is(row, owners):
            pairs |= {(row.member, other), (other, row.member)}
    return frozenset(pairs)


def _deciders(session: Session, referrals: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Which employees decided the claim of each referral."""
    rows = session.execute(
        select(Referral.id, ClaimStep.actor)
        .join(Claim, Claim.id == Referral.claim_id)
        .join(ClaimStep, ClaimStep.claim_id == Claim.id)
        .where(Referral.id.in_(referrals), decides())
    )
    found: dict[int, set[int]] = defaultdict(set)
    for referral, actor in rows:
        found[referral].add(int(actor.removeprefix("staff:")))
    return {referral: tuple(sorted(staff)) for referral, staff in found.items()}
