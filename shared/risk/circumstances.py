"""Checks of circumstances: where and how fast. Honest families, branches and companies share
addresses and register together, so all of these together never hold anybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from shared.risk.hard_checks import busiest, most_within
from shared.risk.known import Known, Signal

TEN_MINUTES = timedelta(minutes=10)


def address(known: Known) -> Signal | None:
    """Many friends from one address in a day; a branch's own has its own allowance."""
    if not known.of.address:
        return None
    allowed = known.rules.allowances
    usual = allowed.friends_per_address_a_day
    if known.branch_address:
        usual = allowed.friends_per_branch_address_a_day
    here = [each for each in known.near if each.address == known.of.address]
    most = busiest([known.of, *here])
    return Signal("address", known.rules.weights.address, {"n": most}) if most > usual else None


def network(known: Known) -> Signal | None:
    """Many friends from one network in a day."""
    if known.branch_address:
        return None
    most = known.network_day
    if most <= known.rules.allowances.friends_per_network_a_day:
        return None
    return Signal("network", known.rules.weights.network, {"n": most})


def pace(known: Known) -> Signal | None:
    """Many friends under one invite in a day."""
    most = busiest([known.of, *(each for each in known.near if each.invite == known.of.invite)])
    if most <= known.rules.allowances.friends_per_invite_a_day:
        return None
    return Signal("pace", known.rules.weights.pace, {"n": most})


def burst(known: Known) -> Signal | None:
    """Many friends under one invite within minutes."""
    row = [
        each
        for each in (known.of, *known.near)
        if each.invite == known.of.invite and abs(each.at - known.of.at) < TEN_MINUTES
    ]
    most = most_within(row, TEN_MINUTES)
    if most <= known.rules.allowances.friends_in_ten_minutes:
        return None
    return Signal("burst", known.rules.weights.burst, {"n": most})


def tablet_pace(known: Known) -> Signal | None:
    """More friends on one tablet in a day than a branch serves."""
    if known.of.tablet is None:
        return None
    here = [each for each in known.near if each.tablet == known.of.tablet]
    most = busiest([known.of, *here])
    if most <= known.rules.allowances.friends_per_tablet_a_day:
        return None
    return Signal("tablet_pace", known.rules.weights.tablet_pace, {"n": most})


def branch_outlier(known: Known) -> Signal | None:
    """A branch registers many times what branches usually do."""
    week, allowed = known.branch_week, known.rules.allowances
    if week is None or week.friends < allowed.branch_friends_a_week:
        return None
    if week.friends <= allowed.branch_times_median * max(1, week.median):
        return None
    told = {"n": week.friends, "usual": week.median}
    return Signal("branch_outlier", known.rules.weights.branch_outlier, told)


def branch_claims(known: Known) -> Signal | None:
    """A branch credits many times as many claims as branches usually do."""
    week, allowed = known.claim_week, known.rules.allowances
    if week is None or week.friends <= allowed.branch_claims_a_week:
        return None
    if week.friends <= allowed.branch_times_median * max(1, week.median):
        return None
    told = {"n": week.friends, "usual": week.median}
    return Signal("branch_claims", known.rules.weights.branch_claims, told)


def staff_referrer(known: Known) -> Signal | None:
    """The inviter is an employee, in their private right."""
    employed = known.inviter.staff is not None
    return Signal("staff_referrer", known.rules.weights.staff_referrer) if employed else None


CHECKS: tuple[Callable[[Known], Signal | None], ...] = (
    address,
    network,
    pace,
    burst,
    tablet_pace,
    branch_outlier,
    branch_claims,
    staff_referrer,
)
NAMES = frozenset(check.__name__ for check in CHECKS)
