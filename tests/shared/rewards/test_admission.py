"""Shared limits: never over, never a part, final refusals, and what is given back."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.base.money import Unit
from shared.ledger.balance import Key
from shared.rewards.owed import ClauseRef, Draw, Due
from shared.rewards.room import NOTHING, Holding, Room, Verdict, decide

NOW = datetime(2026, 3, 4, tzinfo=UTC)
BUDGET = Draw("budget:CNY")


def key(n: int) -> Key:
    return Key(1, "member:1", "base", f"referral:{n}")


def due(n: int, amount: int = 100, *draws: Draw, full: int = 100) -> Due:
    why = ClauseRef(1, "base", "monthly_cap" if amount < full else None)
    return Due(key(n), Unit.CNY, amount, NOW, NOW, draws or (BUDGET,), why, full)


def test_a_due_that_does_not_fit_wholly_is_refused_for_good():
    room = Room({"budget:CNY": 150}, {}, {})
    first = decide(room, key(1), due(1), NOTHING)
    second = decide(room, key(2), due(2), NOTHING)
    assert (first.verdict, first.amount) == (Verdict.ADMITTED, 100)
    assert (second.verdict, second.amount, second.limit) == (Verdict.REFUSED, 0, "budget:CNY")
    gone = decide(room, key(1), None, first)
    assert room.used["budget:CNY"] == 0
    assert decide(room, key(2), due(2), second) == second
    assert decide(room, key(1), due(1), gone).amount == 100


def test_growth_needs_room_and_else_stays_with_the_reason():
    room = Room({"budget:CNY": 150}, {}, {})
    small = decide(room, key(1), due(1, 60), NOTHING)
    other = decide(room, key(2), due(2, 60), NOTHING)
    stuck = decide(room, key(1), due(1, 100), small)
    assert (stuck.verdict, stuck.amount, stuck.limit) == (Verdict.ADMITTED, 60, "budget:CNY")
    decide(room, key(2), None, other)
    assert decide(room, key(1), due(1, 100), stuck) == stuck  # this growth was refused
    assert decide(room, key(1), due(1, 90), stuck).amount == 90  # another may come


def test_what_the_cap_left_nothing_of_may_come_later():
    room = Room({"budget:CNY": 100}, {}, {})
    nothing = decide(room, key(1), due(1, 0), NOTHING)
    assert (nothing.verdict, nothing.limit) == (Verdict.CAPPED, "monthly_cap")
    assert room.used["budget:CNY"] == 0
    assert decide(room, key(1), due(1), nothing).verdict is Verdict.ADMITTED


def test_a_shared_place_is_taken_once_and_freed_by_the_last():
    place = Draw("friends", "friend:7")
    room = Room({"friends": 1}, {}, {})
    first = decide(room, key(1), due(1, 100, place), NOTHING)
    second = decide(room, key(2), due(2, 100, place), NOTHING)
    other = decide(room, key(3), due(3, 100, Draw("friends", "friend:8")), NOTHING)
    assert [first.amount, second.amount, other.limit] == [100, 100, "friends"]
    decide(room, key(1), None, first)
    assert room.used["friends"] == 1
    decide(room, key(2), None, second)
    assert room.used["friends"] == 0


def test_a_limit_lowered_below_its_use_takes_nothing_back():
    held = Holding(Verdict.ADMITTED, None, Unit.CNY, 100, 100, (BUDGET,))
    room = Room({"budget:CNY": 50}, {"budget:CNY": 100}, {key(1): held})
    assert decide(room, key(1), due(1), held) == held
    smaller = decide(room, key(1), due(1, 80), held)
    assert (smaller.amount, room.used["budget:CNY"]) == (80, 80)


def test_a_reward_of_another_unit_does_not_keep_the_old_one():
    held = Holding(Verdict.ADMITTED, None, Unit.CNY, 100, 100, (BUDGET,))
    room = Room({"budget:POINTS": 10}, {"budget:CNY": 100}, {key(1): held})
    points = due(1, 500, Draw("budget:POINTS"), full=500)._replace(unit=Unit.POINTS)
    found = decide(room, key(1), points, held)
    assert (found.amount, found.limit, room.used["budget:CNY"]) == (0, "budget:POINTS", 0)


def test_a_rung_earned_on_another_day_keeps_its_room_where_it_had_it():
    """A friend drops out, the next one reached the rung: on a day that is full already."""
    limits = {"daily:CNY": 100}
    monday, tuesday = Draw("daily:CNY:2026-03-02"), Draw("daily:CNY:2026-03-03")
    room = Room(limits, {}, {})
    held = decide(room, key(1), due(1, 30, monday, full=30), NOTHING)
    full = decide(room, key(2), due(2, 90, tuesday, full=90), NOTHING)
    moved = due(1, 30, tuesday, full=30)
    kept = decide(room, key(1), moved, held)
    assert (kept.amount, kept.limit, kept.draws) == (30, "daily:CNY", (monday,))
    assert room.used == {monday.limit: 30, tuesday.limit: 90}
    assert decide(room, key(1), moved, kept) == kept
    decide(room, key(2), None, full)
    now = decide(room, key(1), moved, kept)
    assert (now.limit, now.draws, room.used[tuesday.limit]) == (None, (tuesday,), 30)


acts = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 150)), max_size=40)


@given(acts, st.integers(0, 400), st.integers(1, 5))
def test_counters_always_equal_what_is_held_and_never_exceed_the_limit(history, budget, places):
    """Each act asks another amount for one of ten keys; 0 takes it away."""
    room = Room({"budget:CNY": budget, "friends": places}, {}, {})
    held: dict[int, Holding] = {}
    for n, amount in history:
        friend = Draw("friends", f"friend:{n % 6}")
        asked = due(n, amount, BUDGET, friend, full=150) if amount else None
        before = held.get(n, NOTHING)
        held[n] = decide(room, key(n), asked, before)
        if before.verdict is Verdict.REFUSED:
            assert held[n] == before
        assert held[n].amount in (0, amount, before.amount)
        assert room.used["budget:CNY"] == sum(each.amount for each in held.values()) <= budget
        taken = {n % 6 for n, each in held.items() if each.amount}
        assert room.used["friends"] == len(taken) <= places


KEYS = st.integers(1, 6)
ASKS = st.lists(st.tuples(KEYS, st.sampled_from([None, 0, 40, 100])), max_size=12)
LIMITS = st.fixed_dictionaries({"budget:CNY": st.integers(0, 600), "friends": st.integers(0, 8)})
USES = st.fixed_dictionaries({"budget:CNY": st.integers(0, 600), "friends": st.integers(0, 8)})


def asked(room: Room, asks: list[tuple[int, int | None]]) -> list[Holding]:
    """What comes of dues that grow, shrink and go, one after the other."""
    held: dict[int, Holding] = {}
    for n, amount in asks:
        draws = BUDGET, Draw("friends", f"friend:{n}")
        wish = None if amount is None else due(n, amount, *draws)
        held[n] = decide(room, key(n), wish, held.get(n, NOTHING))
    return [held[n] for n in sorted(held)]


@given(ASKS, LIMITS, USES, LIMITS, USES)
def test_a_room_that_moves_would_have_given_the_same_there(asks, limits, used, now, taken):
    """Decided on what was seen, held against what is: never another verdict, never over."""
    seen, there = Room(limits, used, {}), Room(now, taken, {})
    decided = asked(seen, asks)
    if seen.moves_to(now, taken):
        assert decided == asked(there, asks)
        assert seen.used == there.used
        assert seen.touched() == there.touched()


@given(ASKS, USES, USES)
def test_a_room_with_enough_for_all_always_moves(asks, used, taken):
    enough = {"budget:CNY": 10_000, "friends": 1_000}
    room = Room(enough, used, {})
    asked(room, asks)
    assert room.moves_to(enough, taken)
