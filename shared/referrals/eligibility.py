"""Whether a credited application may earn: a new customer, and not the member themselves.

Read off the facts at every settling, so that any order of arrival ends the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from shared.applications.facts import (
    FactRow,
    Kind,
    applications_by_id,
    approvals_of,
    rows_by_ref,
)
from shared.campaigns.campaigns import version
from shared.people.members import Member, MemberStatus, get_member, member_by_ref
from shared.people.persons import Person
from shared.referrals.referrals import Credit, load_credits

MONTH = timedelta(days=30)


class Reason(StrEnum):
    """Why an application earns nothing. Told to the desk, the auditor and the number's owner."""

    OWN = "own"
    EXISTING = "existing"


def reason_against(
    session: Session, member_id: int, rows: list[FactRow], applied: datetime, months: int
) -> Reason | None:
    """Why an application's facts earn nothing under this member, or None.

    Own: the approval names the member's own customer_ref, or the number is the member's own.
    Existing: the bank's word (`existing_customer`, the last heard) beats our file; our file
    knows customers whose account was opened before and who held a card within `months`
    (0: who ever held one); the facts know customers who were approved for another before.
    """
    member = get_member(session, member_id)
    refs = {row.customer_ref for row in rows if row.kind == Kind.APPROVED and row.customer_ref}
    if member.customer_ref in refs or _own_number(session, member, rows):
        return Reason.OWN
    said = [row.existing_customer for row in rows if row.existing_customer is not None]
    if said:
        return Reason.EXISTING if said[-1] else None
    for ref in sorted(refs):
        known = member_by_ref(session, ref)
        if known is not None and _held_before(known, applied, months):
            return Reason.EXISTING
    return Reason.EXISTING if _approved_before(session, refs, rows, applied, months) else None


def _approved_before(
    session: Session, refs: set[str], rows: list[FactRow], applied: datetime, months: int
) -> bool:
    """Whether the customer got another card first, and held it within `months`."""
    first = next((row for row in rows if row.kind == Kind.APPROVED and row.customer_ref), None)
    if first is None:
        return False
    others = [
        row.application_ref
        for row in approvals_of(session, refs)
        if row.application_ref not in (None, first.application_ref)
        and (row.at, row.event) < (first.at, first.event)
    ]
    if not others or months == 0:
        return bool(others)
    since = applied - months * MONTH
    told = rows_by_ref(session, [ref for ref in others if ref])
    return any(
        not any(row.kind == Kind.CLOSED and row.at <= since for row in facts)
        for facts in told.values()
    )


def _own_number(session: Session, member: Member, rows: list[FactRow]) -> bool:
    person = session.get(Person, member.person_id)
    if person is None or person.phone_blind is None:
        return False
    return any(row.phone_blind == person.phone_blind for row in rows)


def _held_before(known: Member, applied: datetime, months: int) -> bool:
    if known.opened_on >= applied.date():
        return False
    if known.status != MemberStatus.CLOSED or months == 0:
        return True
    return known.status_since > applied - months * MONTH


def eligible_credits(session: Session, campaign_id: int, member_id: int) -> list[Credit]:
    """A member's credits without those that may earn nothing, as the facts now stand."""
    credits = load_credits(session, campaign_id, member_id)
    if not credits:
        return []
    member = get_member(session, member_id)
    _known = (member, session.get(Person, member.person_id))  # held, so the session keeps them
    applications = applications_by_id(session, {credit.application for credit in credits})
    rows = rows_by_ref(session, [each.application_ref for each in applications.values()])
    months = {
        number: version(session, campaign_id, number).rules.new_customer_months
        for number in {credit.version for credit in credits}
    }
    return [
        credit
        for credit in credits
        if reason_against(
            session,
            member_id,
            rows[applications[credit.application].application_ref],
            credit.on,
            months[credit.version],
        )
        is None
    ]
