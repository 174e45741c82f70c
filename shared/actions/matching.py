"""Matching: which referral an application counts under (who earns).

The earliest proven registration whose 30 days hold the application; the bank's token beats a
number. When a better one is heard of after a reward was posted, the money stays and a
dispute opens. Everything here runs in the one process that holds the settling lease.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.referring import refer
from shared.applications.facts import (
    Application,
    FactRow,
    Kind,
    ToldFact,
    application_by_ref,
    rows_of,
)
from shared.base.i18n import Locale, text
from shared.campaigns.campaigns import version
from shared.ledger.entries import Entry
from shared.people.erasures import was_erased
from shared.people.members import MemberStatus, members_by_phone
from shared.people.persons import Person, phone_of
from shared.post.audit import record
from shared.post.outbox import Channel, send_later
from shared.referrals.referrals import CreditRow, Referral, Registration, Source
from shared.rewards.settle import wake
from shared.risk.cases import CaseKind, open_case


@dataclass(frozen=True)
class Match:
    """The registration an application counts under, and how we know."""

    registration: Registration
    source: Source


def may_match(session: Session, submitted: Sequence[Mapping[str, Any]]) -> set[str]:
    """Of many `submitted` facts, the applications whose number or token some registration has.

    Two questions for a whole batch: most applications of a bank are nobody's friend.
    """
    phones = {fact["phone_blind"] for fact in submitted} - {None}
    tokens = {fact["referral_token"] for fact in submitted} - {None}
    numbers = select(Registration.phone_blind).where(Registration.phone_blind.in_(phones))
    given = select(Registration.referral_token).where(Registration.referral_token.in_(tokens))
    known = set(session.scalars(numbers)) if phones else set()
    known |= set(session.scalars(given)) if tokens else set()
    return {
        fact["application_ref"]
        for fact in submitted
        if fact["phone_blind"] in known or fact["referral_token"] in known
    }


def match_application(session: Session, application: Application, now: datetime) -> bool:
    """Find who earns by an application's facts; whether a credit was written or changed."""
    submitted = [r for r in rows_of(session, application.application_ref) if _submits(r)]
    if not submitted:
        return False
    match = _by_token(session, submitted) or _by_number(session, submitted)
    if match is None:
        return False
    if match.registration.proven_at is None:
        _prove_by_token(match.registration, submitted[0].at)
    proven_at = match.registration.proven_at
    assert proven_at is not None
    referral = refer(session, match.registration, proven_at)
    return credit(session, application, referral, match.source, submitted[0].at, now)


def _submits(row: ToldFact) -> bool:
    return row.kind == Kind.SUBMITTED


def _prove_by_token(registration: Registration, at: datetime) -> None:
    registration.proven_at, registration.proven_by = at, "token"


def _by_token(session: Session, submitted: list[ToldFact]) -> Match | None:
    for row in submitted:
        if row.referral_token is None:
            continue
        registration = session.scalar(
            select(Registration).where(Registration.referral_token == row.referral_token)
        )
        if (
            registration is not None
            and _holds(session, registration, row.at)
            and not was_erased(session, registration.person_id or 0)
        ):
            return Match(registration, Source.TOKEN)
    return None


def _by_number(session: Session, submitted: list[ToldFact]) -> Match | None:
    for row in submitted:
        if row.phone_blind is None:
            continue
        registrations = session.scalars(
            select(Registration)
            .where(Registration.phone_blind == row.phone_blind, Registration.proven_at.is_not(None))
            .order_by(Registration.proven_at, Registration.id)
        )
        for registration in registrations:
            if _holds(session, registration, row.at):
                return Match(registration, Source.LINK)
    return None


def _holds(session: Session, registration: Registration, applied: datetime) -> bool:
    """Whether the registration's days hold the application (half open)."""
    days = version(session, registration.campaign_id, registration.version).rules.attribution_days
    began = registration.proven_at or registration.started_at
    if registration.proven_by == "token":
        began = registration.started_at
    return began <= applied < began + timedelta(days=days)


def credit(
    session: Session,
    application: Application,
    referral: Referral,
    source: Source,
    on: datetime,
    now: datetime,
) -> bool:
    """Count an application under a referral, or open a dispute where another was paid for it.

    The application is locked first: a claim may be decided while the bank is heard.
    """
    session.get(Application, application.id, with_for_update=True)
    rows = session.scalars(
        select(CreditRow).where(CreditRow.application_id == application.id)
    ).all()
    if any(row.referral_id == referral.id for row in rows):
        return False
    standing = next((row for row in rows if row.superseded_at is None), None)
    if standing is not None and not _makes_way(session, standing, referral, source, now):
        return False
    session.add(
        CreditRow(
            referral_id=referral.id,
            application_id=application.id,
            on=on,
            source=source.value,
            created_at=now,
        )
    )
    session.flush()
    record(
        session, "worker", "credit.given", f"referral:{referral.id}", now,
        application=application.id, source=source.value,
    )  # fmt: skip
    wake(session, referral.campaign_id, referral.member_id, now)
    return True


def _makes_way(
    session: Session, standing: CreditRow, better: Referral, source: Source, now: datetime
) -> bool:
    """End a credit for a better one; False where it was paid, and a dispute is open."""
    before = session.get(Referral, standing.referral_id)
    assert before is not None
    if _anything_posted(session, before):
        open_case(
            session, CaseKind.DISPUTE, f"application:{standing.application_id}", now,
            {"paid": before.id, "better": better.id, "source": source.value},
        )  # fmt: skip
        return False
    standing.superseded_at = now
    session.flush()  # before the new one: one stands at a time
    wake(session, before.campaign_id, before.member_id, now)
    return True


def paid_elsewhere(session: Session, application: Application, member_id: int) -> bool:
    """Whether another member's reward was posted for this application: that money stays."""
    standing = session.scalar(
        select(Referral)
        .join(CreditRow, CreditRow.referral_id == Referral.id)
        .where(CreditRow.application_id == application.id, CreditRow.superseded_at.is_(None))
    )
    if standing is None or standing.member_id == member_id:
        return False
    return _anything_posted(session, standing)


def _anything_posted(session: Session, referral: Referral) -> bool:
    found = session.scalar(
        select(Entry.id)
        .where(
            Entry.campaign_id == referral.campaign_id,
            Entry.member_id == referral.member_id,
            Entry.occasion == f"referral:{referral.id}",
        )
        .limit(1)
    )
    return found is not None


def look_at_registrations(session: Session, now: datetime, most: int = 200) -> int:
    """Hold new proven registrations against what was heard before; how many were looked at.

    An application heard before its registration was committed finds it here; the owner of a
    number that is a customer's already is told so by SMS, and nobody else is.
    """
    rows = session.scalars(
        select(Registration)
        .where(Registration.proven_at.is_not(None), Registration.looked_at.is_(None))
        .order_by(Registration.id)
        .limit(most)
    ).all()
    for registration in rows:
        registration.looked_at = now
        for application in _applications_of_number(session, registration.phone_blind):
            match_application(session, application, now)
        _tell_existing_customer(session, registration, now)
    return len(rows)


def _applications_of_number(session: Session, phone_blind: str | None) -> list[Application]:
    if phone_blind is None:
        return []
    refs = session.scalars(
        select(FactRow.application_ref).where(
            FactRow.phone_blind == phone_blind, FactRow.kind == Kind.SUBMITTED
        )
    )
    found = [application_by_ref(session, ref) for ref in sorted({r for r in refs if r})]
    return [application for application in found if application is not None]


def _tell_existing_customer(session: Session, registration: Registration, now: datetime) -> None:
    person = session.get(Person, registration.person_id) if registration.person_id else None
    phone = phone_of(session, person) if person else ""
    if not phone or person is None:
        return
    holders = [m for m in members_by_phone(session, phone) if m.status != MemberStatus.CLOSED]
    if not holders:
        return
    record(
        session, "worker", "registration.existing_customer", f"registration:{registration.id}",
        now, members=[m.id for m in holders],
    )  # fmt: skip
    words = text(Locale(person.locale or Locale.ZH_HANS.value), "sms.existing_customer")
    send_later(
        session, Channel.SMS, {"to": phone, "text": words}, now,
        once=f"existing:{registration.id}",
    )  # fmt: skip
