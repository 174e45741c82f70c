"""Checks of money: into which account somebody is paid, and how a new card is used.

One joint account, one purchase of just what the page asks for and one thing taken back to the
shop are what honest people do: each check has its allowance, and looks at most of an inviter's
friends together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from shared.risk.known import Known, Signal, Spent, guests

HOUR = timedelta(hours=1)


def own_account(known: Known) -> Signal | None:
    """The friend is paid into the member's own account; a spouse may be, so it is watched."""
    same = bool(known.of.accounts & known.inviter.accounts)
    return Signal("own_account", known.rules.weights.own_account) if same else None


def shared_account(known: Known) -> Signal | None:
    """More people are paid into one account than a family has; an inviter who is, counts."""
    most = max((_people(known, each) for each in known.of.accounts), default=0)
    if (more := most - known.rules.allowances.people_per_account) <= 0:
        return None
    return Signal("shared_account", more * known.rules.weights.shared_account, {"n": most})


def _people(known: Known, account: str) -> int:
    """How many are paid into an account: friends by their numbers, and the inviter."""
    here = guests([known.of, *(each for each in known.near if account in each.accounts)])
    if known.of not in here:
        return 0
    friends = {each.number or f"referral:{each.referral}" for each in here}
    return len(friends) + (account in known.inviter.accounts)


def same_purchase(known: Known) -> Signal | None:
    """Most of the inviter's friends bought first for one amount, just what the programme asks."""
    own, allowed = known.spent, known.rules.allowances
    if own is None or not own.at_least:
        return None
    just = own.at_least <= own.amount <= own.at_least * (100 + allowed.threshold_percent) // 100
    buyers = _under_inviter(known)
    same = sum(each.amount == own.amount for each in buyers)
    if not just or same <= allowed.same_purchases or 2 * same < len(buyers):
        return None
    return Signal("same_purchase", known.rules.weights.same_purchase, {"n": same})


def purchase_burst(known: Known) -> Signal | None:
    """Many of the inviter's friends made their first purchase within an hour."""
    own = known.spent
    if own is None:
        return None
    times = [each.at for each in _under_inviter(known)]
    starts = [at for at in times if own.at - HOUR < at <= own.at]
    most = max(sum(start <= at < start + HOUR for at in times) for start in starts)
    if most <= known.rules.allowances.purchases_in_an_hour:
        return None
    return Signal("purchase_burst", known.rules.weights.purchase_burst, {"n": most})


def quick_purchase(known: Known) -> Signal | None:
    """Several friends of the inviter, or of a ring, bought seconds after the card was activated.
    A card that its first use activates waited for nothing and is left out."""
    own, allowed = known.spent, known.rules.allowances
    if own is None or not _quick(own, allowed.quick_seconds):
        return None
    quick = {s.referral for s in (own, *known.spent_near) if _quick(s, allowed.quick_seconds)}
    if len(quick) <= allowed.quick_purchases:
        return None
    return Signal("quick_purchase", known.rules.weights.quick_purchase, {"n": len(quick)})


def _quick(spent: Spent, within: int) -> bool:
    return spent.waited is not None and 0 < spent.waited <= within


def round_trip(known: Known) -> Signal | None:
    """Of most of the inviter's friends the purchase went back as soon as the reward was safe:
    seen in whoever bought something, as the others' may follow."""
    if known.spent is None:
        return None
    buyers = _under_inviter(known)
    back = sum(each.back_late for each in buyers)
    if back <= known.rules.allowances.late_returns or 2 * back < len(buyers):
        return None
    return Signal("round_trip", known.rules.weights.round_trip, {"n": back})


def only_reversed(known: Known) -> Signal | None:
    """Whatever the friend bought went back: little by itself."""
    back = known.spent is not None and known.spent.all_back
    return Signal("only_reversed", known.rules.weights.only_reversed) if back else None


def _under_inviter(known: Known) -> list[Spent]:
    """How the inviter's friends use their cards, this one's first."""
    assert known.spent is not None
    rest = [each for each in known.spent_near if each.member == known.of.member]
    return [known.spent, *rest]


CHECKS: tuple[Callable[[Known], Signal | None], ...] = (
    own_account,
    shared_account,
    same_purchase,
    purchase_burst,
    quick_purchase,
    round_trip,
    only_reversed,
)
"""Each may add to the score without a bound."""
CLUSTERS = frozenset({"shared_account"})
"""What one of these saw is seen in everybody who hangs together."""
OF_INVITER = frozenset({"same_purchase", "purchase_burst", "quick_purchase", "round_trip"})
"""What one of these saw is to be looked for in the inviter's other friends."""
