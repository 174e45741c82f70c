"""How far a friend is: met, missing, until when; never an amount."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.applications.facts import Fact, Kind
from shared.campaigns.file import read_campaign
from shared.campaigns.rules import Terms
from shared.rewards.triggers import Stand, fraud_at, progress_of, reached

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")
QUALIFIES = "qualifies:\n  first_purchase: {at_least: ¥300, within_days: 90}"
BEGIN = datetime(2026, 3, 4, tzinfo=UTC)
RULES = read_campaign(SPRING)
TERMS = Terms(campaign=1, zone="Asia/Shanghai", versions={1: RULES})


def at(day: float) -> datetime:
    return BEGIN + timedelta(days=day)


def fact(day: float, kind: Kind, amount: int = 0, transaction: str = "") -> Fact:
    return Fact(at(day), f"{day}-{kind}", kind, 1, amount, transaction)


APPROVED = fact(2, Kind.APPROVED)
ACTIVATED = fact(3, Kind.ACTIVATED)
BOUGHT = fact(9, Kind.PURCHASE, 30_000, "T")
RETURNED = fact(20, Kind.REVERSED, 30_000, "T")


def progress(*facts: Fact, day: float):
    return progress_of(1, BEGIN, [sorted(facts)], TERMS, at(day))


def test_a_silent_friend_is_open_until_the_window_ends_whatever_the_bank_said():
    assert progress(day=119).stand is Stand.OPEN
    assert progress(fact(5, Kind.DECLINED), day=119) == progress(day=119)
    assert progress(day=120).stand is Stand.MISSED
    assert progress(fact(5, Kind.DECLINED), day=120) == progress(day=120)
    assert progress(day=1).quiet_until == progress(APPROVED, day=50).quiet_until == at(120)


def test_an_approved_friend_has_until_the_deadline():
    before = progress(APPROVED, ACTIVATED, day=91)
    assert (before.stand, before.deadline) == (Stand.OPEN, at(92))
    assert (before.approved, before.activated) == (at(2), at(3))
    assert progress(APPROVED, day=92).stand is Stand.MISSED


def test_a_qualified_friend_says_since_when():
    done = progress(APPROVED, BOUGHT, day=10)
    assert (done.stand, done.at) == (Stand.QUALIFIED, at(9))


def found(day: float, kind: Kind = Kind.FRAUD) -> Fact:
    return fact(day, kind)


def test_a_fraud_within_the_window_undoes_and_the_last_word_counts():
    told, window = [APPROVED, BOUGHT], timedelta(days=90)
    trigger = RULES.qualifying

    def met(*more: Fact) -> datetime | None:
        return reached(trigger, sorted([*told, *more]), window, at(300))

    assert met(found(98.99)) is None
    assert met(found(99)) == at(9)
    assert met(found(1)) is None  # found before they ever bought
    assert met(found(20), found(30, Kind.NO_FRAUD)) == at(9)
    assert met(found(30, Kind.NO_FRAUD), found(20)) == at(9)
    assert met(found(20), found(30, Kind.NO_FRAUD), found(40)) is None
    assert met(found(20), found(40, Kind.NO_FRAUD), found(120)) == at(9)  # too late by then
    assert fraud_at([found(20)]) == at(20)
    assert fraud_at([found(20), found(21, Kind.NO_FRAUD)]) is None


def test_a_fraud_looks_like_silence_and_then_like_a_purchase_taken_back():
    assert progress(APPROVED, BOUGHT, found(20), day=91).stand is Stand.OPEN
    undone = progress(APPROVED, BOUGHT, found(20), day=92)
    assert undone == progress(APPROVED, BOUGHT, RETURNED, day=92)
    assert undone.stand is Stand.UNDONE


def test_what_was_taken_back_is_open_until_the_deadline_and_then_undone():
    assert progress(APPROVED, BOUGHT, RETURNED, day=30).stand is Stand.OPEN
    assert progress(APPROVED, BOUGHT, RETURNED, day=92).stand is Stand.UNDONE


def test_a_second_application_counts_for_the_same_friend():
    second = Fact(at(40), "b", Kind.APPROVED, 2)
    found = progress_of(1, BEGIN, [[APPROVED], [second]], TERMS, at(95))
    assert (found.stand, found.deadline) == (Stand.OPEN, at(130))


@pytest.mark.parametrize(
    ("terms", "facts", "day"),
    [
        ("approved", [APPROVED], 2),
        ("activated", [APPROVED, ACTIVATED], 3),
        ("{activated: {within_days: 1}}", [APPROVED, ACTIVATED], None),
        ("{activated: {within_days: 2}}", [APPROVED, ACTIVATED], 3),
        ("activated", [ACTIVATED], None),
        ("wallet_linked", [APPROVED, fact(7, Kind.WALLET_LINKED)], 7),
        ("approved", [APPROVED, fact(50, Kind.CLOSED)], None),
        ("approved", [APPROVED, fact(92, Kind.CLOSED)], 2),
        ("approved", [fact(1, Kind.SUBMITTED)], None),
    ],
)
def test_each_trigger_is_met_when_its_fact_happened(terms, facts, day):
    trigger = read_campaign(SPRING.replace(QUALIFIES, f"qualifies: {terms}")).qualifying
    met = reached(trigger, facts, timedelta(days=90), at(200))
    assert met == (None if day is None else at(day))


def test_a_trigger_without_a_term_is_undone_at_once():
    rules = read_campaign(SPRING.replace(QUALIFIES, "qualifies: approved"))
    terms = Terms(campaign=1, zone="Asia/Shanghai", versions={1: rules})
    closed = [APPROVED, fact(5, Kind.CLOSED)]
    assert progress_of(1, BEGIN, [closed], terms, at(6)).stand is Stand.UNDONE


def test_the_bank_s_last_word_on_a_former_card_counts():
    def word(day: float, existing: bool) -> Fact:
        return Fact(at(day), f"w{day}", Kind.SUBMITTED, 1, existing_customer=existing)

    trigger, window = RULES.qualifying, timedelta(days=90)
    assert reached(trigger, [word(1, True), APPROVED, BOUGHT], window, at(200)) is None
    assert reached(
        trigger, [word(1, True), word(1.5, False), APPROVED, BOUGHT], window, at(200)
    ) == at(9)
