"""Appealing: a member does not agree with a refusal, once; somebody else decides for good.

Nothing is looked up: whatever the claim was refused for, by whomever, the same is done and said.
The evidence is gathered anew whenever somebody looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.claim_rules import rules_for
from shared.base.database import keyring_of
from shared.base.errors import Refusal
from shared.claims import claims
from shared.claims.claims import OPEN, Claim, State
from shared.post.audit import record


@dataclass(frozen=True)
class Appeal:
    """The case number, and by when it is decided for good."""

    number: str
    due_at: datetime


def may_appeal(claim: Claim, now: datetime) -> bool:
    """Whether the member can appeal now: refused, told, and within the term."""
    told = claim.told_at is not None and claim.told_at <= now
    in_time = claim.appeal_until is not None and now < claim.appeal_until
    return claim.state == State.REFUSED and told and in_time and claim.forgotten_at is None


def appeal_due(session: Session, member_id: int, number: str, now: datetime) -> Appeal:
    """By when an appeal filed now would be decided; nothing is filed. Refusals: of `appeal`."""
    claim = _appealable(session, member_id, number, now)
    return Appeal(claim.number, _due(session, claim, now))


def appeal(session: Session, member_id: int, number: str, now: datetime) -> Appeal:
    """File the appeal; the clock begins anew.

    Refusals: `claim.unknown` (no claim of this member's), `claim.undecided`, `claim.decided`
    (credited), `claim.appealed` (it waits already), `claim.appeal_final` (answered for good),
    `claim.appeal_over` (the term has passed), `claim.same` (claimed once more since).
    """
    claim = _appealable(session, member_id, number, now)
    claims.advance(session, claim, State.APPEALED, f"member:{member_id}", now)
    terms = rules_for(session, claim).claims
    claim.appealed_at, claim.due_at = now, _due(session, claim, now)
    claim.escalate_at = claim.due_at - timedelta(hours=terms.escalate_hours)
    claim.decided_at = claim.told_at = claim.appeal_until = None
    claim.late_at = claim.escalated_at = None
    claim.reason = claim.template = claim.override = None
    if not claim.phone_blind:  # the friend was erased meanwhile: it matches nothing, not another
        claim.phone_blind = keyring_of(session).blind("claim", claim.number)
    record(session, f"member:{member_id}", "claim.appealed", f"claim:{claim.id}", now)
    session.flush()
    return Appeal(claim.number, claim.due_at)


def _due(session: Session, claim: Claim, now: datetime) -> datetime:
    terms = rules_for(session, claim).claims
    return now + timedelta(hours=max(terms.decision_hours, terms.answer_hours))


def _appealable(session: Session, member_id: int, number: str, now: datetime) -> Claim:
    """The member's own claim, locked: of two taps the second sees what the first one did."""
    claim = session.scalar(
        select(Claim)
        .where(Claim.number == number, Claim.member_id == member_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if claim is None:
        raise Refusal("claim.unknown")
    state = State(claim.state)
    untold = claim.told_at is not None and now < claim.told_at
    if claim.appealed_at is not None and (state in OPEN or untold):
        raise Refusal("claim.appealed", number=number)
    if state in OPEN or untold:
        raise Refusal("claim.undecided", number=number)
    if state is State.CREDITED:
        raise Refusal("claim.decided", number=number)
    if state is State.UPHELD:
        raise Refusal("claim.appeal_final", number=number)
    if not may_appeal(claim, now):
        raise Refusal("claim.appeal_over", number=number)
    if (newer := _claimed_again(session, claim)) is not None:
        raise Refusal("claim.same", number=newer)
    return claim


def _claimed_again(session: Session, claim: Claim) -> str | None:
    """The number of a later claim for the same friend, as silence allows one."""
    if not claim.phone_blind:
        return None
    return session.scalar(
        select(Claim.number)
        .where(
            Claim.campaign_id == claim.campaign_id,
            Claim.member_id == claim.member_id,
            Claim.phone_blind == claim.phone_blind,
            Claim.id > claim.id,
        )
        .limit(1)
    )
