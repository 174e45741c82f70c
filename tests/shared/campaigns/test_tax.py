"""What is withheld, in whole fen: at, below and above the threshold, however a sum is split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.campaigns.tax import Per, Taxed, TaxRule, withheld

SERVICE = TaxRule(threshold="¥800", rate="20%")
PRIZE = TaxRule(threshold="¥800", rate="20%", taxed=Taxed.ALL)
MONTHLY = TaxRule(threshold="¥800", rate="20%", per=Per.MONTH)


@pytest.mark.parametrize(
    ("gross", "excess", "whole"),
    [
        (0, 0, 0),
        (79_999, 0, 0),
        (80_000, 0, 0),
        (80_001, 0, 16_000),  # a fifth of a fen rounds down; of the whole, 16,000.2 does
        (80_003, 1, 16_001),  # 0.6 and 16,000.6 round up
        (100_000, 4_000, 20_000),
        (500_000, 84_000, 100_000),
    ],
)
def test_below_at_and_above_the_threshold(gross: int, excess: int, whole: int) -> None:
    assert withheld(gross, 0, SERVICE) == excess
    assert withheld(gross, 0, PRIZE) == whole


def test_each_payment_by_itself_or_the_month_together() -> None:
    assert withheld(60_000, 60_000, SERVICE) == 0
    assert withheld(60_000, 0, MONTHLY) == 0
    assert withheld(60_000, 60_000, MONTHLY) == 8_000


def test_the_month_takes_account_of_what_was_withheld_of_payments_that_failed_since() -> None:
    assert withheld(60_000, 60_000, MONTHLY, withheld_before=8_000) == 0


def test_a_tax_that_the_issuer_bears_is_right_for_reward_and_tax_together() -> None:
    borne = SERVICE.model_copy(update={"gross_up": True})
    assert withheld(100_000, 0, borne) == 5_000  # 20% of 1,050 - 800
    assert withheld(80_000, 0, borne) == 0
    assert withheld(100_000, 0, PRIZE.model_copy(update={"gross_up": True})) == 25_000


@given(st.lists(st.integers(0, 300_000), max_size=8), st.sampled_from([*Taxed]))
def test_splitting_a_month_s_sum_changes_no_tax(payments: list[int], taxed: Taxed) -> None:
    rule = MONTHLY.model_copy(update={"taxed": taxed})
    paid = kept = 0
    for gross in payments:
        kept += withheld(gross, paid, rule, kept)
        paid += gross
    assert kept <= withheld(sum(payments), 0, rule)
    if taxed is Taxed.EXCESS:
        assert kept == withheld(sum(payments), 0, rule)


@given(
    st.integers(0, 3_000_000), st.sampled_from([*Taxed]), st.sampled_from(["3%", "20%", "45.5%"])
)
def test_a_borne_tax_is_the_tax_on_what_was_spent(net: int, taxed: Taxed, rate: str) -> None:
    rule = TaxRule(threshold="¥800", rate=rate, gross_up=True, taxed=taxed)
    plain = rule.model_copy(update={"gross_up": False})
    tax = withheld(net, 0, rule)
    assert withheld(net + tax, 0, plain) == tax


@pytest.mark.parametrize("bad", [{"rate": "0.2"}, {"rate": 20}, {"rate": "20%", "threshold": 800}])
def test_amounts_without_a_unit_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TaxRule.model_validate(bad)


def test_the_rule_reads_as_it_is_written() -> None:
    rule = TaxRule.model_validate({"threshold": "¥1,000.50", "rate": "12.5%"})
    assert (rule.exempt, rule.hundredths) == (100_050, 1_250)
    assert TaxRule.model_validate(rule.model_dump(mode="json")) == rule
