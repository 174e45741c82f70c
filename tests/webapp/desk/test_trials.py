"""The simulator at the desk: a version, a proposal or a file on recorded history."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pytest
from counter import CAMPAIGN, words
from desktop import Desk, Desks
from money import history, works
from sqlalchemy import select

from shared.actions.inquiring import Inquiry
from shared.base.i18n import Locale

TRIALS, FIRST = "/desk/trials", "/desk/trials/1"
RULES = CAMPAIGN.replace("BRANCH_LIMIT", "¥200")
DEARER = RULES.replace("amount: ¥100", "amount: ¥120")


@pytest.fixture
def busy(desks: Desks) -> Desks:
    """Two members whose friends qualified."""
    history(desks)
    return desks


def count(desks: Desks) -> int:
    with desks.database.reading() as session:
        return len(session.scalars(select(Inquiry.id)).all())


def test_the_version_in_force_costs_what_it_did(busy: Desks, tang: Desk) -> None:
    assert "version:spring:1" in tang.opens(TRIALS).html
    page = tang.posts(TRIALS, draft="version:spring:1", ltv="¥900")
    assert page.place == FIRST
    assert page.has("progress")
    assert works(busy)
    page = tang.opens(f"{FIRST}?lang=en")
    assert "the same as in fact" in page.text_of("summary")
    for name in ("costs", "steps", "people", "limits"):
        assert page.has(f"trial-{name}"), name
    assert "at most a third" in page.html
    assert "Total,,¥" in tang.opens(page.link_of("csv")).html
    for more in ("", "?dark=1", "?keep=1"):
        chart = tang.client.get(f"{FIRST}/chart.svg{more}")
        assert chart.mimetype == "image/svg+xml"
        assert ElementTree.fromstring(chart.data).tag.endswith("svg")
    light, dark = (tang.client.get(f"{FIRST}/chart.svg{m}").data for m in ("", "?dark=1"))
    assert (b"#FAF8F4" in light, b"#FAF8F4" in dark) == (True, False)


def test_a_draft_is_tried_from_where_it_is_written(busy: Desks, tang: Desk, shen: Desk) -> None:
    draft = tang.posts("/desk/drafts", source=DEARER)
    assert draft.has("try")
    page = tang.posts(TRIALS, source=DEARER)
    works(busy)
    more = tang.opens(page.place).text_of("summary")
    assert more.startswith("草案的现金花费为")
    assert "多 ¥" in more
    tang.posts("/desk/proposals", source=DEARER)
    asked = shen.opens("/desk/approvals/1")
    assert asked.has("try")
    page = shen.posts(TRIALS, draft="approval:1")
    works(busy)
    assert shen.opens(page.place).text_of("summary") == more
    assert "approval:1" in tang.opens(TRIALS).html


def test_a_file_goes_before_the_choice_and_its_mistakes_are_listed(busy: Desks, tang: Desk) -> None:
    cheaper = RULES.replace("amount: ¥100", "amount: ¥80").replace("slug: spring", "slug: autumn")
    sheet = (io.BytesIO(cheaper.encode()), "draft.yaml")
    own = tang.posts(TRIALS, draft="version:spring:1", file=sheet)
    assert words("error.trial.no_history", slug="autumn") in own.html
    sheet = (io.BytesIO(cheaper.encode()), "draft.yaml")
    page = tang.posts(TRIALS, draft="version:spring:1", file=sheet, history="spring")
    works(busy)
    assert "less than" in tang.opens(f"{page.place}?lang=en").text_of("summary")
    wrong = tang.posts(TRIALS, source=RULES.replace("zone: Asia/Shanghai", "zone: <script>"))
    assert wrong.status == 422
    assert wrong.has("mistakes")
    assert b"zone: <script>" not in wrong.response.data


def test_what_cannot_be_tried_is_told(desks: Desks, tang: Desk) -> None:
    for fields, code, params in (
        ({}, "trial.nothing", {}),
        ({"draft": "version:spring:9"}, "trial.nothing", {}),
        ({"draft": "version:none:1"}, "trial.nothing", {}),
        ({"draft": "approval:7"}, "trial.nothing", {}),
        ({"draft": "version:spring:1", "history": "none"}, "trial.no_history", {"slug": "none"}),
        ({"draft": "version:spring:1", "until": "yesterday"}, "trial.day", {}),
        ({"draft": "version:spring:1", "until": "9999-12-31"}, "trial.day", {}),
        ({"draft": "version:spring:1", "ltv": "0"}, "trial.value", {}),
        ({"draft": "version:spring:1", "ltv": "<b>"}, "trial.value", {}),
    ):
        page = tang.posts(TRIALS, **fields)
        assert page.status == 422, fields
        assert words(f"error.{code}", **params) in page.html, fields
        assert b"<b>" not in page.response.data
    assert count(desks) == 0
    tang.posts(TRIALS, draft="version:spring:1", until="2026-02-01")
    works(desks)
    empty = tang.opens(FIRST)
    assert words("desk.trial.same", Locale.ZH_HANS, draft="¥0") in empty.html
