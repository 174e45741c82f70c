"""Claims on the tablet: what was found, what a decision does, and who may not decide."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from counter import (
    ALICE,
    AUDITOR,
    BOB,
    CHEN,
    ELSEWHERE,
    EMILY,
    FAR,
    MEI,
    MEIS_CARD,
    Counter,
    House,
    Page,
    both_engines,
    house,
    words,
)
from sqlalchemy import select

from shared.base.database import Database
from shared.base.i18n import Locale
from shared.base.settings import Settings
from shared.claims.claims import Claim, ClaimStep, Reason, State
from shared.people.staff import Staff
from shared.referrals.referrals import CreditRow, Referral
from webapp.tablet.claims import REASONS, clock_of


def state_of(the_house: House, number: str) -> State:
    with the_house.database.reading() as session:
        return State(session.scalars(select(Claim.state).where(Claim.number == number)).one())


def credits_in(counter: Counter, number: str) -> None:
    counter.opens(f"/tablet/claims/{number}/credit")
    counter.posts(f"/tablet/claims/{number}/credit")


@both_engines
def test_a_claim_is_found_read_and_credited(mei: Counter, the_house: House) -> None:
    the_house.bank_hears()
    number = the_house.files()
    page = mei.opens("/tablet/claims")
    assert number in page.html
    assert words("tablet.claim.left.hours", n=48) in page.html
    page = mei.opens(page.link_of("claim-row"))
    assert "李**" in page.html
    assert "李爱丽" not in page.html
    assert words("tablet.claim.ends_with", digits="9000") in page.html
    assert words("tablet.evidence.application") in page.html
    assert words("tablet.claim.how.in_branch") in page.html
    page = mei.opens(page.link_of("claim-credit"))
    effect = words("tablet.claim.effect.reward.words", amount="¥100", days=30)
    assert effect in page.html
    assert page.has("claim-confirm")
    page = mei.posts(page.place)
    assert page.has("success")
    assert words("tablet.claim.said.credited.next") in page.html
    assert state_of(the_house, number) is State.CREDITED
    with the_house.database.reading() as session:
        referral = session.scalars(select(Referral)).one()
        assert referral.member_id == the_house.member_id(ALICE)
        assert session.scalars(select(CreditRow)).one().referral_id == referral.id


def test_looking_at_a_decision_decides_nothing(mei: Counter, the_house: House) -> None:
    the_house.bank_hears()
    number = the_house.files()
    for step in ("", "/credit", "/refuse"):
        mei.opens(f"/tablet/claims/{number}{step}")
    assert state_of(the_house, number) is State.WITH_PERSON


@both_engines
def test_a_decision_pressed_twice_reads_as_done_once(mei: Counter, the_house: House) -> None:
    the_house.bank_hears()
    number = the_house.files()
    credits_in(mei, number)
    page = mei.posts(f"/tablet/claims/{number}/credit")
    assert page.has("success")
    assert words("tablet.claim.said.credited", number=number) in page.html
    with the_house.database.reading() as session:
        decided = select(ClaimStep).where(ClaimStep.after == State.CREDITED.value)
        assert len(session.scalars(decided).all()) == 1


@both_engines
def test_a_colleague_who_was_faster_is_told(mei: Counter, chen: Counter, the_house: House) -> None:
    the_house.bank_hears()
    number = the_house.files()
    mei.opens(f"/tablet/claims/{number}/refuse")
    credits_in(chen, number)
    page = mei.posts(f"/tablet/claims/{number}/refuse", reason=Reason.NOT_CONFIRMED.value)
    assert words("tablet.claim.said.faster", number=number) in page.html
    assert state_of(the_house, number) is State.CREDITED
    gone = mei.opens(f"/tablet/claims/{number}")
    assert words("tablet.claim.gone") in gone.html


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_names_its_reason_and_what_to_say(
    mei: Counter, the_house: House, reason: Reason
) -> None:
    number = the_house.files()
    page = mei.opens(f"/tablet/claims/{number}/refuse")
    assert words(f"tablet.reason.{reason.value}") in page.html
    page = mei.posts(page.place, reason=reason.value)
    assert words("tablet.claim.said.refused.next") in page.html
    with the_house.database.reading() as session:
        kept = session.scalars(select(Claim)).one()
        assert (kept.state, kept.reason) == (State.REFUSED.value, reason.value)


@pytest.mark.parametrize("reason", ["", "evidence", "because"])
def test_a_refusal_without_a_proper_reason_is_asked_again(
    mei: Counter, the_house: House, reason: str
) -> None:
    number = the_house.files()
    mei.opens(f"/tablet/claims/{number}/refuse")
    page = mei.posts(f"/tablet/claims/{number}/refuse", reason=reason)
    assert page.status == 422
    assert words("error.claim.reason") in page.html
    assert state_of(the_house, number) is State.WITH_PERSON


def test_without_an_application_there_is_nothing_to_credit(mei: Counter, the_house: House) -> None:
    number = the_house.files()
    page = mei.opens(f"/tablet/claims/{number}")
    assert words("tablet.evidence.no_application") in page.html
    assert not page.has("claim-credit")
    assert page.has("claim-refuse")
    page = mei.posts(f"/tablet/claims/{number}/credit")
    assert page.status == 422
    assert words("error.claim.no_application") in page.html
    assert state_of(the_house, number) is State.WITH_PERSON


@pytest.mark.parametrize(("claimant", "phone"), [(MEIS_CARD, BOB), (ALICE, "+8613800138014")])
def test_mei_neither_reads_nor_decides_where_she_is_a_party(
    mei: Counter, chen: Counter, the_house: House, claimant: str, phone: str
) -> None:
    the_house.bank_hears(phone)
    number = the_house.files(claimant, phone)
    page = mei.opens("/tablet/claims")
    assert page.has("claim-own")
    assert not page.has("claim-row")
    assert "梅**" not in page.html.split("<main")[1]
    for step in ("", "/credit", "/refuse"):
        page = mei.opens(f"/tablet/claims/{number}{step}")
        assert not page.has("evidence")
        assert not page.has("claim-confirm")
    for step in ("credit", "refuse"):
        page = mei.posts(f"/tablet/claims/{number}/{step}", reason="not_confirmed")
        assert words("error.claim.party") in page.html
    assert state_of(the_house, number) is State.WITH_PERSON
    chen.opens("/tablet/claims")
    page = chen.posts(f"/tablet/claims/{number}/refuse", reason="not_confirmed")
    assert page.has("success")


def disputed(the_house: House) -> str:
    """Emily claims a friend who already counts for Alice; Emily's case number."""
    the_house.bank_hears()
    first = the_house.files(ALICE)
    credits_in(the_house.chen(), first)
    return the_house.files(EMILY)


@both_engines
def test_a_disputed_claim_takes_two_people(mei: Counter, the_house: House) -> None:
    number = disputed(the_house)
    page = mei.opens(f"/tablet/claims/{number}")
    assert words("tablet.claim.disputed") in page.html
    page = mei.opens(f"/tablet/claims/{number}/credit")
    assert words("tablet.claim.effect.now.words") in page.html
    page = mei.posts(page.place)
    assert words("tablet.claim.said.second_person.next") in page.html
    assert state_of(the_house, number) is State.SECOND_PERSON
    page = mei.opens(f"/tablet/claims/{number}")
    assert words("tablet.claim.first_was_you") in page.html
    assert not page.has("claim-credit")
    page = mei.posts(f"/tablet/claims/{number}/credit")
    assert state_of(the_house, number) is State.SECOND_PERSON
    chen = the_house.chen()
    page = chen.opens(f"/tablet/claims/{number}")
    assert words("tablet.claim.second") in page.html
    credits_in(chen, number)
    assert state_of(the_house, number) is State.CREDITED


@both_engines
def test_above_the_branch_limit_only_a_manager_decides(
    settings: Settings, database: Database, now: datetime
) -> None:
    the_house = house(settings, database, now, branch_limit="¥50")
    the_house.bank_hears()
    number = the_house.files()
    mei = the_house.mei()
    page = mei.opens(f"/tablet/claims/{number}/credit")
    page = mei.posts(page.place)
    assert page.status == 422
    assert words("error.claim.authority") in page.html
    assert state_of(the_house, number) is State.WITH_PERSON
    credits_in(the_house.chen(), number)
    assert state_of(the_house, number) is State.CREDITED


def staff_id(the_house: House, staff_no: str) -> str:
    with the_house.database.reading() as session:
        return str(session.scalars(select(Staff.id).where(Staff.staff_no == staff_no)).one())


def gives(counter: Counter, number: str, to: str) -> Page:
    counter.opens(f"/tablet/claims/{number}")
    return counter.posts(f"/tablet/claims/{number}/assign", to=to)


def test_a_teller_takes_a_claim_and_a_colleague_does_not_take_it_from_them(
    mei: Counter, the_house: House
) -> None:
    number = the_house.files()
    own, far = staff_id(the_house, MEI), staff_id(the_house, FAR)
    page = gives(mei, number, own)
    assert words("tablet.claim.given.own", number=number) in page.html
    assert words("tablet.claim.yours") in mei.opens("/tablet/claims").html
    elsewhere = the_house.tablet()
    elsewhere.enrols(ELSEWHERE)
    elsewhere.signs_in(FAR)
    assert not elsewhere.opens(f"/tablet/claims/{number}").has("claim-give")
    for to in (far, ""):
        assert words("error.claim.authority") in gives(elsewhere, number, to).html
    for wrong in ("999", "x", "9" * 30, staff_id(the_house, AUDITOR)):
        assert words("error.claim.assignee") in gives(mei, number, wrong).html
    handed = gives(mei, number, staff_id(the_house, CHEN))
    assert words("tablet.claim.given.on", number=number) in handed.html
    assert not handed.has("claim-give")  # Chen's now
    chen = the_house.chen()
    assert words("tablet.claim.given.back", number=number) in gives(chen, number, "").html
    assert state_of(the_house, number) is State.WITH_PERSON


def test_the_answer_is_shown_as_its_member_will_read_it(mei: Counter, the_house: House) -> None:
    """Emily reads English; whoever decides reads Chinese. Each sees their own."""
    the_house.bank_hears()
    number = the_house.files(EMILY)
    page = mei.opens(f"/tablet/claims/{number}/credit")
    assert words("notice.claim.template.share", Locale.EN) in page.html
    assert words("notice.claim.asks", Locale.EN) in page.html
    assert not page.has("template-link")  # of a refusal
    refused = mei.posts(f"/tablet/claims/{number}/credit", template="branch")
    assert words("error.claim.template") in refused.html
    page = mei.opens(f"/tablet/claims/{number}/refuse")
    assert words("notice.claim.template.branch", Locale.EN) in page.html
    assert words("notice.claim.asks", Locale.EN) not in page.html  # there may be an appeal
    mei.posts(f"/tablet/claims/{number}/refuse", reason="not_confirmed", template="branch")
    with the_house.database.reading() as session:
        assert session.scalars(select(Claim.template)).one() == "branch"


def test_a_claim_far_down_the_queue_opens_by_its_number(mei: Counter, the_house: House) -> None:
    """The list ends after fifty; the member at the counter has the fifty-first."""
    number = the_house.files()
    with the_house.database.transaction() as session:
        row = session.scalars(select(Claim)).one()
        kept = {c.key: getattr(row, c.key) for c in Claim.__table__.columns}
        earlier = row.due_at - timedelta(hours=1)
        for n in range(50):
            session.add(Claim(**kept | {"id": 100 + n, "number": f"C-{n:06}", "due_at": earlier}))
    assert number not in mei.opens("/tablet/claims").html
    page = mei.opens(f"/tablet/claims/{number}")
    assert page.has("claim-refuse")
    assert words("tablet.claim.gone") not in page.html


def test_what_is_older_than_any_override_is_refused_only(mei: Counter, the_house: House) -> None:
    the_house.bank_hears()
    the_house.clock.passes(days=91)
    number = the_house.files()
    mei.signs_in(MEI)
    page = mei.opens(f"/tablet/claims/{number}")
    assert words("tablet.claim.bar.too_old") in page.html
    assert not page.has("claim-credit")
    assert words("error.claim.too_old") in mei.posts(f"/tablet/claims/{number}/credit").html
    assert state_of(the_house, number) is State.WITH_PERSON


def test_claims_are_not_reached_by_counting(mei: Counter, the_house: House) -> None:
    the_house.files()
    for guess in ("1", "2", "C-000000", "C-'--", "../../today"):
        for step in ("", "/credit", "/refuse"):
            page = mei.opens(f"/tablet/claims/{guess}{step}")
            assert page.status in (404, 405), guess
            assert not page.has("evidence")
    mei.opens("/tablet/claims")
    assert mei.posts("/tablet/claims/C-000000/credit").status == 404


def test_the_clock_is_told_in_words(mei: Counter, the_house: House) -> None:
    the_house.files()
    the_house.clock.passes(hours=47, minutes=30)
    mei.signs_in(MEI)
    page = mei.opens("/tablet/claims")
    assert words("tablet.claim.left.minutes", n=30) in page.html
    page = mei.opens("/tablet/tasks")
    assert words("tablet.tasks.due", n=1) in page.html
    the_house.clock.passes(hours=3)
    mei.signs_in(MEI)
    page = mei.opens("/tablet/claims")
    assert words("tablet.claim.late.hours", n=2) in page.html
    assert words("tablet.tasks.overdue", n=1) in mei.opens("/tablet/tasks").html


@pytest.mark.parametrize(
    ("left", "key", "n", "kind"),
    [
        (timedelta(hours=48), "left.hours", 48, "quiet"),
        (timedelta(hours=8), "left.hours", 8, "waiting"),
        (timedelta(minutes=59), "left.minutes", 59, "waiting"),
        (timedelta(seconds=5), "left.minutes", 1, "waiting"),
        (timedelta(0), "late.minutes", 1, "error"),
        (timedelta(hours=-49, minutes=-1), "late.hours", 49, "error"),
    ],
)
def test_how_long_is_left(now: datetime, left: timedelta, key: str, n: int, kind: str) -> None:
    clock = clock_of(now + left, now)
    assert (clock.key, clock.n, clock.kind) == (f"tablet.claim.{key}", n, kind)


def test_a_manager_of_the_branch_sees_the_same_queue(chen: Counter, the_house: House) -> None:
    numbers = {the_house.files(), the_house.files(EMILY, "+8613900139001")}
    page = chen.opens("/tablet/claims")
    assert all(number in page.html for number in numbers)
