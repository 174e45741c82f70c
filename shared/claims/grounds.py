"""The grounds of a claim: the application it is about, and what the checks look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.applications.facts import Application, FactRow, Kind, ToldFact, rows_of
from shared.campaigns.rules import Rules
from shared.claims.asks import ClaimAsk, ask_of
from shared.claims.claims import Claim
from shared.referrals.referrals import CreditRow, Registration


@dataclass(frozen=True)
class Grounds:
    """What the evidence functions look at, assembled once."""

    claim: Claim
    rules: Rules
    ask: ClaimAsk | None = None
    application: Application | None = None
    applied_at: datetime | None = None
    rows: tuple[ToldFact, ...] = ()
    slip: bool = False
    """The application stands under a number one slip away from the claimed one."""

    def without_bank(self) -> Grounds:
        """The same as if the bank had told nothing."""
        return replace(self, application=None, applied_at=None, rows=(), slip=False)


def grounds_of(session: Session, claim: Claim, rules: Rules) -> Grounds:
    """Find the latest application under the claimed number and its facts.

    Else that of the claimed registration's token; else the one uncredited application under a
    number one slip away, if there is exactly one.
    """
    bare = Grounds(claim, rules, ask_of(session, claim.id))
    row = _by_number(session, claim) or _by_token(session, claim)
    slip = row is None
    row = row or _by_slip(session, claim)
    if row is None or row.application_ref is None:
        return bare
    application = session.scalar(
        select(Application).where(Application.application_ref == row.application_ref)
    )
    told = tuple(rows_of(session, row.application_ref))
    return replace(bare, application=application, applied_at=row.at, rows=told, slip=slip)


def _by_number(session: Session, claim: Claim) -> FactRow | None:
    return session.scalar(
        select(FactRow)
        .where(FactRow.phone_blind == claim.phone_blind, FactRow.kind == Kind.SUBMITTED)
        .order_by(FactRow.at.desc(), FactRow.id.desc())
        .limit(1)
    )


def _by_token(session: Session, claim: Claim) -> FactRow | None:
    if claim.registration_id is None:
        return None
    return session.scalar(
        select(FactRow)
        .join(Registration, Registration.referral_token == FactRow.referral_token)
        .where(Registration.id == claim.registration_id, FactRow.kind == Kind.SUBMITTED)
        .limit(1)
    )


def _by_slip(session: Session, claim: Claim) -> FactRow | None:
    credited = (
        select(CreditRow.application_id)
        .join(Application, Application.id == CreditRow.application_id)
        .where(
            Application.application_ref == FactRow.application_ref,
            CreditRow.superseded_at.is_(None),
        )
    )
    rows = session.scalars(
        select(FactRow)
        .where(
            FactRow.phone_blind.in_(claim.slips or ()),
            FactRow.kind == Kind.SUBMITTED,
            ~credited.exists(),
        )
        .limit(2)
    ).all()
    return rows[0] if len(rows) == 1 else None
