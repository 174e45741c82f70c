"""Properties of what is owed: pure, so hypothesis may try thousands of histories."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.applications.facts import Fact, Kind
from shared.base.clock import month_of
from shared.base.money import Unit
from shared.campaigns.file import read_campaign
from shared.campaigns.rules import Cap, Terms
from shared.referrals.referrals import Credit, Source
from shared.rewards.programme import dues, would_credit

pytestmark = pytest.mark.unwatched  # the worked examples run the same lines

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=400)
CAP = 25_000
ZONE = "Asia/Shanghai"
ALICE = 1
TERMS = Terms(
    campaign=1,
    zone=ZONE,
    versions={
        1: read_campaign(SPRING),
        2: read_campaign(SPRING.replace("    amount: ¥100", "    amount: ¥80")),
    },
    caps=(Cap(BEGIN - timedelta(days=1), CAP),),
)

hours = st.integers(0, 24 * 200).map(lambda n: BEGIN + timedelta(hours=n))


@st.composite
def histories(draw):
    """Credits of up to seven friends and facts about their applications."""
    friends = draw(st.integers(1, 7))
    credits, facts = [], []
    for friend in range(1, friends + 1):
        version = draw(st.sampled_from([1, 2]))
        for nth in range(draw(st.integers(1, 2))):
            application = friend * 10 + nth
            credits.append(Credit(friend, application, BEGIN, version, Source.LINK))
            facts += draw(_facts_of(application))
    return credits, facts


@st.composite
def _facts_of(draw, application: int):
    approved = draw(hours)
    bought = approved + timedelta(hours=draw(st.integers(0, 24 * 100)))
    amount = draw(st.sampled_from([29_999, 30_000, 45_000]))
    facts = [
        Fact(approved, f"{application}-a", Kind.APPROVED, application),
        Fact(bought, f"{application}-p", Kind.PURCHASE, application, amount, f"T{application}"),
    ]
    extra = st.sampled_from(
        [
            Kind.REVERSED, Kind.CLOSED, Kind.FLAGGED, Kind.CLEARED, Kind.DECLINED,
            Kind.FRAUD, Kind.NO_FRAUD,
        ]
    )  # fmt: skip
    for n, kind in enumerate(draw(st.lists(extra, max_size=2))):
        back = draw(st.sampled_from([1, 15_000, 45_000])) if kind is Kind.REVERSED else 0
        transaction = f"T{application}" if kind is Kind.REVERSED else ""
        facts.append(Fact(draw(hours), f"{application}-{n}", kind, application, back, transaction))
    return draw(st.permutations(facts))


def owed(credits, facts, now=END):
    return dues(credits, facts, TERMS, now, member=ALICE)


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_facts_and_credits_change_nothing(history, chance):
    credits, facts = history
    again_credits, again_facts = credits + credits[:2], facts + facts[::2]
    chance.shuffle(again_credits)
    chance.shuffle(again_facts)
    assert owed(again_credits, again_facts) == owed(credits, facts)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_no_month_exceeds_the_cap_and_what_is_clipped_says_so(history):
    months: Counter[str] = Counter()
    for due in owed(*history).values():
        assert 0 <= due.amount <= due.full
        assert (due.amount < due.full) == (due.why.limit == "monthly_cap")
        if due.key.party == f"member:{ALICE}" and due.unit is Unit.CNY:
            months[month_of(due.earned, ZONE)] += due.amount
    assert max(months.values(), default=0) <= CAP


@settings(max_examples=100, deadline=None)
@given(histories(), hours)
def test_the_future_does_not_count_and_the_past_is_not_rewritten_by_waiting(history, now):
    credits, facts = history
    past = [fact for fact in facts if fact.at <= now]
    assert owed(credits, facts, now) == owed(credits, past, now) == owed(credits, past)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_ladder_has_one_step_for_each_rung_reached(history):
    found = owed(*history)
    friends = sum(1 for key in found if key.clause == "base")
    steps = {key.occasion for key in found if key.clause == "ladder"}
    assert steps == {f"step:{at}" for at in (1, 3, 5) if at <= friends}
    assert friends == sum(1 for key in found if key.clause == "welcome")


@settings(max_examples=100, deadline=None)
@given(histories())
def test_one_friend_more_never_costs_the_member_anything(history):
    credits, facts = history
    more = 90
    extra = [
        Fact(END - timedelta(days=9), "x-a", Kind.APPROVED, more),
        Fact(END - timedelta(days=8), "x-p", Kind.PURCHASE, more, 30_000, "TX"),
    ]
    before = owed(credits, facts)
    after = owed([*credits, Credit(9, more, END, 1, Source.LINK)], facts + extra)
    assert {key: due.amount for key, due in before.items()} == {
        key: after[key].amount for key in before
    }


@settings(max_examples=100, deadline=None)
@given(histories())
def test_a_claim_adds_exactly_what_its_credit_makes_different(history):
    credits, facts = history
    claimed = Credit(9, 90, BEGIN, 1, Source.CLAIM)
    told = [
        *facts,
        Fact(BEGIN, "x-a", Kind.APPROVED, 90),
        Fact(BEGIN + timedelta(days=1), "x-p", Kind.PURCHASE, 90, 30_000, "TX"),
    ]
    added = would_credit(credits, told, claimed, TERMS, END, member=ALICE)
    before, after = owed(credits, told), owed([*credits, claimed], told)
    for key, due in after.items():
        known = before[key].amount if key in before else 0
        assert due.amount == known + (added[key].amount if key in added else 0)
    assert any(key.occasion == "referral:9" for key in added)
