"""The chart of a trial: a whole document, in each language, with nothing said outside the words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shared.base.contrast import contrast_ratio
from shared.base.i18n import Locale, catalogue
from shared.base.money import Unit
from shared.campaigns.file import read_campaign
from shared.pictures.columns import FILLS, INK, PAPER, QUIET, SEAL
from shared.reports.simulation import Trial
from shared.reports.simulation_chart import chart_of
from shared.rewards.simulation import Bound, Draft, Outcome

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def outcome(costs: Mapping[tuple[str, str], int], *exhausted: datetime) -> Outcome:
    days: Counter[tuple[date, Unit]] = Counter()
    for (month, _), amount in costs.items():
        days[date.fromisoformat(f"{month}-10"), Unit.CNY] += amount
    bounds = {"budget:CNY": Bound(3, {Unit.CNY: 900}, 10, *exhausted)} if exhausted else {}
    return Outcome(
        costs={(month, clause, Unit.CNY): n for (month, clause), n in costs.items()},
        days=dict(sorted(days.items())),
        steps={},
        limits=bounds,
        friends=4,
        members=2,
    )


def trial(simulated: Outcome, actual: Outcome, budget: int = 9_000_000) -> Trial:
    programme = read_campaign(SPRING)
    draft = Draft(1, "Asia/Shanghai", programme, None, {"budget:CNY": budget})
    until = datetime(2026, 5, 1, tzinfo=UTC)
    return Trial("spring<&>referral", "Asia/Shanghai", until, draft, simulated, actual, {})


USUAL = trial(
    outcome(
        {("2025-12", "base"): 4_000_000, ("2026-02", "base"): 2_000_000,
         ("2026-02", "welcome"): 1_000_000, ("2026-02", "gone"): 10},
        datetime(2026, 2, 3, 17, tzinfo=UTC),
    ),
    outcome({("2026-01", "base"): 50_000, ("2026-03", "base"): 150}),
)  # fmt: skip


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("locale", list(Locale))
def test_every_text_is_a_figure_or_from_the_catalogue(locale: Locale) -> None:
    known = [
        re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(words)))
        for key, words in catalogue(locale).items()
        if isinstance(words, str) and key.startswith(("simulate.chart.", "campaign.clause_name."))
    ]
    figure = re.compile(r"¥[\d,.]+[万萬K]?|\d{4}-\d\d|\d\d")
    found = texts(chart_of(USUAL, locale))
    assert len(found) > 15
    strange = [
        t for t in found if not figure.fullmatch(t) and not any(k.fullmatch(t) for k in known)
    ]
    assert strange == []


def test_it_names_clauses_months_budget_and_the_day_of_exhaustion() -> None:
    found = texts(chart_of(USUAL, Locale.EN))
    for words in (
        "What the draft would have cost: spring<&>referral",
        "Referral reward", "Welcome reward", "In fact (outlined)",
        "2025-12", "2026-01", "02", "03",
        "¥40K", "¥30K",  # of December and February
        "Budget ¥90,000", "Draft ¥70K", "In fact ¥501.50",
        "Budget used up on February 4, 2026",  # in Shanghai
    ):  # fmt: skip
        assert words in found, words


def test_nothing_granted_is_a_chart_too() -> None:
    nothing = outcome({})
    found = texts(chart_of(trial(nothing, nothing), Locale.ZH_HANS))
    assert "2026-05" in found
    assert not any("NaN" in each for each in found)


def test_points_are_drawn_where_no_money_was_in_play() -> None:
    points = Outcome({("2026-03", "ladder", Unit.POINTS): 500}, {}, {}, {}, 1, 1)
    assert "500" in texts(chart_of(trial(points, outcome({})), Locale.EN))


def test_a_distant_budget_is_told_but_does_not_flatten_the_lines() -> None:
    near = chart_of(USUAL, Locale.EN)
    far = chart_of(trial(USUAL.simulated, USUAL.actual, budget=10**12), Locale.EN)
    assert "Budget ¥10,000,000,000" in texts(far)
    assert f'<path d="M0,0H16" stroke="{SEAL}"' in near
    assert f'<path d="M0,0H16" stroke="{SEAL}"' not in far


def test_what_is_written_and_drawn_stands_out_from_the_paper() -> None:
    assert all(contrast_ratio(ink, PAPER) >= 4.5 for ink in (INK, QUIET, SEAL))
    assert all(contrast_ratio(fill, PAPER) >= 1.7 for fill in FILLS)
    assert len(set(FILLS)) == len(FILLS)
