"""The `risk` section of a campaign file: what it may say, and what is told of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.base.i18n import Locale
from shared.campaigns.export import file_yaml
from shared.campaigns.file import read_campaign
from shared.campaigns.problems import CampaignFileError
from shared.campaigns.risk import RiskMode, RiskRules

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")


def with_risk(section: str) -> str:
    return SPRING.replace("\nleaderboard: true", f"\n{section}leaderboard: true")


def test_a_file_without_the_section_watches_and_one_with_it_holds() -> None:
    assert read_campaign(SPRING).risk_rules.mode is RiskMode.WATCH
    held = read_campaign(with_risk("risk:\n  weights: {ring: 75}\n")).risk_rules
    assert (held.mode, held.weights.ring, held.hold_from) == (RiskMode.HOLD, 75, 80)
    assert read_campaign(with_risk("risk: {mode: 'off'}\n")).risk_rules.mode is RiskMode.OFF


def test_the_section_comes_back_as_it_was() -> None:
    file = read_campaign(with_risk("risk:\n  hold_from: 90\n  coupon_sites: [a.example]\n"))
    assert read_campaign(file_yaml(file)).risk == file.risk


@pytest.mark.parametrize(
    ("section", "code", "path"),
    [
        (
            "risk:\n  circumstances_at_most: 80\n",
            "risk_circumstances",
            "risk.circumstances_at_most",
        ),
        ("risk:\n  watch_from: 80\n", "risk_watch", "risk.watch_from"),
        ("risk:\n  mode: always\n", "choice", "risk.mode"),
        ("risk:\n  weights: {ring: 900}\n", "at_most", "risk.weights.ring"),
        ("risk:\n  weights: {rings: 9}\n", "unknown", "risk.weights.rings"),
        ("risk:\n  allowances: {ring_friends: 1}\n", "at_least", "risk.allowances.ring_friends"),
        ("risk:\n  weights: {own_account: 201}\n", "at_most", "risk.weights.own_account"),
        ("risk:\n  weights: {same_merchant: 9}\n", "unknown", "risk.weights.same_merchant"),
        (
            "risk:\n  allowances: {people_per_account: 0}\n",
            "at_least",
            "risk.allowances.people_per_account",
        ),
        (
            "risk:\n  allowances: {threshold_percent: 101}\n",
            "at_most",
            "risk.allowances.threshold_percent",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(section: str, code: str, path: str) -> None:
    with pytest.raises(CampaignFileError) as found:
        read_campaign(with_risk(section))
    (problem,) = found.value.problems
    assert (problem.code, problem.path) == (code, path)
    for locale in Locale:
        assert path in problem.words(locale)


def test_no_file_lets_circumstances_hold() -> None:
    """Whatever the weights: the bound stands below the score from which anything is held."""
    rules = RiskRules()
    assert rules.circumstances_at_most < rules.hold_from
