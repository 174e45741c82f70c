"""Who gets in, who may do what: every route of the desk against every role."""

from __future__ import annotations

import pytest
from counter import CHEN, MEI, both_engines, words
from desktop import LUO, PINS, SHEN, TANG, Desk, Desks
from sqlalchemy import select

from shared.actions.importing import import_staff
from shared.campaigns.campaigns import Campaign, CampaignVersion
from shared.post.audit import Audit

READ = (
    "/desk/campaigns",
    "/desk/campaigns/spring",
    "/desk/campaigns/spring/programme",
    "/desk/campaigns/spring/programme.yaml",
    "/desk/campaigns/spring/versions/1",
    *(f"/desk/campaigns/spring/rows/{what}" for what in ("grants", "referrals", "verdicts")),
    "/desk/campaigns/spring/rows/visits",
    "/desk/campaigns/spring/rows/waiting",
    "/desk/campaigns/spring/recoverable",
    "/desk/payouts",
    "/desk/remedies",
    "/desk/reviews",
    "/desk/repairs",
    "/desk/trials",
    "/desk/cases",
    "/desk/cases/watched",
    "/desk/claims",
    "/desk/approvals",
    "/desk/people",
    "/desk/people/member/1",
    "/desk/audit",
)
ONE = (
    "/desk/payouts/1",
    "/desk/payouts/asked/1",
    "/desk/remedies/1",
    "/desk/reviews/1",
    "/desk/reviews/1/lines.csv",
    "/desk/trials/1",
    "/desk/trials/1/chart.svg",
    "/desk/inquiries/1/progress",
    "/desk/cases/1",
    "/desk/claims/1",
    "/desk/claims/1/picture/1",
    "/desk/campaigns/spring/friends/1",
    "/desk/approvals/1",
)
"""Of something that is not there yet."""
CHANGE = (
    "/desk/campaigns/spring/move/paused",
    "/desk/campaigns/spring/edit",
    "/desk/new-campaign",
    "/desk/remedies/goodwill",
)
POSTS = (
    "/desk/campaigns/spring/move/paused",
    "/desk/campaigns/spring/move/closing",
    "/desk/campaigns/spring/edit",
    "/desk/campaigns/spring/edit/preview",
    "/desk/drafts",
    "/desk/proposals",
    "/desk/approvals/1/confirm",
    "/desk/approvals/1/turn-down",
    "/desk/payouts",
    "/desk/payouts/1/confirm",
    "/desk/payouts/1/cancel",
    "/desk/payouts/1/file",
    "/desk/answers",
    "/desk/campaigns/spring/write-off",
    "/desk/remedies/goodwill",
    "/desk/campaigns/spring/friends/1/fraud",
    "/desk/campaigns/spring/friends/1/cleared",
    "/desk/remedies/1/agree",
    "/desk/remedies/1/refuse",
    "/desk/reviews",
    "/desk/reviews/1/propose",
    "/desk/repairs/1/apply",
    "/desk/campaigns/spring/repairs",
    "/desk/trials",
    "/desk/inquiries/1/stop",
    "/desk/people/member/1/look",
    *(f"/desk/cases/1/{act}" for act in ("assign", "clear", "find", "confirm", "send-back")),
    "/desk/cases/1/appeal",
    "/desk/cases/1/appeal/decide",
    *(f"/desk/claims/1/{act}" for act in ("assign", "credit", "refuse", "note")),
)
WRITE_OFF = "/desk/campaigns/spring/write-off"
"""Names what it is about; opened bare it is not there."""
LOOKS = (
    "/desk/payouts/1/copy",
    "/desk/remedies/friends",
    "/desk/people",
    "/desk/audit/file",
    "/desk/claims/file",
    "/desk/claims/1/picture",  # who may not look finds none: test_claim_beside
)
"""Everybody's: a copy is on record, as a page that is opened leaves no trace; a customer number
is asked for by a form, as no address may hold one."""
ELSEWHERE = {"/desk/", "/desk/sign-in", "/desk/sign-out", "/desk/static/<path:filename>"}


def _filled(rule: str) -> str:
    for name, value in (
        ("<kind>", "member"), ("<slug>", "spring"), ("<what>", "grants"), ("<to>", "paused"),
        ("<int:number>", "1"), ("<int:look>", "1"),
    ):  # fmt: skip
        rule = rule.replace(name, value)
    return rule


def test_the_lists_of_this_file_name_every_route_of_the_desk(desks: Desks) -> None:
    rules = {
        (method, _filled(rule.rule))
        for rule in desks.house.app.url_map.iter_rules()
        if rule.rule.startswith("/desk") and rule.rule not in ELSEWHERE
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    named = {("GET", path) for path in (*READ, *ONE, *CHANGE, WRITE_OFF)}
    named |= {("POST", path) for path in (*POSTS, *LOOKS)}
    assert rules - named == set()


def test_a_stranger_is_sent_to_the_sign_in_from_everywhere(desks: Desks) -> None:
    stranger = desks.stranger()
    for path in ("/desk/", *READ, *ONE, *CHANGE, WRITE_OFF):
        assert stranger.opens(path).place == "/desk/sign-in", path
    for path in (*POSTS, *LOOKS):
        assert stranger.posts(path).place == "/desk/sign-in", path


def test_everybody_at_the_desk_sees_everything(desks: Desks) -> None:
    for staff_no in (TANG, CHEN, LUO):
        desk = desks.of(staff_no)
        for path in READ:
            page = desk.opens(path)
            assert (page.status, page.place) == (200, path), staff_no


def test_the_desk_and_managers_open_the_forms(desks: Desks) -> None:
    for staff_no in (TANG, CHEN):
        desk = desks.of(staff_no)
        for path in CHANGE:
            assert desk.opens(path).status == 200, staff_no


@both_engines
def test_an_auditor_can_change_nothing(desks: Desks, luo: Desk, tang: Desk) -> None:
    tang.posts("/desk/campaigns/spring/move/closing")
    with desks.database.reading() as session:
        before = session.scalars(select(Audit.id)).all()
    for path in (*CHANGE, WRITE_OFF):
        page = luo.opens(path)
        assert page.status == 403
        assert page.has("trouble-read_only")
    for path in POSTS:
        assert luo.posts(path, source="x").status == 403, path
    for path in READ:
        html = luo.opens(path).html
        for test in ("to-paused", "edit", "check", "confirm", "turn-down", "propose", "prepare",
                     "load", "goodwill", "ask", "apply-all"):  # fmt: skip
            assert f'data-test="{test}"' not in html
    shown = luo.opens("/desk/approvals/1")
    assert not shown.has("confirm")
    assert not shown.has("turn-down")
    with desks.database.reading() as session:
        assert session.scalars(select(Audit.id)).all() == before
        assert session.scalars(select(Campaign.life)).one() == "running"
        assert len(session.scalars(select(CampaignVersion)).all()) == 1


def test_a_teller_does_not_get_in(desks: Desks) -> None:
    desk = desks.stranger()
    page = desk.signs_in(MEI)
    assert page.status == 422
    assert words("error.staff.no_desk") in page.html
    assert desk.opens("/desk/campaigns").place == "/desk/sign-in"


def test_a_wrong_pair_reads_alike_whichever_half_is_wrong(desks: Desks) -> None:
    for staff_no, pin in ((TANG, "000000"), ("S4711", PINS[TANG]), (TANG, "x"), ("\0", "1")):
        page = desks.stranger().signs_in(staff_no, pin)
        assert page.status == 422
        assert words("desk.sign_in.wrong") in page.html


def test_five_wrong_pins_lock_the_number_for_a_while(desks: Desks) -> None:
    desk = desks.stranger()
    for _ in range(5):
        desk.signs_in(TANG, "111222")
    assert words("error.staff.locked", minutes=15) in desk.signs_in(TANG).html
    desks.clock.passes(minutes=16)
    assert desk.signs_in(TANG).place == "/desk/campaigns"


def test_guesses_are_counted_by_address(desks: Desks) -> None:
    desk = desks.stranger()
    statuses = [desk.signs_in("S4711", "258036").status for _ in range(32)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_ten_quiet_minutes_sign_out_and_work_keeps_in(desks: Desks, tang: Desk) -> None:
    for _ in range(3):
        desks.clock.passes(minutes=8)
        assert tang.opens("/desk/approvals").place == "/desk/approvals"
    desks.clock.passes(minutes=11)
    page = tang.opens("/desk/approvals")
    assert page.place == "/desk/sign-in"
    assert words("desk.signed_out") in page.html


def test_signing_out_ends_the_session_for_every_cookie_that_knew_it(
    desks: Desks, tang: Desk
) -> None:
    stolen = tang.client.get_cookie("jianka_desk", path="/desk")
    assert stolen is not None
    assert (stolen.path, stolen.http_only, stolen.same_site) == ("/desk", True, "Lax")
    assert tang.posts("/desk/sign-out").place == "/desk/sign-in"
    tang.client.set_cookie("jianka_desk", stolen.value, path="/desk")
    assert tang.opens("/desk/campaigns").place == "/desk/sign-in"
    with desks.database.reading() as session:
        acts = session.scalars(select(Audit.act).where(Audit.subject == "desk")).all()
    assert acts == ["staff.signed_in", "staff.signed_out"]


@pytest.mark.parametrize("role", ["left", "teller"])
def test_who_leaves_or_gets_other_work_is_out_at_once(desks: Desks, tang: Desk, role: str) -> None:
    with desks.database.transaction() as session:
        sheet = f"staff_no,name,branch,role,customer_ref\nS9001,唐雨,总行信用卡部,{role},\n"
        import_staff(session, sheet.encode(), "operator:test", desks.clock())
    assert tang.opens("/desk/campaigns").place == "/desk/sign-in"


def test_a_tablets_session_is_none_of_the_desks(desks: Desks) -> None:
    chen = desks.house.chen()
    kept = chen.client.get_cookie("jianka_tablet", path="/tablet")
    assert kept is not None
    desk = desks.stranger()
    desk.client.set_cookie("jianka_desk", kept.value, path="/desk")
    assert desk.opens("/desk/campaigns").place == "/desk/sign-in"


def test_a_forged_or_missing_token_is_refused_everywhere(desks: Desks, tang: Desk) -> None:
    for path in (*POSTS, *LOOKS, "/desk/sign-in", "/desk/sign-out"):
        for token in ("", "forged"):
            answer = tang.client.post(path, data={"csrf_token": token, "source": "x"})
            assert answer.status_code == 400, path
    assert tang.opens("/desk/campaigns").place == "/desk/campaigns"
    with desks.database.reading() as session:
        assert session.scalars(select(Campaign.life)).one() == "running"


def test_a_form_of_another_site_is_refused(tang: Desk) -> None:
    answer = tang.client.post(
        "/desk/sign-out",
        data={"csrf_token": tang.token},
        headers={"Origin": "https://mallory.example"},
    )
    assert answer.status_code == 403
    assert tang.opens("/desk/campaigns").place == "/desk/campaigns"


def test_nothing_the_desk_showed_stays_in_the_browser(tang: Desk) -> None:
    for path in (*READ, *CHANGE):
        assert tang.opens(path).response.headers["Cache-Control"] == "no-store"


def test_what_is_not_there_is_told_in_words(tang: Desk) -> None:
    for path in (
        "/desk/campaigns/none",
        "/desk/campaigns/spring/rows/none",
        "/desk/campaigns/spring/versions/2",
        "/desk/campaigns/spring/programme.yaml?version=9",
        "/desk/campaigns/spring/move/nowhere",
        "/desk/approvals/99",
        f"/desk/approvals/{10**30}",
        "/desk/campaigns/%00",
        *ONE[:-1],
        f"/desk/payouts/{10**30}",
        f"/desk/remedies/{10**30}",
        f"/desk/reviews/{10**30}",
        f"/desk/inquiries/{10**30}/progress",
        "/desk/payouts?campaign=none",
        "/desk/repairs?campaign=%00",
        WRITE_OFF,
    ):
        page = tang.opens(path)
        assert page.status == 404, path
        assert page.has("trouble-missing"), path


def test_every_page_speaks_three_languages(desks: Desks, shen: Desk) -> None:
    for path in (*READ, *CHANGE):
        if path.endswith("yaml"):
            continue
        for lang, sign_out in (("zh-Hans", "退出"), ("zh-Hant", "登出"), ("en", "Sign out")):
            html = shen.opens(f"{path}?lang={lang}").html
            assert f'<html lang="{lang}">' in html
            assert sign_out in html
    assert SHEN in PINS
