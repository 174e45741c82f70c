"""Unmasking: one person at a time, by right, for a reason that stays on record."""

from __future__ import annotations

from counter import ALICE, CHEN, MEIS_CARD, both_engines, words
from desktop import Desk, Desks
from sqlalchemy import select, text

from shared.actions.erasing import erase_person
from shared.actions.importing import import_staff
from shared.actions.unmasking import MOST_AN_HOUR
from shared.people.members import get_member, member_by_ref, person_of
from shared.people.persons import Person
from shared.people.unmasking import Unmasking, looks_at
from shared.post.audit import Audit

REASON = "核实补登好友身份信息"
FULL = ("李爱丽", "13800138001")


def page_of(desks: Desks, customer_ref: str = ALICE) -> str:
    return f"/desk/people/member/{desks.house.member_id(customer_ref)}"


def looks(desks: Desks) -> list[str]:
    with desks.database.reading() as session:
        people = session.scalars(select(Person).where(Person.id.in_(select(Unmasking.person_id))))
        return [look.reason for person in people for look in looks_at(session, person)]


@both_engines
def test_a_look_needs_a_reason_and_stays_on_record(desks: Desks, tang: Desk, luo: Desk) -> None:
    path = page_of(desks)
    masked = tang.posts("/desk/people", sought=ALICE)
    assert masked.place == path
    assert ("李**" in masked.html, "138****8001" in masked.html) == (True, True)
    for reason in ("", "   ", "……………………", "查一下"):
        page = tang.posts(f"{path}/look", reason=reason)
        assert page.status == 422
        assert words("error.unmask.reason", least=8) in page.html
        assert not any(word in page.html for word in FULL)
    assert looks(desks) == []
    shown = tang.posts(f"{path}/look", reason=REASON)
    assert all(word in shown.html for word in FULL)
    assert shown.response.headers["Cache-Control"] == "no-store"
    assert looks(desks) == [REASON]
    again = tang.opens(path)
    assert not any(word in again.html for word in FULL)
    with desks.database.reading() as session:
        (act,) = session.scalars(select(Audit).where(Audit.act == "person.unmasked"))
        assert act.details["party"] == path.replace("/desk/people/", "").replace("/", ":")
        assert REASON not in str(act.details)
        stored = session.execute(text("SELECT reason FROM unmaskings")).scalar_one()
        assert REASON.encode() not in bytes(stored)
    seen = luo.opens(path)
    assert REASON in seen.html
    assert "唐雨" in seen.html
    assert not seen.has("look")


def test_an_auditor_sees_masked_data_only(desks: Desks, luo: Desk) -> None:
    page = luo.posts(f"{page_of(desks)}/look", reason=REASON)
    assert page.status == 403
    assert looks(desks) == []


def test_nobody_looks_at_more_than_a_handful_an_hour(desks: Desks, tang: Desk) -> None:
    path = page_of(desks)
    for _ in range(MOST_AN_HOUR):
        assert tang.posts(f"{path}/look", reason=REASON).has("plain")
    page = tang.posts(f"{path}/look", reason=REASON)
    assert words("error.unmask.often", most=MOST_AN_HOUR) in page.html
    assert not any(word in page.html for word in FULL)
    assert desks.of(CHEN).posts(f"{path}/look", reason=REASON).has("plain")
    for _ in range(9):
        desks.clock.passes(minutes=7)
        tang.opens(path)
    assert tang.posts(f"{path}/look", reason=REASON).has("plain")


def test_one_does_not_look_oneself_up(desks: Desks, tang: Desk) -> None:
    with desks.database.transaction() as session:
        sheet = (
            f"staff_no,name,branch,role,customer_ref\nS9001,唐雨,总行信用卡部,desk,{MEIS_CARD}\n"
        )
        import_staff(session, sheet.encode(), "operator:test", desks.clock())
    page = tang.posts(f"{page_of(desks, MEIS_CARD)}/look", reason=REASON)
    assert words("error.unmask.own") in page.html
    assert looks(desks) == []


def test_of_an_erased_person_there_is_nothing_to_show(desks: Desks, tang: Desk) -> None:
    path = page_of(desks)
    with desks.database.transaction() as session:
        alice = member_by_ref(session, ALICE)
        assert alice is not None
        person = person_of(session, get_member(session, alice.id))
        erase_person(session, person, "member:1", desks.clock())
    assert words("error.unmask.erased") in tang.posts(f"{path}/look", reason=REASON).html
    assert not tang.opens(path).has("look")


def test_people_are_found_by_reference_and_never_by_name_or_number(
    desks: Desks, tang: Desk
) -> None:
    number = desks.house.member_id(ALICE)
    assert tang.posts("/desk/people", sought=f"member:{number}").place == page_of(desks)
    for sought in ("李爱丽", "13800138001", "", "\0", "member:99999", "friend:1", "staff:1"):
        page = tang.posts("/desk/people", sought=sought)
        assert page.status in (404, 422), sought
        assert not page.has("masked")
    for path in ("/desk/people/staff/1", "/desk/people/member/99", f"/desk/people/friend/{10**30}"):
        assert tang.opens(path).status == 404
        assert tang.posts(f"{path}/look", reason=REASON).status == 404


def test_a_look_without_the_forms_token_shows_nothing(desks: Desks, tang: Desk) -> None:
    answer = tang.client.post(f"{page_of(desks)}/look", data={"reason": REASON})
    assert answer.status_code == 400
    assert looks(desks) == []
