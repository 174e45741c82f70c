"""A file that a form writes: every kind can be added and turned into every other one."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.campaigns.conditions import TriggerKind
from shared.campaigns.drafting import (
    ClauseKind,
    PrizeKind,
    add,
    at,
    move,
    place_of,
    prize_kind,
    remove,
    reprized,
    retriggered,
    spelled_out,
    trigger_kind,
)
from shared.campaigns.export import plain_of, written
from shared.campaigns.file import CampaignFile, read_campaign

ROOT = Path(__file__).resolve().parents[3]
LISTS = """
gifts:
  - {id: mug, name: {zh_Hans: 杯子, zh_Hant: 杯子, en: a mug}, stock: 20}
privileges:
  - {id: lounge, name: {zh_Hans: 贵宾厅, zh_Hant: 貴賓室, en: a lounge visit}}
causes:
  - {id: forest, name: {zh_Hans: 植树, zh_Hant: 植樹, en: trees}}
"""
SAMPLE = (ROOT / "assets" / "sample" / "campaign.yaml").read_text(encoding="utf-8") + LISTS
PRIZES: dict[PrizeKind, Any] = {
    PrizeKind.CASH: "¥88",
    PrizeKind.POINTS: "3,000 points",
    PrizeKind.GIFT: {"gift": "mug"},
    PrizeKind.PRIVILEGE: {"privilege": "lounge", "times": 2},
    PrizeKind.DONATION: {"donate": "¥20", "to": "forest"},
    PrizeKind.PICK: {"pick": ["¥50", {"gift": "mug"}], "within_days": 10},
}
TRIGGERS: dict[TriggerKind, Any] = {
    TriggerKind.APPROVED: "approved",
    TriggerKind.ACTIVATED: {"activated": None},
    TriggerKind.FIRST_PURCHASE: {"first_purchase": {"at_least": "¥9", "within_days": 8}},
    TriggerKind.TOTAL_SPEND: {"total_spend": {"at_least": "¥9", "within_days": 8}},
    TriggerKind.HELD: {"held": {"days": 7}},
    TriggerKind.WALLET_LINKED: {"wallet_linked": {"within_days": 6}},
}


@pytest.fixture
def plain() -> dict[str, Any]:
    return plain_of(SAMPLE)


def read(plain: dict[str, Any]) -> CampaignFile:
    return read_campaign(written(plain))


def test_a_clause_of_every_kind_is_added_and_could_stand_as_it_is(plain: dict[str, Any]) -> None:
    plain["claw_back_days"] = 10  # cooling is never longer
    for kind in ClauseKind:
        for _ in range(2):
            add(plain, ("clauses",), kind.value)
    made = read(plain).clauses[3:]
    assert [clause.kind for clause in made] == [kind.value for kind in ClauseKind for _ in "12"]
    assert {clause.cooling_days for clause in made} == {10}
    assert [clause.id for clause in made[:4]] == ["base_2", "base_3", "welcome_2", "welcome_3"]
    assert made[0].trigger == read(plain).qualifying
    add(plain, ("clauses",), "stage", taken={"stage_3", "stage_4"})
    assert read(plain).clauses[-1].id == "stage_5"  # no name that earlier rules gave away


def test_what_is_next_in_a_list_may_follow_what_is_there(plain: dict[str, Any]) -> None:
    ladder = ("clauses", 2, "steps")
    plain["clauses"][2]["highest_only"] = True
    assert add(plain, ladder, "") == (*ladder, 3)
    assert plain["clauses"][2]["steps"][-1] == {"at": 6, "amount": "16000 points"}
    add(plain, ("clauses",), "share")
    add(plain, ("clauses", 3, "bands"), "")
    add(plain, ("clauses", 0, "multipliers"), "")
    plain["clauses"][1]["amount"] = deepcopy(PRIZES[PrizeKind.PICK])
    add(plain, place_of("clauses[1].amount.pick"), "")
    add(plain, ("limits", "daily_budget"), "")
    read(plain)
    for name in ("gifts", "privileges", "causes"):
        place = add(plain, (name,), "")
        at(plain, place)["name"] = {"zh_Hans": "新", "zh_Hant": "新", "en": "new"}
    assert [gift.id for gift in read(plain).gifts] == ["mug", "gift"]


def test_steps_that_nobody_can_follow_are_copied(plain: dict[str, Any]) -> None:
    plain["clauses"][2]["steps"] = [{"at": "soon", "amount": {"gift": "mug"}}]
    add(plain, ("clauses", 2, "steps"), "")
    assert plain["clauses"][2]["steps"][1] == {"at": 1, "amount": {"gift": "mug"}}


def test_entries_are_taken_out_and_moved(plain: dict[str, Any]) -> None:
    assert move(plain, ("clauses", 2), -1) == ("clauses", 1)
    assert move(plain, ("clauses", 0), -1) == ("clauses", 0)
    assert [clause.id for clause in read(plain).clauses] == ["base", "ladder", "welcome"]
    remove(plain, ("clauses", 0))
    remove(plain, ("gifts", 0))
    assert "gifts" not in plain
    assert [clause.id for clause in read(plain).clauses] == ["ladder", "welcome"]
    for wrong in ("clauses[7].steps", "name.en.steps", "slug.steps"):
        with pytest.raises(LookupError):
            add(plain, place_of(wrong), "")


@pytest.mark.parametrize("before", list(TriggerKind))
def test_a_trigger_becomes_every_other_and_keeps_the_terms_they_share(
    plain: dict[str, Any], before: TriggerKind
) -> None:
    for after in TriggerKind:
        trigger = spelled_out(TRIGGERS[before])
        assert trigger_kind(trigger) is before
        made = retriggered(trigger, after)
        plain["qualifies"] = made
        assert read(plain).qualifying.kind is after
        old, new = trigger[before], made[after]
        assert all(new[name] == old[name] for name in new.keys() & old.keys())


def test_a_reward_becomes_every_other_and_stays_sound(plain: dict[str, Any]) -> None:
    for before, after in product(PrizeKind, PrizeKind):
        reward = deepcopy(PRIZES[before])
        assert prize_kind(reward) is before
        made = reprized(reward, after, plain)
        assert prize_kind(made) is after
        plain["clauses"][2]["steps"][0]["amount"] = made
        read(plain)
    assert reprized(PRIZES[PrizeKind.PICK], PrizeKind.GIFT, plain) == {"gift": "mug"}
    assert reprized("¥88", PrizeKind.PICK, plain)["pick"][0] == "¥88"
    assert prize_kind({"amount": 5, "unit": "CNY"}) is None
    assert prize_kind("plenty of points") is PrizeKind.POINTS


def test_what_nobody_here_knows_stays(plain: dict[str, Any]) -> None:
    plain["clauses"][1]["of_tomorrow"] = {"deep": [1, {"deeper": True}]}
    before = deepcopy(plain)
    add(plain, ("clauses",), "base")
    move(plain, ("clauses", 1), 1)
    move(plain, ("clauses", 2), -1)
    remove(plain, ("clauses", 3))
    assert plain == before
    assert yaml.safe_load(written(plain)) == before
