"""Deciding: a person credits or refuses a claim that the machine left to people.

Small amounts at the branch, larger ones and appeals by a manager, disputed ones and overrides by
two. The desk's own people hand claims out and decide none: they set the rules and pay.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.claim_rules import rules_for
from shared.actions.judging import claim_amount, credit_claim, evidence_of, refuse_claim
from shared.actions.kinship import Circle, circle_of
from shared.actions.matching import paid_elsewhere
from shared.base.errors import Refusal
from shared.claims import claims
from shared.claims.answers import Template, hold_offered
from shared.claims.claims import BY_PEOPLE, QUEUED, Claim, Reason, State
from shared.claims.evidence import UNCREDITABLE, Evidence, EvidenceKind, disputed, kinds_of
from shared.claims.grounds import grounds_of
from shared.claims.hands import acted, decided_before, first_of_two
from shared.people.staff import Role, Staff, numbers_of
from shared.post.audit import record
from shared.referrals.referrals import CreditRow, Invite, Referral, Registration

DECIDERS = frozenset({Role.TELLER.value, Role.MANAGER.value})
"""Whose role decides claims at all."""


def decide_claim(
    session: Session,
    staff: Staff,
    claim_id: int,
    to_credit: bool,
    reason: Reason,
    now: datetime,
    template: Template = Template.PLAIN,
) -> State:
    """A person decides; a disputed claim, and one that takes an override, wait for a
    second person. The new state. `template`: the lines that the answer has besides.

    Refusals: `claim.unknown`, `claim.decided`, `claim.party` (their own or their card's),
    `claim.authority` (above the branch's limit, an appeal, or another role), `claim.second` (the
    same person again), `claim.again` (decided it before the appeal), `claim.no_application`,
    `claim.too_old` (older than any override), `claim.reason`, `claim.template`, `claim.paid`
    (another member was rewarded for this application: that money stays, so nothing is left).
    """
    claim = claims.claim_for_update(session, claim_id)
    if State(claim.state) not in QUEUED:
        raise Refusal("claim.decided", number=claim.number)
    refuse_party(session, staff, claim)
    if not staff.active or staff.role not in DECIDERS:
        raise Refusal("claim.authority")
    if acted(session, staff, decided_before(session, claim)):
        raise Refusal("claim.again")
    actor = f"staff:{staff.id}"
    if to_credit:
        _refuse_uncreditable(session, claim)
    if not to_credit and reason not in BY_PEOPLE:
        raise Refusal("claim.reason")
    hold_offered(template, to_credit)
    found = evidence_of(session, claim)
    if not to_credit:
        _hold_authority(session, staff, claim)
        refuse_claim(session, claim, actor, reason, now, template)
    elif _needs_second(claim, found):
        _first_or_second(session, claim, staff, now, template)
    else:
        _hold_authority(session, staff, claim)
        credit_claim(session, claim, actor, now, template)
    record(
        session, actor, "claim.decided", f"claim:{claim.id}", now,
        credit=to_credit, reason=reason.value, state=claim.state, template=template.value,
        evidence=sorted(kinds_of(found)),
    )  # fmt: skip
    return State(claim.state)


def is_party(session: Session, staff: Staff, claim: Claim, circle: Circle | None = None) -> bool:
    """Whether somebody has anything to do with a claim's people. `circle`: as of `refuse_party`."""
    try:
        refuse_party(session, staff, claim, circle)
    except Refusal:
        return True
    return False


def within_authority(session: Session, staff: Staff, claim: Claim) -> bool:
    """Whether a claim is somebody's to decide, by its amount; an appeal takes a manager. Their
    part in it aside."""
    if staff.role == Role.MANAGER:
        return True
    if staff.role not in DECIDERS or claim.appealed_at is not None:
        return False
    return claim_amount(session, claim) <= rules_for(session, claim).claims.branch_limit.amount


def may_credit(session: Session, staff: Staff, claim: Claim) -> bool:
    """The same, and a manager where it is the second person's turn."""
    second = State(claim.state) is State.SECOND_PERSON
    return within_authority(session, staff, claim) and (staff.role == Role.MANAGER or not second)


def refuse_party(
    session: Session, staff: Staff, claim: Claim, circle: Circle | None = None
) -> None:
    """Staff never act where they, or somebody close to them, are the claimant, the friend, or who
    has or claims the same friend; nor on an entry of their own hand. Refusal `claim.party`.

    `circle`: theirs, where it is known already.
    """
    theirs = circle if circle is not None else circle_of(session, staff)
    numbers = {claim.phone_blind, *(claim.slips or ())}
    if (
        claim.member_id in theirs.members
        or numbers & theirs.numbers
        or _entered(session, staff, claim, numbers)
        or (theirs.customers and _concerns(session, claim, theirs))
    ):
        raise Refusal("claim.party")


def _entered(session: Session, staff: Staff, claim: Claim, numbers: set[str]) -> bool:
    """Whether the employee entered the friend under the claimant's invite: that is evidence."""
    return (
        session.scalar(
            select(Registration.id)
            .join(Invite, Invite.id == Registration.invite_id)
            .where(
                Registration.phone_blind.in_(numbers),
                Registration.staff_id.in_(numbers_of(session, staff)),
                Invite.member_id == claim.member_id,
            )
            .limit(1)
        )
        is not None
    )


def _concerns(session: Session, claim: Claim, circle: Circle) -> bool:
    """Whether the claimed application was approved for one of a circle, counts for one, or one
    claims the same friend."""
    same = select(Claim.member_id).where(
        Claim.campaign_id == claim.campaign_id, Claim.phone_blind == claim.phone_blind
    )
    if set(session.scalars(same)) & circle.members:
        return True
    grounds = grounds_of(session, claim, rules_for(session, claim))
    if {row.customer_ref for row in grounds.rows} & circle.customers:
        return True
    if grounds.application is None:
        return False
    has = (
        select(Referral.member_id)
        .join(CreditRow, CreditRow.referral_id == Referral.id)
        .where(
            CreditRow.application_id == grounds.application.id, CreditRow.superseded_at.is_(None)
        )
    )
    return bool(set(session.scalars(has)) & circle.members)


def _refuse_uncreditable(session: Session, claim: Claim) -> None:
    kinds = kinds_of(evidence_of(session, claim))
    for kind in UNCREDITABLE:
        if kind in kinds:
            raise Refusal(f"claim.{kind}")
    application = grounds_of(session, claim, rules_for(session, claim)).application
    if application is not None and paid_elsewhere(session, application, claim.member_id):
        raise Refusal("claim.paid")


def _needs_second(claim: Claim, found: Collection[Evidence]) -> bool:
    """Disputed, or older than the window, or it was when the first of two agreed."""
    claim.override = EvidenceKind.OLDER in kinds_of(found)
    return claim.state == State.SECOND_PERSON or claim.override or disputed(found)


def _first_or_second(
    session: Session, claim: Claim, staff: Staff, now: datetime, template: Template
) -> None:
    actor = f"staff:{staff.id}"
    if State(claim.state) is not State.SECOND_PERSON:
        if claim.appealed_at is not None:
            _hold_authority(session, staff, claim)
        claims.advance(session, claim, State.SECOND_PERSON, actor, now)
        return
    first = first_of_two(session, claim)
    if first is not None and acted(session, staff, {first}):
        raise Refusal("claim.second")
    if staff.role != Role.MANAGER:
        raise Refusal("claim.authority")
    credit_claim(session, claim, actor, now, template)


def _hold_authority(session: Session, staff: Staff, claim: Claim) -> None:
    """Refusal `claim.authority`. A teller may still refuse where a colleague would credit: that
    moves no money, and the member can appeal."""
    if not within_authority(session, staff, claim):
        raise Refusal("claim.authority")
