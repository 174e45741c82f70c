"""The checks: one small function each, from what was recorded to evidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from shared.applications.facts import Kind
from shared.claims.asks import Answer
from shared.claims.claims import How, When, rivals
from shared.claims.evidence import Evidence, EvidenceKind
from shared.claims.grounds import Grounds
from shared.people.members import cardholders
from shared.referrals.eligibility import Reason as Against
from shared.referrals.eligibility import reason_against, surroundings
from shared.referrals.referrals import (
    CreditRow,
    Invite,
    Referral,
    Registration,
    Source,
    Visit,
    VisitKind,
)

SAME_DAY = timedelta(hours=24)
WHEN: dict[When, tuple[timedelta, timedelta]] = {
    When.THIS_WEEK: (timedelta(0), timedelta(days=10)),
    When.THIS_MONTH: (timedelta(0), timedelta(days=38)),
    When.EARLIER: (timedelta(days=21), timedelta(days=3650)),
}
"""How old an application may be that somebody dates so: people count roughly."""


def gather(session: Session, grounds: Grounds) -> list[Evidence]:
    """Everything found, what speaks for the claim first."""
    found = [evidence for check in CHECKS for evidence in check(session, grounds)]
    return sorted(found, key=lambda evidence: -evidence.weight)


def ties_of(session: Session, grounds: Grounds) -> list[Evidence]:
    """What ties the number to the claimant, whatever the bank knows of it."""
    bare = grounds.without_bank()
    return [evidence for check in (_registrations, _staff) for evidence in check(session, bare)]


def _registrations(session: Session, grounds: Grounds) -> list[Evidence]:
    claim = grounds.claim
    numbers = [claim.phone_blind, *(claim.slips or ())]
    rows = session.execute(
        select(Registration, Invite.member_id)
        .join(Invite, Invite.id == Registration.invite_id)
        .where(Registration.phone_blind.in_(numbers))
        .order_by(Registration.id)
    )
    found = []
    for registration, member_id in rows:
        if grounds.applied_at is not None and registration.started_at > grounds.applied_at:
            continue
        kind = _registered(grounds, registration, member_id == claim.member_id)
        if kind is not None:
            found.append(Evidence(kind, registration.started_at))
    return found


def _registered(grounds: Grounds, registration: Registration, own: bool) -> EvidenceKind | None:
    exact = registration.phone_blind == grounds.claim.phone_blind
    if not own:
        return EvidenceKind.REGISTRATION_ELSEWHERE if exact else None
    if not _in_time(grounds, registration):
        return EvidenceKind.REGISTRATION_LAPSED
    if not exact:
        return EvidenceKind.REGISTRATION_SLIP
    if registration.proven_at is not None:
        return EvidenceKind.REGISTRATION_OWN
    if _soon(grounds, registration):
        return EvidenceKind.REGISTRATION_SAME_DAY
    return EvidenceKind.REGISTRATION_UNFINISHED


def _soon(grounds: Grounds, registration: Registration) -> bool:
    """Whether the application came within a day of a registration that was never finished.

    It weighs more with a person than an older one; sure it is not, as anybody can begin one for a
    stranger's number and claim everybody who applies by chance.
    """
    applied = grounds.applied_at
    if applied is None or grounds.slip:
        return False
    return applied < registration.started_at + SAME_DAY


def _in_time(grounds: Grounds, registration: Registration) -> bool:
    """Whether the registration is this campaign's and its days hold the application."""
    if registration.campaign_id != grounds.claim.campaign_id:
        return False
    days = timedelta(days=grounds.rules.attribution_days)
    began = registration.proven_at or registration.started_at
    return grounds.applied_at is None or grounds.applied_at < began + days


def _staff(session: Session, grounds: Grounds) -> list[Evidence]:
    """A branch's own entry: staff began to register the number under the claimant's invite."""
    claim = grounds.claim
    until = grounds.applied_at or claim.filed_at
    at = session.scalar(
        select(Registration.started_at)
        .join(Invite, Invite.id == Registration.invite_id)
        .where(
            Registration.phone_blind == claim.phone_blind,
            Registration.staff_id.is_not(None),
            Registration.started_at <= until,
            Invite.member_id == claim.member_id,
        )
        .order_by(Registration.id)
        .limit(1)
    )
    return [Evidence(EvidenceKind.STAFF_ENTRY, at)] if at is not None else []


def _branch(_session: Session, grounds: Grounds) -> list[Evidence]:
    if grounds.claim.how != How.IN_BRANCH:
        return []
    named = any(row.branch for row in grounds.rows)
    return [Evidence(EvidenceKind.BRANCH_NAMED, grounds.applied_at)] if named else []


def _token(session: Session, grounds: Grounds) -> list[Evidence]:
    tokens = {row.referral_token for row in grounds.rows} - {None}
    if not tokens:
        return []
    at = session.scalar(
        select(Registration.started_at)
        .join(Invite, Invite.id == Registration.invite_id)
        .where(
            Registration.referral_token.in_(tokens),
            Invite.member_id == grounds.claim.member_id,
            Invite.campaign_id == grounds.claim.campaign_id,
        )
        .limit(1)
    )
    return [Evidence(EvidenceKind.BANK_TOKEN, at)] if at is not None else []


def _since(grounds: Grounds) -> tuple[datetime, datetime]:
    """The days before the application in which a visit may have led to it."""
    until = grounds.applied_at or grounds.claim.filed_at
    return until - timedelta(days=grounds.rules.attribution_days), until


def _receipt(session: Session, grounds: Grounds) -> list[Evidence]:
    visit = session.get(Visit, grounds.claim.visit_id) if grounds.claim.visit_id else None
    since, until = _since(grounds)
    if visit is None or not since <= visit.at <= until:
        return []
    return [Evidence(EvidenceKind.RECEIPT, visit.at)]


def _device(session: Session, grounds: Grounds) -> list[Evidence]:
    """The device that registered the claimed number had opened the claimant's invite before."""
    theirs = aliased(Visit)
    since, until = _since(grounds)
    at = session.scalar(
        select(func.min(Visit.at))
        .join(Invite, Invite.id == Visit.invite_id)
        .join(theirs, theirs.device == Visit.device)
        .join(Registration, Registration.visit_id == theirs.id)
        .where(
            Registration.phone_blind == grounds.claim.phone_blind,
            Invite.member_id == grounds.claim.member_id,
            Invite.campaign_id == grounds.claim.campaign_id,
            Visit.kind == VisitKind.HUMAN.value,
            Visit.at >= since,
            Visit.at <= until,
        )
    )
    return [Evidence(EvidenceKind.SAME_DEVICE, at)] if at is not None else []


def _visits(session: Session, grounds: Grounds) -> list[Evidence]:
    since, until = _since(grounds)
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
    return [Evidence(EvidenceKind.VISITS, first, count)] if count else []


def _friend(_session: Session, grounds: Grounds) -> list[Evidence]:
    ask = grounds.ask
    if ask is None or ask.answer != Answer.CONFIRMED:
        return []
    return [Evidence(EvidenceKind.FRIEND_CONFIRMED, ask.answered_at)]


def _date(_session: Session, grounds: Grounds) -> list[Evidence]:
    """Whether the application is from when the member says that it was."""
    if grounds.applied_at is None:
        return []
    youngest, oldest = WHEN[When(grounds.claim.roughly)]
    fits = youngest <= max(grounds.claim.filed_at - grounds.applied_at, timedelta(0)) <= oldest
    kind = EvidenceKind.DATE_FITS if fits else EvidenceKind.DATE_DIFFERS
    return [Evidence(kind, grounds.applied_at)]


def _application(_session: Session, grounds: Grounds) -> list[Evidence]:
    if grounds.application is None or grounds.applied_at is None:
        return [Evidence(EvidenceKind.NO_APPLICATION)]
    kind = EvidenceKind.APPLICATION_SLIP if grounds.slip else EvidenceKind.APPLICATION
    found = [Evidence(kind, grounds.applied_at)]
    terms, age = grounds.rules.claims, grounds.claim.filed_at - grounds.applied_at
    if age > timedelta(days=max(terms.window_days, terms.override_days)):
        found.append(Evidence(EvidenceKind.TOO_OLD, grounds.applied_at))
    elif age > timedelta(days=terms.window_days):
        found.append(Evidence(EvidenceKind.OLDER, grounds.applied_at))
    kinds = {row.kind for row in grounds.rows}
    if Kind.DECLINED in kinds and Kind.APPROVED not in kinds:
        found.append(Evidence(EvidenceKind.DECLINED))
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
    if against is None:
        return []
    own = against is Against.OWN
    return [Evidence(EvidenceKind.OWN if own else EvidenceKind.EXISTING)]


def _credited(session: Session, grounds: Grounds) -> list[Evidence]:
    if grounds.application is None:
        return []
    row = session.execute(
        select(CreditRow.on, CreditRow.source, Referral.member_id)
        .join(Referral, Referral.id == CreditRow.referral_id)
        .where(
            CreditRow.application_id == grounds.application.id,
            CreditRow.superseded_at.is_(None),
        )
    ).first()
    if row is None:
        return []
    if row.member_id == grounds.claim.member_id:
        return [Evidence(EvidenceKind.CREDITED_OWN, row.on)]
    claimed = row.source == Source.CLAIM
    kind = EvidenceKind.CLAIMED_ELSEWHERE if claimed else EvidenceKind.CREDITED_ELSEWHERE
    return [Evidence(kind, row.on)]


def _rivals(session: Session, grounds: Grounds) -> list[Evidence]:
    others = rivals(session, grounds.claim)
    return [Evidence(EvidenceKind.OTHER_CLAIM, others[0].filed_at, len(others))] if others else []


CHECKS: tuple[Callable[[Session, Grounds], list[Evidence]], ...] = (
    _registrations,
    _staff,
    _branch,
    _token,
    _receipt,
    _device,
    _visits,
    _friend,
    _date,
    _application,
    _customer,
    _credited,
    _rivals,
)
"""A new kind of evidence is a new line."""
