"""Rows on the desk: filters in the address, pages by key, a spreadsheet of all of it."""

from __future__ import annotations

import csv
import io

import pytest
from counter import BOB, words
from desktop import Desk, Desks

from shared.base.money import Unit
from webapp.desk import rows
from webapp.desk.tables import Cell, plain

SPRING = "/desk/campaigns/spring"


@pytest.fixture
def busy(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Desks:
    """Two friends registered under Alice's invite; pages of one row."""
    monkeypatch.setattr(rows, "A_PAGE", 1)
    monkeypatch.setattr(rows, "_A_BATCH", 1)
    house = desks.house
    for phone in (BOB, "+8613900139001"):
        mei = house.mei()
        house.sends_number(mei, phone)
        page = mei.posts(
            "/tablet/walk-in/confirm", code=house.sms_code(), name="王波", referral="yes",
            adult="yes",
        )  # fmt: skip
        assert page.status == 200
    return desks


def test_pages_follow_each_other_and_the_spreadsheet_holds_them_all(
    busy: Desks, tang: Desk
) -> None:
    first = tang.opens(f"{SPRING}/rows/referrals?lang=en")
    assert first.html.count("<tr>") == 2
    second = tang.opens(first.link_of("further"))
    assert second.html.count("<tr>") == 2
    assert not second.has("further")
    assert first.html.split("<tbody>")[1] != second.html.split("<tbody>")[1]
    sheet = tang.opens(first.link_of("csv")).response
    assert sheet.mimetype == "text/csv"
    assert "spring-referrals.csv" in sheet.headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(sheet.get_data(as_text=True).lstrip("\ufeff"))))
    assert lines[0][0] == "Referral"
    assert [line[0] for line in lines[1:]] == ["2", "1"]
    assert lines[1][2] == f"member:{busy.house.member_id('C100001')}"


def test_no_row_names_anybody(busy: Desks, tang: Desk) -> None:
    for what in rows.LISTINGS:
        for more in ("", "?format=csv"):
            html = tang.opens(f"{SPRING}/rows/{what}{more}").html
            for personal in ("王波", "李爱丽", "13900139", "13800138001", "C100001"):
                assert personal not in html


def test_filters_stand_in_the_address_and_stay_on_the_page(busy: Desks, tang: Desk) -> None:
    page = tang.opens(f"{SPRING}/rows/referrals?stage=qualified")
    assert page.has("no-rows")
    assert '<option value="qualified" selected>' in page.html
    assert "stage=qualified" in page.link_of("csv")
    odd = tang.opens(f"{SPRING}/rows/grants?account=nowhere&unit=%00&after=x&clause=%00")
    assert odd.status == 200
    chip = tang.opens(f"{SPRING}/rows/verdicts?draws=friends")
    assert words("desk.filter.draws") in chip.html


def test_lists_of_campaigns_and_approvals_are_spreadsheets_too(desks: Desks, tang: Desk) -> None:
    tang.posts(f"{SPRING}/move/closing")
    one = tang.opens("/desk/campaigns?format=csv&lang=en").html
    assert "Share the card,spring,Running" in one
    assert "spring" not in tang.opens("/desk/campaigns?format=csv&life=draft").html
    two = tang.opens("/desk/approvals?format=csv&lang=en&state=open").html
    assert "1,Running → Closing,spring,唐雨 S9001" in two
    assert "Closing" not in tang.opens("/desk/approvals?format=csv&lang=en&state=refused").html


def test_a_spreadsheet_holds_no_formula() -> None:
    assert plain(Cell("text", "=1+1")) == "'=1+1"
    assert plain(Cell("money", -1250, Unit.CNY)) == "-12.50"
    assert plain(Cell("money", 300, Unit.POINTS)) == "300"
