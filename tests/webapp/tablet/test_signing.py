"""A device is enrolled once; staff sign in by number and PIN, and are out when they are out."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from counter import (
    AUDITOR,
    BRANCH,
    CHEN,
    ELSEWHERE,
    FAR,
    HEAD_OFFICE,
    MEI,
    PINS,
    STAFF_PAGES,
    House,
    both_engines,
    words,
)
from sqlalchemy import select

from shared.actions.branch import add_tablet
from shared.actions.importing import import_staff
from shared.people.staff import StaffSession, Tablet
from shared.post.audit import Audit


def test_a_device_without_the_secret_sees_nothing_but_the_enrolment(the_house: House) -> None:
    stranger = the_house.tablet()
    for path in ["/tablet/", "/tablet/sign-in", "/tablet/walk-in", *STAFF_PAGES]:
        assert stranger.opens(path).place == "/tablet/enrol"
    assert stranger.posts("/tablet/sign-in", staff_no=MEI, pin=PINS[MEI]).place == "/tablet/enrol"


@both_engines
def test_an_enrolment_code_is_good_once_and_the_secret_stays_in_its_cookie(
    the_house: House,
) -> None:
    with the_house.database.transaction() as session:
        code = add_tablet(session, BRANCH, "1 号", "operator:test", the_house.clock())
    counter = the_house.tablet()
    counter.opens("/tablet/enrol")
    answer = counter.posts("/tablet/enrol", follow=False, code=f"{code[:4]} {code[4:]}")
    kept = SimpleCookie()
    for header in answer.response.headers.getlist("Set-Cookie"):
        kept.load(header)
    device = kept["jianka_tablet_device"]
    assert (device["path"], device["samesite"], bool(device["httponly"])) == (
        "/tablet", "Lax", True,
    )  # fmt: skip
    assert int(device["max-age"]) > 300 * 24 * 3600
    assert counter.opens("/tablet/").place == "/tablet/sign-in"
    other = the_house.tablet()
    other.opens("/tablet/enrol")
    again = other.posts("/tablet/enrol", code=code)
    assert again.status == 422
    assert words("error.tablet.code") in again.html


def test_a_code_lapses_after_a_day_and_guesses_are_counted(the_house: House) -> None:
    with the_house.database.transaction() as session:
        code = add_tablet(session, BRANCH, "1 号", "operator:test", the_house.clock())
    the_house.clock.passes(hours=24)
    counter = the_house.tablet()
    counter.opens("/tablet/enrol")
    assert words("error.tablet.code") in counter.posts("/tablet/enrol", code=code).html
    statuses = [counter.posts("/tablet/enrol", code="12345678").status for _ in range(11)]
    assert statuses[-1] == 429


@both_engines
def test_mei_signs_in_and_the_page_says_who_and_where(the_house: House) -> None:
    counter = the_house.tablet()
    counter.enrols()
    page = counter.signs_in(MEI)
    assert page.place == "/tablet/show"
    assert "梅若兰" in page.html
    assert BRANCH in page.html
    for place in ("show", "register", "tasks", "claims", "today"):
        assert page.has(f"nav-{place}")


@pytest.mark.parametrize(
    ("staff_no", "pin"), [(MEI, "000000"), ("S4711", PINS[MEI]), (MEI, ""), ("", "")]
)
def test_a_wrong_pair_reads_alike_whichever_half_is_wrong(
    the_house: House, staff_no: str, pin: str
) -> None:
    counter = the_house.tablet()
    counter.enrols()
    page = counter.signs_in(staff_no, pin)
    assert page.status == 422
    assert words("tablet.sign_in.wrong") in page.html
    assert "梅若兰" not in page.html


@both_engines
def test_five_wrong_pins_lock_the_number_even_for_the_right_one(the_house: House) -> None:
    counter = the_house.tablet()
    counter.enrols()
    for _ in range(5):
        counter.signs_in(MEI, "111222")
    page = counter.signs_in(MEI)
    assert page.place == "/tablet/sign-in"
    assert words("error.staff.locked", minutes=15) in page.html
    the_house.clock.passes(minutes=16)
    assert counter.signs_in(MEI).place == "/tablet/show"


def test_staff_of_another_branch_and_auditors_do_not_get_in(the_house: House) -> None:
    counter = the_house.tablet()
    counter.enrols()
    assert words("error.staff.other_branch") in counter.signs_in(FAR).html
    office = the_house.tablet()
    office.enrols(HEAD_OFFICE, "审计")
    assert words("error.staff.role") in office.signs_in(AUDITOR).html
    assert office.opens("/tablet/claims").place == "/tablet/sign-in"
    with the_house.database.reading() as session:
        assert session.scalar(select(StaffSession.id)) is None


@both_engines
def test_the_lock_ends_the_session_for_every_cookie_that_knew_it(the_house: House) -> None:
    mei = the_house.mei()
    stolen = mei.client.get_cookie("jianka_tablet", path="/tablet")
    assert stolen is not None
    page = mei.posts("/tablet/lock")
    assert page.place == "/tablet/sign-in"
    assert page.has("staff-no")
    assert f'value="{MEI}"' in page.html
    mei.client.set_cookie("jianka_tablet", stolen.value, path="/tablet")
    for path in STAFF_PAGES:
        assert mei.opens(path).place == "/tablet/sign-in"
    with the_house.database.reading() as session:
        acts = list(session.scalars(select(Audit.act).order_by(Audit.id)))
    assert {"tablet.enrolled", "staff.signed_in", "staff.signed_out"} <= set(acts)


def test_locking_twice_is_locking_once(the_house: House) -> None:
    mei = the_house.mei()
    page = mei.page
    mei.posts("/tablet/lock", follow=False)
    mei.page = page
    again = mei.posts("/tablet/lock")
    assert again.status in (200, 400)
    assert "梅若兰" not in again.html


@both_engines
def test_ten_quiet_minutes_sign_out_and_work_keeps_in(the_house: House) -> None:
    mei = the_house.mei()
    for _ in range(3):
        the_house.clock.passes(minutes=8)
        assert mei.opens("/tablet/today").place == "/tablet/today"
    the_house.clock.passes(minutes=11)
    page = mei.opens("/tablet/show")
    assert page.place == "/tablet/sign-in"
    assert words("tablet.signed_out") in page.html


def test_a_form_sent_after_the_session_ended_does_nothing(the_house: House) -> None:
    mei = the_house.mei()
    invite = the_house.invite()
    mei.opens("/tablet/register")
    the_house.clock.passes(minutes=11)
    page = mei.posts("/tablet/register", code=invite.code)
    assert page.place == "/tablet/sign-in"
    assert mei.opens("/tablet/walk-in").place == "/tablet/sign-in"


def test_a_token_does_not_work_on_another_tablet(the_house: House) -> None:
    mei, other = the_house.mei(), the_house.tablet()
    other.enrols(name="3 号")
    stolen = mei.client.get_cookie("jianka_tablet", path="/tablet")
    assert stolen is not None
    other.client.set_cookie("jianka_tablet", stolen.value, path="/tablet")
    assert other.opens("/tablet/show").place == "/tablet/sign-in"
    assert mei.opens("/tablet/show").place == "/tablet/show"


@both_engines
def test_the_next_person_on_the_tablet_signs_the_one_before_out(the_house: House) -> None:
    mei = the_house.mei()
    stolen = mei.client.get_cookie("jianka_tablet", path="/tablet")
    assert stolen is not None
    mei.posts("/tablet/lock")
    mei.signs_in(CHEN)
    mei.client.set_cookie("jianka_tablet", stolen.value, path="/tablet")
    assert mei.opens("/tablet/show").place == "/tablet/sign-in"


@both_engines
def test_a_revoked_tablet_is_a_stranger_at_once(the_house: House) -> None:
    mei = the_house.mei()
    with the_house.database.transaction() as session:
        for tablet in session.scalars(select(Tablet)):
            tablet.revoked_at = the_house.clock()
    assert mei.opens("/tablet/show").place == "/tablet/enrol"
    assert mei.posts("/tablet/lock").place == "/tablet/enrol"


@pytest.mark.parametrize(
    "line", [f"S1001,梅若兰,{BRANCH},left,C100004", f"S1001,梅若兰,{ELSEWHERE},teller,C100004"]
)
def test_who_leaves_or_moves_is_out_at_once(the_house: House, line: str) -> None:
    mei = the_house.mei()
    with the_house.database.transaction() as session:
        sheet = f"staff_no,name,branch,role,customer_ref\n{line}\n"
        import_staff(session, sheet.encode(), "operator:test", the_house.clock())
    assert mei.opens("/tablet/show").place == "/tablet/sign-in"


def test_a_forged_or_missing_token_is_refused_everywhere(the_house: House) -> None:
    mei = the_house.mei()
    posts = [
        rule.rule
        for rule in the_house.app.url_map.iter_rules()
        if rule.rule.startswith("/tablet") and "POST" in (rule.methods or ())
    ]
    assert len(posts) > 10
    for path in posts:
        path = (
            path.replace("<reference>", "x")
            .replace("<number>", "C-000000")
            .replace("<int:look>", "1")
        )
        for token in ("", "forged"):
            answer = mei.client.post(path, data={"csrf_token": token, "seen": "yes"})
            assert answer.status_code == 400, path
    assert mei.opens("/tablet/show").place == "/tablet/show"


def test_a_form_of_another_site_is_refused(the_house: House) -> None:
    mei = the_house.mei()
    assert mei.page is not None
    answer = mei.client.post(
        "/tablet/lock",
        data={"csrf_token": mei.page.field("csrf_token")},
        headers={"Origin": "https://mallory.example"},
    )
    assert answer.status_code == 403
    assert mei.opens("/tablet/show").place == "/tablet/show"


def test_every_view_but_the_first_steps_is_for_signed_in_staff(the_house: House) -> None:
    counter = the_house.tablet()
    counter.enrols()
    open_to_devices = {"/tablet/", "/tablet/enrol", "/tablet/sign-in", "/tablet/lock"}
    walked = 0
    for rule in the_house.app.url_map.iter_rules():
        path = rule.rule.replace("<reference>", "x").replace("<number>", "C-000000")
        path = path.replace("<int:look>", "1")
        if not path.startswith("/tablet") or "static" in path or path in open_to_devices:
            continue
        walked += 1
        if "GET" in (rule.methods or ()):
            assert counter.opens(path).place == "/tablet/sign-in", path
        if "POST" in (rule.methods or ()):
            counter.opens("/tablet/sign-in")
            assert counter.posts(path).place == "/tablet/sign-in", path
    assert walked > 12


def test_nothing_a_tablet_showed_stays_in_the_browser(the_house: House) -> None:
    mei = the_house.mei()
    for path in ["/tablet/enrol", *STAFF_PAGES]:
        assert mei.opens(path).response.headers["Cache-Control"] == "no-store"
    assert mei.opens("/tablet/sign-in").place == "/tablet/show"


def test_the_language_is_switched_on_every_page(the_house: House) -> None:
    mei = the_house.mei()
    page = mei.opens("/tablet/today?lang=en")
    assert 'lang="en"' in page.html
    assert "Walk-ins registered" in page.html
    assert "到店登記" in mei.opens("/tablet/today?lang=zh-Hant").html
    assert "到店登記" in mei.opens("/tablet/today").html
