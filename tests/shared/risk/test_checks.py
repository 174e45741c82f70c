"""Each check by itself: what it sees, what it lets pass; and that circumstances never hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from shared.campaigns.risk import RiskRules
from shared.risk import circumstances, hard_checks
from shared.risk.known import BranchWeek, Clerk, Inviter, Known, Seen
from shared.risk.rings import circles, clusters, owners_of, rings_of_members, sharing
from shared.risk.weighing import Action, weigh

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
RULES = RiskRules()
ALICE = Inviter(1, "C-Alice", "n-alice", frozenset({"d-alice"}))


def seen(place: int, **more: Any) -> Seen:
    """A friend of Alice's like no other."""
    at = more.pop("at", NOON + timedelta(days=place))
    plain = Seen(
        place, place, 1, 1, at, at + timedelta(seconds=60), f"n{place}", f"d{place}",
        f"a{place}", f"net{place}", f"s{place}",
    )  # fmt: skip
    return replace(plain, **more)


def known(of: Seen | None = None, *near: Seen, **more: Any) -> Known:
    subject = of or seen(1)
    return replace(Known(RULES, subject, ALICE, near, (subject,)), **more)


def names(what: Known) -> set[str]:
    return {signal.check for signal in weigh(what).signals}


CLERK = Clerk(7, own=False, kin=False)
SUSPICIOUS = {
    "own_number": known(seen(1, number="n-alice")),
    "own_customer": known(seen(1, customer="C-Alice")),
    "own_device": known(seen(1, device="d-alice")),
    "same_customer": known(seen(1, customer="C9"), seen(2, customer="C9")),
    "shared_number": known(seen(1), seen(2, number="n1", member=2)),
    "shared_device": known(seen(1), *(seen(n, device="d1") for n in (2, 3))),
    "device_pace": known(seen(1, at=NOON), *(seen(n, device="d1", at=NOON) for n in (2, 3))),
    "sharing_friends": known(sharing=5),
    "ring": known(cluster=(seen(1), *(seen(n, member=n) for n in (2, 3, 4)))),
    "ring_inviter": known(ring_of_inviter=5),
    "cycle": known(cycle=(1, 2, 3)),
    "series": known(seen(1), *(seen(n, series="s1") for n in (2, 3, 4))),
    "robot": known(seen(1, proven_at=NOON + timedelta(days=1, seconds=3))),
    "coupon_site": known(seen(1, site="post.smzdm.com"), coupon_visits=9),
    "spread": known(spread=31),
    "staff_own": known(seen(1, staff=7), taken_by=replace(CLERK, own=True)),
    "staff_relative": known(seen(1, staff=7), taken_by=replace(CLERK, kin=True)),
    "staff_friend": known(friend_is_staff=True),
    "claim_decider": known(decided_by=(replace(CLERK, own=True),)),
    "claim_fishing": known(inviter=replace(ALICE, failed_claims=4)),
    "blacklisted": known(blacklisted=frozenset({"device"})),
    "address": known(seen(1, at=NOON), *(seen(n, address="a1", at=NOON) for n in range(2, 7))),
    "network": known(network_day=41),
    "pace": known(seen(1, at=NOON), *(seen(n, at=NOON + timedelta(hours=n)) for n in range(2, 12))),
    "burst": known(seen(1, at=NOON), *(seen(n, at=NOON) for n in range(2, 6))),
    "tablet_pace": known(
        seen(1, at=NOON, tablet=3), *(seen(n, at=NOON, tablet=3, invite=n) for n in range(2, 63))
    ),
    "branch_outlier": known(branch_week=BranchWeek(1, 60, 5)),
    "staff_referrer": known(inviter=replace(ALICE, staff=7)),
}
HONEST = {
    "somebody": known(),
    "a family of five at one address": known(
        seen(1, at=NOON),
        *(seen(n, address="a1", at=NOON + timedelta(minutes=20 * n)) for n in range(2, 6)),
    ),
    "two on one phone": known(seen(1), seen(2, device="d1")),
    "two more on the phone of somebody who invites": known(
        seen(1), seen(2, device="d1"), seen(3, device="d1", member=2, became=1)
    ),
    "many in a branch's Wi-Fi": known(
        seen(1, at=NOON),
        *(seen(n, invite=n, address="a1", at=NOON) for n in range(2, 200)),
        branch_address=True,
    ),
    "walk-ins on one tablet": known(
        seen(1, at=NOON, tablet=3, device=""),
        *(seen(n, invite=n, at=NOON, tablet=3, device="") for n in range(2, 50)),
    ),
    "a number a friend gave twice to one member": known(seen(1), seen(2, number="n1")),
    "a teller who took a stranger's registration": known(seen(1, staff=7), taken_by=CLERK),
    "three claims that came to nothing": known(inviter=replace(ALICE, failed_claims=3)),
    "a page of some friend": known(seen(1, site="blog.example")),
    "a busy branch like others": known(branch_week=BranchWeek(1, 60, 20)),
}


@pytest.mark.parametrize("check", SUSPICIOUS)
def test_each_check_sees_what_it_is_for(check: str) -> None:
    assert check in names(SUSPICIOUS[check])


def test_every_check_is_shown() -> None:
    every = {check.__name__ for check in (*hard_checks.CHECKS, *circumstances.CHECKS)}
    assert every == set(SUSPICIOUS)
    assert every == set(type(RULES.weights).model_fields)


@pytest.mark.parametrize("case", HONEST)
def test_what_honest_people_do_passes(case: str) -> None:
    assert weigh(HONEST[case]).action is Action.PASS, names(HONEST[case])


def test_even_distances_are_a_machine_and_uneven_ones_are_not() -> None:
    def row(gaps: list[int]) -> Known:
        times = [NOON + timedelta(minutes=sum(gaps[:n])) for n in range(len(gaps) + 1)]
        return known(*(seen(n, at=at) for n, at in enumerate(times, 1)))

    assert "robot" in names(row([30] * 5))
    assert "robot" not in names(row([30, 50, 12, 80, 41]))


def test_circumstances_alone_never_hold() -> None:
    """An address alone never condemns, nor does all that is circumstance together."""
    chance = Random(5)
    for _ in range(60):
        crowd = [
            seen(n, address="a1", network="x", at=NOON + timedelta(seconds=chance.random() * 600))
            for n in range(2, chance.randrange(10, 90))
        ]
        what = known(
            seen(1, at=NOON, address="a1"), *crowd, network_day=chance.randrange(1000),
            branch_week=BranchWeek(1, chance.randrange(500), 1),
            inviter=replace(ALICE, staff=7),
        )  # fmt: skip
        found = weigh(what)
        assert not found.holds
        assert found.score <= RULES.circumstances_at_most


def test_a_weight_of_nothing_switches_a_check_off() -> None:
    off = RiskRules(weights=RULES.weights.model_copy(update={"cycle": 0}))
    assert weigh(replace(SUSPICIOUS["cycle"], rules=off)).signals == ()


def test_what_hangs_together_is_held_together() -> None:
    ring = tuple(seen(n, device="d1", member=1 + n % 2) for n in (1, 2, 3, 4))
    found = weigh(known(ring[0], *ring[1:], cluster=ring))
    assert found.action is Action.HOLD_CLUSTER
    assert found.cluster == (1, 2, 3, 4)
    alone = weigh(known(seen(1), blacklisted=frozenset({"number"})))
    assert (alone.action, alone.cluster) == (Action.HOLD, (1,))


def test_an_address_ties_nobody_and_a_drawer_of_phones_is_one_ring() -> None:
    strangers = [seen(n, address="a1", network="x") for n in range(1, 9)]
    assert all(len(group) == 1 for group in clusters(strangers).values())
    drawer = [
        seen(1, device="p1", member=1), seen(2, device="p1", member=2),
        seen(3, device="p2", member=2), seen(4, device="p2", member=3),
        seen(5, member=4),
    ]  # fmt: skip
    groups = clusters(drawer)
    assert {row.registration for row in groups[1]} == {1, 2, 3, 4}
    assert rings_of_members(groups, 4) == {2: 4}
    assert sharing([seen(1, device="p"), seen(2, device="p"), seen(3)]) == {1: 2, 2: 2}


def test_a_circle_is_found_whatever_ties_it() -> None:
    people = [
        Inviter(1, "C1", "n-a"), Inviter(2, "C2", "n-b"),
        Inviter(3, "C3", "n-c", frozenset({"d-c"})),
    ]  # fmt: skip
    rows = [
        seen(1, member=1, number="n-b"),
        seen(2, member=2, device="d-c"),
        seen(3, member=3, customer="C1"),
        seen(4, member=1),
    ]
    found = circles(rows, rows, owners_of(people))
    assert found == {1: (1, 2, 3), 2: (2, 3, 1), 3: (3, 1, 2)}
    assert circles(rows[:2], rows[:2], owners_of(people)) == {}
