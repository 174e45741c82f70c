"""Spending: what an application's facts tell the checks of how a card is used. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.applications.facts import Fact, Kind
from shared.risk.known import Spent

_LEFT = 10
"""All was taken back when less than one part in so many is left."""


def spent_of(
    referral: int,
    member: int,
    facts: Sequence[Fact],
    at_least: int,
    window: timedelta,
    now: datetime,
) -> Spent | None:
    """How a friend's card was used until `now`; None: nothing was bought.

    `facts`: of all the friend's applications, oldest first, amounts in fen. `at_least`: what one
    purchase must come to for the programme, 0 when it asks for none. `window`: so long after a
    purchase a reversal takes the reward back by itself.
    """
    told = [fact for fact in facts if fact.at <= now]
    bought = [fact for fact in told if fact.kind is Kind.PURCHASE and fact.amount > 0]
    if not bought:
        return None
    first = next((fact for fact in bought if fact.amount >= at_least), bought[0])
    activated = [
        fact.at
        for fact in told
        if fact.kind is Kind.ACTIVATED and fact.application == first.application
    ]
    reversals = [fact for fact in told if fact.kind is Kind.REVERSED]
    total = sum(fact.amount for fact in bought)
    own = {fact.transaction for fact in bought}
    taken = sum(back.amount for back in reversals if back.transaction in own)
    wait = (first.at - min(activated)).total_seconds() if activated else -1
    return Spent(
        referral,
        member,
        first.at,
        first.amount,
        at_least,
        int(wait) if wait >= 0 else None,
        _back_late(first, reversals, at_least, window),
        (total - taken) * _LEFT < total,
    )


def _back_late(first: Fact, reversals: Sequence[Fact], at_least: int, window: timedelta) -> bool:
    """Whether so much of a purchase was taken back once its window was over, that it would not
    have counted."""
    mine = [back for back in reversals if back.transaction == first.transaction]
    late = sum(back.amount for back in mine if back.at >= first.at + window)
    left = first.amount - sum(back.amount for back in mine)
    return late > 0 and left < max(at_least, 1)
