"""Tax at payout as stories: each friend earns Alice ¥600, 20% beyond ¥800."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from till import Till

from shared.applications.facts import Kind
from shared.base.errors import Refusal

FRIENDS_OWN = (
    """  - id: welcome
    kind: welcome
    trigger:
      first_purchase: {at_least: ¥300, within_days: 90}
    amount: ¥50
    cooling_days: 30
  - id: ladder
    kind: ladder
    cooling_days: 30
    steps:
      - {at: 1, amount: 500 points}
      - {at: 3, amount: "3,000 points"}
      - {at: 5, amount: "8,000 points"}
""",
    "",
)
once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AMOUNTS = (
    ("    amount: ¥100\n    cooling_days: 30\n", "    amount: ¥600\n    cooling_days: 0\n"),
    ("monthly_cap: ¥500", "monthly_cap: ¥50,000"),
)


@pytest.fixture
def under(tell: Callable):
    """A world under a tax rule, in which a friend's reward is available at once."""

    def begin(rule: str):
        story = tell(FRIENDS_OWN, *AMOUNTS, ("leaderboard: true", f"tax: {rule}"))
        story.till = Till(story)
        return story

    return begin


def friends(story, *names: str, day: float) -> None:
    for name in names:
        story.friend(name, of="Alice", day=max(0, day - 2))
        story.qualifies(name, day=day)
    story.settle(day)


def amounts(rows: list[dict[str, str]]) -> list[tuple[str, str, str, str]]:
    return [(row["gross"], row["borne"], row["tax"], row["net"]) for row in rows]


@once
def test_each_payment_is_held_against_the_threshold_by_itself(under):
    story = under("{threshold: ¥800, rate: 20%}")
    friends(story, "Bob", day=2)
    assert amounts(story.till.pays(3)) == [("600.00", "0.00", "0.00", "600.00")]
    friends(story, "Cat", "Dan", day=4)
    assert amounts(story.till.pays(5)) == [("1200.00", "0.00", "80.00", "1120.00")]
    assert story.ledger("Alice") == [
        "Alice base Bob: funding -600, available +600",
        "Alice base Bob: available -600, paid +600",
        "Alice base Cat: funding -600, available +600",
        "Alice base Dan: funding -600, available +600",
        "Alice base Cat: available -600, paid +560, withheld +40",
        "Alice base Dan: available -600, paid +560, withheld +40",
    ]
    story.till.verify(5)


@once
def test_a_calendar_month_is_taxed_as_a_whole_and_the_next_begins_anew(under):
    """The story begins on 4 March at noon in Shanghai: day 28 is 1 April."""
    story = under("{threshold: ¥800, rate: 20%, per: month}")
    for day, names in ((2, ["Bob"]), (4, ["Cat"]), (30, ["Dan"])):
        friends(story, *names, day=day)
        story.till.pays(day + 1)
    assert story.stands("Alice") == "paid +1720, withheld +80"
    story.till.verify(31)


@once
def test_a_payment_that_failed_is_not_counted_twice_into_the_month(under):
    story = under("{threshold: ¥800, rate: 20%, per: month}")
    friends(story, "Bob", day=2)
    first = story.till.sends(3)
    friends(story, "Cat", day=4)
    second = story.till.sends(5)
    assert amounts(second) == [("600.00", "0.00", "80.00", "520.00")]  # Bob's is on its way
    story.till.answer(first, 6, C_Alice="closed")
    story.till.answer(second, 6)
    story.settle(6)
    assert amounts(story.till.pays(7)) == [("600.00", "0.00", "0.00", "600.00")]
    assert story.stands("Alice") == "paid +1120, withheld +80"
    story.till.verify(7)


@once
def test_a_tax_that_the_issuer_bears_costs_the_issuer_and_leaves_the_reward_whole(under):
    story = under("{threshold: ¥800, rate: 20%, gross_up: true}")
    friends(story, "Bob", "Cat", day=2)
    assert amounts(story.till.pays(3)) == [("1200.00", "100.00", "100.00", "1200.00")]
    assert story.ledger("Alice")[2:] == [
        "Alice base Bob: funding -50, available -600, paid +600, withheld +50",
        "Alice base Cat: funding -50, available -600, paid +600, withheld +50",
    ]
    story.bank("Cat", Kind.CLOSED, day=4)
    story.settle(4)
    assert story.ledger("Alice")[4:] == [
        "Alice base Cat: funding +50, paid -600, withheld -50, recoverable +600",
    ]
    story.till.verify(4)


def test_a_reversal_after_the_month_takes_the_tax_back_with_it_and_nets_what_was_received(under):
    story = under("{threshold: ¥800, rate: 20%, per: month}")
    friends(story, "Bob", "Cat", day=2)
    story.till.pays(3)
    assert story.stands("Alice") == "paid +1120, withheld +80"
    story.bank("Cat", Kind.CLOSED, day=35)  # in April
    story.settle(35)
    assert story.stands("Alice") == "paid +560, withheld +40, recoverable +560"
    friends(story, "Dan", "Eve", day=36)
    rows = story.till.pays(37)
    assert [(row["gross"], row["tax"], row["netted"], row["net"]) for row in rows] == [
        ("1200.00", "80.00", "560.00", "560.00")
    ]
    assert story.stands("Alice") == "paid +1680, withheld +120"
    received = 112_000 + 56_000  # what the bank moved in all, in fen
    assert received == 168_000
    story.till.verify(37)


@once
def test_what_was_reversed_within_the_month_is_not_taxed_again(under):
    story = under("{threshold: ¥800, rate: 20%, per: month}")
    friends(story, "Bob", "Cat", day=2)
    story.till.pays(3)
    for name in ("Bob", "Cat"):
        story.bank(name, Kind.CLOSED, day=4)
    story.settle(4)
    assert story.stands("Alice") == "recoverable +1120"
    friends(story, "Dan", "Eve", day=5)
    number = story.till.prepare(6).number
    story.till.confirm(number, 6)  # 1,120 net of tax against 1,120: nothing is left to send
    story.settle(6)
    assert story.stands("Alice") == "paid +1120, withheld +80"
    story.till.verify(6)


@once
def test_a_reward_keeps_the_tax_rule_it_was_promised_under(under):
    story = under("{threshold: ¥0, rate: 20%}")
    friends(story, "Bob", day=2)
    story.campaign_file(FRIENDS_OWN, *AMOUNTS, day=2)  # a version without tax
    friends(story, "Cat", day=5)
    rows = story.till.pays(6)
    assert amounts(rows) == [
        ("600.00", "0.00", "120.00", "480.00"),
        ("600.00", "0.00", "0.00", "600.00"),
    ]
    with pytest.raises(Refusal, match=r"^payout\.nothing$"):
        story.till.prepare(7)
    story.till.verify(7)
