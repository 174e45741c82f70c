"""Retention: what was kept for a term goes when the term is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session, aliased

from shared.actions.assessing import risk_rules_of
from shared.applications.facts import Application, FactRow, Kind
from shared.people.chats import BindingToken
from shared.people.codes import OneTimeCode
from shared.people.persons import Person, erase
from shared.post.audit import record
from shared.referrals.referrals import CreditRow, Registration
from shared.risk.blacklist import forget_listed
from shared.risk.traces import Trace, forget_places, forget_traces, forget_traces_of

UNPROVEN_TERM = timedelta(hours=24)
EVIDENCE_TERM = timedelta(days=120)
CODES_TERM = timedelta(days=1)
"""Codes are counted by the day, so that nobody's number is flooded."""


def erase_unproven(session: Session, now: datetime, most: int = 500) -> int:
    """Erase what was not proven in 24 hours; how many registrations that was."""
    rows = session.scalars(
        select(Registration)
        .where(
            Registration.proven_at.is_(None),
            Registration.erased_at.is_(None),
            Registration.started_at < now - UNPROVEN_TERM,
        )
        .limit(most)
    ).all()
    for row in rows:
        person = session.get(Person, row.person_id)
        if person is not None:
            erase(person, now)
        row.erased_at = now  # the keyed hash stays as evidence for claims
    forget_traces_of(session, [row.id for row in rows])
    return len(rows)


def forget_evidence(session: Session, now: datetime) -> int:
    """Drop the keyed hashes of unproven registrations when no claim can need them any more."""
    dropped = session.execute(
        update(Registration)
        .where(
            Registration.erased_at < now - EVIDENCE_TERM,
            Registration.proven_at.is_(None),
            Registration.phone_blind.is_not(None),
        )
        .values(phone_blind=None)
    )
    return int(dropped.rowcount)  # type: ignore[attr-defined]


def forget_codes(session: Session, now: datetime) -> int:
    """Drop one-time codes and binding tokens of yesterday, and with them the numbers' hashes."""
    codes = session.execute(delete(OneTimeCode).where(OneTimeCode.made_at < now - CODES_TERM))
    tokens = session.execute(delete(BindingToken).where(BindingToken.expires_at < now - CODES_TERM))
    return int(codes.rowcount + tokens.rowcount)  # type: ignore[attr-defined]


def forget_old_traces(session: Session, now: datetime) -> int:
    """Delete the keyed hashes that risk checks read, each after its campaign's term; how many."""
    gone = forget_places(session, now) + forget_listed(session, now)
    for campaign_id in session.scalars(select(Trace.campaign_id).distinct()).all():
        term = timedelta(days=risk_rules_of(session, campaign_id).traces_days)
        gone += forget_traces(session, campaign_id, now - term)
    return gone


def forget_unmatched(session: Session, now: datetime, before: datetime, most: int = 500) -> int:
    """Delete applications nobody was credited for and their facts, all older than `before`.

    Counted in the audit. Facts of one customer go when no application of theirs is left.
    """
    credited = select(CreditRow.application_id)
    old = session.scalars(
        select(Application)
        .where(Application.first_heard_at < before, Application.id.not_in(credited))
        .where(Application.application_ref.not_in(_other_cards()))
        .limit(most)
    ).all()
    kept_refs = select(Application.application_ref)
    facts = 0
    for application in old:
        facts += session.execute(
            delete(FactRow).where(FactRow.application_ref == application.application_ref)
        ).rowcount  # type: ignore[attr-defined]
        session.delete(application)
    session.flush()
    followed = select(FactRow.customer_ref).where(
        FactRow.kind == Kind.APPROVED,
        FactRow.application_ref.in_(kept_refs),
        FactRow.customer_ref.is_not(None),
    )
    facts += session.execute(
        delete(FactRow).where(
            FactRow.application_ref.is_(None),
            FactRow.received_at < before,
            FactRow.customer_ref.not_in(followed),
        )
    ).rowcount  # type: ignore[attr-defined]
    if facts:
        record(session, "worker", "facts.forgotten", "facts", now, count=facts)
    return int(facts)


def _other_cards() -> Select[str | None]:
    """Applications of customers whose other one is credited: they say who held a card."""
    theirs = aliased(FactRow)
    return (
        select(FactRow.application_ref)
        .join(theirs, theirs.customer_ref == FactRow.customer_ref)
        .join(Application, Application.application_ref == theirs.application_ref)
        .join(CreditRow, CreditRow.application_id == Application.id)
        .where(FactRow.kind == Kind.APPROVED, FactRow.application_ref.is_not(None))
        .where(theirs.kind == Kind.APPROVED)
    )
