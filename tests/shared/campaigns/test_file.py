"""The campaign file: every mistake with its line, its path and what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from shared.base.i18n import Locale
from shared.campaigns.campaigns import (
    CampaignVersion,
    Life,
    current_version,
    get_campaign,
    limit_at,
    limits_at,
    running_campaign,
    terms_of,
    version,
)
from shared.campaigns.file import apply_campaign, read_campaign
from shared.campaigns.problems import CampaignFileError
from shared.campaigns.rules import Cap
from shared.post.audit import Audit

ROOT = Path(__file__).parents[3]
SPRING = (ROOT / "tests" / "shared" / "spring.yaml").read_text(encoding="utf-8")
SAMPLE = (ROOT / "assets" / "sample" / "campaign.yaml").read_text(encoding="utf-8")


def line_of(text: str, source: str = SPRING) -> int:
    return next(n for n, line in enumerate(source.splitlines(), 1) if text in line)


def problems(source: str) -> list[tuple[int, str, str]]:
    with pytest.raises(CampaignFileError) as caught:
        read_campaign(source)
    for problem in caught.value.problems:
        for locale in Locale:
            assert str(problem.line) in problem.words(locale)
    return [(p.line, p.path, p.code) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        (
            "  first_purchase: {at_least: ¥300",
            "  purchase: {at_least: ¥300",
            "qualifies",
            "trigger",
        ),
        ("{at: 1, amount: 500", "{at: 4, amount: 500", "clauses[2]", "ladder_order"),
        ("    amount: ¥100", "    amount: ¥0", "clauses[0].amount", "not_positive"),
        ("    amount: ¥100", "    amount: 10000", "clauses[0].amount", "money"),
        ("    amount: ¥100", "    amount: -¥5", "clauses[0].amount", "money"),
        ("monthly_cap: ¥500", "monthly_cap: ¥99", "limits.monthly_cap", "cap_small"),
        ("monthly_cap: ¥500", "monthly_cap: 500 points", "limits.monthly_cap", "cap_unit"),
        ("ends: 2099-12-31", "ends: 2019-12-31", "ends", "ends_first"),
        ("ends: 2099-12-31", "ends: 2099-02-30", "ends", "date"),
        ("  en: Share the card", "  # gone", "name.en", "language"),
        ("first_friends: 20000", "first_friends: 0", "limits.first_friends", "at_least"),
        ("first_friends: 20000", "first_frends: 9", "limits.first_frends", "unknown"),
        ("    - ¥1,000,000", "    - ¥99", "limits.budget", "budget_small"),
        ("    - ¥1,000,000", "    - ¥1,000\n    - ¥2,000", "limits.budget", "same_budget"),
        ("zone: Asia/Shanghai", "zone: Asia/Peking", "zone", "zone"),
        ("  - id: welcome", "  - id: base", "clauses", "same_clause"),
        ("    kind: welcome", "    kind: hello", "clauses[1]", "choice"),
        ("leaderboard: true", "leaderboard: perhaps", "leaderboard", "bool"),
        ("attribution_days: 30", "attribution_days: thirty", "attribution_days", "int"),
        ("claw_back_days: 90", "claw_back_days: 7", "claw_back_days", "claw_back"),
        ("?token={token}", "", "application_url", "no_token"),
        ("  after_days: 5", "  after_days: 9", "reminder.after_days", "at_most"),
        ("slug: spring-referral", "slug: Spring Referral", "slug", "pattern"),
        ("products:", "goods:", "goods", "unknown"),
    ],
)
def test_a_mistake_is_named_with_its_line(old, new, path, code):
    assert old in SPRING
    source = SPRING.replace(old, new, 1)
    found = problems(source)
    assert (path, code) in [each[1:] for each in found]
    line = next(each[0] for each in found if each[1:] == (path, code))
    starts = {"clauses[1]": "- id: welcome", "clauses[2]": "- id: ladder", "name.en": "name:"}
    last = starts.get(path, path.rpartition(".")[2])
    assert source.splitlines()[line - 1].strip().startswith(last)


def test_the_line_is_the_line_of_the_mistake():
    source = SPRING.replace("    amount: ¥100", "    amount: 100", 1)
    assert problems(source) == [(line_of("amount: 100", source), "clauses[0].amount", "money")]


def test_all_mistakes_are_told_at_once():
    source = SPRING.replace("    amount: ¥100", "    amount: 100").replace(
        "first_friends: 20000", "first_friends: 0"
    )
    assert [each[2] for each in problems(source)] == ["at_least", "money"]


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ("{first_purchase: {at_least: ¥300}}", "purchase_terms"),
        ("{first_purchase: {at_least: 300 points, within_days: 9}}", "purchase_only"),
        ("{activated: {at_least: ¥1}}", "purchase_only"),
        ("{activated: {within_days: 0}}", "at_least"),
        ("{activated: soon}", "trigger_terms"),
        ("{approved: {within_days: 3}}", "approved_days"),
        ("{approved: {}, activated: {}}", "trigger"),
        ("registered", "trigger"),
    ],
)
def test_a_trigger_that_cannot_be_is_refused(terms, code):
    source = SPRING.replace("qualifies:\n  first_purchase: {at_least: ¥300, within_days: 90}", "")
    assert code in [each[2] for each in problems(f"{source}\nqualifies: {terms}\n")]


@pytest.mark.parametrize("terms", ["approved", "activated", "{wallet_linked: {within_days: 9}}"])
def test_every_other_trigger_is_read(terms):
    source = SPRING.replace("qualifies:\n  first_purchase: {at_least: ¥300, within_days: 90}", "")
    assert read_campaign(f"{source}\nqualifies: {terms}\n").qualifying.at_least is None


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("", (1, "", "empty")),
        ("- a\n- b\n", (1, "", "empty")),
        ("slug: x\nname: [\n", (3, "", "syntax")),
        ("slug: x\nslug: y\n", (2, "slug", "twice")),
        ("slug: x\nname: a: b\n", (2, "", "syntax")),
    ],
)
def test_what_is_no_campaign_is_refused_with_the_line(source, found):
    assert problems(source)[0] == found


def test_without_qualifies_the_base_clause_says_what_qualifies():
    source = SPRING.replace("qualifies:\n  first_purchase: {at_least: ¥300, within_days: 90}", "")
    assert read_campaign(source).qualifying == read_campaign(SPRING).qualifying
    only_ladder = source[: source.index("  - id: base")] + source[source.index("  - id: ladder") :]
    assert [each[2] for each in problems(only_ladder)] == ["no_qualifies"]


def test_the_sample_runs_whatever_the_day_and_300_yuan_qualify(database):
    now = datetime.now(UTC)
    with database.transaction() as session:
        applied = apply_campaign(session, SAMPLE, now, "operator:test")
        running = running_campaign(session, now)
        assert running is not None
        assert running.id == applied.campaign_id
        trigger = current_version(session, running.id).rules.qualifying
        assert trigger.at_least is not None
        assert trigger.at_least.amount == 30_000
        assert running.starts_at < now - timedelta(days=1000)
        assert running.ends_at > now + timedelta(days=10_000)


def test_a_file_applied_twice_makes_one_version_and_a_changed_one_the_next(database, now):
    with database.transaction() as session:
        first = apply_campaign(session, SPRING, now, "operator:test")
        assert (first.created, first.version, first.new_version) == (True, 1, True)
        again = apply_campaign(session, f"# a comment\n{SPRING}", now, "operator:test")
        assert (again.created, again.version, again.new_version) == (False, 1, False)
        assert again.limits_changed == ()
        changed = SPRING.replace("    amount: ¥100", "    amount: ¥120")
        third = apply_campaign(session, changed, now, "operator:test")
        assert (third.version, third.new_version, third.limits_changed) == (2, True, ())
        assert version(session, first.campaign_id, 1).rules.clauses[0].amount.amount == 10_000
        assert current_version(session, first.campaign_id).rules.clauses[0].amount.amount == 12_000
        assert session.scalar(select(func.count(CampaignVersion.id))) == 2
        with pytest.raises(LookupError):
            version(session, first.campaign_id, 3)
        acts = session.scalars(select(Audit.act).order_by(Audit.id)).all()
        assert [act for act in acts if act != "campaign.move"] == [
            "campaign.create",
            "campaign.apply",
        ]


def test_limits_belong_to_the_campaign_and_are_dated(database, now):
    later = now + timedelta(days=10)
    with database.transaction() as session:
        applied = apply_campaign(session, SPRING, now, "operator:test")
        campaign = applied.campaign_id
        lower = SPRING.replace("monthly_cap: ¥500", "monthly_cap: ¥400").replace(
            "  first_friends: 20000\n", ""
        )
        second = apply_campaign(session, lower, later, "operator:test")
        assert (second.version, second.new_version) == (1, False)
        assert second.limits_changed == ("friends", "monthly_cap")
        assert limit_at(session, campaign, "friends", now).amount == 20_000
        assert limit_at(session, campaign, "friends", later) is None
        assert set(limits_at(session, campaign, later)) == {
            "budget:CNY",
            "budget:POINTS",
            "monthly_cap",
        }
        starts = get_campaign(session, campaign).starts_at
        assert terms_of(session, campaign).caps == (Cap(starts, 50_000), Cap(later, 40_000))


def test_a_zone_never_changes_but_dates_may_move(database, now):
    with database.transaction() as session:
        applied = apply_campaign(session, SPRING, now, "operator:test")
        moved = SPRING.replace("ends: 2099-12-31", "ends: 2026-06-30")
        apply_campaign(session, moved, now, "operator:test")
        ends = get_campaign(session, applied.campaign_id).ends_at
        assert ends == datetime(2026, 6, 30, 16, tzinfo=UTC)  # the end of that day in Shanghai
        elsewhere = SPRING.replace("zone: Asia/Shanghai", "zone: Asia/Tokyo")
        with pytest.raises(CampaignFileError) as caught:
            apply_campaign(session, elsewhere, now, "operator:test")
        assert caught.value.problems[0].line == line_of("zone:")
        assert "Asia/Shanghai" in str(caught.value)


@pytest.mark.parametrize(
    ("wish", "life"),
    [("draft", Life.DRAFT), ("warm_up", Life.WARM_UP), ("running", Life.RUNNING)],
)
def test_the_file_takes_a_campaign_forward_and_never_back(database, now, wish, life):
    with database.transaction() as session:
        source = SPRING.replace("life: running", f"life: {wish}")
        applied = apply_campaign(session, source, now, "operator:test")
        assert get_campaign(session, applied.campaign_id).life == life
        apply_campaign(session, SPRING, now, "operator:test")
        apply_campaign(session, source, now, "operator:test")
        assert get_campaign(session, applied.campaign_id).life == Life.RUNNING


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("    amount: ¥100", "    amount: {gift: mug}", "clauses[0]", "unknown_prize"),
        ("    amount: ¥100", "    amount: {present: mug}", "clauses[0].amount", "prize"),
        ("    amount: ¥100", "    amount: {pick: [¥5]}", "clauses[0].amount", "pick"),
        (
            "    amount: ¥100",
            "    amount: {donate: 5 points, to: forest}",
            "clauses[0].amount.donate",
            "donation_unit",
        ),
        (
            "    amount: ¥100",
            "    amount: {privilege: a}\n    at_once_percent: 50",
            "clauses[0]",
            "not_divisible",
        ),
        (
            "    amount: ¥100",
            "    amount: ¥100\n    multipliers: [{percent: 200}]",
            "clauses[0].multipliers[0]",
            "multiplier",
        ),
        (
            "    amount: ¥100",
            "    amount: ¥100\n    multipliers: [{percent: 200, starts: 2026-05-01}]",
            "clauses[0].multipliers[0]",
            "season",
        ),
        (
            "  first_purchase: {at_least: ¥300",
            "  held: {at_least: ¥300",
            "qualifies",
            "purchase_only",
        ),
        (
            "qualifies:\n  first_purchase: {at_least: ¥300, within_days: 90}",
            "qualifies: {held: {within_days: 9}}",
            "qualifies",
            "held_days",
        ),
        (
            "    kind: ladder",
            "    kind: ladder\n    highest_only: true\n    rounds: often",
            "clauses[2].rounds",
            "bool",
        ),
        (
            '{at: 5, amount: "8,000 points"}',
            "{at: 5, amount: ¥9}\n    highest_only: true",
            "clauses[2]",
            "ladder_highest",
        ),
        ("  first_friends: 20000", "  daily_budget: [¥99]", "limits.daily_budget", "budget_small"),
        (
            "qualifies:\n  first_purchase: {at_least: ¥300",
            "qualifies:\n  first_purchase: {at_least: plenty",
            "qualifies.first_purchase.at_least",
            "money",
        ),
        (
            "    amount: ¥100",
            "    amount: {pick: [¥50, plenty]}",
            "clauses[0].amount.pick[1]",
            "money",
        ),
    ],
)
def test_a_mistake_in_the_reward_language_is_named_with_its_place(old, new, path, code):
    assert old in SPRING
    source = SPRING.replace(old, new, 1)
    [(line, where, what)] = problems(source)
    assert (where, what) == (path, code)
    first = source[: source.index(new)].count("\n") + 1
    assert first - 6 <= line <= first + new.count("\n"), (
        "the first line of the clause, or the entry"
    )
