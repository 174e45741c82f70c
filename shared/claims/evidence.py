"""Evidence for a claim: what was recorded before it, one small function each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.applications.facts import Application, FactRow, Kind, ToldFact, rows_of
from shared.campaigns.rules import Rules
from shared.claims.claims import Claim
from shared.people.members import cardholders
from shared.referrals.eligibility import reason_against, surroundings
from shared.referrals.referrals import CreditRow, Invite, Referral, Registration, Visit, VisitKind

SURE = 4
"""From this weight on a registration speaks for itself."""
UNFINISHED_TERM = timedelta(hours=24)


class EvidenceKind(StrEnum):
    REGISTRATION_OWN = "registration_own"
    """The number registered under the claimant's invite and proved itself."""
    REGISTRATION_UNFINISHED = "registration_unfinished"
    """The number began to register under the claimant's invite and never finished."""
    REGISTRATION_LAPSED = "registration_lapsed"
    """Under the claimant's invite, but too long before the application to count for it."""
    REGISTRATION_ELSEWHERE = "registration_elsewhere"
    VISITS = "visits"
    APPLICATION = "application"
    CREDITED_OWN = "credited_own"
    """The application counts for the claimant already."""
    CREDITED_ELSEWHERE = "credited_elsewhere"
    EXISTING = "existing"
    DECLINED = "declined"
    TOO_OLD = "too_old"
    NO_APPLICATION = "no_application"


@dataclass(frozen=True)
class Evidence:
    """One thing found: for (weight > 0) or against (weight < 0) the claim."""

    kind: EvidenceKind
    weight: int
    at: datetime | None = None
    count: int = 0


@dataclass(frozen=True)
class Grounds:
    """What the evidence functions look at, assembled once."""

    claim: Claim
    rules: Rules
    application: Application | None
    applied_at: datetime | None
    rows: tuple[ToldFact, ...]


def grounds_of(session: Session, claim: Claim, rules: Rules) -> Grounds:
    """Find the latest application under the claimed number and its facts."""
    row = session.scalar(
        select(FactRow)
        .where(FactRow.phone_blind == claim.phone_blind, FactRow.kind == Kind.SUBMITTED)
        .order_by(FactRow.at.desc(), FactRow.id.desc())
        .limit(1)
    )
    if row is None and claim.registration_id is not None:
        row = session.scalar(
            select(FactRow)
            .join(Registration, Registration.referral_token == FactRow.referral_token)
            .where(Registration.id == claim.registration_id, FactRow.kind == Kind.SUBMITTED)
            .limit(1)
        )
    if row is None or row.application_ref is None:
        return Grounds(claim, rules, None, None, ())
    application = session.scalar(
        select(Application).where(Application.application_ref == row.application_ref)
    )
    return Grounds(claim, rules, application, row.at, tuple(rows_of(session, row.application_ref)))


def gather(session: Session, grounds: Grounds) -> list[Evidence]:
    """Everything found, what speaks for the claim first."""
    found = [evidence for check in CHECKS for evidence in check(session, grounds)]
    return sorted(found, key=lambda evidence: -evidence.weight)


def speaks_for_itself(evidence: list[Evidence]) -> bool:
    """Whether the machine may credit: a registration under the claimant's own invite that is
    sure enough, an application, and nothing against it."""
    own = (EvidenceKind.REGISTRATION_OWN, EvidenceKind.REGISTRATION_UNFINISHED)
    return (
        any(e.kind in own and e.weight >= SURE for e in evidence)
        and any(e.kind is EvidenceKind.APPLICATION for e in evidence)
        and all(e.weight >= 0 for e in evidence)
    )


def disputed(evidence: list[Evidence]) -> bool:
    """Whether another member already has the friend: two people decide."""
    return any(e.kind is EvidenceKind.CREDITED_ELSEWHERE for e in evidence)


def _registrations(session: Session, grounds: Grounds) -> list[Evidence]:
    rows = session.execute(
        select(Registration, Invite.member_id)
        .join(Invite, Invite.id == Registration.invite_id)
        .where(Registration.phone_blind == grounds.claim.phone_blind)
    )
    return [
        _registered(grounds, registration, member_id)
        for registration, member_id in rows
        if grounds.applied_at is None or registration.started_at <= grounds.applied_at
    ]


def _registered(grounds: Grounds, registration: Registration, member_id: int) -> Evidence:
    own = member_id == grounds.claim.member_id
    if not own:
        kind, weight = EvidenceKind.REGISTRATION_ELSEWHERE, -2
    elif not _in_time(grounds, registration):
        kind, weight = EvidenceKind.REGISTRATION_LAPSED, -1
    elif registration.proven_at is not None:
        kind, weight = EvidenceKind.REGISTRATION_OWN, 5
    else:
        kind, weight = (
            EvidenceKind.REGISTRATION_UNFINISHED,
            SURE if _soon(grounds, registration) else 1,
        )
    return Evidence(kind, weight, registration.started_at)


def _soon(grounds: Grounds, registration: Registration) -> bool:
    """Whether the application came within a day of a registration that was never finished.

    Anybody can begin one for a stranger's number; that the stranger applies the same day is
    what makes it sure. Later ones are for a person to judge.
    """
    applied = grounds.applied_at
    return applied is not None and applied < registration.started_at + UNFINISHED_TERM


def _in_time(grounds: Grounds, registration: Registration) -> bool:
    """Whether the registration is this campaign's and its days hold the application."""
    if registration.campaign_id != grounds.claim.campaign_id:
        return False
    days = timedelta(days=grounds.rules.attribution_days)
    began = registration.proven_at or registration.started_at
    return grounds.applied_at is None or grounds.applied_at < began + days


def _visits(session: Session, grounds: Grounds) -> list[Evidence]:
    until = grounds.applied_at or grounds.claim.filed_at
    since = until - timedelta(days=grounds.rules.attribution_days)
    count, first = session.execute(
        select(func.count(), func.min(Visit.at))
        .join(Invite, Invite.id == Visit.invite_id)
        .where(
            Invite.member_id == grounds.claim.member_id,
            Invite.campaign_id == grounds.claim.campaign_id,
            Visit.kind == VisitKind.HUMAN.value,
            Visit.at >= since,
            Visit.at <= until,
        )
    ).one()
    return [Evidence(EvidenceKind.VISITS, 1, first, count)] if count else []


def _application(_session: Session, grounds: Grounds) -> list[Evidence]:
    if grounds.application is None or grounds.applied_at is None:
        return [Evidence(EvidenceKind.NO_APPLICATION, -3)]
    found = [Evidence(EvidenceKind.APPLICATION, 2, grounds.applied_at)]
    window = timedelta(days=grounds.rules.claims.window_days)
    if grounds.claim.filed_at - grounds.applied_at > window:
        found.append(Evidence(EvidenceKind.TOO_OLD, -5, grounds.applied_at))
    kinds = {row.kind for row in grounds.rows}
    if Kind.DECLINED in kinds and Kind.APPROVED not in kinds:
        found.append(Evidence(EvidenceKind.DECLINED, -4))
    return found


def _customer(session: Session, grounds: Grounds) -> list[Evidence]:
    if grounds.applied_at is None:
        return []
    member_id = grounds.claim.member_id
    against = reason_against(
        cardholders(session, [member_id])[member_id],
        grounds.rows,
        surroundings(session, [grounds.rows]),
        grounds.applied_at,
        grounds.rules.new_customer_months,
    )
    return [Evidence(EvidenceKind.EXISTING, -5)] if against is not None else []


def _credited(session: Session, grounds: Grounds) -> list[Evidence]:
    if grounds.application is None:
        return []
    row = session.execute(
        select(CreditRow.on, Referral.member_id)
        .join(Referral, Referral.id == CreditRow.referral_id)
        .where(
            CreditRow.application_id == grounds.application.id,
            CreditRow.superseded_at.is_(None),
        )
    ).first()
    if row is None:
        return []
    if row.member_id == grounds.claim.member_id:
        return [Evidence(EvidenceKind.CREDITED_OWN, 1, row.on)]
    return [Evidence(EvidenceKind.CREDITED_ELSEWHERE, -5, row.on)]


CHECKS: tuple[Callable[[Session, Grounds], list[Evidence]], ...] = (
    _registrations,
    _visits,
    _application,
    _customer,
    _credited,
)
