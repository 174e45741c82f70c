"""The plain words of the rules, in three languages."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from shared.base.i18n import Locale, catalogue
from shared.base.money import Unit
from shared.campaigns.campaigns import current_version, limits_at
from shared.campaigns.clauses import (
    Band,
    BaseClause,
    LadderClause,
    Party,
    ShareClause,
    Span,
    StageClause,
    Step,
    WelcomeClause,
)
from shared.campaigns.conditions import SPENDING, Trigger, TriggerKind
from shared.campaigns.file import apply_campaign, read_campaign
from shared.campaigns.prizes import Money
from shared.campaigns.words import clause_words, offer_lines, reached_words, terms_lines

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")
NAME = "{zh_Hans: 名称, zh_Hant: 名稱, en: Name}"
RICH = read_campaign(
    SPRING
    + f"gifts: [{{id: mug, name: {NAME}, stock: 9}}]\n"
    + f"privileges: [{{id: lounge, name: {NAME}}}]\n"
    + f"causes: [{{id: forest, name: {NAME}}}]\n"
)
BASE = RICH.clauses[0]


def test_the_base_clause_reads_as_a_bank_would_write_it():
    assert (
        clause_words(BASE, RICH, Locale.ZH_HANS)
        == "好友办卡成功并在 90 天内首刷满 ¥300，您得 ¥100，30 天冷静期后发放"
    )
    assert (
        clause_words(BASE, RICH, Locale.ZH_HANT)
        == "好友辦卡成功並在 90 天內首刷滿 ¥300，您得 ¥100，30 天冷靜期後發放"
    )
    assert clause_words(BASE, RICH, Locale.EN) == (
        "Your friend's card is approved and used for one purchase of at least ¥300 within"
        " 90 days: you get ¥100, paid out after a 30-day cooling period"
    )


def test_the_reader_is_addressed_as_who_they_are(database, now):
    with database.transaction() as session:
        applied = apply_campaign(session, SPRING, now, "operator:test")
        version = current_version(session, applied.campaign_id)
        to_friend = offer_lines(version, Locale.ZH_HANS, Party.FRIEND)
        to_member = offer_lines(version, Locale.ZH_HANS)
    assert to_friend[0] == "您办卡成功并在 90 天内首刷满 ¥300，您得 ¥50，30 天冷静期后发放"
    assert to_member[0].startswith("好友办卡成功")
    assert to_member[1] == (
        "好友达标累计满 1 位另得 500 积分、3 位另得 3,000 积分、5 位另得 8,000 积分，"
        "30 天冷静期后发放"
    )


def _clauses():
    money = Money(amount=5_000, unit=Unit.CNY)
    for kind, days in product(TriggerKind, (None, 20)):
        if kind in SPENDING:
            trigger = Trigger(kind=kind, within_days=days or 9, at_least=money)
        elif kind is TriggerKind.HELD:
            trigger = Trigger(kind=kind, days=days or 9)
        else:
            days = None if kind is TriggerKind.APPROVED else days
            trigger = Trigger(kind=kind, within_days=days)
        yield BaseClause(id="a", trigger=trigger, amount=money, cooling_days=0)
        yield WelcomeClause(id="b", trigger=trigger, amount=money, first_n=1_000)
    steps = (Step(at=2, amount=money), Step(at=5, amount=Money(amount=9_000, unit=Unit.CNY)))
    for per, rounds, highest in product(Span, (False, True), (False, True)):
        yield LadderClause(id="c", steps=steps, per=per, rounds=rounds, highest_only=highest)
    bands = (Band(at_least=money, amount=money),)
    yield ShareClause(id="d", bands=bands)
    trigger = Trigger(kind=TriggerKind.APPROVED)
    for prize in ({"gift": "mug"}, {"privilege": "lounge"}, {"donate": "¥20", "to": "forest"}):
        yield StageClause(id="e", at_least=money, amount=prize)
        yield StageClause(id="e", at_least=money, months=3, amount=prize)
    yield BaseClause(id="f", trigger=trigger, amount={"pick": ["¥50", {"gift": "mug"}]})
    yield BaseClause(id="g", trigger=trigger, amount=money, at_once_percent=40)
    for times in (
        {"segment": "premium"},
        {"starts": "2026-06-01", "ends": "2026-06-18"},
        {"weekdays": ["sat", "sun"], "segment": "premium"},
    ):
        yield BaseClause(
            id="h", trigger=trigger, amount=money, multipliers=[{"percent": 150, **times}]
        )


@pytest.mark.parametrize("locale", Locale)
def test_every_clause_has_its_words_in_every_language(locale):
    said = [clause_words(clause, RICH, locale, reader) for clause in _clauses() for reader in Party]
    assert not [words for words in said if "{" in words or "None" in words]
    assert len(set(said)) >= len(said) - 6  # only triggers without a term repeat


@pytest.mark.parametrize("locale", Locale)
def test_the_terms_state_every_limit(database, now, locale):
    source = SPRING.replace("    amount: ¥100", "    amount: ¥100\n    first_n: 5000").replace(
        "  first_friends: 20000", "  first_friends: 20000\n  first_referrers: 3000"
    )
    with database.transaction() as session:
        applied = apply_campaign(session, source, now, "operator:test")
        version = current_version(session, applied.campaign_id)
        limits = limits_at(session, applied.campaign_id, now)
        lines = terms_lines(version, limits, locale)
    whole = "\n".join(lines)
    for said in ("¥500", "¥1,000,000", "50,000,000", "20,000", "3,000", "5,000", "90"):
        assert said in whole
    fraud = {Locale.ZH_HANS: "欺诈", Locale.ZH_HANT: "詐欺", Locale.EN: "fraud"}
    back = next(line for line in lines if fraud[locale] in line)
    assert back.count("90") == 2  # the card's window, and the fraud's
    assert "{" not in whole
    for limit in limits:
        assert "{" not in reached_words(limit, locale, 50_000)


def test_the_catalogues_of_the_campaigns_have_the_same_keys():
    keys = [
        {key for key in catalogue(locale) if key.startswith(("campaign.", "unit."))}
        for locale in Locale
    ]
    assert keys[0] == keys[1] == keys[2]
    assert len(keys[0]) > 60


LIMITS = ("monthly_cap", "budget", "daily", "stock", "first", "referrers", "friends")


@pytest.mark.parametrize("locale", Locale)
def test_every_trigger_limit_and_clause_has_its_words_wherever_they_are_asked_for(locale):
    words = catalogue(locale)
    kinds = [clause.kind for clause in _clauses()]
    asked = [f"progress.missing.{kind}" for kind in TriggerKind]
    asked += [f"{where}.{limit}" for limit in LIMITS for where in ("progress.limit",)]
    asked += [f"campaign.{about}.{limit}" for limit in LIMITS for about in ("limit", "reached")]
    asked += [f"campaign.clause_name.{kind}" for kind in kinds]
    assert [key for key in asked if key not in words] == []
