"""Where an amount stands: every life of a key sums to zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.rewards.owed import ClauseRef, Due
from shared.rewards.standing import KeyLife, next_change, standing

EARNED = datetime(2026, 3, 4, tzinfo=UTC)
RELEASE = EARNED + timedelta(days=30)
KEY = Key(1, "member:1", "base", "referral:7")


def due(amount: int = 100, *, held: bool = False) -> Due:
    why = ClauseRef(1, "base")
    return Due(KEY, Unit.CNY, amount, EARNED, RELEASE, (), why, 100, held)


def place(balance: Balance) -> dict[Account, int]:
    return {account: amount for (account, _), amount in balance.items()}


def test_an_amount_waits_for_its_release_and_then_is_available():
    moment = timedelta(microseconds=1)
    assert place(standing(due(), KeyLife(), RELEASE - moment)) == {
        Account.FUNDING: -100,
        Account.PENDING: 100,
    }
    assert place(standing(due(), KeyLife(), RELEASE))[Account.AVAILABLE] == 100
    assert standing(None, KeyLife(), RELEASE) == Balance()


def test_a_person_s_hold_and_a_flag_both_keep_it_pending():
    assert place(standing(due(held=True), KeyLife(), RELEASE))[Account.PENDING] == 100
    assert place(standing(due(), KeyLife(held=True), RELEASE))[Account.PENDING] == 100


def test_what_was_paid_beyond_the_due_is_recoverable():
    life = KeyLife(paid={Unit.CNY: 100})
    assert place(standing(due(40), life, RELEASE)) == {
        Account.FUNDING: -100,
        Account.PAID: 40,
        Account.RECOVERABLE: 60,
    }
    assert place(standing(None, life, RELEASE)) == {
        Account.FUNDING: -100,
        Account.RECOVERABLE: 100,
    }


def test_a_member_inactive_only_after_the_release_keeps_it():
    later = KeyLife(inactive_since=RELEASE + timedelta(days=1))
    assert place(standing(due(), later, RELEASE + timedelta(days=90)))[Account.AVAILABLE] == 100
    before = KeyLife(inactive_since=RELEASE)
    lapse = RELEASE + timedelta(days=30)
    assert place(standing(due(), before, lapse))[Account.EXPIRED] == 100
    assert next_change(due(), before, EARNED) == RELEASE
    assert next_change(due(), before, RELEASE) == lapse
    assert next_change(due(), before, lapse) is None
    assert next_change(due(held=True), before, EARNED) is None


def test_tax_shrinks_with_what_is_owed_and_the_rest_is_recoverable_net():
    life = KeyLife(paid={Unit.CNY: 100}, tax={Unit.CNY: 20})
    assert place(standing(due(100), life, RELEASE)) == {
        Account.FUNDING: -100,
        Account.PAID: 80,
        Account.WITHHELD: 20,
    }
    assert place(standing(due(33), life, RELEASE)) == {
        Account.FUNDING: -86,
        Account.PAID: 27,
        Account.WITHHELD: 6,
        Account.RECOVERABLE: 53,
    }
    assert place(standing(None, life, RELEASE)) == {
        Account.FUNDING: -80,
        Account.RECOVERABLE: 80,
    }


def test_tax_that_the_issuer_bears_comes_on_top_and_goes_with_the_reward():
    life = KeyLife(paid={Unit.CNY: 100}, tax={Unit.CNY: 25}, borne={Unit.CNY: 25})
    assert place(standing(due(100), life, RELEASE)) == {
        Account.FUNDING: -125,
        Account.PAID: 100,
        Account.WITHHELD: 25,
    }
    assert place(standing(None, life, RELEASE)) == {
        Account.FUNDING: -100,
        Account.RECOVERABLE: 100,
    }


@given(st.integers(0, 500), st.integers(0, 100), st.booleans(), st.integers(0, 500))
def test_what_came_back_leaves_exactly_the_rest_and_owes_nothing_by_rounding(
    gross, percent, grossed_up, owed
):
    tax = gross * percent // 100
    given = KeyLife(
        paid={Unit.CNY: gross},
        tax={Unit.CNY: tax},
        borne={Unit.CNY: tax if grossed_up else 0},
    )
    before = standing(due(owed), given, RELEASE)
    back = before.of(Account.RECOVERABLE, Unit.CNY)
    after = standing(due(owed), replace(given, recovered={Unit.CNY: back}), RELEASE)
    assert after.of(Account.RECOVERABLE, Unit.CNY) == 0
    assert after.of(Account.AVAILABLE, Unit.CNY) == before.of(Account.AVAILABLE, Unit.CNY)
    assert after.of(Account.PAID, Unit.CNY) == before.of(Account.PAID, Unit.CNY)


@given(st.integers(1, 500), st.integers(0, 60), st.data())
def test_what_comes_back_in_parts_is_recoverable_no_more_and_no_less(gross, percent, data):
    tax = gross * percent // 100
    given = KeyLife(paid={Unit.CNY: gross}, tax={Unit.CNY: tax})
    part = data.draw(st.integers(0, gross - tax))
    left = standing(None, replace(given, recovered={Unit.CNY: part}), RELEASE)
    assert left.of(Account.RECOVERABLE, Unit.CNY) == gross - tax - part
    assert left.of(Account.WITHHELD, Unit.CNY) == 0


def test_what_was_forgiven_is_written_off_and_never_more_than_is_owed_back():
    life = KeyLife(paid={Unit.CNY: 100}, forgiven={Unit.CNY: 60})
    assert place(standing(None, life, RELEASE)) == {
        Account.FUNDING: -100,
        Account.RECOVERABLE: 40,
        Account.WRITTEN_OFF: 60,
    }
    assert place(standing(due(100), life, RELEASE)) == {Account.FUNDING: -100, Account.PAID: 100}


amounts = st.integers(0, 200)


@given(
    st.none() | st.builds(due, amounts, held=st.booleans()),
    st.builds(
        KeyLife,
        paid=st.dictionaries(st.sampled_from(Unit), amounts, max_size=2),
        recovered=st.dictionaries(st.sampled_from(Unit), amounts, max_size=2),
        forgiven=st.dictionaries(st.sampled_from(Unit), amounts, max_size=2),
        expired=st.dictionaries(st.sampled_from(Unit), amounts, max_size=2),
        held=st.booleans(),
        inactive_since=st.none() | st.sampled_from([EARNED, RELEASE + timedelta(days=3)]),
    ),
    st.integers(0, 100),
)
def test_every_standing_is_even_and_nothing_but_funding_is_negative(owed, life, day):
    found = standing(owed, life, EARNED + timedelta(days=day))
    assert found.even
    assert all(
        (amount < 0) == (account in (Account.FUNDING, Account.STOCK))
        for (account, _), amount in found.items()
    )
    total = sum(
        found.of(account, Unit.CNY)
        for account in (Account.PENDING, Account.AVAILABLE, Account.PAID, Account.EXPIRED)
    )
    assert total == (owed.amount if owed is not None else 0)
