"""Holds on whole referrals: what waits for them, and what their end begins anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.applications.facts import Fact, Kind
from shared.base.money import Unit
from shared.campaigns.file import read_campaign
from shared.campaigns.rules import Terms
from shared.ledger.balance import Account, Key
from shared.referrals.referrals import Credit, Source
from shared.rewards.holds import WHOLE, after_holds, held_referrals, lifted_holds
from shared.rewards.owed import ClauseRef, Due
from shared.rewards.programme import dues
from shared.rewards.standing import HELD_FOR_INACTIVE, KeyLife, next_change, standing

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")
DAY = timedelta(days=1)
EARNED = datetime(2026, 3, 4, tzinfo=UTC)
RELEASE = EARNED + 30 * DAY
LIFTED = RELEASE + 60 * DAY
KEY = Key(1, "member:1", "base", "referral:7")
CHOICE = Due(
    KEY, Unit.CHOICE, 1, EARNED, RELEASE, (), ClauseRef(1, "base"), 1, expires=RELEASE + 14 * DAY
)


def whole(referral: int) -> Key:
    return Key(1, WHOLE, WHOLE, f"referral:{referral}")


def test_a_held_friend_holds_their_rewards_and_the_steps_that_rest_on_them() -> None:
    terms = Terms(1, "Asia/Shanghai", {1: read_campaign(SPRING)})
    credits = [Credit(n, n, EARNED + n * DAY, 1, Source.LINK) for n in (1, 2, 3, 4, 5)]
    facts = [
        Fact(EARNED + (n + place) * DAY, f"{n}-{place}", kind, n, 40_000 if place == 3 else 0, "t")
        for n in (1, 2, 3, 4, 5)
        for place, kind in enumerate((Kind.SUBMITTED, Kind.APPROVED, Kind.ACTIVATED, Kind.PURCHASE))
    ]
    now = EARNED + 40 * DAY
    plain = dues(credits, facts, terms, now, member=1)
    held = dues(credits, facts, terms, now, member=1, held={3})
    assert {key: due._replace(held=False) for key, due in held.items()} == plain  # no sum changes
    waits = {(key.clause, key.occasion) for key, due in held.items() if due.held}
    steps = {(key.clause, key.occasion) for key in plain if key.of("step")}
    assert {each for each in waits if each[1] == "referral:3"} == {
        ("base", "referral:3"), ("welcome", "referral:3"),
    }  # fmt: skip
    assert {each for each in waits if each[1] != "referral:3"} == {
        each for each in steps if "step:1" not in each[1]
    }


def test_the_last_word_counts_and_its_time_is_kept() -> None:
    lives = {whole(7): KeyLife(held=True), whole(8): KeyLife(held=False, lifted_at=LIFTED)}
    assert held_referrals(lives) == {7}
    assert lifted_holds(lives) == {"8": LIFTED}
    assert held_referrals({KEY: KeyLife(held=True)}) == set()  # one key, not the friend


def test_a_choice_that_was_held_has_its_days_after_the_hold() -> None:
    (free,) = after_holds({KEY: CHOICE}, {"7": LIFTED}).values()
    assert free.expires == LIFTED + 14 * DAY
    assert after_holds({KEY: CHOICE}, {"7": RELEASE - DAY}) == {KEY: CHOICE}
    assert after_holds({KEY: CHOICE}, {"8": LIFTED}) == {KEY: CHOICE}
    held = CHOICE._replace(held=True)
    for later in (RELEASE + 15 * DAY, RELEASE + 400 * DAY):
        assert standing(held, KeyLife(), later).of(Account.PENDING, Unit.CHOICE) == 1
    assert standing(free, KeyLife(), LIFTED + 13 * DAY).of(Account.AVAILABLE, Unit.CHOICE) == 1
    assert standing(free, KeyLife(), LIFTED + 14 * DAY).of(Account.EXPIRED, Unit.CHOICE) == 1


def test_an_inactive_member_has_the_same_days_after_the_hold() -> None:
    cash = Due(KEY, Unit.CNY, 100, EARNED, RELEASE, (), ClauseRef(1, "base"), 100)
    away = KeyLife(inactive_since=RELEASE - DAY, lifted_at=LIFTED)
    lapse = LIFTED + HELD_FOR_INACTIVE
    assert next_change(cash, away, LIFTED) == lapse
    assert standing(cash, away, lapse - DAY).of(Account.PENDING, Unit.CNY) == 100
    assert standing(cash, away, lapse).of(Account.EXPIRED, Unit.CNY) == 100
    gone_later = KeyLife(inactive_since=RELEASE + DAY, lifted_at=LIFTED)
    assert standing(cash, gone_later, lapse).of(Account.AVAILABLE, Unit.CNY) == 100
