"""Whether a credited application may earn: a new customer, and not the member themselves.

Read off the facts at every settling, so that any order of arrival ends the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from shared.applications.facts import (
    Fact,
    Kind,
    ToldFact,
    approvals_of,
    facts_in,
    refs_by_id,
    rows_by_ref,
)
from shared.campaigns.campaigns import rules_of
from shared.people.members import (
    Cardholder,
    Member,
    MemberStatus,
    cardholders,
    members_by_refs,
)
from shared.referrals.findings import facts_found, findings_of
from shared.referrals.referrals import Credit, credits_of

MONTH = timedelta(days=30)


class Reason(StrEnum):
    """Why an application earns nothing. Told to the desk, the auditor and the number's owner."""

    OWN = "own"
    EXISTING = "existing"


@dataclass(frozen=True)
class Surroundings:
    """What is known about the customers whom some applications were approved for."""

    members: dict[str, Member]
    """Our file, by customer_ref."""
    approvals: dict[str, list[ToldFact]]
    """Every approval of a customer, oldest first."""
    earlier: dict[str, list[ToldFact]]
    """The facts of those approvals' applications, by application_ref."""


def surroundings(session: Session, tales: Collection[Sequence[ToldFact]]) -> Surroundings:
    """Look around some applications, each given by its facts: three questions, however many."""
    refs = {ref for rows in tales for ref in _customers(rows)}
    approvals: dict[str, list[ToldFact]] = {ref: [] for ref in refs}
    for row in approvals_of(session, refs):
        approvals[row.customer_ref or ""].append(row)
    twice = [row for rows in approvals.values() if len(rows) > 1 for row in rows]
    return Surroundings(
        members_by_refs(session, refs),
        approvals,
        rows_by_ref(session, {row.application_ref for row in twice if row.application_ref}),
    )


def reason_against(
    member: Cardholder,
    rows: Sequence[ToldFact],
    around: Surroundings,
    applied: datetime,
    months: int,
) -> Reason | None:
    """Why an application's facts earn nothing under this member, or None.

    Own: the approval names the member's own customer_ref, or the number is the member's own.
    Existing: the bank's word (`existing_customer`, the last
    heard) beats our file; our file knows customers whose account was opened before and who
    held a card within `months` (0: who ever held one); the facts know customers who were
    approved for another before.
    """
    refs = _customers(rows)
    number = member.own_number
    own = number is not None and any(row.phone_blind == number for row in rows)
    if own or member.customer_ref in refs:
        return Reason.OWN
    said = [row.existing_customer for row in rows if row.existing_customer is not None]
    if said:
        return Reason.EXISTING if said[-1] else None
    known = [around.members[ref] for ref in refs if ref in around.members]
    if any(_held_before(customer, applied, months) for customer in known):
        return Reason.EXISTING
    return Reason.EXISTING if _approved_before(rows, around, applied, months) else None


def _customers(rows: Sequence[ToldFact]) -> set[str]:
    return {row.customer_ref for row in rows if row.kind == Kind.APPROVED and row.customer_ref}


def _approved_before(
    rows: Sequence[ToldFact], around: Surroundings, applied: datetime, months: int
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


@dataclass(frozen=True)
class Record:
    """A member's credits in a campaign, and what the bank told of their applications."""

    credits: tuple[Credit, ...]
    """Those included that may earn nothing."""
    earning: tuple[Credit, ...]
    facts: tuple[Fact, ...]
    """Of every credited application, findings on its friend included, oldest first."""


def load_records(
    session: Session, campaign_id: int, members: Mapping[int, Cardholder]
) -> dict[int, Record]:
    """The records of many members: as many questions as for one."""
    credits = credits_of(session, campaign_id, members)
    every = [credit for mine in credits.values() for credit in mine]
    if not every:
        return dict.fromkeys(members, Record((), (), ()))
    refs = refs_by_id(session, {credit.application for credit in every})
    tales = rows_by_ref(session, list(refs.values()))
    around = surroundings(session, tales.values())
    rules = rules_of(session, campaign_id)
    found = findings_of(session, campaign_id, members)

    def earns(member: Cardholder, credit: Credit) -> bool:
        rows = tales[refs[credit.application]]
        months = rules[credit.version].new_customer_months
        return reason_against(member, rows, around, credit.on, months) is None

    def record(member_id: int, member: Cardholder) -> Record:
        mine = credits[member_id]
        told = {credit.application for credit in mine}
        facts = [fact for a in told for fact in facts_in(a, tales[refs[a]])]
        return Record(
            tuple(mine),
            tuple(credit for credit in mine if earns(member, credit)),
            tuple(sorted([*facts, *facts_found(mine, found)])),
        )

    return {member_id: record(member_id, member) for member_id, member in members.items()}


def eligible_credits(session: Session, campaign_id: int, member_id: int) -> list[Credit]:
    """A member's credits without those that may earn nothing, as the facts now stand."""
    members = cardholders(session, [member_id])
    return list(load_records(session, campaign_id, members)[member_id].earning)
