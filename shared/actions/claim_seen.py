"""What a member sees of their claim's way: nothing of a decision before its answer leaves, and
never that it takes a second person, which would tell that somebody else has the friend, too."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shared.actions.claim_rules import rules_for
from shared.claims.claims import DECIDED, Claim, State, steps_of


def seen_state(session: Session, claim: Claim, now: datetime) -> State:
    """Where a claim stands, for its member."""
    return seen_steps(session, claim, now)[-1][1]


def seen_steps(session: Session, claim: Claim, now: datetime) -> list[tuple[datetime, State]]:
    """Its way so far, for its member: since when it stood where, oldest first."""
    hours = timedelta(hours=rules_for(session, claim).claims.answer_hours)
    seen: list[tuple[datetime, State]] = []
    since, with_people = claim.filed_at, State.WITH_PERSON
    for step in steps_of(session, claim.id):
        at, state = step.at, State(step.after)
        if state is State.APPEALED and with_people is State.WITH_PERSON:
            since, with_people = at, State.APPEALED
        if state is State.SECOND_PERSON:
            state = with_people
        if state in DECIDED and state is not State.CREDITED:
            at = max(at, since + hours)
        if at <= now and (not seen or seen[-1][1] is not state):
            seen.append((at, state))
    return seen
