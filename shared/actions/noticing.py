"""Noticing: what the bank tells may show abuse later, so whom it concerns is looked at again.

A grant is looked at when it is made; an account that is told, or a purchase that goes back, has
a moment of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from shared.applications.facts import Application, FactRow, Kind
from shared.people.members import Member
from shared.people.persons import Person
from shared.referrals.referrals import CreditRow, Referral
from shared.risk.accounts import (
    forget_accounts_of,
    party_of_application,
    party_of_customer,
    referrals_of_accounts,
    tell_accounts,
)
from shared.risk.looks import ask_looks


def notice_accounts(session: Session, told: Collection[dict[str, Any]], now: datetime) -> None:
    """Keep the payout accounts that the bank named, each with `payout_account`, and with
    `application_id` or `customer_ref` or both; whoever shares one with somebody new is looked at.
    Of who is erased nothing is kept again."""
    pairs = {
        (party, str(data["payout_account"]))
        for data in told
        if data.get("payout_account")
        for party in _parties(data)
    }
    if not pairs:
        return
    gone = _erased(session, told)
    fresh = tell_accounts(session, (pair for pair in pairs if pair[0] not in gone), now)
    look_at(session, referrals_of_accounts(session, fresh), now)


def notice_reversals(session: Session, concerned: Iterable[tuple[int, int]], now: datetime) -> None:
    """A purchase went back: all credited friends of its inviter are looked at, each inviter as
    (campaign, member)."""
    inviters = sorted(set(concerned))
    mine = tuple_(Referral.campaign_id, Referral.member_id).in_(inviters)
    credited = select(CreditRow.referral_id).where(CreditRow.superseded_at.is_(None))
    if inviters:
        found = session.scalars(select(Referral.id).where(mine, Referral.id.in_(credited)))
        look_at(session, found.all(), now)


def look_at(session: Session, referrals: Collection[int], now: datetime) -> None:
    """Have some referrals looked at, whatever their campaign."""
    rows = session.execute(
        select(Referral.id, Referral.campaign_id, Referral.member_id).where(
            Referral.id.in_(referrals)
        )
    )
    ask_looks(session, [(number, campaign, member) for number, campaign, member in rows], now)


def approved_to(session: Session, applications: Collection[str]) -> set[str]:
    """The customers to whom some applications were approved."""
    approved = FactRow.kind == Kind.APPROVED.value, FactRow.application_ref.in_(applications)
    rows = session.scalars(select(FactRow.customer_ref).where(*approved))
    return {each for each in rows if each}


def forget_strangers(
    session: Session, applications: Collection[str], customers: Collection[str]
) -> None:
    """Forget the accounts of applications that were deleted, and of their customers unless these
    are somebody's friends or members besides."""
    known = set(
        session.scalars(
            select(FactRow.customer_ref).where(
                FactRow.kind == Kind.APPROVED.value, FactRow.customer_ref.in_(customers)
            )
        )
    )
    members = select(Member.customer_ref).where(Member.customer_ref.in_(customers))
    gone = set(customers) - known - set(session.scalars(members))
    forget_accounts_of(session, applications=applications, customers=gone)


def _parties(data: dict[str, Any]) -> Iterable[str]:
    if data.get("application_id"):
        yield party_of_application(data["application_id"])
    if data.get("customer_ref"):
        yield party_of_customer(data["customer_ref"])


def _erased(session: Session, told: Iterable[dict[str, Any]]) -> set[str]:
    """The parties, of some that were named, whose person is erased."""
    rows = list(told)
    customers = {data["customer_ref"] for data in rows if data.get("customer_ref")}
    applications = {data["application_id"] for data in rows if data.get("application_id")}
    gone = Person.erased_at.is_not(None)
    members = session.scalars(
        select(Member.customer_ref)
        .join(Person, Person.id == Member.person_id)
        .where(Member.customer_ref.in_(customers), gone)
    )
    friends = session.scalars(
        select(Application.application_ref)
        .join(CreditRow, CreditRow.application_id == Application.id)
        .join(Referral, Referral.id == CreditRow.referral_id)
        .join(Person, Person.id == Referral.person_id)
        .where(Application.application_ref.in_(applications), gone)
    ).all()
    customer_of = {
        d["application_id"]: d.get("customer_ref") for d in rows if d.get("application_id")
    }
    parties = {party_of_customer(each) for each in members}
    parties |= {party_of_application(each) for each in friends}
    return parties | {party_of_customer(c) for each in friends if (c := customer_of.get(each))}
