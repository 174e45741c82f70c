"""Limits by due time: the same winners as admission would have, had all come in that order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.base.money import Unit
from shared.ledger.balance import Key
from shared.rewards.allotting import InTimesOrder, Shares, claim_of
from shared.rewards.owed import ClauseRef, Draw, Due
from shared.rewards.room import NOTHING, Room, Verdict, decide

START = datetime(2026, 3, 4, tzinfo=UTC)


@st.composite
def owed(draw: st.DrawFn) -> list[Due]:
    """Dues of a few members, friends and days, on every kind of shared limit."""
    found: dict[Key, Due] = {}
    for _ in range(draw(st.integers(0, 25))):
        member, friend = draw(st.integers(1, 12)), draw(st.integers(1, 6))
        clause = draw(st.sampled_from(["base", "gift", "welcome"]))
        key = Key(1, f"member:{member}", clause, f"referral:{friend}")
        earned = START + timedelta(hours=draw(st.integers(0, 60)))
        amount = draw(st.sampled_from([0, 1, 2, 5]))
        draws = (
            Draw("budget:CNY"),
            Draw(f"daily:CNY:{earned:%Y-%m-%d}"),
            Draw("stock:mug", amount=1),
            Draw("friends", f"friend:{friend}"),
            Draw(f"first:{clause}"),
            Draw("referrers", f"member:{member}"),
        )
        some = tuple(each for each in draws if draw(st.booleans()))
        why = ClauseRef(1, clause)
        found[key] = Due(key, Unit.CNY, amount, earned, earned, some, why, amount)
    return list(found.values())


LIMITS = st.dictionaries(
    st.sampled_from(
        ["budget:CNY", "daily:CNY", "stock:mug", "friends", "first:base", "first:gift", "referrers"]
    ),
    st.integers(1, 12),
)


@settings(max_examples=60)
@given(dues=owed(), limits=LIMITS, run=st.integers(1, 7))
def test_the_same_win_and_the_same_limit_refuses_the_others(
    dues: list[Due], limits: dict[str, int], run: int
) -> None:
    room, shares = Room(limits, {}, {}), Shares(limits)
    with InTimesOrder(run) as claims:
        for due in dues:
            claims.add(claim_of(due, 0, limits))
        ours = {
            (claim.party, claim.clause, claim.occasion): shares.take(claim)
            for claim in claims
            if claim.amount
        }
    expected = {}
    for due in sorted(dues, key=lambda due: (due.earned, due.key)):
        if due.amount:
            verdict = decide(room, due.key, due, NOTHING)
            refused = verdict.limit if verdict.verdict is Verdict.REFUSED else None
            expected[due.key.party, due.key.clause, due.key.occasion] = refused
    assert ours == expected
    assert +shares.used == {
        limit: n for limit, n in room.used.items() if n and _limited(limit, limits)
    }


def _limited(limit: str, limits: dict[str, int]) -> bool:
    return limit in limits or (limit.startswith("daily:") and "daily:CNY" in limits)


@pytest.mark.parametrize(("run", "most"), [(700, 64), (100, 3), (10_000, 2)])
def test_many_come_back_in_order_whatever_the_runs(run: int, most: int) -> None:
    chance = random.Random(5)
    dues = []
    for n in range(3_000):
        earned = START + timedelta(minutes=chance.randrange(500))
        key = Key(1, f"member:{chance.randrange(50)}", "base", f"referral:{n}")
        dues.append(Due(key, Unit.CNY, 5, earned, earned, (), ClauseRef(1, "base"), 5))
    with InTimesOrder(run, most) as claims:
        for due in dues:
            claims.add(claim_of(due, 0, {}))
        found = [(claim.party, claim.occasion) for claim in claims]
    wanted = sorted(dues, key=lambda due: (due.earned, due.key))
    assert found == [(due.key.party, due.key.occasion) for due in wanted]
