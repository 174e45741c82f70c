"""Hands: who of the staff had a hand in a claim, read off its steps.

Only steps that change the state count; whoever gave a claim to somebody decided nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from shared.claims.claims import Claim, ClaimStep, State, steps_of
from shared.people.staff import Staff, same_person

_STAFF = "staff:"


def decides() -> ColumnElement[bool]:
    """That a step is an employee's decision, for queries over many claims."""
    return ClaimStep.actor.like(f"{_STAFF}%") & ClaimStep.before.is_distinct_from(ClaimStep.after)


def first_of_two(session: Session, claim: Claim) -> int | None:
    """Who would credit a claim that waits for a second person."""
    if claim.state != State.SECOND_PERSON:
        return None
    steps = [s for s in _decisions(steps_of(session, claim.id)) if s.after == State.SECOND_PERSON]
    return _staff(steps[-1])


def decided_before(session: Session, claim: Claim) -> frozenset[int]:
    """Who had a hand in the decision against which the member appealed."""
    if claim.appealed_at is None:
        return frozenset()
    steps = steps_of(session, claim.id)
    appeal = next(step.id for step in steps if step.after == State.APPEALED)
    return frozenset(_staff(step) for step in _decisions(steps) if step.id < appeal)


def had_a_hand(session: Session, claim: Claim, staff: Staff) -> bool:
    """Whether somebody else has to go on: they were the first of two, or decided before."""
    first = first_of_two(session, claim)
    hands = decided_before(session, claim) | ({first} if first is not None else set())
    return acted(session, staff, hands)


def acted(session: Session, staff: Staff, hands: Collection[int]) -> bool:
    """Whether one of these employees is this person, under whichever staff number."""
    return any(same_person(session, staff, f"{_STAFF}{hand}") for hand in hands)


def _decisions(steps: Iterable[ClaimStep]) -> list[ClaimStep]:
    return [s for s in steps if s.actor.startswith(_STAFF) and s.before != s.after]


def _staff(step: ClaimStep) -> int:
    return int(step.actor.removeprefix(_STAFF))
