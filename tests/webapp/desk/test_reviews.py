"""The monthly review at the desk: asked for, answered by the worker, repaired by two."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from counter import ALICE, CHEN, both_engines, words
from desktop import LUO, TANG, Desk, Desks
from money import answers, goodwill, history, settles, works
from sqlalchemy import select, update

from shared.actions import inquiring
from shared.actions.inquiring import Inquiry
from shared.actions.retention import forget_answers
from shared.base.money import Unit
from shared.jobs import inquiries
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post
from shared.people.staff import Staff
from shared.rewards.admission import LimitUse
from shared.rewards.repairs import Repair
from webapp.desk import reviews

REVIEWS, FIRST, MARCH = (
    "/desk/reviews",
    "/desk/reviews/1",
    {"campaign": "spring", "month": "2026-03"},
)


@pytest.fixture
def wrong(desks: Desks) -> Desks:
    """Two members have rewards that no clause knows, and the budget is miscounted."""
    crowd = history(desks)
    with desks.database.transaction() as session:
        for member in crowd.members:
            key = Key(1, f"member:{member}", "base", "referral:900")
            legs = {(Account.FUNDING, Unit.CNY): -4_200, (Account.PENDING, Unit.CNY): 4_200}
            post(session, key, member, 1, Balance(legs), {}, desks.clock() - timedelta(days=1))
        session.execute(update(LimitUse).values(used=LimitUse.used + 100))
    return desks


def states(desks: Desks) -> list[str]:
    with desks.database.reading() as session:
        return list(session.scalars(select(Inquiry.state).order_by(Inquiry.id)))


@both_engines
def test_a_month_is_reviewed_and_repaired_by_two(wrong: Desks, tang: Desk, shen: Desk) -> None:
    page = tang.posts(REVIEWS, **MARCH)
    assert page.place == FIRST
    assert page.has("progress")
    assert tang.posts(REVIEWS, **MARCH).place == FIRST  # a second click asks nothing twice
    assert tang.client.get("/desk/inquiries/1/progress").status_code == 200
    assert works(wrong)
    assert not works(wrong)
    assert tang.client.get("/desk/inquiries/1/progress").status_code == 204
    page = tang.opens(FIRST)
    assert words("review.cause.too_much") in page.html
    assert words("desk.review.does.too_much") in page.html
    assert page.has("miscounts")
    assert page.html.split('data-test="lines"')[1].count("<tr>") == 3
    assert "+¥42" in page.html
    sheet = tang.opens(page.link_of("csv"))
    lines = list(csv.DictReader(io.StringIO(sheet.html.lstrip("\ufeff"))))
    faulty = [line for line in lines if line["fault"] == "1"]
    assert [line["difference"] for line in faulty] == ["42.00", "42.00"]
    assert len(lines) > len(faulty)
    assert "review-spring-2026-03.csv" in sheet.response.headers["Content-Disposition"]
    proposed = tang.posts(f"{FIRST}/propose")
    assert words("desk.review.said.proposed", n=3) in proposed.html
    again = shen.posts(f"{FIRST}/propose")
    assert words("desk.review.said.proposed_none") in again.html
    assert words("error.repair.same") in tang.posts("/desk/repairs/1/apply").html
    assert words("desk.repair.own") in tang.page.html
    assert shen.opens("/desk/approvals").has("waits-repair")
    assert words("desk.repair.said.applied", number=1) in shen.posts("/desk/repairs/1/apply").html
    assert words("error.repair.applied") in shen.posts("/desk/repairs/1/apply").html
    waiting = shen.opens("/desk/repairs")
    rest = shen.posts("/desk/campaigns/spring/repairs", upto=waiting.field("upto"))
    assert words("desk.repair.said.all", n=2) in rest.html
    assert rest.has("no-repairs")
    settles(wrong)
    shen.posts(REVIEWS, **MARCH)
    works(wrong)
    assert words("desk.review.whole") in shen.opens("/desk/reviews/2").html


def test_a_review_that_is_gone_says_so_kindly(desks: Desks, tang: Desk) -> None:
    history(desks)
    tang.posts(REVIEWS, **MARCH)
    works(desks)
    assert not tang.opens(FIRST).has("gone")
    with desks.database.transaction() as session:
        assert forget_answers(session, desks.clock() + timedelta(days=401)) == 1
    page = tang.opens(FIRST)
    assert page.status == 200
    assert page.has("gone")
    assert words("desk.inquiry.gone.note", days=400) in page.html
    assert words("desk.inquiry.gone") in tang.opens(REVIEWS).html
    assert tang.opens(f"{FIRST}/lines.csv").status == 404
    assert tang.posts(f"{FIRST}/propose").status == 404


def test_what_cannot_be_reviewed_is_told(desks: Desks, tang: Desk) -> None:
    for month in ("", "2026-13", "March", "9999-99", "<b>", "\0"):
        page = tang.posts(REVIEWS, campaign="spring", month=month)
        assert page.status == 422
        assert words("error.review.month", month=month.strip()) in page.html, month
        assert b"<b>" not in page.response.data
    future = tang.posts(REVIEWS, campaign="spring", month="2026-05")
    assert words("error.review.future", month="2026-05") in future.html
    for slug in ("none", "\0"):
        unknown = tang.posts(REVIEWS, campaign=slug, month="2026-03")
        assert words("error.review.campaign", slug=slug) in unknown.html
    bad = tang.posts(REVIEWS, **MARCH, file=(io.BytesIO(b"reference\nJK1\n"), "bank.csv"))
    assert bad.has("bad-lines")
    assert states(desks) == []


def test_the_banks_file_is_held_against_the_ledger(desks: Desks, tang: Desk, shen: Desk) -> None:
    goodwill(desks, ALICE, 8_800)
    tang.posts("/desk/payouts", campaign="spring")
    shen.posts("/desk/payouts/1/confirm")
    shen.posts("/desk/payouts/1/file", form="csv")
    answers(tang, "JK000001-00001,paid,")
    settles(desks)
    bank = b"reference,status,reason,net\nJK000001-00001,paid,,87.00\nJK7,paid,,1.00\n"
    tang.posts(REVIEWS, **MARCH, file=(io.BytesIO(bank), "bank.csv"))
    works(desks)
    page = tang.opens(FIRST)
    assert words("review.cause.other_amount") in page.html
    assert words("review.cause.not_in_ledger") in page.html
    assert words("desk.review.next.person", n=2) in page.html
    assert not page.has("propose")
    listed = tang.opens(REVIEWS)
    assert words("desk.review.faults", n=2) in listed.html


def test_lines_of_one_cause_and_their_pages(
    wrong: Desks, tang: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "A_PAGE", 1)
    tang.posts(REVIEWS, **MARCH)
    works(wrong)
    first = tang.opens(tang.opens(FIRST).link_of("cause-too_much"))
    second = tang.opens(first.link_of("further").replace("&amp;", "&"))
    assert first.html.split('data-test="lines"')[1].count("<tr>") == 2
    assert first.html.split('data-test="lines"')[1] != second.html.split('data-test="lines"')[1]
    assert tang.opens(f"{FIRST}?cause=nothing&after=x").status == 200


def test_many_repairs_are_proposed_a_few_at_a_time(
    wrong: Desks, tang: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "MOST_PROPOSED", 1)
    tang.posts(REVIEWS, **MARCH)
    works(wrong)
    assert (
        words("desk.review.said.proposed_some", n=1, left=2) in tang.posts(f"{FIRST}/propose").html
    )
    assert (
        words("desk.review.said.proposed_some", n=1, left=1) in tang.posts(f"{FIRST}/propose").html
    )
    with wrong.database.reading() as session:
        assert len(session.scalars(select(Repair.id)).all()) == 2


def test_all_at_once_leaves_what_one_may_not_apply(wrong: Desks, tang: Desk, shen: Desk) -> None:
    tang.posts(REVIEWS, **MARCH)
    works(wrong)
    tang.posts(f"{FIRST}/propose")
    with wrong.database.transaction() as session:
        shens = session.scalars(select(Staff).where(Staff.staff_no == "S9003")).one()
        shens.customer_ref = "M0"
    own = tang.posts("/desk/campaigns/spring/repairs", upto="99")
    assert words("desk.repair.said.all", n=0) in own.html
    older = shen.posts("/desk/campaigns/spring/repairs", upto="1")
    assert words("desk.repair.said.all", n=1) in older.html  # not what came after the page
    rest = shen.posts("/desk/campaigns/spring/repairs", upto="99")
    assert words("desk.repair.said.all", n=1) in rest.html
    assert words("error.repair.party") in shen.posts("/desk/repairs/2/apply").html
    assert wrong.of(CHEN).posts("/desk/repairs/2/apply").has("no-repairs")


def test_a_question_can_be_stopped_and_nothing_comes_of_it(desks: Desks, tang: Desk) -> None:
    tang.posts(REVIEWS, **MARCH)
    page = tang.posts("/desk/inquiries/1/stop")
    assert words("desk.inquiry.stopped.note") in page.html
    assert tang.posts("/desk/inquiries/1/stop").place == FIRST
    assert not works(desks)
    assert states(desks) == ["stopped"]
    assert tang.opens(f"{FIRST}/lines.csv").status == 404
    assert tang.posts(f"{FIRST}/propose").status == 404


@both_engines
def test_a_worker_that_died_is_followed_once_and_then_the_desk_is_told(
    desks: Desks, tang: Desk
) -> None:
    tang.posts(REVIEWS, **MARCH)
    real = desks.clock()
    with desks.database.transaction() as session:
        assert inquiring.take_inquiry(session, "one", real, real) == 1
        assert inquiring.take_inquiry(session, "two", real, real) is None
        later = real + timedelta(minutes=3)
        assert inquiring.take_inquiry(session, "two", real, later) == 1
        with pytest.raises(inquiring.Superseded):
            inquiring.still_at_it(session, 1, "one", 5, None, later)
        inquiring.still_at_it(session, 1, "two", 5, 9, later)
    assert words("desk.inquiry.of", done="5", total="9") in tang.opens(FIRST).html
    with desks.database.transaction() as session:
        last = later + timedelta(minutes=3)
        assert inquiring.take_inquiry(session, "three", real, last) is None
    assert words("error.inquiry.broken") in tang.opens(FIRST).html
    assert states(desks) == ["failed"]


def test_a_question_ends_after_its_time(
    wrong: Desks, tang: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inquiries, "LONGEST", -60.0)
    tang.posts(REVIEWS, **MARCH)
    assert works(wrong)
    assert words("error.inquiry.long", minutes=-1) in tang.opens(FIRST).html


def test_a_worker_that_is_told_to_end_hands_the_question_back(wrong: Desks, tang: Desk) -> None:
    tang.posts(REVIEWS, **MARCH)
    assert not inquiries.inquiry_turn(wrong.database, "one", wrong.clock, lambda: True)
    assert states(wrong) == ["waiting"]
    assert works(wrong)
    assert states(wrong) == ["done"]


def test_no_more_wait_than_the_worker_can_do(
    desks: Desks, tang: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inquiring, "MOST_WAITING", 1)
    tang.posts(REVIEWS, **MARCH)
    page = tang.posts(REVIEWS, campaign="spring", month="2026-02")
    assert words("error.inquiry.queue") in page.html
    assert len(states(desks)) == 1


def test_a_page_that_looks_by_itself_does_not_keep_anybody_signed_in(
    desks: Desks, tang: Desk
) -> None:
    tang.posts(REVIEWS, **MARCH)
    for _ in range(3):
        desks.clock.passes(minutes=4)
        answer = tang.client.get("/desk/inquiries/1/progress")
    assert answer.status_code == 303
    assert desks.of(LUO).opens(FIRST).status == 200
    assert TANG == "S9001"
