"""Stories: what happened, the whole ledger after it, and that it is whole.

The spring campaign: a purchase of ¥300 within 90 days of the approval earns the member ¥100
and the friend ¥50 after 30 days; 500, 3,000 and 8,000 points at the first, third and fifth
friend; at most ¥500 a member and month.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from spring import LADDER_OFF, WELCOME_OFF

from shared.applications.facts import Kind
from shared.base.money import Unit
from shared.campaigns.campaigns import Life, get_campaign, move
from shared.ledger.balance import Account, Key
from shared.people.members import MemberStatus
from shared.rewards.standing import Happening, happen

ONLY_BASE = (WELCOME_OFF, LADDER_OFF)


def test_a_friend_qualifies_and_thirty_days_later_the_reward_is_available(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    assert story.ledger("Alice") == [
        "Bob welcome: funding -50, pending +50",
        "Alice base Bob: funding -100, pending +100",
        "Alice ladder step:1: funding -500p, pending +500p",
    ]
    assert story.settle(39.99) == []
    story.settle(40)
    assert story.ledger("Alice")[3:] == [
        "Bob welcome: pending -50, available +50",
        "Alice base Bob: pending -100, available +100",
        "Alice ladder step:1: pending -500p, available +500p",
    ]
    assert story.stands("Alice") == "available +150, available +500p"
    story.verify(40)


def test_a_purchase_below_the_amount_or_after_the_window_earns_nothing(story):
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=0)
    story.bank("Bob", Kind.PURCHASE, day=3, yuan=299, transaction="T1")
    story.bank("Bob", Kind.PURCHASE, day=90, yuan=5000, transaction="T2")
    story.settle(90)
    assert story.ledger("Alice") == []
    story.verify(91)


def test_the_last_moment_of_the_window_counts_and_the_next_does_not(story):
    moment = 1 / 86_400_000_000
    story.friend("Bob", of="Alice")
    story.friend("Carol", of="Alice")
    for name in ("Bob", "Carol"):
        story.bank(name, Kind.APPROVED, day=0)
    story.bank("Bob", Kind.PURCHASE, day=90 - moment, yuan=300, transaction="T1")
    story.bank("Carol", Kind.PURCHASE, day=90, yuan=300, transaction="T2")
    story.settle(90)
    assert [line.split(":")[0] for line in story.ledger("Alice")] == [
        "Bob welcome",
        "Alice base Bob",
        "Alice ladder step",
    ]
    story.verify(90)


def test_facts_heard_late_and_backwards_earn_as_if_heard_in_time(story):
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.PURCHASE, day=10, yuan=300, transaction="T1", heard=60)
    story.settle(60)
    assert story.ledger("Alice") == []
    story.bank("Bob", Kind.APPROVED, day=5, heard=61)
    story.settle(61)
    assert story.ledger("Alice")[1] == "Alice base Bob: funding -100, available +100"
    story.verify(61)


def test_a_returned_purchase_takes_everything_back(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.bank("Bob", Kind.REVERSED, day=20, yuan=300, transaction="T-Bob")
    changes = story.settle(20)
    assert story.ledger("Alice")[3:] == [
        "Bob welcome: funding +50, pending -50",
        "Alice base Bob: funding +100, pending -100",
        "Alice ladder step:1: funding +500p, pending -500p",
    ]
    assert {change.due for change in changes} == {None}
    assert story.stands("Alice") == ""
    story.verify(60)


def test_a_part_refund_that_leaves_the_amount_changes_nothing(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10, yuan=500)
    story.bank("Bob", Kind.REVERSED, day=12, yuan=200, transaction="T-Bob")
    story.settle(12)
    assert story.stands("Alice") == "pending +150, pending +500p"
    story.bank("Bob", Kind.REVERSED, day=13, yuan=1, transaction="T-Bob")
    story.settle(13)
    assert story.stands("Alice") == ""
    story.verify(13)


def test_after_a_refund_a_second_purchase_earns_again_from_its_own_day(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.bank("Bob", Kind.REVERSED, day=15, yuan=300, transaction="T-Bob")
    story.bank("Bob", Kind.PURCHASE, day=25, yuan=400, transaction="T2")
    story.settle(41)
    assert story.stands("Alice") == "pending +150, pending +500p"
    story.settle(55)
    assert story.stands("Alice") == "available +150, available +500p"
    story.verify(55)


def test_a_refund_after_the_claw_back_window_changes_nothing(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.bank("Bob", Kind.REVERSED, day=100, yuan=300, transaction="T-Bob")
    story.bank("Bob", Kind.CLOSED, day=100)
    story.settle(100)
    assert story.stands("Alice") == "available +150, available +500p"
    story.verify(100)


def test_a_card_closed_within_the_window_takes_everything_back(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(45)
    story.bank("Bob", Kind.CLOSED, day=99.9)
    story.settle(100)
    assert story.ledger("Alice")[1::3] == [
        "Alice base Bob: funding -100, available +100",
        "Alice base Bob: funding +100, available -100",
    ]
    assert story.stands("Alice") == ""
    story.verify(100)


def test_a_reward_taken_back_after_payout_becomes_recoverable(story):
    referral = story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(40)
    alice = story.members["Alice"]
    key = Key(story.campaign, f"member:{alice}", "base", f"referral:{referral}")
    with story.database.transaction() as session:
        happen(session, key, alice, Happening.PAID, story.at(41), unit=Unit.CNY, amount=10_000)
    story.bank("Bob", Kind.FLAGGED, day=41)  # a flag holds, but money that is out is out
    story.settle(41)
    story.bank("Bob", Kind.CLOSED, day=50)
    story.settle(50)
    assert [line for line in story.ledger("Alice") if "base" in line] == [
        "Alice base Bob: funding -100, available +100",
        "Alice base Bob: available -100, paid +100",
        "Alice base Bob: paid -100, recoverable +100",
    ]
    assert story.stands("Alice") == "recoverable +100"
    story.verify(50)


def test_a_flag_holds_and_clearing_releases(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.bank("Bob", Kind.FLAGGED, day=20)
    story.settle(41)
    assert story.stands("Alice") == "pending +150, pending +500p"
    story.bank("Bob", Kind.CLEARED, day=45)
    story.settle(45)
    assert story.stands("Alice") == "available +150, available +500p"
    story.verify(45)


def test_three_friends_climb_the_ladder_in_the_order_they_qualified(story):
    for name in ("Bob", "Carol", "Dave"):
        story.friend(name, of="Alice")
    story.qualifies("Carol", day=5)
    story.settle(5)
    story.qualifies("Dave", day=9)
    story.settle(9)
    story.bank("Bob", Kind.APPROVED, day=1, heard=12)
    story.bank("Bob", Kind.PURCHASE, day=2, yuan=300, transaction="T-Bob", heard=12)
    story.settle(12)
    assert [line for line in story.ledger("Alice") if "ladder" in line] == [
        "Alice ladder step:1: funding -500p, pending +500p",
        "Alice ladder step:3: funding -3000p, pending +3000p",
    ]
    story.settle(32)  # Bob was first after all: step 1 was earned on day 2
    assert story.ledger("Alice")[-1] == "Alice ladder step:1: pending -500p, available +500p"
    story.verify(32)


def test_the_month_s_cap_clips_in_the_order_earned_and_says_so(tell: Callable):
    story = tell(*ONLY_BASE, ("monthly_cap: ¥500", "monthly_cap: ¥250"))
    for name in ("Bob", "Carol", "Dave", "Erin"):
        story.friend(name, of="Alice")
    for day, name in enumerate(("Bob", "Carol", "Dave", "Erin"), 10):
        story.qualifies(name, day=day)
    changes = story.settle(14)
    assert story.ledger("Alice") == [
        "Alice base Bob: funding -100, pending +100",
        "Alice base Carol: funding -100, pending +100",
        "Alice base Dave: funding -50, pending +50",
    ]
    assert [change.refused for change in changes] == [None, None, "monthly_cap", "monthly_cap"]
    assert story.verdicts()["Alice", "base", "Erin"] == ("capped", "monthly_cap")
    story.bank("Bob", Kind.REVERSED, day=15, yuan=300, transaction="T-Bob")
    story.settle(15)  # what Bob no longer takes of the month, Dave and Erin get
    assert story.ledger("Alice")[3:] == [
        "Alice base Bob: funding +100, pending -100",
        "Alice base Dave: funding -50, pending +50",
        "Alice base Erin: funding -50, pending +50",
    ]
    story.verify(15)


def test_a_month_ends_at_midnight_in_the_campaign_s_zone(tell: Callable):
    story = tell(*ONLY_BASE, ("monthly_cap: ¥500", "monthly_cap: ¥100"))
    midnight = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)  # April in Shanghai
    day = (midnight - story.begin).total_seconds() / 86_400
    for name, when in (("Bob", day - 0.001), ("Carol", day), ("Dave", day + 1)):
        story.friend(name, of="Alice")
        story.qualifies(name, day=when)
    story.settle(day + 1)
    assert story.ledger("Alice") == [
        "Alice base Bob: funding -100, pending +100",
        "Alice base Carol: funding -100, pending +100",
    ]
    story.verify(day + 1)


def test_a_leap_day_is_a_day_like_any_other(tell: Callable):
    story = tell(*ONLY_BASE)
    story.begin = datetime(2028, 2, 28, 4, 0, tzinfo=UTC)
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=1)  # 29 February
    story.settle(30.9)
    assert story.stands("Alice") == "pending +100"
    story.settle(31)  # 30 March
    assert story.stands("Alice") == "available +100"
    story.verify(31)


def test_the_last_place_goes_to_one_and_the_other_has_the_reason(tell: Callable):
    story = tell(
        *ONLY_BASE, ("first_friends: 20000", "first_friends: 1"), members=("Alice", "Adam")
    )
    story.friend("Bob", of="Alice")
    story.friend("Carol", of="Adam")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.qualifies("Carol", day=9)  # earlier, but heard of later: a place is never taken away
    changes = story.settle(10)
    assert [(change.member, change.refused) for change in changes] == [
        (story.members["Adam"], "friends")
    ]
    assert story.ledger("Adam") == []
    assert story.verdicts() == {
        ("Alice", "base", "Bob"): ("admitted", None),
        ("Adam", "base", "Carol"): ("refused", "friends"),
    }
    story.bank("Bob", Kind.CLOSED, day=11)
    story.settle(11)
    story.friend("Dave", of="Adam")
    story.qualifies("Dave", day=12)
    story.settle(12)  # what a reversal frees serves new dues; Carol's refusal is final
    assert story.ledger("Adam") == ["Adam base Dave: funding -100, pending +100"]
    story.verify(12)


def test_one_place_serves_both_sides_of_a_friend(tell: Callable):
    story = tell(LADDER_OFF, ("first_friends: 20000", "first_friends: 1"))
    story.friend("Bob", of="Alice")
    story.friend("Carol", of="Alice")
    story.qualifies("Bob", day=10)
    story.qualifies("Carol", day=11)
    story.settle(11)
    assert story.ledger("Alice") == [
        "Bob welcome: funding -50, pending +50",
        "Alice base Bob: funding -100, pending +100",
    ]
    assert story.verdicts()["Carol", "welcome", "Carol"] == ("refused", "friends")
    story.verify(11)


def test_a_budget_is_hard_and_never_pays_a_part(tell: Callable):
    story = tell(*ONLY_BASE, ("- ¥1,000,000", "- ¥250"))
    for day, name in enumerate(("Bob", "Carol", "Dave"), 10):
        story.friend(name, of="Alice")
        story.qualifies(name, day=day)
    story.settle(12)
    assert story.ledger("Alice") == [
        "Alice base Bob: funding -100, pending +100",
        "Alice base Carol: funding -100, pending +100",
    ]
    assert story.verdicts()["Alice", "base", "Dave"] == ("refused", "budget:CNY")
    story.verify(12)


def test_a_reward_that_cannot_grow_stays_with_the_reason(tell: Callable):
    story = tell(*ONLY_BASE, ("monthly_cap: ¥500", "monthly_cap: ¥150"), ("- ¥1,000,000", "- ¥150"))
    for day, name in enumerate(("Bob", "Carol"), 10):
        story.friend(name, of="Alice")
        story.qualifies(name, day=day)
    story.settle(11)
    assert story.stands("Alice") == "pending +150"
    story.bank("Bob", Kind.CLOSED, day=12)
    story.settle(12)  # Carol's ¥50 grows into what Bob gave back
    assert story.stands("Alice") == "pending +100"
    story.campaign_file(*ONLY_BASE, ("- ¥1,000,000", "- ¥100"), day=13)
    story.friend("Dave", of="Alice")
    story.qualifies("Dave", day=14)
    story.settle(14)
    assert story.stands("Alice") == "pending +100"
    assert story.verdicts()["Alice", "base", "Dave"] == ("refused", "budget:CNY")
    story.verify(14)


def test_a_member_who_is_inactive_at_release_keeps_the_reward_thirty_days(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.status("Alice", MemberStatus.INACTIVE, day=20)
    story.settle(40)
    assert story.stands("Alice") == "pending +100, pending +500p, available +50"
    story.settle(70)
    assert story.stands("Alice") == "available +50, expired +100, expired +500p"
    story.status("Alice", MemberStatus.ACTIVE, day=80)
    assert story.settle(80) == []  # what expired stays expired
    story.verify(80)


def test_closing_an_inactive_account_does_not_let_its_rewards_go(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.status("Alice", MemberStatus.INACTIVE, day=20)
    story.settle(41)
    story.status("Alice", MemberStatus.CLOSED, day=45)
    story.settle(45)
    assert story.stands("Alice") == "pending +100, pending +500p, available +50"
    story.settle(70)
    assert story.stands("Alice") == "available +50, expired +100, expired +500p"
    story.verify(70)


def test_a_member_active_again_in_time_gets_the_reward(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.status("Alice", MemberStatus.INACTIVE, day=20)
    story.settle(41)
    story.status("Alice", MemberStatus.ACTIVE, day=60)
    story.settle(60)
    assert story.stands("Alice") == "available +150, available +500p"
    story.verify(60)


def test_declined_and_applied_again_is_one_friend_and_one_reward(story):
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.DECLINED, day=3)
    story.applies("Bob", day=8)
    story.qualifies("Bob", day=15)
    story.settle(15)
    assert story.stands("Alice") == "pending +150, pending +500p"
    story.verify(15)


def test_who_held_a_card_before_is_no_new_customer(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.bank("Bob", Kind.SUBMITTED, day=0, existing=True, heard=11)
    story.settle(11)
    assert story.stands("Alice") == ""
    story.verify(11)


def test_a_friend_keeps_the_rules_of_the_day_of_registration(story):
    story.friend("Bob", of="Alice")
    story.campaign_file(
        ("amount: ¥100", "amount: ¥120"), ("{at: 1, amount: 500", "{at: 2, amount: 700")
    )
    story.friend("Carol", of="Alice")
    story.qualifies("Bob", day=10)
    story.qualifies("Carol", day=11)
    story.settle(11)
    assert [line for line in story.ledger("Alice") if "welcome" not in line] == [
        "Alice base Bob: funding -100, pending +100",
        "Alice ladder step:1: funding -500p, pending +500p",
        "Alice base Carol: funding -120, pending +120",
        "Alice ladder step:2: funding -700p, pending +700p",
    ]
    story.verify(11)


def test_a_paused_campaign_posts_nothing_and_catches_up(story):
    story.friend("Bob", of="Alice")
    with story.database.transaction() as session:
        campaign = get_campaign(session, story.campaign)
        move(session, campaign, Life.PAUSED, "staff:1", story.at(1))
    story.qualifies("Bob", day=10)
    assert story.settle(20) == []
    assert story.ledger("Alice") == []
    with story.database.transaction() as session:
        campaign = get_campaign(session, story.campaign)
        move(session, campaign, Life.RUNNING, "staff:2", story.at(21))
    story.settle(21)
    assert story.stands("Alice") == "pending +150, pending +500p"
    story.verify(21)


def test_an_event_from_the_near_future_counts_when_its_moment_comes(story):
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=9)
    story.settle(9)
    story.bank("Bob", Kind.PURCHASE, day=10, yuan=300, transaction="T1")
    with story.database.transaction() as session:
        from shared.rewards.settle import settle

        assert settle(session, story.campaign, story.members["Alice"], story.at(9.999)) == []
    story.settle(10)
    assert story.stands("Alice") == "pending +150, pending +500p"
    assert story.positions()["Alice", "base", "Bob", Account.PENDING, Unit.CNY] == 10_000
    story.verify(10)
