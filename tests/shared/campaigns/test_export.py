"""A campaign comes back as the file it was applied from, and differences read as words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared.base.i18n import Locale
from shared.campaigns.campaigns import get_campaign
from shared.campaigns.changes import ChangeKind, changes, day_words, field_name, file_terms
from shared.campaigns.export import campaign_yaml, file_yaml
from shared.campaigns.file import apply_campaign, read_campaign

ROOT = Path(__file__).resolve().parents[3]
SPRING = (ROOT / "tests" / "shared" / "spring.yaml").read_text(encoding="utf-8")
RICH = """
gifts:
  - {id: mug, name: {zh_Hans: 杯子, zh_Hant: 杯子, en: a mug}, stock: 20}
privileges:
  - {id: lounge, name: {zh_Hans: 贵宾厅, zh_Hant: 貴賓室, en: a lounge visit}}
causes:
  - {id: forest, name: {zh_Hans: 植树, zh_Hant: 植樹, en: trees}}
"""
RICH_CLAUSES = """
  - {id: mug, kind: base, trigger: approved, amount: {gift: mug}, cooling_days: 1}
  - {id: lounge, kind: welcome, trigger: {held: {days: 60}}, amount: {privilege: lounge, times: 2}}
  - {id: trees, kind: base, trigger: activated, amount: {donate: ¥20, to: forest}}
  - {id: pick, kind: base, trigger: approved, amount: {pick: [¥50, {gift: mug}], within_days: 10}}
  - {id: share, kind: share, months: 12, bands: [{at_least: ¥1000, amount: ¥5}]}
  - {id: three, kind: stage, months: 3, at_least: ¥500, amount: ¥20.50}
"""
SAMPLE = (ROOT / "assets" / "sample" / "campaign.yaml").read_text(encoding="utf-8")


WHOLE = SAMPLE.replace("  first_friends:", "  daily_budget: [¥5000]\n  first_friends:")
WHOLE = WHOLE.rstrip() + RICH_CLAUSES + RICH


@pytest.mark.parametrize("source", [SPRING, WHOLE])
def test_applying_what_was_exported_changes_nothing(database, now, source):
    with database.transaction() as session:
        first = apply_campaign(session, source, now, "operator:test")
        campaign = get_campaign(session, first.campaign_id)
        exported = campaign_yaml(session, campaign, now)
        later = now + timedelta(days=3)
        again = apply_campaign(session, exported, later, "operator:test")
        assert (again.version, again.new_version, again.limits_changed) == (1, False, ())
        assert campaign_yaml(session, campaign, later) == exported
    assert read_campaign(exported) == read_campaign(source)
    assert "amount: {" not in exported
    assert "unit:" not in exported


def test_an_older_version_is_exported_with_its_own_rules(database, now):
    with database.transaction() as session:
        first = apply_campaign(session, SPRING, now, "operator:test")
        campaign = get_campaign(session, first.campaign_id)
        old = campaign_yaml(session, campaign, now)
        changed = old.replace("cooling_days: 30", "cooling_days: 20", 1)
        assert changed != old
        assert apply_campaign(session, changed, now, "operator:test").version == 2
        assert campaign_yaml(session, campaign, now, 1) == old
        assert campaign_yaml(session, campaign, now) == changed
        with pytest.raises(LookupError):
            campaign_yaml(session, campaign, now, 3)


def test_an_older_version_that_todays_limits_do_not_fit_is_told_without_them(database, now):
    with database.transaction() as session:
        first = apply_campaign(session, SAMPLE, now, "operator:test")
        campaign = get_campaign(session, first.campaign_id)
        less = SAMPLE.replace("amount: ¥100", "amount: ¥40").replace("cap: ¥500", "cap: ¥50")
        assert apply_campaign(session, less, now, "operator:test").version == 2
        old = read_campaign(campaign_yaml(session, campaign, now, 1))
        assert old.limits.monthly_cap is None
        assert old.clauses == read_campaign(SAMPLE).clauses


def test_the_life_is_no_part_of_a_proposal():
    assert file_yaml(read_campaign(SAMPLE)) == file_yaml(
        read_campaign(SAMPLE.replace("life: running", "life: draft"))
    )


@pytest.mark.parametrize("locale", list(Locale))
def test_a_difference_reads_as_the_words_before_and_after(locale):
    before = read_campaign(SAMPLE)
    after = read_campaign(
        SAMPLE.replace("amount: ¥100", "amount: ¥120")
        .replace("monthly_cap: ¥500 ", "monthly_cap: ¥600 ")
        .replace("  first_friends: 20000\n", "")
        .replace("ends: 2099-12-31", "ends: 2098-12-31")
        .replace("leaderboard: true", "leaderboard: false")
        .replace("en: Travel card", "en: Journey card")
    )
    found = {each.title: each for each in changes(before, after, locale)}
    parts = [each.part for each in changes(before, after, locale)]
    assert parts == ["clause", "limit", "limit", "products", "leaderboard", "ends"]
    clause = next(each for each in found.values() if each.part == "clause")
    assert "¥100" in clause.before
    assert "¥120" in clause.after
    assert clause.kind is ChangeKind.CHANGED
    products = found[field_name("products", locale)]
    assert products.before.endswith(": Travel card")
    assert products.after.endswith(": Journey card")
    assert "2098" in found[field_name("ends", locale)].after
    assert "2098" in day_words(after, locale)[1]
    gone = [each for each in changes(before, after, locale) if each.kind is ChangeKind.REMOVED]
    assert [each.part for each in gone] == ["limit"]
    assert changes(before, before, locale) == []
    assert any("¥120" in line for line in file_terms(after, locale))


def test_a_whole_new_file_is_all_added():
    found = changes(None, read_campaign(SPRING), Locale.EN)
    assert {each.kind for each in found} == {ChangeKind.ADDED}
    assert [each.part for each in found][:1] == ["clause"]


def test_a_clause_whose_words_do_not_tell_shows_the_field_that_differs(monkeypatch):
    monkeypatch.setattr("shared.campaigns.changes.clause_words", lambda *_: "the same")
    after = read_campaign(SAMPLE.replace("amount: ¥100", "amount: ¥120"))
    (change,) = changes(read_campaign(SAMPLE), after, Locale.EN)
    assert (change.before, change.after) == ("Reward: ¥100", "Reward: ¥120")


@pytest.mark.parametrize("locale", list(Locale))
def test_another_order_is_a_difference_and_so_is_what_it_makes_of_qualifying(locale):
    lines = "qualifies:\n  first_purchase: {at_least: ¥300, within_days: 90}\n"
    extra = "  - {id: early, kind: base, trigger: approved, amount: ¥5, cooling_days: 1}\n"
    source = SAMPLE.replace(lines, "")
    before = read_campaign(source.rstrip() + "\n" + extra)
    after = read_campaign(source.replace("clauses:\n", f"clauses:\n{extra}"))
    order, qualifies = changes(before, after, locale)
    assert (order.part, order.kind, qualifies.part) == ("order", ChangeKind.CHANGED, "qualifies")
    assert order.before.startswith("base")
    assert order.after.startswith("early")
    assert "¥300" in qualifies.before
    assert "¥300" not in qualifies.after
    gone = changes(before, read_campaign(source), locale)
    assert [(each.part, each.about, each.kind) for each in gone] == [
        ("clause", "early", ChangeKind.REMOVED)
    ]


def test_a_field_without_words_keeps_its_name():
    assert field_name("something_new", Locale.EN) == "something_new"
