"""Every kind of reward, trigger, ladder and limit that a campaign file can say, as stories.

Days count from Wednesday 4 March 2026, noon in Shanghai, the campaign's zone.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from spring import SHARE, STAGES, rules
from sqlalchemy import select

from shared.applications.facts import Kind
from shared.referrals.referrals import Referral


def test_a_gift_comes_out_of_a_limited_stock(tell: Callable[..., object]):
    story = tell(*rules("{id: mug, kind: base, trigger: approved, amount: {gift: mug}}"))
    for name in ("Bob", "Carol", "Dan"):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=ord(name[0]) - 65)
        story.settle(ord(name[0]) - 65)
    assert story.ledger("Alice") == [
        "Alice mug Bob: pending +1 gift, stock -1 gift",
        "Alice mug Carol: pending +1 gift, stock -1 gift",
    ]
    assert story.verdicts()["Alice", "mug", "Dan"] == ("refused", "stock:mug")
    story.verify(3)


def test_what_a_reversal_gives_back_to_the_stock_serves_the_next_friend(tell):
    story = tell(*rules("{id: mug, kind: base, trigger: approved, amount: {gift: mug}}"))
    for name in ("Bob", "Carol"):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=1)
    story.settle(1)
    story.bank("Bob", Kind.CLOSED, day=2)
    story.settle(2)
    story.friend("Dan", of="Alice")
    story.bank("Dan", Kind.APPROVED, day=3)
    story.settle(3)
    assert story.ledger("Alice")[2:] == [
        "Alice mug Bob: pending -1 gift, stock +1 gift",
        "Alice mug Dan: pending +1 gift, stock -1 gift",
    ]
    story.verify(3)


def test_a_privilege_is_granted_so_many_times(tell):
    story = tell(
        *rules(
            "{id: lounge, kind: welcome, trigger: activated, cooling_days: 0,"
            " amount: {privilege: lounge, times: 2}}"
        )
    )
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=1)
    story.bank("Bob", Kind.ACTIVATED, day=2)
    story.settle(2)
    assert story.ledger("Alice") == ["Bob lounge: funding -2 privilege, available +2 privilege"]
    story.verify(2)


def test_a_donation_uses_up_the_money_budget_but_is_never_the_members_money(tell):
    story = tell(
        *rules(
            "{id: trees, kind: base, trigger: approved, amount: {donate: ¥20, to: forest}}",
            limits="{monthly_cap: ¥30, budget: [¥40]}",
        )
    )
    for name in ("Bob", "Carol", "Dan"):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=1)
    story.settle(1)
    assert story.ledger("Alice") == [
        "Alice trees Bob: funding -20 donated, pending +20 donated",
        "Alice trees Carol: funding -20 donated, pending +20 donated",
    ]
    assert story.verdicts()["Alice", "trees", "Dan"] == ("refused", "budget:CNY")
    story.verify(1)


PICK = (
    "{id: pick, kind: base, trigger: approved, cooling_days: 1,"
    " amount: {pick: [¥50, {gift: mug}], within_days: 10}}"
)


def test_a_choice_waits_and_becomes_what_is_picked(tell):
    story = tell(*rules(PICK))
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=1)
    story.settle(1)
    story.picks("Alice", "pick", "Bob", 2, day=1.5)
    story.settle(1.5)
    story.settle(2)
    assert story.ledger("Alice") == [
        "Alice pick Bob: funding -1 choice, pending +1 choice",
        "Alice pick Bob: funding +1 choice, pending -1 choice, pending +1 gift, stock -1 gift",
        "Alice pick Bob: pending -1 gift, available +1 gift",
    ]
    story.picks("Alice", "pick", "Bob", 1, day=3)
    story.settle(3)
    assert len(story.ledger("Alice")) == 3, "the first choice stands"
    story.verify(3)


def test_a_choice_keeps_room_for_every_option_until_it_is_made(tell):
    story = tell(*rules(PICK, limits="{budget: [¥100]}"))
    for name in ("Bob", "Carol", "Dan"):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=1)
    story.settle(1)
    assert story.verdicts()["Alice", "pick", "Dan"][0] == "refused"
    story.picks("Alice", "pick", "Bob", 1, day=1)
    story.settle(1)
    story.friend("Eve", of="Alice")
    story.bank("Eve", Kind.APPROVED, day=1)
    story.settle(1)
    assert story.verdicts()["Alice", "pick", "Eve"] == ("refused", "budget:CNY")
    assert story.stands("Alice") == "pending +1 choice, pending +50"
    story.verify(1)


def test_a_choice_that_nobody_makes_lapses(tell):
    story = tell(*rules(PICK))
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=1)
    for day in (1, 2, 11.99, 12):
        story.settle(day)
    assert story.ledger("Alice")[1:] == [
        "Alice pick Bob: pending -1 choice, available +1 choice",
        "Alice pick Bob: available -1 choice, expired +1 choice",
    ]
    story.verify(12)


@pytest.mark.parametrize(("days", "earned"), [(30, True), (29, False)])
def test_purchases_that_come_to_the_amount_together_count_within_the_window(tell, days, earned):
    spend = "{total_spend: {at_least: ¥1000, within_days: 30}}"
    story = tell(*rules(f"{{id: base, kind: base, trigger: {spend}, amount: ¥10}}", spend))
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=30 - days)
    for n in range(3):
        story.bank("Bob", Kind.PURCHASE, day=10 + n, yuan=300, transaction=f"T{n}")
    story.bank("Bob", Kind.PURCHASE, day=30 - 0.001, yuan=100, transaction="T9")
    if not earned:
        story.bank("Bob", Kind.REVERSED, day=31, yuan=1, transaction="T0")
    story.settle(40)
    assert bool(story.ledger("Alice")) == earned
    story.verify(40)


def test_a_card_held_long_enough_earns_by_time_alone(tell):
    held = "{held: {days: 180}}"
    story = tell(*rules(f"{{id: base, kind: base, trigger: {held}, amount: ¥10}}"))
    for name in ("Bob", "Carol"):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=1)
    story.bank("Carol", Kind.CLOSED, day=100)
    for day in (100, 180.99):
        story.settle(day)
    assert story.ledger("Alice") == []
    story.settle(181)
    assert story.ledger("Alice") == ["Alice base Bob: funding -10, pending +10"]
    story.verify(181)


def test_a_linked_wallet_earns(tell):
    linked = "{wallet_linked: {within_days: 7}}"
    story = tell(*rules(f"{{id: base, kind: base, trigger: {linked}, amount: 200 points}}"))
    for name, day in (("Bob", 7.9), ("Carol", 8)):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=1)
        story.bank(name, Kind.WALLET_LINKED, day=day)
    story.settle(9)
    assert story.ledger("Alice") == ["Alice base Bob: funding -200p, pending +200p"]
    story.verify(9)


def test_a_part_at_once_and_the_rest_after_cooling(tell):
    story = tell(
        *rules("{id: base, kind: base, trigger: approved, amount: ¥100.01, at_once_percent: 40}")
    )
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=1)
    story.settle(1)
    story.settle(31)
    assert story.ledger("Alice") == [
        "Alice base Bob: funding -61, pending +60",
        "Alice base Bob/now: funding -40, available +40",
        "Alice base Bob: pending -61, available +60",
    ]  # whole yuan, the first rounded down: 60.01 and 40.00
    parts = {what: n for (_, _, what, _, _), n in story.positions().items() if n > 0}
    assert parts == {"Bob": 6001, "Bob/now": 4000}
    story.bank("Bob", Kind.CLOSED, day=32)
    story.settle(32)
    assert story.stands("Alice") == ""
    story.verify(32)


def test_both_parts_share_one_of_the_first_places(tell):
    story = tell(
        *rules(
            "{id: base, kind: base, trigger: approved, amount: ¥100, at_once_percent: 50,"
            " first_n: 1}"
        )
    )
    for name in ("Bob", "Carol"):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=1)
    story.settle(1)
    assert story.stands("Alice") == "pending +50, available +50"
    assert story.verdicts()["Alice", "base", "Carol/now"] == ("refused", "first:base")
    story.verify(1)


def ladder(more: str, steps: str = "[{at: 1, amount: 10 points}, {at: 3, amount: 30 points}]"):
    return rules(f"{{id: ladder, kind: ladder, steps: {steps}{more}}}")


def friends_qualify(story, days: list[float]) -> None:
    for n, day in enumerate(days, 1):
        story.friend(f"F{n}", of="Alice")
        story.bank(f"F{n}", Kind.APPROVED, day=day)
        story.settle(day)


def test_a_ladder_in_rounds_begins_again_after_its_last_rung(tell):
    story = tell(*ladder(", rounds: true"))
    friends_qualify(story, [1, 2, 3, 4, 5, 6, 7])
    assert [line.partition(":")[0] + line.partition(",")[2] for line in story.ledger("Alice")] == [
        "Alice ladder step pending +10p",
        "Alice ladder step pending +30p",
        "Alice ladder step pending +10p",
        "Alice ladder step pending +30p",
        "Alice ladder step pending +10p",
    ]
    assert sorted(what for _, _, what, _, _ in story.positions()) == sorted(
        2 * ["step:1", "step:3", "step:1/round:2", "step:3/round:2", "step:1/round:3"]
    )
    story.verify(7)


def test_a_monthly_ladder_counts_afresh_at_local_midnight(tell):
    story = tell(*ladder(", per: month"))
    midnight = 27.5  # 1 April, 00:00 in Shanghai
    friends_qualify(story, [1, 2, midnight - 0.001, midnight])
    assert sorted({what for _, _, what, _, _ in story.positions()}) == [
        "step:1/month:2026-03",
        "step:1/month:2026-04",
        "step:3/month:2026-03",
    ]
    story.verify(28)


def test_where_only_the_highest_rung_counts_each_rung_adds_the_difference(tell):
    story = tell(*ladder(", highest_only: true"))
    friends_qualify(story, [1, 2, 3])
    assert story.stands("Alice") == "pending +30p"
    story.bank("F3", Kind.CLOSED, day=4)
    story.settle(4)
    assert story.stands("Alice") == "pending +10p"
    story.verify(4)


def test_a_share_of_purchases_is_paid_by_the_month_in_bands(tell):
    story = tell(*rules(SHARE))
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=1)
    story.bank("Bob", Kind.PURCHASE, day=2, yuan=999, transaction="T1")
    story.bank("Bob", Kind.PURCHASE, day=27.4, yuan=1, transaction="T2")
    story.bank("Bob", Kind.PURCHASE, day=27.6, yuan=3500, transaction="T3")
    story.settle(27.4)
    assert story.ledger("Alice") == []
    story.settle(27.5)
    story.settle(57.5)
    assert story.ledger("Alice") == [
        "Alice share Bob/month:2026-03: funding -5, available +5",
        "Alice share Bob/month:2026-04: funding -15, available +15",
    ]
    story.bank("Bob", Kind.REVERSED, day=58, yuan=1000, transaction="T3")
    story.settle(58)
    assert story.ledger("Alice")[2:] == [
        "Alice share Bob/month:2026-04: funding +10, available -10"
    ]
    story.verify(58)


def test_a_share_ends_with_its_last_month(tell):
    story = tell(*rules(SHARE.replace("months: 12", "months: 2")))
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=1)
    for n, day in enumerate((5, 30, 60)):
        story.bank("Bob", Kind.PURCHASE, day=day, yuan=1000, transaction=f"T{n}")
    story.settle(200)
    assert [line.partition(": ")[0] for line in story.ledger("Alice")] == [
        "Alice share Bob/month:2026-03",
        "Alice share Bob/month:2026-04",
    ]
    story.verify(200)


def test_a_friend_earns_for_the_first_month_and_more_for_three_in_a_row(tell):
    story = tell(*rules(STAGES))
    for name, days in (("Bob", (5, 40, 70)), ("Carol", (5, 70, 75)), ("Dan", (32, 40, 70))):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=1)
        for n, day in enumerate(days):
            story.bank(name, Kind.PURCHASE, day=day, yuan=500, transaction=f"{name}{n}")
    story.settle(100)
    assert story.ledger("Alice") == [
        "Bob first: funding -20, available +20",
        "Carol first: funding -20, available +20",
        "Bob three: available +1 gift, stock -1 gift",
    ]
    story.verify(100)


def test_months_from_the_31st_end_on_the_last_day_of_february_in_a_leap_year(tell):
    story = tell(*rules(STAGES))
    story.friend("Bob", of="Alice")
    begin = 697.9  # 31 January 2028, after 9 o'clock in Shanghai
    story.bank("Bob", Kind.APPROVED, day=begin)
    story.bank("Bob", Kind.PURCHASE, day=begin + 27, yuan=500, transaction="T1")  # 27 February
    story.bank("Bob", Kind.PURCHASE, day=begin + 29, yuan=500, transaction="T2")  # 29 February
    story.bank("Bob", Kind.PURCHASE, day=begin + 60, yuan=500, transaction="T3")  # 31 March
    story.settle(begin + 61)
    assert [line.partition(":")[0] for line in story.ledger("Alice")] == ["Bob first", "Bob three"]
    story.verify(begin + 61)


MULTIPLIED = """{id: base, kind: base, trigger: approved, amount: ¥10, cooling_days: 0,\
 multipliers: [{percent: 200, segment: premium}, {percent: 300, weekdays: [sat, sun]},\
 {percent: 150, starts: 2026-04-01, ends: 2026-04-10}]}"""


@pytest.mark.parametrize(
    ("segment", "day", "yuan"),
    [
        ("", 1, 10),  # a Thursday
        ("premium", 1, 20),
        ("premium", 3, 30),  # a Saturday: the larger one, never both
        ("", 2.5, 30),  # Saturday 00:00 in Shanghai
        ("", 2.4999, 10),  # Friday night
        ("", 28, 15),  # 1 April
        ("", 37.4999, 15),  # the last moment of 10 April
        ("", 43, 10),  # a Thursday after the season
    ],
)
def test_the_largest_multiplier_that_holds_counts(tell, segment, day, yuan):
    story = tell(*rules(MULTIPLIED))
    story.friend("Bob", of="Alice")
    with story.database.transaction() as session:
        session.scalars(select(Referral)).one().segment = segment
    story.bank("Bob", Kind.APPROVED, day=day)
    story.settle(day)
    assert story.stands("Alice") == f"available +{yuan}"
    story.verify(day)


def test_a_days_budget_binds_by_the_day_of_earning_in_the_campaigns_zone(tell):
    story = tell(
        *rules(
            "{id: base, kind: base, trigger: approved, amount: ¥10}",
            limits="{daily_budget: [¥20]}",
        )
    )
    for name, day in (("A", 1), ("B", 1.1), ("C", 1.2), ("D", 1.5)):
        story.friend(name, of="Alice")
        story.bank(name, Kind.APPROVED, day=day)
    story.settle(5)
    assert story.verdicts()["Alice", "base", "C"] == ("refused", "daily:CNY")
    assert story.verdicts()["Alice", "base", "D"] == ("admitted", None)
    story.verify(5)
