"""A clause that new rules no longer have: who registered under it keeps it, with its limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from spring import LADDER_OFF, WELCOME_OFF

from shared.actions.campaigning import closes_from
from shared.base.i18n import Locale
from shared.campaigns.campaigns import current_version, get_campaign, limits_at
from shared.campaigns.words import terms_lines
from shared.reports.desk_effects import Kept, kept_of

once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Rules in which the engines have no part are told once."""
FIRST = ("    amount: ¥50\n", "    amount: ¥50\n    first_n: 1\n")
LISTED = "gifts:\n  - {id: mug, name: {zh_Hans: 杯, zh_Hant: 杯, en: a mug}, stock: 1}\n\nlimits:\n"
MUG = "  - {id: mug, kind: base, trigger: approved, amount: {gift: mug}, cooling_days: 30}\n"
ONE_MUG = (("\nlimits:\n", f"\n{LISTED}"), ("clauses:\n", f"clauses:\n{MUG}"))


def test_who_registered_before_keeps_the_clause_and_the_places_it_has(tell: Callable) -> None:
    story = tell(LADDER_OFF, FIRST)
    story.friend("Bob", of="Alice")
    story.friend("Cat", of="Alice")
    story.campaign_file(LADDER_OFF, WELCOME_OFF, day=5)
    story.friend("Dan", of="Alice", day=6)
    for name, day in (("Bob", 10), ("Cat", 11), ("Dan", 12)):
        story.qualifies(name, day=day)
        story.settle(day + 1)
    told = {
        who: verdict
        for (who, clause, _), verdict in story.verdicts().items()
        if clause == "welcome"
    }
    assert told == {"Bob": ("admitted", None), "Cat": ("refused", "first:welcome")}
    assert [line for line in story.ledger("Alice") if "welcome" in line] == [
        "Bob welcome: funding -50, pending +50"
    ]
    story.verify(20)
    with story.database.reading() as session:
        campaign = get_campaign(session, story.campaign)
        assert kept_of(session, campaign, ["welcome"]) == {"welcome": Kept(friends=2, grants=1)}
        limits = limits_at(session, story.campaign, story.at(20))
        assert limits["first:welcome"].amount == 1
        terms = terms_lines(current_version(session, story.campaign), limits, Locale.EN)
        assert not any("first 1" in line or "Welcome" in line for line in terms)


@once
def test_the_last_gift_is_given_once_though_its_clause_is_gone(tell: Callable) -> None:
    story = tell(LADDER_OFF, WELCOME_OFF, *ONE_MUG)
    story.friend("Bob", of="Alice")
    story.friend("Cat", of="Alice")
    story.campaign_file(LADDER_OFF, WELCOME_OFF, day=5)
    for name, day in (("Bob", 10), ("Cat", 11)):
        story.qualifies(name, day=day)
        story.settle(day + 1)
    mugs = {
        who: verdict for (_, clause, who), verdict in story.verdicts().items() if clause == "mug"
    }
    assert sorted(mugs.values()) == [("admitted", None), ("refused", "stock:mug")]
    story.verify(20)


@once
def test_a_limit_goes_when_its_clause_stays_without_one(tell: Callable) -> None:
    story = tell(FIRST)
    story.campaign_file(day=5)
    with story.database.reading() as session:
        assert "first:welcome" in limits_at(session, story.campaign, story.at(4))
        assert "first:welcome" not in limits_at(session, story.campaign, story.at(6))


@once
def test_a_campaign_is_not_closed_before_what_older_rules_promise(tell: Callable) -> None:
    shares = "  - {id: share, kind: share, months: 12, bands: [{at_least: ¥1000, amount: ¥5}]}\n"
    story = tell(("clauses:\n", f"clauses:\n{shares}"))
    with story.database.reading() as session:
        before = closes_from(session, get_campaign(session, story.campaign))
    story.campaign_file(day=5)
    with story.database.reading() as session:
        campaign = get_campaign(session, story.campaign)
        assert current_version(session, story.campaign).rules.clause("share") is None
        assert closes_from(session, campaign) == before
