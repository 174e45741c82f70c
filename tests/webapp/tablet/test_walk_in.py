"""A walk-in registers on the branch's tablet: in their own hands, with nobody signed in."""

from __future__ import annotations

import pytest
from counter import (
    ALICE,
    BOB,
    BRANCH,
    CHEN,
    MEI,
    MEIS_CARD,
    STAFF_PAGES,
    TICKED,
    Counter,
    House,
    both_engines,
    words,
)
from sqlalchemy import func, select

from shared.actions.importing import import_staff
from shared.people.consents import Consent
from shared.people.staff import Branch, Staff, Tablet
from shared.post.audit import Audit
from shared.post.outbox import Channel, Outbox
from shared.referrals.referrals import Referral, Registration
from shared.risk.traces import BRANCH_PLACE_TERM, TabletPlace, Trace, branch_addresses


@both_engines
def test_bob_registers_and_everything_about_it_is_kept(mei: Counter, the_house: House) -> None:
    the_house.sends_number(mei)
    page = mei.posts("/tablet/walk-in/confirm", code=the_house.sms_code(), name="王小波", **TICKED)
    assert page.place == "/tablet/walk-in/done"
    assert page.has("success")
    assert words("tablet.walk_in.done.next", issuer="Jianka Bank") in page.html
    with the_house.database.reading() as session:
        row = session.scalars(select(Registration)).one()
        staff = session.scalars(select(Staff).where(Staff.staff_no == MEI)).one()
        assert row.proven_at is not None
        assert (row.channel, row.branch_id, row.staff_id) == ("branch", staff.branch_id, staff.id)
        assert session.get(Tablet, row.tablet_id) is not None
        assert session.get(Branch, row.branch_id).name == BRANCH  # type: ignore[union-attr]
        assert session.scalars(select(Referral)).one().member_id == the_house.member_id(ALICE)
        given = {(c.purpose, c.source) for c in session.scalars(select(Consent))}
        assert given == {("referral", "tablet"), ("adult", "tablet")}
        assert page.link_of("bank-link").endswith(row.referral_token)
        acts = list(session.scalars(select(Audit.act)))
    assert "tablet.handed_over" in acts


def test_in_the_customers_hands_there_is_no_rail_and_no_staff(
    mei: Counter, the_house: House
) -> None:
    page = mei.hands_over(the_house.invite().code)
    assert page.place == "/tablet/walk-in"
    assert "梅若兰" not in page.html
    assert "nav-show" not in page.html
    for path in STAFF_PAGES:
        assert mei.opens(path).place == "/tablet/sign-in"
    assert mei.opens("/tablet/").place == "/tablet/walk-in"


def test_taking_the_tablet_back_asks_for_the_pin_again(mei: Counter, the_house: House) -> None:
    the_house.sends_number(mei)
    page = mei.posts("/tablet/walk-in/return")
    assert page.place == "/tablet/sign-in"
    assert "139" not in page.html.split("<main")[1]
    for path in ("/tablet/walk-in", "/tablet/walk-in/confirm", "/tablet/walk-in/done"):
        assert mei.opens(path).place == "/tablet/sign-in"
    assert mei.signs_in(MEI).place == "/tablet/show"
    assert mei.opens("/tablet/walk-in").place == "/tablet/show"


def test_staff_never_tick_so_boxes_start_empty_and_both_are_needed(
    mei: Counter, the_house: House
) -> None:
    the_house.sends_number(mei)
    assert mei.page is not None
    assert " checked" not in mei.page.html
    page = mei.posts("/tablet/walk-in/confirm", code=the_house.sms_code(), name="王小波")
    assert page.status == 422
    assert words("error.consent.required") in page.html
    assert words("error.consent.adult") in page.html
    assert "王小波" in page.html
    with the_house.database.reading() as session:
        assert session.scalar(select(Consent.id)) is None


@both_engines
def test_a_wrong_code_is_counted_and_the_fifth_ends_it(mei: Counter, the_house: House) -> None:
    the_house.sends_number(mei)
    right = the_house.sms_code()
    wrong = "000000" if right != "000000" else "111111"
    for left in (4, 3, 2, 1):
        page = mei.posts("/tablet/walk-in/confirm", code=wrong, name="王小波", **TICKED)
        assert words("landing.code.wrong", n=left) in page.html
    page = mei.posts("/tablet/walk-in/confirm", code=wrong, name="王小波", **TICKED)
    assert words("landing.code.spent") in page.html
    page = mei.posts("/tablet/walk-in/confirm", code=right, name="王小波", **TICKED)
    assert words("error.code.expired") in page.html


@both_engines
def test_a_form_sent_twice_is_one_registration(mei: Counter, the_house: House) -> None:
    mei.hands_over(the_house.invite().code)
    kept = mei.client.get_cookie("jianka_tablet", path="/tablet")
    assert kept is not None
    mei.posts("/tablet/walk-in", follow=False, phone=BOB)
    mei.client.set_cookie("jianka_tablet", kept.value, path="/tablet")
    assert mei.posts("/tablet/walk-in", phone=BOB).place == "/tablet/walk-in/confirm"
    code = the_house.sms_code()
    page = mei.page
    first = mei.posts("/tablet/walk-in/confirm", code=code, name="王小波", **TICKED)
    mei.page = page
    second = mei.posts("/tablet/walk-in/confirm", code=code, name="王小波", **TICKED)
    assert first.place == second.place == "/tablet/walk-in/done"
    with the_house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Registration)) == 1
        assert session.scalar(select(func.count()).select_from(Referral)) == 1
        sms = select(func.count()).where(Outbox.channel == Channel.SMS.value)
        assert session.scalar(sms) == 1


@both_engines
def test_another_number_with_the_same_ends_gets_a_code_of_its_own(
    mei: Counter, the_house: House
) -> None:
    the_house.sends_number(mei, "139 0013 9000")
    page = mei.posts("/tablet/walk-in", phone="139 1113 9000")
    assert page.place == "/tablet/walk-in/confirm"
    with the_house.database.reading() as session:
        sms = select(func.count()).where(Outbox.channel == Channel.SMS.value)
        assert session.scalar(sms) == 2


def test_the_code_is_sent_again_after_a_minute(mei: Counter, the_house: House) -> None:
    the_house.sends_number(mei)
    page = mei.posts("/tablet/walk-in/confirm", step="resend")
    assert page.status == 422
    the_house.clock.passes(seconds=61)
    assert mei.posts("/tablet/walk-in/confirm", step="resend").place == "/tablet/walk-in/confirm"
    assert mei.page is not None
    done = mei.posts("/tablet/walk-in/confirm", code=the_house.sms_code(), name="王小波", **TICKED)
    assert done.has("success")


@pytest.mark.parametrize(
    ("typed", "key"),
    [("1380", "error.phone.short"), ("138OO138000", "error.phone.letters"),
     ("", "error.phone.short"), ("138 0013 8000 123", "error.phone.long")],
)  # fmt: skip
def test_a_bad_number_is_answered_in_words(
    mei: Counter, the_house: House, typed: str, key: str
) -> None:
    mei.hands_over(the_house.invite().code)
    page = mei.posts("/tablet/walk-in", phone=typed)
    assert page.status == 422
    assert words(key) in page.html


@pytest.mark.parametrize("typed", ["１３９００１３９０００", "+86 139-0013-9000", "8613900139000"])
def test_a_number_is_read_however_it_is_typed(mei: Counter, the_house: House, typed: str) -> None:
    mei.hands_over(the_house.invite().code)
    assert mei.posts("/tablet/walk-in", phone=typed).place == "/tablet/walk-in/confirm"


def test_known_and_unknown_numbers_read_alike(mei: Counter, the_house: House) -> None:
    pages = []
    for phone in ("13800138001", "13900139001"):
        mei.hands_over(the_house.invite().code)
        page = mei.posts("/tablet/walk-in", phone=phone)
        pages.append((page.status, page.place, page.html.count("<p"), page.has("code")))
        mei.posts("/tablet/walk-in/return")
        mei.signs_in(MEI)
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("typed", "key"),
    [("", "error.invite.malformed"), ("K7Q2", "error.invite.malformed"),
     ("00000000", "error.invite.unknown")],
)  # fmt: skip
def test_without_an_invite_the_tablet_stays_with_staff_and_says_what_to_do(
    mei: Counter, typed: str, key: str
) -> None:
    page = mei.hands_over(typed)
    assert page.status == 422
    assert words(key) in page.html
    assert words("tablet.register.none.next") in page.html
    assert mei.opens("/tablet/show").place == "/tablet/show"


def test_mei_does_not_register_walk_ins_under_her_own_card(mei: Counter, the_house: House) -> None:
    page = mei.hands_over(the_house.invite(MEIS_CARD).code)
    assert page.status == 422
    assert words("error.staff.party") in page.html


def test_an_ended_campaign_takes_nobody(mei: Counter, the_house: House) -> None:
    card = the_house.invite()
    the_house.clock.passes(days=365 * 80)
    mei.signs_in(MEI)
    page = mei.hands_over(card.code)
    assert words("error.campaign.over") in page.html


@both_engines
def test_entries_of_who_left_the_bank_are_void(mei: Counter, the_house: House) -> None:
    the_house.sends_number(mei)
    code = the_house.sms_code()
    with the_house.database.transaction() as session:
        sheet = f"staff_no,name,branch,role,customer_ref\nS1001,梅若兰,{BRANCH},left,C100004\n"
        import_staff(session, sheet.encode(), "operator:test", the_house.clock())
    page = mei.posts("/tablet/walk-in/confirm", code=code, name="王小波", **TICKED)
    assert page.place == "/tablet/sign-in"
    with the_house.database.reading() as session:
        assert session.scalars(select(Registration)).one().proven_at is None


def test_a_tablet_left_lying_takes_itself_back(mei: Counter, the_house: House) -> None:
    the_house.sends_number(mei)
    the_house.clock.passes(minutes=21)
    page = mei.opens("/tablet/walk-in/confirm")
    assert page.place == "/tablet/sign-in"
    assert "139" not in page.html.split("<main")[1]


def test_signing_in_ends_the_customers_turn(mei: Counter, the_house: House) -> None:
    the_house.sends_number(mei)
    mei.signs_in(CHEN)
    assert mei.opens("/tablet/walk-in/confirm").place == "/tablet/show"


def test_the_customers_language_goes_with_the_customer(mei: Counter, the_house: House) -> None:
    mei.hands_over(the_house.invite().code)
    assert "Welcome. Please fill this in yourself" in mei.opens("/tablet/walk-in?lang=en").html
    page = mei.posts("/tablet/walk-in/return")
    assert words("tablet.sign_in.title") in page.html


def test_a_walk_in_cookie_is_nothing_on_a_device_that_is_not_ours(
    mei: Counter, the_house: House
) -> None:
    the_house.sends_number(mei)
    stranger = the_house.tablet()
    kept = mei.client.get_cookie("jianka_tablet", path="/tablet")
    assert kept is not None
    stranger.client.set_cookie("jianka_tablet", kept.value, path="/tablet")
    assert stranger.opens("/tablet/walk-in/confirm").place == "/tablet/enrol"


def test_a_branchs_own_network_is_known_and_its_tablet_is_nobodys_device(
    mei: Counter, the_house: House
) -> None:
    the_house.sends_number(mei)
    with the_house.database.reading() as session:
        place = session.scalars(select(TabletPlace)).one()  # since Mei signed in
        trace = session.scalars(select(Trace)).one()
        assert (trace.device, trace.address) == (None, place.address)
        known = branch_addresses(session, {place.address, "else"}, the_house.clock())
        assert known == {place.address}
        later = the_house.clock() + BRANCH_PLACE_TERM
        assert branch_addresses(session, {place.address}, later) == set()
