"""A friend's page at the desk: what a finding would move, and two people who decide it."""

from __future__ import annotations

import pytest
from counter import CHEN, both_engines, words
from desktop import LUO, SHEN, Desk, Desks
from money import history, settles
from sqlalchemy import select

from shared.people.staff import Staff
from shared.referrals.findings import Finding

LIST = "/desk/campaigns/spring/rows/referrals"
BOB = "/desk/campaigns/spring/friends/2"
ONE = "/desk/remedies/1"


@pytest.fixture
def busy(desks: Desks) -> Desks:
    """One member with two friends; the second earned ¥100, and ¥50 for themselves, a month ago."""
    history(desks, members=1, friends=2)
    return desks


def found(desks: Desks) -> list[str]:
    with desks.database.reading() as session:
        return list(session.scalars(select(Finding.word).order_by(Finding.id)))


@both_engines
def test_a_friend_is_found_in_the_list_and_reversed_by_two(busy: Desks, tang: Desk) -> None:
    assert 'href="/desk/campaigns/spring/friends/2"' in tang.opens(LIST).html
    page = tang.opens(BOB)
    moves = page.html.split('data-test="moves"')[1]
    assert "¥100" in moves
    assert "¥50" in moves
    assert words("desk.friend.window", days=90) in page.html
    silent = tang.posts(f"{BOB}/fraud", reason=" \0 ")
    assert silent.status == 422
    assert words("error.remedy.reason") in silent.html
    asked = tang.posts(f"{BOB}/fraud", reason="same face")
    assert asked.place == ONE
    assert "¥100" in asked.html.split('data-test="moves"')[1]
    assert asked.has("own")
    assert not asked.has("agree")
    again = tang.posts(f"{BOB}/fraud", reason="once more")
    assert words("error.remedy.asked", number=1) in again.html
    assert again.has("open")
    assert words("error.remedy.maker") in tang.posts(f"{ONE}/agree").html
    shen = busy.of(SHEN)
    assert shen.opens("/desk/approvals").has("waits-fraud")
    done = shen.posts(f"{ONE}/agree")
    assert words("desk.remedy.said.done", number=1) in done.html
    assert not done.has("moves")
    assert words("error.remedy.decided", number=1) in shen.posts(f"{ONE}/agree").html
    assert found(busy) == ["fraud"]
    settles(busy)
    page = tang.opens(BOB)
    assert words("desk.friend.fraud") in page.html
    assert page.has("past")
    assert "¥100" in page.html.split('data-test="moves"')[1]  # what clearing would give again
    assert words("error.finding.stands") in tang.posts(f"{BOB}/fraud", reason="x").html


def test_a_mistake_is_mended_on_the_same_page(busy: Desks, tang: Desk, shen: Desk) -> None:
    assert words("error.finding.none") in tang.posts(f"{BOB}/cleared", reason="x").html
    tang.posts(f"{BOB}/fraud", reason="same face")
    shen.posts(f"{ONE}/agree")
    settles(busy)
    shen.posts(f"{BOB}/cleared", reason="it was the twin")
    assert tang.opens("/desk/approvals").has("waits-cleared")
    tang.posts("/desk/remedies/2/agree")
    settles(busy)
    assert found(busy) == ["fraud", "cleared"]
    assert words("desk.friend.fraud") not in tang.opens(BOB).html
    sheet = tang.opens("/desk/remedies?format=csv&lang=en").html
    assert "1,Confirmed fraud,spring," in sheet
    assert "150.00,Cash,same face,Agreed" in sheet
    assert "2,Fraud withdrawn,spring," in sheet


def test_the_list_says_who_was_found_and_shows_one_members_friends(
    busy: Desks, tang: Desk, shen: Desk
) -> None:
    tang.posts(f"{BOB}/fraud", reason="same face")
    shen.posts(f"{ONE}/agree")
    settles(busy)
    frauds = tang.opens(f"{LIST}?stage=fraud")
    assert frauds.html.count("<tr>") == 2
    assert "friends/2" in frauds.html
    member = busy.house.member_id("M0")
    for asked, rows in ((member, 3), (999, 0), ("x", 3), (9**30, 3)):
        assert tang.opens(f"{LIST}?member={asked}").html.count("<tr>") == rows, asked
    page = tang.posts("/desk/remedies/friends", campaign="spring", member="M0")
    assert page.place == LIST
    assert page.html.count("<tr>") == 3
    unknown = tang.posts("/desk/remedies/friends", campaign="spring", member="C999")
    assert unknown.place == "/desk/remedies"
    assert words("error.remedy.member") in unknown.html
    assert tang.posts("/desk/remedies/friends", campaign="none", member="x").status == 404


def test_another_campaigns_friend_and_a_made_up_one_are_not_there(busy: Desks, tang: Desk) -> None:
    for path in (
        "/desk/campaigns/spring/friends/99", "/desk/campaigns/none/friends/1",
        f"/desk/campaigns/spring/friends/{2**70}", "/desk/campaigns/spring/friends/0",
    ):  # fmt: skip
        assert tang.client.get(path).status_code == 404
        assert tang.posts(f"{path}/fraud", reason="x").status == 404
    assert found(busy) == []


def test_nobody_decides_where_they_are_a_party(busy: Desks, tang: Desk) -> None:
    with busy.database.transaction() as session:
        staff = session.scalars(select(Staff).where(Staff.staff_no == "S9001")).one()
        staff.customer_ref = "M0"
    assert words("error.remedy.party") in tang.posts(f"{BOB}/fraud", reason="x").html
    busy.of(CHEN).posts(f"{BOB}/fraud", reason="x")
    assert words("error.remedy.party") in tang.posts(f"{ONE}/agree").html
    assert found(busy) == []


def test_an_auditor_looks_and_nobody_else_acts_without_their_own_session(busy: Desks) -> None:
    luo = busy.of(LUO)
    page = luo.opens(BOB)
    assert page.has("moves")
    assert not page.has("ask")
    assert luo.posts(f"{BOB}/fraud", reason="x").status == 403
    assert luo.posts("/desk/remedies/friends", campaign="spring", member="M0").place == LIST
    forged = busy.of(SHEN)
    forged.token = "0" * 43
    assert forged.posts(f"{BOB}/fraud", reason="x").status in (400, 403)
    assert busy.stranger().opens(BOB).place == "/desk/sign-in"
    assert found(busy) == []
