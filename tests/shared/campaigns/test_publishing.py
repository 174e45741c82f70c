"""Flagged texts are not published: not from a file, not as a new version, not past the review."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from shared.base.i18n import Locale
from shared.campaigns.campaigns import Campaign, CampaignVersion, campaign_by_slug
from shared.campaigns.file import apply_campaign
from shared.campaigns.problems import CampaignFileError

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")
LOUD = SPRING.replace("  en: Share the card", "  en: The best card of all")
OPERATOR = "operator:test"


@pytest.fixture
def database_url(sqlite_url):
    """The rules are the same on both engines."""
    return sqlite_url


def test_a_file_that_would_run_with_flagged_texts_changes_nothing(database, now):
    with database.transaction() as session:
        with pytest.raises(CampaignFileError) as caught:
            apply_campaign(session, LOUD, now, OPERATOR)
        assert session.scalar(select(func.count()).select_from(Campaign)) == 0
    (problem,) = caught.value.problems
    line = 1 + next(n for n, line in enumerate(LOUD.splitlines()) if "The best card" in line)
    assert (problem.line, problem.path, problem.code) == (line, "name.en", "copy")
    told = {locale: problem.words(locale) for locale in Locale}
    assert all(f"{line}" in words and "best" in words for words in told.values())
    assert "State facts that can be checked" in told[Locale.EN]
    assert "广告法" in told[Locale.ZH_HANS]
    assert "廣告法" in told[Locale.ZH_HANT]


def test_a_draft_may_be_loud_until_it_is_reviewed(database, now):
    with database.transaction() as session:
        applied = apply_campaign(session, LOUD.replace("life: running", ""), now, OPERATOR)
        assert applied.created
        with pytest.raises(CampaignFileError):
            apply_campaign(session, LOUD, now, OPERATOR)


def test_a_published_campaign_takes_no_new_flagged_text_and_keeps_moving(database, now):
    with database.transaction() as session:
        apply_campaign(session, SPRING, now, OPERATOR)
        with pytest.raises(CampaignFileError):
            apply_campaign(session, LOUD, now, OPERATOR)
        assert session.scalar(select(func.count()).select_from(CampaignVersion)) == 1


def test_what_was_reviewed_before_the_rule_stands_but_nothing_is_added_to_it(database, now):
    """A limit can be changed in a hurry whatever the texts of years ago say."""
    with database.transaction() as session:
        apply_campaign(session, LOUD.replace("life: running", ""), now, OPERATOR)
        campaign = campaign_by_slug(session, "spring-referral")
        campaign.life = "running"
        cheaper = LOUD.replace("monthly_cap: ¥500", "monthly_cap: ¥400")
        assert cheaper != LOUD
        applied = apply_campaign(session, cheaper, now, OPERATOR)
        assert applied.limits_changed == ("monthly_cap",)
        worse = cheaper.replace("  zh_Hans: 荐卡有礼", "  zh_Hans: 全国第一的卡")
        with pytest.raises(CampaignFileError) as caught:
            apply_campaign(session, worse, now, OPERATOR)
    assert [each.path for each in caught.value.problems] == ["name.zh_Hans"]
