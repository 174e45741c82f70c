"""Payouts at the desk: one prepares, another confirms, the bank answers; nothing twice."""

from __future__ import annotations

import csv
import io

import pytest
from counter import ALICE, CHEN, EMILY, both_engines, words
from desktop import LUO, SHEN, TANG, Desk, Desks
from money import answers, goodwill, settles
from sqlalchemy import select

from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, Life, move
from shared.people.staff import Staff
from shared.post.audit import Audit
from shared.rewards.payouts import Batch, Line
from webapp.desk import answers as answers_page
from webapp.desk import payouts as payouts_page

PAYOUTS, FIRST = "/desk/payouts", "/desk/payouts/1"


@pytest.fixture
def owed(desks: Desks) -> Desks:
    """Alice has ¥88 and Emily 300 points that can be paid."""
    goodwill(desks, ALICE, 8_800)
    goodwill(desks, EMILY, 300, Unit.POINTS)
    return desks


def sent(desks: Desks) -> list[dict[str, str]]:
    """Batch 1, prepared by Tang and sent by Shen; the bank's file."""
    desks.of(TANG).posts(PAYOUTS, campaign="spring")
    shen = desks.of(SHEN)
    shen.posts(f"{FIRST}/confirm")
    content = shen.posts(f"{FIRST}/file", form="csv").response.get_data()
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def state_of(desks: Desks) -> str:
    with desks.database.reading() as session:
        return session.get_one(Batch, 1).state


def acts(desks: Desks, like: str) -> list[str]:
    with desks.database.reading() as session:
        query = select(Audit.act).where(Audit.act.like(like)).order_by(Audit.id)
        return list(session.scalars(query))


@both_engines
def test_one_prepares_another_confirms_and_the_bank_answers(
    owed: Desks, tang: Desk, shen: Desk
) -> None:
    ready = tang.opens(PAYOUTS).html
    assert "¥88" in ready
    assert "300 积分" in ready
    made = tang.posts(PAYOUTS, campaign="spring")
    assert made.place == FIRST
    assert words("desk.payout.said.prepared", number=1) in made.html
    assert made.has("own")
    assert not made.has("confirm")
    own = tang.posts(f"{FIRST}/confirm")
    assert own.status == 422
    assert words("error.payout.maker") in own.html
    assert state_of(owed) == "prepared"
    assert shen.opens(FIRST).has("confirm")
    done = shen.posts(f"{FIRST}/confirm")
    assert words("desk.payout.said.confirmed", number=1) in done.html
    again = shen.posts(f"{FIRST}/confirm")
    assert words("error.payout.state", number=1) in again.html
    full = shen.posts(f"{FIRST}/file", form="xlsx").response
    assert full.data.startswith(b"PK")
    assert 'filename="payout-1.xlsx"' in full.headers["Content-Disposition"]
    assert state_of(owed) == "exported"
    late = tang.posts(f"{FIRST}/cancel")
    assert words("error.payout.state", number=1) in late.html
    page = answers(tang, "JK000001-00001,paid,\nJK000001-00002,failed,account closed 622202123456")
    assert page.text_of("figure-paid") == "1"
    assert page.text_of("figure-failed") == "1"
    assert state_of(owed) == "acknowledged"
    settles(owed)
    shown = tang.opens(FIRST).html
    assert "account closed …" in shown
    again = tang.opens(PAYOUTS)
    assert again.has("ready-spring")  # what failed, and nothing else
    assert "300 积分" in again.html.split("ready-spring")[1]
    assert "¥88" not in again.html.split("ready-spring")[1]
    assert acts(owed, "payout.%") == [
        "payout.prepared", "payout.confirmed", "payout.exported", "payout.answered",
    ]  # fmt: skip


def test_the_same_answer_twice_changes_nothing_and_another_is_not_taken(
    owed: Desks, tang: Desk
) -> None:
    (alice, emily) = [row["reference"] for row in sent(owed)]
    lines = f"{alice},paid,\n{emily},paid,"
    answers(tang, lines)
    twice = answers(tang, lines)
    assert twice.text_of("figure-paid") == "0"
    assert twice.text_of("figure-repeated") == "2"
    other = answers(tang, f"{alice},failed,no\nJK9,paid,")
    assert words("command.payout.why.other") in other.html
    assert words("command.payout.why.unknown") in other.html
    with owed.database.reading() as session:
        assert set(session.scalars(select(Line.state))) == {"paid"}


def test_a_long_answer_stops_in_time_and_the_same_file_goes_on(
    owed: Desks, tang: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (alice, emily) = [row["reference"] for row in sent(owed)]
    monkeypatch.setattr(answers_page, "AT_ONCE", 1)
    monkeypatch.setattr(answers_page, "SECONDS", 0.0)
    first = answers(tang, f"{alice},paid,\n{emily},paid,")
    assert words("desk.answer.left", n=1) in first.html
    monkeypatch.setattr(answers_page, "SECONDS", 10.0)
    second = answers(tang, f"{alice},paid,\n{emily},paid,")
    assert words("desk.answer.taken") in second.html
    assert second.text_of("figure-repeated") == "1"
    assert second.text_of("figure-paid") == "1"


def test_a_bad_answer_is_refused_whole_with_its_lines(owed: Desks, tang: Desk) -> None:
    (alice, _) = [row["reference"] for row in sent(owed)]
    page = answers(tang, f"{alice},paid,\n<script>alert(1)</script>,maybe,\n{alice},failed,")
    assert page.status == 422
    assert words("desk.answer.bad", n=2) in page.html
    assert b"<script>alert" not in page.response.data
    assert state_of(owed) == "exported"
    for content in (b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b'reference,status,reason\n"'):
        page = tang.posts("/desk/answers", file=(io.BytesIO(content), "answer.csv"))
        assert page.status == 422, content
        assert page.has("bad-lines")
    none = tang.posts("/desk/answers")
    assert words("desk.answer.no_file") in none.html
    large = tang.posts("/desk/answers", file=(io.BytesIO(b"x" * 10_600_000), "answer.csv"))
    assert large.status == 413
    assert large.has("trouble-large")


def test_the_masked_copy_is_everybodys_and_changes_nothing(owed: Desks, tang: Desk) -> None:
    tang.posts(PAYOUTS, campaign="spring")
    luo = owed.of(LUO)
    luo.opens(FIRST)
    copy = luo.posts(f"{FIRST}/copy", form="csv")
    assert 'filename="payout-1-masked.csv"' in copy.response.headers["Content-Disposition"]
    for html in (copy.html, luo.opens(FIRST).html, luo.opens(f"{PAYOUTS}?format=csv").html):
        for personal in ("李爱丽", "C100001", "Carter", "13800138001"):
            assert personal not in html
    assert "…0001" in copy.html
    assert state_of(owed) == "prepared"
    assert acts(owed, "payout.exported") == ["payout.exported"]
    assert luo.posts(f"{FIRST}/file", form="csv").status == 403
    early = tang.posts(f"{FIRST}/file", form="csv")
    assert words("error.payout.state", number=1) in early.html


def test_a_cancelled_batch_frees_its_lines(owed: Desks, tang: Desk, shen: Desk) -> None:
    tang.posts(PAYOUTS, campaign="spring")
    nothing = shen.posts(PAYOUTS, campaign="spring")
    assert nothing.status == 422
    assert words("error.payout.nothing", slug="spring") in nothing.html
    page = tang.posts(f"{FIRST}/cancel")
    assert words("desk.payout.said.cancelled", number=1, n=2) in page.html
    assert words("desk.payout.withdrawn.cancelled") in page.html
    assert words("error.payout.state", number=1) in shen.posts(f"{FIRST}/confirm").html
    assert shen.posts(PAYOUTS, campaign="spring").place == "/desk/payouts/2"


def test_what_may_not_be_prepared_is_told(owed: Desks, tang: Desk) -> None:
    for slug in ("none", "", "\0", "<b>"):
        page = tang.posts(PAYOUTS, campaign=slug)
        assert page.status == 422
        assert b"<b>" not in page.response.data.split(b'data-test="refused"')[1][:600]
    with owed.database.transaction() as session:
        spring = session.scalars(select(Campaign)).one()
        move(session, spring, Life.PAUSED, "operator:test", owed.clock())
    assert words("desk.payout.ready.paused") in tang.opens(PAYOUTS).html
    page = tang.posts(PAYOUTS, campaign="spring")
    assert words("error.payout.paused", slug="spring") in page.html


def test_nobody_confirms_a_batch_that_pays_them(owed: Desks, tang: Desk, shen: Desk) -> None:
    tang.posts(PAYOUTS, campaign="spring")
    with owed.database.transaction() as session:
        staff = session.scalars(select(Staff).where(Staff.staff_no == SHEN)).one()
        staff.customer_ref = ALICE
    assert words("error.payout.party") in shen.posts(f"{FIRST}/confirm").html
    assert state_of(owed) == "prepared"
    assert owed.of(CHEN).posts(f"{FIRST}/confirm").status == 200


def test_lists_page_and_filter_by_their_address(
    owed: Desks, tang: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payouts_page, "A_PAGE", 1)
    tang.posts(PAYOUTS, campaign="spring")
    first = tang.opens(FIRST)
    second = tang.opens(first.link_of("further"))
    assert "JK000001-00001" in first.html
    assert "JK000001-00001" not in second.html
    assert "JK000001-00002" in second.html
    assert not second.has("further")
    assert "JK000001" not in tang.opens(f"{FIRST}?line=paid&after=x").html.split("lines")[-1]
    tang.posts(f"{FIRST}/cancel")
    tang.posts(PAYOUTS, campaign="spring")
    newest = tang.opens(f"{PAYOUTS}?state=nowhere&campaign=spring")
    assert newest.has("batch-2")
    assert tang.opens(newest.link_of("further")).has("batch-1")
    assert tang.opens(f"{PAYOUTS}?state=acknowledged").has("no-payouts")
    sheet = tang.opens(f"{PAYOUTS}?format=csv&lang=en&state=prepared").html
    assert "2,spring,to be confirmed,Cash,1,88.00,0.00,0.00,0.00,88.00" in sheet


def test_an_expired_session_changes_nothing(owed: Desks, tang: Desk, shen: Desk) -> None:
    tang.posts(PAYOUTS, campaign="spring")
    shen.opens(FIRST)
    owed.clock.passes(minutes=11)
    for path in ("confirm", "cancel", "file", "copy"):
        assert shen.posts(f"{FIRST}/{path}").place == "/desk/sign-in"
    assert state_of(owed) == "prepared"
