"""Kinship: which employees had a hand in a referral, and who is close to them.

Close to an employee is a customer who shares the employee's number or device, who invited them
or was invited by them. Family names say nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.claims.claims import Claim, ClaimStep
from shared.referrals.referrals import Referral
from shared.risk import sightings
from shared.risk.known import Clerk, Inviter, Seen
from shared.risk.rings import owners_of, who_is


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
    people = dict(inviters)
    for _, member, customer, number in found:
        people[member] = Inviter(member, customer, number, frozenset(devices.get(number, ())))
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
        if kind in ("n", "d"):
            pairs |= {(a, b) for a in members for b in members if a != b}
    for row in tied:
        for other in who_is(row, owners):
            pairs |= {(row.member, other), (other, row.member)}
    return frozenset(pairs)


def _deciders(session: Session, referrals: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Which employees had a step in the claim of each referral."""
    rows = session.execute(
        select(Referral.id, ClaimStep.actor)
        .join(Claim, Claim.id == Referral.claim_id)
        .join(ClaimStep, ClaimStep.claim_id == Claim.id)
        .where(Referral.id.in_(referrals), ClaimStep.actor.like("staff:%"))
    )
    found: dict[int, set[int]] = defaultdict(set)
    for referral, actor in rows:
        found[referral].add(int(actor.removeprefix("staff:")))
    return {referral: tuple(sorted(staff)) for referral, staff in found.items()}
