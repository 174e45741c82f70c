"""The programme as a form: clauses of every kind are added, moved and taken out, by two people."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from counter import CAMPAIGN, Page, words
from desktop import Desk, Desks
from filled_form import filled, first_button, focused
from money import history

from shared.base.i18n import Locale
from shared.campaigns.campaigns import campaign_by_slug, current_version
from shared.campaigns.changes import changes
from shared.campaigns.drafting import ClauseKind
from shared.campaigns.export import campaign_yaml
from shared.campaigns.file import CampaignFile, apply_campaign, read_campaign

EDIT = "/desk/campaigns/spring/edit"
STEPS = "[{at: 1, amount: 500 points}, {at: 3, amount: 3000 points}, {at: 5, amount: ¥80}]"
RICH = """
gifts:
  - {id: mug, name: {zh_Hans: 杯子, zh_Hant: 杯子, en: a mug}, stock: 20}
causes:
  - {id: forest, name: {zh_Hans: 植树, zh_Hant: 植樹, en: trees}}
tax: {threshold: ¥800, rate: 20%}
reminder: {after_days: 4, most: 2}
"""
RICH_CLAUSES = """
  - {id: mug, kind: base, trigger: approved, amount: {gift: mug}, cooling_days: 1, first_n: 9}
  - {id: trees, kind: base, trigger: activated, amount: {donate: ¥20, to: forest}}
  - {id: pick, kind: base, trigger: approved, amount: {pick: [¥50, {gift: mug}], within_days: 10}}
  - {id: share, kind: share, months: 12, bands: [{at_least: ¥1000, amount: ¥5}]}
  - {id: three, kind: stage, months: 3, at_least: ¥500, amount: ¥20.50}
  - id: twice
    kind: welcome
    trigger: {held: {days: 60}}
    amount: ¥8
    at_once_percent: 40
    multipliers:
      - {percent: 150, weekdays: [mon, sun]}
      - {percent: 200, segment: gold, starts: 2026-05-01, ends: 2026-05-05}
"""


def shown(desk: Desk) -> dict[str, str]:
    """The page's form as a browser would send it."""
    assert desk.page is not None
    return filled(desk.page.response.get_data(as_text=True))


def steps(desk: Desk, step: str, **typed: str) -> Page:
    """Type something and press a button of the form."""
    return desk.posts(EDIT, **(shown(desk) | typed | {"step": step}))


def draft_of(page: Page) -> CampaignFile:
    """What the compare page is about to propose."""
    found = re.search(r'<textarea name="source" hidden>\n(.*?)</textarea>', page.html, re.DOTALL)
    assert found, page.html
    return read_campaign(found[1])


def in_force(desks: Desks) -> CampaignFile:
    with desks.database.reading() as session:
        spring = campaign_by_slug(session, "spring")
        assert spring is not None
        return read_campaign(campaign_yaml(session, spring, desks.clock()))


@pytest.fixture
def rich(desks: Desks) -> Desks:
    """Spring with every kind of clause and reward, and much that the form does not show."""
    source = CAMPAIGN.replace("BRANCH_LIMIT", "¥200").replace(
        "[{at: 3, amount: 3000 points}]", STEPS
    )
    source = source.rstrip() + RICH_CLAUSES + RICH
    with desks.database.transaction() as session:
        apply_campaign(session, source, desks.clock(), "operator:test")
    return desks


def test_sending_the_form_as_it_came_changes_nothing(rich: Desks, tang: Desk) -> None:
    tang.opens(EDIT)
    assert len([name for name in shown(tang) if name.startswith("clauses[")]) > 50
    page = steps(tang, "compare")
    assert words("error.campaign.same") in page.html
    steps_back = tang.opens(EDIT)
    assert steps_back.status == 200
    for step in ("down clauses[3]", "up clauses[4]", "preview"):
        assert steps(tang, step).status == 200
    assert words("error.campaign.same") in steps(tang, "compare").html


def test_a_clause_of_every_kind_is_added_by_two_people(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    tang.opens(EDIT)
    for n, kind in enumerate(ClauseKind, 3):
        page = steps(tang, "add clauses", new_kind=kind.value)
        assert page.status == 200
        assert page.has(f"group-clauses[{n}]")
        assert focused(page.html) == f"clauses[{n}].id"
        assert not page.has("preview-wrong")
    typed = {"clauses[3].id": "more", "clauses[3].amount": "¥66"}
    draft = steps(tang, "compare", **typed)
    assert draft.html.count(words("desk.change.added")) == 5
    assert "¥66" in draft.html.split('data-test="changes"')[1]
    made = draft_of(draft)
    assert [clause.kind for clause in made.clauses[3:]] == [kind.value for kind in ClauseKind]
    tang.posts("/desk/proposals", source=_source(draft))
    shen.posts("/desk/approvals/1/confirm")
    assert in_force(desks).clauses == made.clauses
    assert in_force(desks).clause("more") is not None


def _source(page: Page) -> str:
    found = re.search(r'<textarea name="source" hidden>\n(.*?)</textarea>', page.html, re.DOTALL)
    assert found
    return found[1]


def test_another_kind_of_trigger_or_reward_brings_its_own_fields(rich: Desks, tang: Desk) -> None:
    tang.opens(EDIT)
    page = steps(
        tang, "preview",
        **{"clauses[0].trigger:kind": "held", "clauses[0].amount:kind": "gift",
           "clauses[2].steps[1].amount:kind": "pick", "qualifies:kind": "activated"},
    )  # fmt: skip
    fields = shown(tang)
    assert fields["clauses[0].trigger.held.days"] == "180"
    assert "clauses[0].trigger.first_purchase.at_least" not in fields
    assert fields["clauses[0].amount.gift"] == "mug"
    assert fields["clauses[2].steps[1].amount.pick[0]"] == "3000 points"
    assert fields["clauses[2].steps[1].amount.within_days"] == "30"
    assert fields["qualifies.activated.within_days"] == "90"
    assert not page.has("preview-wrong")
    made = draft_of(steps(tang, "compare", **{"clauses[0].trigger.held.days": "60"}))
    assert made.clauses[0].model_dump()["trigger"]["days"] == 60
    assert made.qualifying.kind == "activated"
    derived = draft_of(_again(tang, **{"qualifies:kind": ""}))
    assert derived.qualifies is None


def _again(desk: Desk, **typed: str) -> Page:
    desk.opens(EDIT)
    steps(desk, "preview", **typed)
    return steps(desk, "compare")


def test_lists_inside_a_clause_grow_and_shrink(rich: Desks, tang: Desk) -> None:
    tang.opens(EDIT)
    for step, field in (
        ("add clauses[2].steps", "clauses[2].steps[3].at"),
        ("add clauses[6].bands", "clauses[6].bands[1].at_least"),
        ("add clauses[0].multipliers", "clauses[0].multipliers[0].percent"),
        ("add clauses[5].amount.pick", "clauses[5].amount.pick[2]:kind"),
        ("add limits.daily_budget", "limits.daily_budget[0]"),
    ):
        page = steps(tang, step)
        assert (page.status, focused(page.html)) == (200, field)
        assert not page.has("preview-wrong"), step
    sent = shown(tang) | {"clauses[0].multipliers[0].percent": "300"}
    del sent["clauses[0].multipliers[0].weekdays.sat"]  # the box is not ticked any more
    page = tang.posts(EDIT, **(sent | {"step": "remove clauses[8].multipliers[1]"}))
    assert focused(page.html) == "add clauses[8].multipliers"
    steps(tang, "remove clauses[2].steps[0]")
    made = draft_of(steps(tang, "compare"))
    dumped: Any = [clause.model_dump(mode="json") for clause in made.clauses]
    assert dumped[0]["multipliers"][0]["weekdays"] == ["sun"]
    assert dumped[0]["multipliers"][0]["percent"] == 300
    assert [step["at"] for step in dumped[2]["steps"]] == [3, 5, 6]
    assert len(dumped[5]["amount"]["options"]) == 3
    assert len(dumped[8]["multipliers"]) == 1
    assert made.limits.daily_budget[0].amount == 1_000_000


def test_a_gift_is_listed_and_then_given(desks: Desks, tang: Desk) -> None:
    page = tang.opens(EDIT)
    assert '<option value="gift"' not in page.html
    page = steps(tang, "add gifts")
    assert (page.status, focused(page.html)) == (200, "gifts[0].id")
    assert "gifts[0].name.en-error" not in page.html  # nobody had a chance to write it yet
    late = steps(tang, "preview")
    assert late.status == 422
    assert 'id="gifts[0].name.en-error"' in late.html
    names = {f"gifts[0].name.{language}": "mug" for language in ("zh_Hans", "zh_Hant", "en")}
    steps(tang, "preview", **names, **{"clauses[1].amount:kind": "gift"})
    made = draft_of(steps(tang, "compare", **{"gifts[0].stock": "7"}))
    assert (made.gifts[0].stock, made.clauses[1].model_dump()["amount"]["item"]) == (7, "gift")


def test_the_order_moves_and_the_difference_says_so(desks: Desks, tang: Desk) -> None:
    tang.opens(EDIT)
    page = steps(tang, "up clauses[2]")
    assert focused(page.html) == "up clauses[1]"
    page = steps(tang, "compare", **{"clauses[1].cooling_days": "7"})
    told = page.html.split('data-test="changes"')[1].split("</table>")[0]
    assert words("desk.change.order") in told
    made = draft_of(page)
    assert [clause.id for clause in made.clauses] == ["base", "ladder", "welcome"]
    assert made.clauses[1].cooling_days == 7
    found = changes(in_force(desks), made, Locale.EN)
    assert [each.part for each in found] == ["clause", "order"]


WRONG = (
    ({"clauses[0].trigger.first_purchase.at_least": "a lot"}, None),
    ({"clauses[0].trigger.first_purchase.within_days": ""}, None),
    ({"clauses[5].amount.pick[0]": "plenty"}, None),
    ({"clauses[4].amount.donate": "plenty"}, None),
    ({"clauses[2].steps[1].at": "9"}, "clauses[2].steps[0].at"),
    ({"clauses[6].bands[0].amount": "none"}, None),
    ({"clauses[3].at_once_percent": "20"}, None),
    ({"clauses[8].multipliers[1].ends": ""}, "clauses[8].multipliers[1].percent"),
    ({"clauses[8].multipliers[1].starts": "2026-02-30"}, None),
    ({"clauses[7].cooling_days": "91"}, "claw_back_days"),
    ({"gifts[0].stock": "0"}, None),
)
"""What is typed, and where that is marked when it is not the field itself."""


def test_what_is_wrong_is_marked_where_it_is_mended(rich: Desks, tang: Desk) -> None:
    as_it_was = filled(tang.opens(EDIT).html)
    for typed, elsewhere in WRONG:
        ((name, value),) = typed.items()
        page = tang.posts(EDIT, **(as_it_was | typed | {"step": "compare"}))
        assert page.status == 422, name
        assert f'id="{elsewhere or name}-error"' in page.html, name
        assert page.html.count('<p class="field__error" id=') == 1, name
        assert not page.has("errors")
        assert shown(tang)[name] == value


def test_a_name_twice_and_nothing_that_qualifies_are_marked_too(desks: Desks, tang: Desk) -> None:
    tang.opens(EDIT)
    steps(tang, "add clauses", new_kind="stage")
    page = steps(tang, "preview", **{"clauses[3].id": "ladder"})
    assert 'id="clauses[3].id-error"' in page.html
    tang.opens(EDIT)
    steps(tang, "preview", **{"qualifies:kind": ""})
    page = steps(tang, "remove clauses[0]")
    page = steps(tang, "preview")
    assert 'id="qualifies:kind-error"' in page.html
    assert words("desk.edit.qualifies.derived") in page.html


def test_a_clause_that_has_granted_is_taken_out_and_goes_on_for_whom_it_was_promised(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    history(desks)
    tang.opens(EDIT)
    steps(tang, "remove clauses[1]")
    draft = steps(tang, "compare")
    told = draft.html.split('data-test="kept-welcome"')[1].split("</p>")[0]
    friends, grants = (int(n) for n in re.findall(r"\d+", told.replace(",", "")))
    assert friends == 8
    assert 0 < grants <= friends
    tang.posts("/desk/proposals", source=_source(draft))
    shown_to_her = shen.opens("/desk/approvals/1")
    assert shown_to_her.has("kept-welcome")
    shen.posts("/desk/approvals/1/confirm")
    with desks.database.reading() as session:
        assert current_version(session, 1).rules.clause("welcome") is None
    tang.opens(EDIT)
    page = steps(tang, "add clauses", new_kind="welcome")
    assert shown(tang)["clauses[2].id"] == "welcome_2"  # the old name has its rewards
    assert page.status == 200


def test_enter_in_a_field_takes_nothing_out(tang: Desk) -> None:
    assert first_button(tang.opens(EDIT).html) == "preview"


def test_what_did_not_come_from_the_form_changes_nothing(desks: Desks, tang: Desk) -> None:
    tang.opens(EDIT)
    before = json.loads(shown(tang)["structure"])
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    forged = [
        "", "{", "[]", "[" * 9_000, "null", '{"clauses": []}', '{"clauses": [1]}',
        json.dumps(before | {"slug": "other"}),
        json.dumps(before | {"gifts": [{"id": "a"}]}),
        json.dumps(before | {"clauses": [{"id": "a", "kind": "none"}]}),
        json.dumps(before | {"clauses": [{"id": "a", "kind": "base", "trigger": "soon"}]}),
        json.dumps(before | {"clauses": [{"id": "a", "kind": "base", "amount": {"pick": 3}}]}),
        json.dumps(before | {"clauses": [{"id": "a", "kind": "base", "deep": deep}]}),
        json.dumps(before | {"limits": {"budget": "much"}}),
    ]  # fmt: skip
    as_it_was = shown(tang)
    for structure in forged:
        page = tang.posts(EDIT, structure=structure, step="look")
        assert page.status == 200, structure[:80]
        assert shown(tang)["structure"] == as_it_was["structure"], structure[:80]
    for step in (
        "remove clauses[9]", "remove clauses[0].steps[0]", "up name", "add slug", "add clauses[0]",
        "down clauses[99]", "remove clauses", "add clauses[0].amount.pick", "add " + "x" * 5000,
        "add clauses",
    ):  # fmt: skip
        page = tang.posts(EDIT, **(as_it_was | {"step": step, "new_kind": "<none>"}))
        assert page.status == 200, step
        assert shown(tang)["structure"] == as_it_was["structure"], step


def test_names_that_somebody_typed_come_back_escaped(tang: Desk) -> None:
    tang.opens(EDIT)
    steps(tang, "add clauses", new_kind="base")
    evil = '"><script>alert(1)</script>'
    page = steps(tang, "preview", **{"clauses[3].id": evil, "clauses[3].amount": evil})
    raw = page.response.get_data(as_text=True)
    assert "<script>alert" not in raw
    assert shown(tang)["clauses[3].id"] == evil
