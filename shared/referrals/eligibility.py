"""Whether a credited application may earn: a new customer, and not the member themselves.

Read off the facts at every settling, so that any order of arrival ends the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from shared.applications.facts import (
    Kind,
    Told,
    applications_by_id,
    approvals_of,
    lines_by_ref,
)
from shared.campaigns.campaigns import version
from shared.people.members import Member, MemberStatus, get_member, members_by_refs
from shared.people.persons import Person
from shared.referrals.referrals import Credit, load_credits

MONTH = timedelta(days=30)


class Reason(StrEnum):
    """Why an application earns nothing. Told to the desk, the auditor and the number's owner."""

    OWN = "own"
    EXISTING = "existing"


@dataclass(frozen=True)
class Surroundings:
    """What is known about the customers whom some applications were approved for."""

    members: Mapping[str, Member]
    """Our file, by customer_ref."""
    approvals: Mapping[str, Sequence[Told]]
    """Every approval of a customer, oldest first."""
    earlier: Mapping[str, Sequence[Told]]
    """The facts of those approvals' applications, by application_ref."""


def surroundings(session: Session, tales: Iterable[Sequence[Told]]) -> Surroundings:
    """Look around some applications, each given by its facts: three questions, however many."""
    refs = {ref for rows in tales for ref in _customers(rows)}
    approvals: dict[str, list[Told]] = {ref: [] for ref in refs}
    for row in approvals_of(session, refs):
        approvals[row.customer_ref or ""].append(row)
    twice = [row for rows in approvals.values() if len(rows) > 1 for row in rows]
    return Surroundings(
        members_by_refs(session, refs),
        approvals,
        lines_by_ref(session, {row.application_ref for row in twice if row.application_ref}),
    )


def reason_against(
    member: Member,
    own_number: str | None,
    rows: Sequence[Told],
    around: Surroundings,
    applied: datetime,
    months: int,
) -> Reason | None:
    """Why an application's facts earn nothing under this member, or None.

    Own: the approval names the member's own customer_ref, or the number is the member's own
    (`own_number`, its keyed hash). Existing: the bank's word (`existing_customer`, the last
    heard) beats our file; our file knows customers whose account was opened before and who
    held a card within `months` (0: who ever held one); the facts know customers who were
    approved for another before.
    """
    refs = _customers(rows)
    own = own_number is not None and any(row.phone_blind == own_number for row in rows)
    if own or member.customer_ref in refs:
        return Reason.OWN
    said = [row.existing_customer for row in rows if row.existing_customer is not None]
    if said:
        return Reason.EXISTING if said[-1] else None
    known = [around.members[ref] for ref in refs if ref in around.members]
    if any(_held_before(customer, applied, months) for customer in known):
        return Reason.EXISTING
    return Reason.EXISTING if _approved_before(rows, around, applied, months) else None


def _customers(rows: Sequence[Told]) -> set[str]:
    return {row.customer_ref for row in rows if row.kind == Kind.APPROVED and row.customer_ref}


def _approved_before(
    rows: Sequence[Told], around: Surroundings, applied: datetime, months: int
) -> bool:
    """Whether the customer got another card first, and held it within `months`."""
    first = next((row for row in rows if row.kind == Kind.APPROVED and row.customer_ref), None)
    if first is None:
        return False
    others = [
        row.application_ref
        for ref in _customers(rows)
        for row in around.approvals[ref]
        if row.application_ref not in (None, first.application_ref)
        and (row.at, row.event) < (first.at, first.event)
    ]
    if not others or months == 0:
        return bool(others)
    since = applied - months * MONTH
    return any(
        not any(row.kind == Kind.CLOSED and row.at <= since for row in around.earlier[other])
        for other in others
        if other
    )


def _held_before(known: Member, applied: datetime, months: int) -> bool:
    if known.opened_on >= applied.date():
        return False
    if known.status != MemberStatus.CLOSED or months == 0:
        return True
    return known.status_since > applied - months * MONTH


def own_number(session: Session, member: Member) -> str | None:
    """The keyed hash of a member's own number."""
    person = session.get(Person, member.person_id)
    return person.phone_blind if person is not None else None


def eligible_credits(session: Session, campaign_id: int, member_id: int) -> list[Credit]:
    """A member's credits without those that may earn nothing, as the facts now stand."""
    credits = load_credits(session, campaign_id, member_id)
    if not credits:
        return []
    member = get_member(session, member_id)
    number = own_number(session, member)
    applications = applications_by_id(session, {credit.application for credit in credits})
    tales = lines_by_ref(session, [each.application_ref for each in applications.values()])
    around = surroundings(session, tales.values())
    months = {
        number: version(session, campaign_id, number).rules.new_customer_months
        for number in {credit.version for credit in credits}
    }

    def earns(credit: Credit) -> bool:
        rows = tales[applications[credit.application].application_ref]
        term = months[credit.version]
        return reason_against(member, number, rows, around, credit.on, term) is None

    return [credit for credit in credits if earns(credit)]
