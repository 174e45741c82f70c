"""Numbers of another campaign, of another kind, or of one's own circle read like numbers that
there are not, to whoever counts up."""

from __future__ import annotations

import re

import pytest
from browser import Browser, Friend
from counter import ALICE, BOB, CAMPAIGN, CHEN, EMILY, MEIS_CARD, Page
from desktop import TANG, Desk, Desks
from forgeries import truths
from held import hold_farm
from insiders import claimed, registers
from insiders_of_money import friend, owes, party
from insiders_of_payouts import repairs
from money import works
from sqlalchemy import update

from shared.campaigns.file import apply_campaign
from shared.ledger.entries import Entry
from shared.referrals.referrals import Referral, Registration

NONE = 977
SAT = ("staff_sessions",)
AUTUMN = CAMPAIGN.replace("slug: spring", "slug: autumn").replace("BRANCH_LIMIT", "¥200")


@pytest.fixture
def two(desks: Desks) -> Desks:
    """A second campaign, into which Alice's only friend came."""
    registers(desks, ALICE, BOB)
    with desks.database.transaction() as session:
        made = apply_campaign(session, AUTUMN, desks.clock(), "operator:test")
        for table in (Referral, Registration):
            session.execute(update(table).values(campaign_id=made.campaign_id))
    return desks


def told(page: Page, number: int) -> tuple[int, str]:
    """An answer without what differs from page to page: tokens, nonces and the number asked."""
    html = re.sub(r'(value|nonce|content)="[^"]*"', "", page.html)
    return page.status, re.sub(rf"/{number}(?=[/?\"])", "/N", html)


def alike(desk: Desk, path: str, number: int, *, posts: bool = False, **fields: str) -> int:
    """What is asked of a number reads as of one that there is not; the status."""
    answers = []
    for each in (number, NONE):
        place = path.format(each)
        answers.append(told(desk.posts(place, **fields) if posts else desk.opens(place), each))
    assert answers[0] == answers[1], path
    return answers[0][0]


def test_a_friend_of_another_campaign_is_not_there(two: Desks) -> None:
    tang, number = two.of(TANG), friend(two)
    assert tang.opens(f"/desk/campaigns/autumn/friends/{number}").status == 200
    before = truths(two.database, SAT)
    one = "/desk/campaigns/spring/friends/{}"
    assert alike(tang, one, number) == 404
    for act in ("fraud", "cleared"):
        assert alike(tang, f"{one}/{act}", number, posts=True, reason="x") == 404
    assert truths(two.database, SAT) == before


def test_a_debt_of_another_campaign_is_not_written_off_here(two: Desks) -> None:
    form = owes(two, ALICE)
    assert two.of(TANG).posts("/desk/campaigns/spring/write-off", **form).status == 200
    with two.database.reading() as session:
        assert session.query(Entry).count() == 1
    before = truths(two.database, SAT)
    assert two.of(CHEN).posts("/desk/campaigns/autumn/write-off", **form).status == 422
    assert before.keys() == truths(two.database, SAT).keys()
    changed = truths(two.database, (*SAT, "audit"))
    assert {name for name, value in changed.items() if before[name] != value} <= {"staff"}


def test_repairs_of_another_campaign_are_not_applied_with_these(two: Desks) -> None:
    repairs(two, EMILY)
    tang = two.of(TANG)
    before = truths(two.database, SAT)
    tang.posts("/desk/campaigns/autumn/repairs", upto="99")
    assert truths(two.database, SAT) == before
    tang.posts("/desk/campaigns/spring/repairs", upto="99")
    assert truths(two.database, SAT) != before


def test_a_question_of_another_kind_is_not_there(desks: Desks) -> None:
    tang = desks.of(TANG)
    assert tang.posts("/desk/reviews", campaign="spring", month="2026-03").status == 200
    assert works(desks)
    for path in ("/desk/trials/{}", "/desk/trials/{}/chart.svg", "/desk/payouts/asked/{}"):
        assert alike(tang, path, 1) == 404, path
    assert tang.opens("/desk/reviews/1").status == 200


def test_a_version_of_another_campaign_is_not_there(two: Desks) -> None:
    with two.database.transaction() as session:
        rules = CAMPAIGN.replace("BRANCH_LIMIT", "¥300")
        apply_campaign(session, rules, two.clock(), "operator:test")
    tang = two.of(TANG)
    assert tang.opens("/desk/campaigns/spring/versions/2").status == 200
    assert alike(tang, "/desk/campaigns/autumn/versions/{}", 2) == 404


def test_a_case_of_ones_own_circle_reads_like_none(desks: Desks) -> None:
    tang = party(desks)
    hold_farm(desks, customer_ref=EMILY)
    before = truths(desks.database, SAT)
    one = "/desk/cases/{}"
    assert alike(tang, one, 1) == 404
    for act in ("clear", "find", "confirm", "send-back", "appeal", "appeal/decide", "assign"):
        path = f"{one}/{act}"
        assert alike(tang, path, 1, posts=True, note="x", finding="abuse", to="1") == 404
    assert truths(desks.database, SAT) == before
    assert desks.of(CHEN).opens("/desk/cases/1").status == 200


def test_a_claim_of_ones_own_circle_reads_like_none(desks: Desks) -> None:
    tang = party(desks)
    claimed(desks, MEIS_CARD)
    before = truths(desks.database, SAT)
    one = "/desk/claims/{}"
    assert alike(tang, one, 1) == 404
    for act in ("assign", "credit", "refuse"):
        assert alike(tang, f"{one}/{act}", 1, posts=True, reason="not_confirmed") == 404
    assert truths(desks.database, SAT) == before
    assert desks.of(CHEN).opens("/desk/claims/1").status == 200


def test_another_browsers_journey_is_reached_by_nobody(desks: Desks) -> None:
    """A friend's own page under an invite, asked for by others and under others' invites."""
    code, other = desks.house.invite(ALICE).code, desks.house.invite(EMILY).code
    bob = Friend(desks.house.app, code, desks.house.sms_code)
    bob.registers(BOB)
    assert bob.opens(f"/i/{code}/done").request.path == f"/i/{code}/done"
    stranger = Browser(desks.house.app)
    for step in ("done", "confirm"):
        theirs = stranger.opens(f"/i/{code}/{step}")
        unused = stranger.opens(f"/i/{other}/{step}")
        assert (theirs.request.path, unused.request.path) == (f"/i/{code}", f"/i/{other}")
        assert bob.opens(f"/i/{other}/{step}").request.path == f"/i/{other}"
        assert "王波" not in theirs.text
