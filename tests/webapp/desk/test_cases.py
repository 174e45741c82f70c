"""Risk cases at the desk: evidence in words, one clears, two find against, somebody new appeals."""

from __future__ import annotations

from html import unescape

from counter import ALICE, CHEN, words
from desktop import LUO, SHEN, TANG, Desk, Desks
from held import hold_farm
from insiders import becomes
from sqlalchemy import LargeBinary, select, type_coerce

from shared.base.i18n import Locale
from shared.people.staff import Staff
from shared.risk.case_steps import CaseStep
from shared.risk.cases import Case, CaseReferral
from shared.risk.looks import Assessment

LIST, ONE = "/desk/cases", "/desk/cases/1"


def state(desks: Desks) -> str:
    with desks.database.reading() as session:
        return session.scalars(select(Case.state)).one()


def test_the_list_shows_what_waits_and_the_case_its_evidence(desks: Desks, tang: Desk) -> None:
    assert tang.opens(LIST).has("no-cases")
    hold_farm(desks)
    listed = tang.opens(LIST)
    assert listed.has("case-1")
    assert words("desk.case.friends_of", n=4, members=1) in listed.html
    shown = tang.opens(ONE)
    assert words("risk.check.shared_device", n=4, members=1) in shown.html
    assert words("desk.case.held.nothing") in shown.html
    assert "李爱丽" not in shown.html  # masked
    assert "+86" not in shown.html
    sheet = tang.opens(f"{LIST}?format=csv")
    assert sheet.response.mimetype == "text/csv"
    assert "spring" in sheet.html
    assert tang.opens(f"{ONE}?lang=en").status == 200
    assert words("risk.check.shared_device", Locale.EN, n=4, members=1) in tang.opens(ONE).html


def test_one_clears_with_a_reason(desks: Desks, tang: Desk, shen: Desk) -> None:
    hold_farm(desks)
    refused = tang.posts(f"{ONE}/clear", note=" \0 ")
    assert refused.status == 422
    assert words("error.case.note") in refused.html
    done = tang.posts(f"{ONE}/clear", note="四口之家，<b>网点</b>见过本人")
    assert words("desk.case.said.cleared", number=1) in done.html
    assert "四口之家" in done.html
    assert b"<b>" not in done.response.data
    assert words("error.case.decided", number=1) in shen.posts(f"{ONE}/clear", note="x").html
    assert state(desks) == "cleared"
    assert shen.opens(f"{LIST}?show=decided").has("case-1")
    with desks.database.reading() as session:
        kept = session.scalars(select(type_coerce(CaseStep.note, LargeBinary)))
        notes = [note for note in kept if note]
    assert notes
    assert all("四口".encode() not in note for note in notes)  # sealed


def test_two_find_against_and_somebody_new_hears_the_appeal(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    hold_farm(desks)
    assert tang.posts(f"{ONE}/find", note="x", finding="honest").status == 404
    own = tang.posts(f"{ONE}/find", note="一部手机四个号码", finding="abuse")
    assert own.has("own")
    assert not own.has("confirm")
    assert words("error.case.maker") in tang.posts(f"{ONE}/confirm", note="me").html
    assert shen.opens("/desk/approvals").has("waits-case")
    assert shen.opens(ONE).has("confirm")
    assert (
        words("desk.case.said.sent_back", number=1)
        in shen.posts(f"{ONE}/send-back", note="先联系").html
    )
    shen.posts(f"{ONE}/find", note="联系过，查无此人", finding="abuse")
    done = tang.posts(f"{ONE}/confirm", note="同意")
    assert words("desk.case.said.confirmed", number=1) in done.html
    assert words("desk.case.finding.abuse") in done.html
    assert (
        words("desk.case.said.appealed", number=1)
        in shen.posts(f"{ONE}/appeal", note="会员称是店里的手机").html
    )
    assert shen.opens(ONE).has("again")
    refused = tang.posts(f"{ONE}/appeal/decide", note="x", answer="grant")
    assert words("error.case.again") in refused.html
    chen = desks.of(CHEN)
    assert chen.opens(ONE).has("grant")
    chen.posts(f"{ONE}/appeal/decide", note="店铺属实", answer="grant")
    assert state(desks) == "cleared"


def test_an_appeal_is_granted_though_who_wrote_it_down_has_left(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    hold_farm(desks)
    shen.posts(f"{ONE}/find", note="一部手机四个号码", finding="abuse")
    tang.posts(f"{ONE}/confirm", note="同意")
    shen.posts(f"{ONE}/appeal", note="会员称是店里的手机")
    becomes(desks, SHEN, "left")
    chen = desks.of(CHEN)
    chen.posts(f"{ONE}/appeal/decide", note="店铺属实", answer="grant")
    assert state(desks) == "cleared"


def test_a_finding_is_confirmed_though_who_proposed_it_has_left(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    hold_farm(desks)
    shen.posts(f"{ONE}/find", note="一部手机四个号码", finding="abuse")
    becomes(desks, SHEN, "left")
    tang.posts(f"{ONE}/confirm", note="同意")
    assert state(desks) == "confirmed"


def test_a_case_is_given_to_somebody_and_turns_late(desks: Desks, tang: Desk, shen: Desk) -> None:
    hold_farm(desks)
    with desks.database.reading() as session:
        who = {staff.staff_no: staff.id for staff in session.scalars(select(Staff))}
    given = tang.posts(f"{ONE}/assign", to=str(who["S9003"]))
    assert words("desk.case.said.assigned", number=1) in given.html
    assert shen.opens(f"{LIST}?show=mine").has("case-1")
    assert not tang.opens(f"{LIST}?show=mine").has("case-1")
    auditor = tang.posts(f"{ONE}/assign", to=str(who[LUO]))
    assert words("error.case.assignee") in auditor.html
    assert not tang.opens(LIST).has("late")
    desks.clock.passes(days=3)
    tang = desks.of(TANG)
    assert tang.opens(LIST).has("late")
    assert tang.opens(f"{LIST}?show=overdue").has("case-1")
    metrics = desks.stranger().opens("/metrics").html
    assert 'jianka_risk_cases{state="open"} 1.0' in metrics
    assert 'jianka_risk_cases{state="overdue"} 1.0' in metrics


def test_an_auditor_looks_and_a_stranger_does_not(desks: Desks) -> None:
    hold_farm(desks)
    luo = desks.of(LUO)
    shown = luo.opens(ONE)
    assert shown.has("evidence")
    assert not shown.has("clear")
    assert luo.posts(f"{ONE}/clear", note="x").status == 403
    assert desks.stranger().opens(ONE).place == "/desk/sign-in"
    for wrong in ("/desk/cases/99", f"/desk/cases/{2**70}"):
        assert luo.opens(wrong).status == 404


def test_a_party_finds_nothing_of_it(desks: Desks, tang: Desk) -> None:
    hold_farm(desks)
    with desks.database.transaction() as session:
        staff = session.scalars(select(Staff).where(Staff.staff_no == TANG)).one()
        staff.customer_ref = ALICE
    assert tang.opens(LIST).has("no-cases")
    assert tang.opens(ONE).status == 404
    for act in ("clear", "find", "confirm", "send-back", "appeal", "appeal/decide", "assign"):
        assert tang.posts(f"{ONE}/{act}", note="x", finding="abuse").status == 404
    assert state(desks) == "open"


def test_what_is_watched_stands_in_a_list_of_its_own(desks: Desks, tang: Desk) -> None:
    hold_farm(desks, friends=3)
    with desks.database.reading() as session:
        assert session.scalars(select(Case)).all() == []
        assert session.scalars(select(Assessment.action)).all() == ["watch"] * 3
    page = tang.opens(f"{LIST}/watched")
    assert page.has("watched")
    assert words("risk.check.device_pace", n=3) in page.html


SEEN = {
    "own_account": {},
    "shared_account": {"n": 5},
    "same_purchase": {"n": 6},
    "purchase_burst": {"n": 4},
    "quick_purchase": {"n": 4},
    "round_trip": {"n": 3},
    "only_reversed": {},
    "branch_claims": {"n": 12, "usual": 2},
}


def test_the_case_says_what_the_bank_gave_away_in_each_language(desks: Desks, tang: Desk) -> None:
    """In words of its own: no check's name, no account's hash."""
    hold_farm(desks)
    with desks.database.transaction() as session:
        first = session.scalars(select(CaseReferral).order_by(CaseReferral.referral_id)).first()
        assert first is not None
        first.signals = [
            {"check": check, "weight": 40, "detail": detail} for check, detail in SEEN.items()
        ]
    for locale, tag in (
        (Locale.ZH_HANS, "zh_Hans"),
        (Locale.ZH_HANT, "zh_Hant"),
        (Locale.EN, "en"),
    ):
        tang.opens(f"{ONE}?lang={tag}")
        html = unescape(tang.opens(ONE).html)
        for check, detail in SEEN.items():
            assert words(f"risk.check.{check}", locale, **detail) in html, (check, locale)
            assert check not in html
