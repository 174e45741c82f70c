"""Each check by itself: what it sees, what it lets pass; and that circumstances never hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from shared.campaigns.risk import RiskRules
from shared.risk import circumstances
from shared.risk.known import BranchWeek, Clerk, Inviter, Known, Seen, Spent
from shared.risk.rings import circles, clusters, owners_of, rings_of_members, sharing
from shared.risk.weighing import HARD, Action, weigh

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


def bought(place: int, **more: Any) -> Spent:
    """How a friend of Alice's used the card like no other."""
    at = NOON + timedelta(days=9 + place)
    return replace(Spent(place, 1, at, 30_000 + 1_900 * place, 30_000, 86_400), **more)


def buying(count: int, *others: Spent, **more: Any) -> Known:
    """One friend and more, alike in what is said of them; and others."""
    mine = [bought(place, **more) for place in range(1, count + 1)]
    return known(spent=mine[0], spent_near=(*mine[1:], *others))


def paid(count: int, **more: Any) -> Known:
    """So many friends who are paid into one account."""
    rows = [seen(place, accounts=frozenset({"acc"}), **more) for place in range(1, count + 1)]
    return known(*rows)


PURSE = replace(ALICE, accounts=frozenset({"acc"}))
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
    "own_account": replace(paid(1), inviter=PURSE),
    "shared_account": paid(4),
    "same_purchase": buying(5, amount=30_000),
    "purchase_burst": buying(4, at=NOON),
    "quick_purchase": buying(4, waited=5),
    "round_trip": buying(3, back_late=True),
    "only_reversed": buying(1, all_back=True),
    "address": known(seen(1, at=NOON), *(seen(n, address="a1", at=NOON) for n in range(2, 7))),
    "network": known(network_day=41),
    "pace": known(seen(1, at=NOON), *(seen(n, at=NOON + timedelta(hours=n)) for n in range(2, 12))),
    "burst": known(seen(1, at=NOON), *(seen(n, at=NOON) for n in range(2, 6))),
    "tablet_pace": known(
        seen(1, at=NOON, tablet=3), *(seen(n, at=NOON, tablet=3, invite=n) for n in range(2, 63))
    ),
    "branch_outlier": known(branch_week=BranchWeek(1, 60, 5)),
    "branch_claims": known(claim_week=BranchWeek(1, 11, 2)),
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
    "a family of three with one joint account": paid(3),
    "the only friend, and a purchase of just what the page says": buying(1, amount=30_000),
    "four friends who buy just what the page says": buying(4, amount=30_000),
    "a purchase that went back to the shop": buying(1, back_late=True, all_back=True),
    "two friends who took something back, of five": buying(
        2, bought(3), bought(4), bought(5), back_late=True
    ),
    "a card that its first use activates": buying(4, waited=0),
    "three who bought as soon as the card came": buying(3, waited=20),
    "three who went shopping together": buying(3, at=NOON),
    "a branch where claims are usual": known(claim_week=BranchWeek(1, 11, 9)),
    "a branch with ten claims": known(claim_week=BranchWeek(1, 10, 1)),
}
BOUNDARIES: dict[str, tuple[Known, Known]] = {
    "own_account": (
        replace(paid(1), inviter=PURSE),
        replace(paid(1), inviter=replace(ALICE, accounts=frozenset({"another"}))),
    ),
    "shared_account": (replace(paid(3), inviter=PURSE), replace(paid(2), inviter=PURSE)),
    "same_purchase": (buying(5, amount=31_500), buying(5, amount=31_501)),
    "same_purchase, of most": (
        buying(5, *map(bought, range(6, 11)), amount=30_000),
        buying(5, *map(bought, range(6, 12)), amount=30_000),
    ),
    "same_purchase, where one is asked": (
        buying(5, amount=30_000),
        buying(5, amount=30_000, at_least=0),
    ),
    "purchase_burst": (
        buying(1, *(bought(n, at=NOON + timedelta(minutes=59)) for n in (2, 3, 4)), at=NOON),
        buying(1, *(bought(n, at=NOON + timedelta(minutes=60)) for n in (2, 3, 4)), at=NOON),
    ),
    "quick_purchase": (buying(4, waited=60), buying(4, waited=61)),
    "quick_purchase, of a ring": (
        buying(1, *(bought(n, member=n, waited=9) for n in (2, 3, 4)), waited=9),
        buying(1, *(bought(n, member=n, waited=9) for n in (2, 3)), waited=9),
    ),
    "round_trip": (
        buying(3, *map(bought, (4, 5, 6)), back_late=True),
        buying(3, *map(bought, (4, 5, 6, 7)), back_late=True),
    ),
    "round_trip, by others": (
        known(spent=bought(9), spent_near=tuple(bought(n, back_late=True) for n in (1, 2, 3))),
        known(spent_near=tuple(bought(n, back_late=True) for n in (1, 2, 3))),
    ),
    "branch_claims": (
        known(claim_week=BranchWeek(1, 11, 2)),
        known(claim_week=BranchWeek(1, 10, 2)),
    ),
    "branch_claims, beside others": (
        known(claim_week=BranchWeek(1, 16, 3)),
        known(claim_week=BranchWeek(1, 15, 3)),
    ),
}


@pytest.mark.parametrize("check", SUSPICIOUS)
def test_each_check_sees_what_it_is_for(check: str) -> None:
    assert check in names(SUSPICIOUS[check])


@pytest.mark.parametrize("case", BOUNDARIES)
def test_checks_of_money_and_claims_begin_exactly_beyond_their_allowance(case: str) -> None:
    beyond, within = BOUNDARIES[case]
    check = case.partition(",")[0]
    assert check in names(beyond)
    assert check not in names(within)


def test_a_joint_account_alone_never_holds_where_the_allowance_says_so() -> None:
    roomy = RULES.allowances.model_copy(update={"people_per_account": 6})
    family = replace(paid(5), inviter=PURSE, rules=RiskRules(allowances=roomy))
    assert weigh(family).action is Action.WATCH
    assert weigh(replace(family, rules=RULES)).holds
    assert weigh(replace(paid(1), inviter=PURSE)).action is Action.WATCH  # a spouse
    with_more = known(seen(1, device="d-alice", accounts=frozenset({"acc"})), inviter=replace(
        PURSE, devices=frozenset({"d-alice"})))  # fmt: skip
    assert weigh(with_more).holds


def test_accounts_tie_a_ring_together() -> None:
    ring = tuple(seen(n, member=n % 3 + 1, accounts=frozenset({"acc"})) for n in range(1, 7))
    group = clusters([*ring, seen(9, accounts=frozenset({"other"}))])
    assert {row.registration for row in group[1]} == {1, 2, 3, 4, 5, 6}
    found = weigh(known(ring[0], *ring[1:], cluster=group[1]))
    assert found.action is Action.HOLD_CLUSTER
    assert found.cluster == (1, 2, 3, 4, 5, 6)


def test_the_readme_names_every_check_with_its_weight_and_every_allowance() -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    for check, weight in RULES.weights:
        assert f"`{check}` ({weight}" in text, check
    for allowance, usual in RULES.allowances:
        assert f"`{allowance}` {usual}" in text, allowance


def test_every_check_is_shown() -> None:
    every = {check.__name__ for check in (*HARD, *circumstances.CHECKS)}
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
