"""When an application met a trigger, and whether it still does. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.applications.facts import Fact, Kind
from shared.campaigns.conditions import SPENDING, Trigger, TriggerKind
from shared.campaigns.rules import Terms

_CLOSED, _FRAUD, _NO_FRAUD = Kind.CLOSED, Kind.FRAUD, Kind.NO_FRAUD
_MARKS = {
    TriggerKind.ACTIVATED: Kind.ACTIVATED,
    TriggerKind.WALLET_LINKED: Kind.WALLET_LINKED,
}


def reached(
    trigger: Trigger, facts: Sequence[Fact], claw_back: timedelta, now: datetime
) -> datetime | None:
    """When one application met a trigger; None: not yet, too late, or undone since.

    `facts` are the application's own until `now`, oldest first. Undone: the bank says the
    friend held a card before, the purchase was taken back below the amount, the card was
    closed, or the friend found to be a fraud, each within `claw_back` of what it undoes.
    """
    approval = approved_at(facts)
    if approval is None or _held_a_card(facts):
        return None
    at = _met_at(trigger, facts, approval, claw_back)
    if at is None or at > now:
        return None
    until, found = at + claw_back, None
    for fact in facts:
        kind = fact.kind
        if kind is _CLOSED and fact.at < until:
            return None
        if kind is _FRAUD or kind is _NO_FRAUD:
            found = fact
    return None if found is not None and found.kind is _FRAUD and found.at < until else at


def fraud_at(facts: Sequence[Fact]) -> datetime | None:
    """Since when the friend is found to be a fraud; None: never, or cleared again since."""
    found = None
    for fact in facts:
        if fact.kind is _FRAUD or fact.kind is _NO_FRAUD:
            found = fact
    return found.at if found is not None and found.kind is _FRAUD else None


def comes_at(trigger: Trigger, facts: Sequence[Fact]) -> datetime | None:
    """When time alone will have met a trigger; None: time alone never does."""
    approval = approved_at(facts)
    if approval is None or trigger.kind is not TriggerKind.HELD:
        return None
    return _met_at(trigger, facts, approval, timedelta(0))


def approved_at(facts: Sequence[Fact]) -> datetime | None:
    """When the application was approved."""
    for fact in facts:
        if fact.kind is Kind.APPROVED:
            return fact.at
    return None


def deadline_of(trigger: Trigger, approval: datetime) -> datetime | None:
    """The first moment that is too late; None when the trigger has no term."""
    if trigger.within_days is None:
        return None
    return approval + timedelta(days=trigger.within_days)


def _held_a_card(facts: Sequence[Fact]) -> bool:
    said = None
    for fact in facts:
        if fact.existing_customer is not None:
            said = fact.existing_customer
    return bool(said)


def _met_at(
    trigger: Trigger, facts: Sequence[Fact], approval: datetime, claw_back: timedelta
) -> datetime | None:
    if trigger.kind is TriggerKind.APPROVED:
        return approval
    if trigger.kind is TriggerKind.HELD:
        assert trigger.days is not None
        return approval + timedelta(days=trigger.days)
    until = deadline_of(trigger, approval)
    timely = [f for f in facts if approval <= f.at and (until is None or f.at < until)]
    if trigger.kind in SPENDING:
        return _spent_at(trigger, timely, left_of_purchases(facts, claw_back))
    return next((fact.at for fact in timely if fact.kind is _MARKS[trigger.kind]), None)


def _spent_at(trigger: Trigger, timely: Sequence[Fact], left: dict[str, int]) -> datetime | None:
    """When one purchase, or all together, came to the amount."""
    assert trigger.at_least is not None
    total = 0
    for fact in timely:
        if fact.kind is not Kind.PURCHASE:
            continue
        total = left[fact.id] + (total if trigger.kind is TriggerKind.TOTAL_SPEND else 0)
        if total >= trigger.at_least.amount:
            return fact.at
    return None


def left_of_purchases(facts: Sequence[Fact], claw_back: timedelta) -> dict[str, int]:
    """What is left of each purchase after the reversals within the claw-back window."""
    left = {fact.id: fact.amount for fact in facts if fact.kind is Kind.PURCHASE}
    reversals = [fact for fact in facts if fact.kind is Kind.REVERSED]
    if not reversals:
        return left
    taken: dict[str, list[Fact]] = defaultdict(list)
    for back in reversals:
        taken[back.transaction].append(back)
    for fact in facts:
        if fact.kind is Kind.PURCHASE:
            until = fact.at + claw_back
            left[fact.id] -= sum(b.amount for b in taken[fact.transaction] if b.at < until)
    return left


class Stand(StrEnum):
    """How far a friend is from qualifying."""

    OPEN = "open"
    QUALIFIED = "qualified"
    MISSED = "missed"
    """The term ended."""
    UNDONE = "undone"
    """It was met and taken back, and can no longer be met."""


@dataclass(frozen=True)
class Progress:
    """How far one friend is. What it may be shown to whom, rule 10 decides, not this."""

    stand: Stand
    trigger: Trigger
    approved: datetime | None
    activated: datetime | None
    at: datetime | None
    """When the trigger was met."""
    deadline: datetime | None
    """The first moment that is too late; known once approved. Gives the approval away."""
    quiet_until: datetime
    """Until when silence is shown as `in progress`, whatever the bank said: it depends on the
    registration alone, so that a decline or an approval cannot be read off it."""


def progress_of(
    version: int,
    registered: datetime,
    applications: Sequence[Sequence[Fact]],
    terms: Terms,
    now: datetime,
) -> Progress:
    """How far a referral of `version`, registered at a moment, has come by `now`.

    `applications`: the facts of each of its applications, oldest first. No amount is told.
    """
    programme = terms.versions[version]
    trigger = programme.qualifying
    claw_back = timedelta(days=programme.claw_back_days)
    told = [[fact for fact in facts if fact.at <= now] for facts in applications]
    times = [at for facts in told if (at := reached(trigger, facts, claw_back, now)) is not None]
    approvals = [at for facts in told if (at := approved_at(facts)) is not None]
    activations = [f.at for facts in told for f in facts if f.kind is Kind.ACTIVATED]
    deadline = deadline_of(trigger, max(approvals)) if approvals else None
    days = programme.attribution_days + (trigger.within_days or trigger.days or 0)
    quiet_until = registered + timedelta(days=days)
    missed = now >= deadline if deadline is not None else not approvals and now >= quiet_until
    stand = Stand.OPEN
    if times:
        stand = Stand.QUALIFIED
    elif any(_was_met(trigger, facts) for facts in told) and (missed or deadline is None):
        stand = Stand.UNDONE
    elif missed:
        stand = Stand.MISSED
    return Progress(
        stand=stand,
        trigger=trigger,
        approved=min(approvals, default=None),
        activated=min(activations, default=None),
        at=min(times, default=None),
        deadline=deadline,
        quiet_until=quiet_until,
    )


def _was_met(trigger: Trigger, facts: Sequence[Fact]) -> bool:
    """Whether the trigger was ever met, reversals and closures apart."""
    approval = approved_at(facts)
    if approval is None:
        return False
    standing = [fact for fact in facts if fact.kind is not Kind.REVERSED]
    return _met_at(trigger, standing, approval, timedelta(0)) is not None
