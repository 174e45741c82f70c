"""Checks of who somebody is: devices, numbers, customers, staff, machines, the blacklist."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise
from statistics import mean, pstdev

from shared.risk.known import Known, Seen, Signal, guests

DAY = timedelta(days=1)
_EVEN = 0.05
"""Gaps that differ by less than this part of their mean are a machine's."""


def own_number(known: Known) -> Signal | None:
    """The friend's number is the member's own."""
    same = bool(known.of.number) and known.of.number == known.inviter.number
    return Signal("own_number", known.rules.weights.own_number) if same else None


def own_customer(known: Known) -> Signal | None:
    """The friend's card was given to the member: who is paid would be paid twice."""
    same = bool(known.of.customer) and known.of.customer == known.inviter.customer
    return Signal("own_customer", known.rules.weights.own_customer) if same else None


def own_device(known: Known) -> Signal | None:
    """The friend registered where the member's own number once did."""
    same = known.of.device in known.inviter.devices
    return Signal("own_device", known.rules.weights.own_device) if same else None


def same_customer(known: Known) -> Signal | None:
    """One customer of the bank is several friends."""
    if not known.of.customer:
        return None
    others = {
        each.referral
        for each in known.near
        if each.customer == known.of.customer and each.number != known.of.number
    }
    if not others:
        return None
    return Signal("same_customer", known.rules.weights.same_customer, {"n": len(others) + 1})


def shared_number(known: Known) -> Signal | None:
    """The number registered under another member as well: little by itself, friends do."""
    others = {
        each.member
        for each in known.near
        if each.number == known.of.number and each.member != known.of.member
    }
    if not known.of.number or not others:
        return None
    return Signal("shared_number", known.rules.weights.shared_number, {"n": len(others) + 1})


def on_device(known: Known) -> list[Seen]:
    """Everybody on the friend's device; a branch's tablet has no device mark."""
    if not known.of.device:
        return []
    return [known.of, *(each for each in known.near if each.device == known.of.device)]


def shared_device(known: Known) -> Signal | None:
    """More friends on one device than a family has; fewer are usual under several members."""
    here = guests(on_device(known))
    if known.of not in here:
        return None
    numbers, members = _numbers(here), {each.member for each in here}
    usual = known.rules.allowances.friends_per_device
    usual = usual if len(members) < 2 else max(1, usual // 2)
    if (more := len(numbers) - usual) <= 0:
        return None
    weight = more * known.rules.weights.shared_device
    return Signal("shared_device", weight, {"n": len(numbers), "members": len(members)})


def sharing_friends(known: Known) -> Signal | None:
    """Many of the inviter's friends share devices among them, a few on each."""
    if known.sharing <= known.rules.allowances.sharing_friends:
        return None
    return Signal("sharing_friends", known.rules.weights.sharing_friends, {"n": known.sharing})


def device_pace(known: Known) -> Signal | None:
    """Several friends on one device in a day."""
    most = busiest(on_device(known))
    if most <= known.rules.allowances.friends_per_device_a_day:
        return None
    return Signal("device_pace", known.rules.weights.device_pace, {"n": most})


def ring(known: Known) -> Signal | None:
    """Several members' friends hang together by devices, numbers and customers."""
    group = guests(known.cluster)
    members, friends = {each.member for each in group}, len(_numbers(group))
    if known.of not in group or len(members) < 2 or friends < known.rules.allowances.ring_friends:
        return None
    return Signal("ring", known.rules.weights.ring, {"n": friends, "members": len(members)})


def ring_inviter(known: Known) -> Signal | None:
    """The inviter has several friends in a ring; this one hangs together with nobody."""
    friends = known.ring_of_inviter
    if not friends or len({each.member for each in known.cluster}) > 1:
        return None
    return Signal("ring_inviter", known.rules.weights.ring_inviter, {"n": friends})


def cycle(known: Known) -> Signal | None:
    """Members invited each other in a circle."""
    if not known.cycle:
        return None
    return Signal("cycle", known.rules.weights.cycle, {"members": len(known.cycle)})


def series(known: Known) -> Signal | None:
    """Numbers of one block of a thousand, under one invite or in one cluster."""
    if not known.of.series:
        return None
    cluster = {each.registration for each in known.cluster}
    block = [
        each
        for each in (known.of, *known.near)
        if each.series == known.of.series
        and (each.invite == known.of.invite or each.registration in cluster)
    ]
    found = len(_numbers(block))
    if found < known.rules.allowances.numbers_in_a_row:
        return None
    return Signal("series", known.rules.weights.series, {"n": found})


def robot(known: Known) -> Signal | None:
    """A form filled faster than anybody reads, or registrations at even distances."""
    of, allowed = known.of, known.rules.allowances
    if of.tablet is not None or of.registration == 0:
        return None
    if of.proven_at is not None and of.device:
        took = int((of.proven_at - of.at).total_seconds())
        if 0 <= took < allowed.human_seconds:
            return Signal("robot", known.rules.weights.robot, {"seconds": took})
    if _even(known):
        return Signal("robot", known.rules.weights.robot, {"n": allowed.even_gaps})
    return None


def _even(known: Known) -> bool:
    """Whether the friend is in the middle of a machine's even row under this invite."""
    size = known.rules.allowances.even_gaps
    times = sorted(
        each.at
        for each in (known.of, *known.near)
        if each.invite == known.of.invite and each.tablet is None
    )
    for start in range(len(times) - size + 1):
        row = times[start : start + size]
        if not row[0] <= known.of.at <= row[-1]:
            continue
        gaps = [(b - a).total_seconds() for a, b in pairwise(row)]
        if (usual := mean(gaps)) > 0 and pstdev(gaps) < _EVEN * usual:
            return True
    return False


def coupon_site(known: Known) -> Signal | None:
    """The friend came from where codes are passed on to strangers."""
    site = known.of.site
    if not any(site == name or site.endswith(f".{name}") for name in known.rules.coupon_sites):
        return None
    weight = known.rules.weights.coupon_site
    return Signal("coupon_site", weight, {"n": max(1, known.coupon_visits)})


def spread(known: Known) -> Signal | None:
    """A code that friends from all over used in one day is no longer among friends."""
    if known.spread <= known.rules.allowances.networks_per_invite_a_day:
        return None
    return Signal("spread", known.rules.weights.spread, {"n": known.spread})


def staff_own(known: Known) -> Signal | None:
    """An employee took a registration under their own invite."""
    own = known.taken_by is not None and known.taken_by.own
    return Signal("staff_own", known.rules.weights.staff_own) if own else None


def staff_relative(known: Known) -> Signal | None:
    """An employee took a registration, or decided a claim, for somebody close to them."""
    clerks = [known.taken_by, *known.decided_by]
    kin = any(clerk is not None and clerk.kin and not clerk.own for clerk in clerks)
    return Signal("staff_relative", known.rules.weights.staff_relative) if kin else None


def staff_friend(known: Known) -> Signal | None:
    """The friend is an employee."""
    return (
        Signal("staff_friend", known.rules.weights.staff_friend) if known.friend_is_staff else None
    )


def claim_decider(known: Known) -> Signal | None:
    """An employee decided a claim of their own."""
    own = any(clerk.own for clerk in known.decided_by)
    return Signal("claim_decider", known.rules.weights.claim_decider) if own else None


def claim_fishing(known: Known) -> Signal | None:
    """The member claims one number after another of which nothing is found."""
    failed = known.inviter.failed_claims
    if failed <= known.rules.allowances.failed_claims_a_month:
        return None
    return Signal("claim_fishing", known.rules.weights.claim_fishing, {"n": failed})


def blacklisted(known: Known) -> Signal | None:
    """Number, device or customer of a confirmed abuse."""
    if not known.blacklisted:
        return None
    return Signal("blacklisted", known.rules.weights.blacklisted, {"n": len(known.blacklisted)})


def _numbers(some: Iterable[Seen]) -> set[str]:
    return {each.number or f"registration:{each.registration}" for each in some}


def busiest(some: Iterable[Seen]) -> int:
    """The most different numbers in any 24 hours that begin with one of them."""
    return most_within(some, DAY)


def most_within(some: Iterable[Seen], span: timedelta) -> int:
    """The most different numbers within a span of time."""
    row = sorted(some, key=lambda each: each.at)
    most, first = 0, 0
    for last, each in enumerate(row):
        while each.at - row[first].at >= span:
            first += 1
        if last - first + 1 > most:
            most = max(most, len(_numbers(row[first : last + 1])))
    return most


CHECKS: tuple[Callable[[Known], Signal | None], ...] = (
    own_number,
    own_customer,
    own_device,
    same_customer,
    shared_number,
    shared_device,
    sharing_friends,
    device_pace,
    ring,
    ring_inviter,
    cycle,
    series,
    robot,
    coupon_site,
    spread,
    staff_own,
    staff_relative,
    staff_friend,
    claim_decider,
    claim_fishing,
    blacklisted,
)
"""Each may add to the score without a bound."""
CLUSTERS = frozenset({"ring", "cycle", "shared_device", "same_customer", "series"})
"""What one of these saw is seen in everybody who hangs together."""
