"""Write-offs and goodwill at the desk: one asks with a reason, another decides."""

from __future__ import annotations

import pytest
from counter import ALICE, CHEN, both_engines, words
from desktop import LUO, TANG, Desk, Desks
from money import settles
from sqlalchemy import select

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post
from shared.people.staff import Staff
from shared.rewards.remedies import Remedy
from shared.rewards.standing import KeyEvent

GOODWILL, ONE = "/desk/remedies/goodwill", "/desk/remedies/1"
SPRING = "/desk/campaigns/spring"
GIVEN = {"campaign": "spring", "member": ALICE, "amount": "88", "unit": "CNY", "reason": "late"}


@pytest.fixture
def owing(desks: Desks) -> Desks:
    """Alice was paid ¥100 that is no longer owed."""
    member = desks.house.member_id(ALICE)
    with desks.database.transaction() as session:
        key = Key(1, f"member:{member}", "base", "referral:7")
        legs = {(Account.FUNDING, Unit.CNY): -10_000, (Account.RECOVERABLE, Unit.CNY): 10_000}
        post(session, key, member, 1, Balance(legs), {}, desks.clock())
    return desks


def asked(desks: Desks) -> list[tuple[str, int, str]]:
    with desks.database.reading() as session:
        rows = session.execute(select(Remedy.kind, Remedy.amount, Remedy.state))
        return [tuple(row) for row in rows]


@both_engines
def test_goodwill_is_asked_by_one_and_given_by_another(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    page = tang.posts(GOODWILL, **GIVEN)
    assert page.place == ONE
    assert words("desk.remedy.said.asked", number=1) in page.html
    assert page.has("own")
    assert not page.has("agree")
    again = tang.posts(GOODWILL, **GIVEN)
    assert words("error.remedy.asked", number=1) in again.html
    assert words("error.remedy.maker") in tang.posts(f"{ONE}/agree").html
    assert shen.opens("/desk/approvals").has("waits-goodwill")
    done = shen.posts(f"{ONE}/agree")
    assert words("desk.remedy.said.done", number=1) in done.html
    assert words("error.remedy.decided", number=1) in shen.posts(f"{ONE}/agree").html
    assert words("error.remedy.decided", number=1) in desks.of(CHEN).posts(f"{ONE}/refuse").html
    assert asked(desks) == [("goodwill", 8_800, "done")]
    settles(desks)
    assert "¥88" in tang.opens("/desk/payouts").html.split("ready-spring")[1]


def test_goodwill_is_refused_in_words_and_what_was_typed_stays(desks: Desks, tang: Desk) -> None:
    for wrong, code in (
        ({"member": "C999"}, "remedy.member"),
        ({"member": "\0"}, "remedy.member"),
        ({"amount": "0"}, "remedy.amount"),
        ({"amount": "-5"}, "remedy.amount"),
        ({"amount": "1e9"}, "remedy.amount"),
        ({"amount": "12.5", "unit": "POINTS"}, "remedy.amount"),
        ({"unit": "GIFT"}, "remedy.amount"),
        ({"reason": " \0 "}, "remedy.reason"),
    ):
        page = tang.posts(GOODWILL, **(GIVEN | wrong))
        assert page.status == 422, wrong
        assert words(f"error.{code}") in page.html, wrong
    assert 'value="late"' in tang.posts(GOODWILL, **(GIVEN | {"amount": "x"})).html
    assert tang.posts(GOODWILL, **(GIVEN | {"campaign": "none"})).status == 404
    assert asked(desks) == []
    page = tang.posts(GOODWILL, **(GIVEN | {"amount": " ¥1,234.5 ", "reason": "<b>x</b>" * 30}))
    assert b"<b>" not in page.response.data
    assert asked(desks) == [("goodwill", 123_450, "asked")]


@both_engines
def test_what_will_not_come_back_is_written_off_by_two(
    owing: Desks, tang: Desk, shen: Desk
) -> None:
    listed = tang.opens(f"{SPRING}/recoverable")
    assert "¥100" in listed.html
    assert "李爱丽" not in listed.html
    form = tang.opens(listed.link_of("write-off").replace("&amp;", "&"))
    fields = {name: form.field(name) for name in ("party", "clause", "occasion", "unit")}
    silent = tang.posts(f"{SPRING}/write-off", **fields)
    assert words("error.remedy.reason") in silent.html
    page = tang.posts(f"{SPRING}/write-off", **fields, reason="moved abroad")
    assert page.place == ONE
    listed = tang.opens(f"{SPRING}/recoverable")
    assert words("desk.remedy.asked_already", number=1) in listed.html
    assert not listed.has("write-off")
    refused = shen.posts(f"{ONE}/refuse")
    assert words("desk.remedy.said.refused", number=1) in refused.html
    tang.posts(f"{SPRING}/write-off", **fields, reason="moved abroad")
    assert shen.posts("/desk/remedies/2/agree").status == 200
    assert asked(owing) == [("write_off", 10_000, "refused"), ("write_off", 10_000, "done")]
    with owing.database.reading() as session:
        events = session.execute(select(KeyEvent.kind, KeyEvent.amount)).all()
    assert [tuple(row) for row in events] == [("forgiven", 10_000)]


def test_nobody_decides_about_their_own_account(owing: Desks, tang: Desk) -> None:
    with owing.database.transaction() as session:
        staff = session.scalars(select(Staff).where(Staff.staff_no == TANG)).one()
        staff.customer_ref = ALICE
    assert words("error.remedy.party") in tang.posts(GOODWILL, **GIVEN).html
    link = tang.opens(f"{SPRING}/recoverable").link_of("write-off").replace("&amp;", "&")
    form = tang.opens(link)
    fields = {name: form.field(name) for name in ("party", "clause", "occasion", "unit")}
    page = tang.posts(f"{SPRING}/write-off", **fields, reason="x")
    assert words("error.remedy.party") in page.html
    assert asked(owing) == []


def test_a_made_up_key_is_not_there(owing: Desks, tang: Desk) -> None:
    for party, unit in (("member:1", "CNY"), ("bank:1", "CNY"), ("member:1", "x"), ("\0", "CNY")):
        query = {"party": party, "clause": "base", "occasion": "x", "unit": unit}
        page = tang.client.get(f"{SPRING}/write-off", query_string=query)
        assert page.status_code == 404
    page = tang.posts(f"{SPRING}/write-off", party="member:1", clause="x", occasion="x", unit="CNY",
                      reason="x")  # fmt: skip
    assert words("error.remedy.nothing") in page.html


def test_an_auditor_reads_every_request_and_its_spreadsheet(owing: Desks, tang: Desk) -> None:
    tang.posts(GOODWILL, **GIVEN)
    luo = owing.of(LUO)
    page = luo.opens(ONE)
    assert "late" in page.html
    assert not page.has("agree")
    assert not luo.opens(f"{SPRING}/recoverable").has("write-off")
    sheet = luo.opens("/desk/remedies?format=csv&lang=en&state=asked").html
    assert "1,Goodwill,spring," in sheet
    assert "88.00,Cash,late,Waiting" in sheet
    assert "Goodwill" not in luo.opens("/desk/remedies?format=csv&lang=en&state=done").html
