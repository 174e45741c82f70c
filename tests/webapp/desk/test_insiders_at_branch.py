"""Ways in which a branch's staff would pay themselves, a relative or a friend: none works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from counter import ALICE, BOB, CAMPAIGN, CHEN, EMILY, FAR, MEI, MEIS_CARD, Counter, Page
from desktop import LUO, TANG, Desks
from insiders import (
    MEIS,
    SECOND_NUMBER,
    Way,
    becomes,
    claimed,
    code_of,
    has_card,
    invited_by_alice,
    invited_emily,
    shares_phone_with_emily,
    tries,
)
from sqlalchemy import select

from shared.actions.deciding import decide_claim
from shared.actions.registering import StartForm, start_registration
from shared.base.i18n import Locale
from shared.campaigns.file import apply_campaign
from shared.claims.claims import Reason
from shared.people.staff import Staff

Steps = Iterator[Page | str | None]
EVIDENCE = Reason.EVIDENCE


def credits(counter: Counter, number: str, **more: str) -> Page:
    counter.opens("/tablet/claims")
    return counter.posts(f"/tablet/claims/{number}/credit", **more)


def decides(desks: Desks, staff_no: str, *, claim: int = 1, credit: bool = True) -> str:
    reason = EVIDENCE if credit else Reason.NOT_CONFIRMED
    return code_of(desks, decide_claim, staff_no, claim, credit, reason)


def limit(desks: Desks, amount: str) -> None:
    with desks.database.transaction() as session:
        rules = CAMPAIGN.replace("BRANCH_LIMIT", amount)
        apply_campaign(session, rules, desks.clock(), "operator:test")
    desks.clock.passes(seconds=1)


def walk_in_under_the_own_invite(desks: Desks) -> Steps:
    mei, code = desks.house.mei(), desks.house.invite(MEIS_CARD).code
    yield None
    yield mei.hands_over(code)


def walk_in_under_a_relatives_invite(desks: Desks) -> Steps:
    invited_emily(desks)
    mei, code = desks.house.mei(), desks.house.invite(EMILY).code
    yield None
    yield mei.hands_over(code)


def walk_in_under_the_invite_of_who_invited_her(desks: Desks) -> Steps:
    invited_by_alice(desks)
    mei, code = desks.house.mei(), desks.house.invite(ALICE).code
    yield None
    yield mei.hands_over(code)


def the_own_invite_on_the_branchs_screen(desks: Desks) -> Steps:
    mei, code = desks.house.mei(), desks.house.invite(MEIS_CARD).code
    yield None
    yield mei.posts("/tablet/show/code", code=code)


def a_relatives_invite_on_the_branchs_screen(desks: Desks) -> Steps:
    shares_phone_with_emily(desks)
    mei, code = desks.house.mei(), desks.house.invite(EMILY).code
    yield None
    yield mei.posts("/tablet/show/code", code=code)


def a_chat_bound_to_the_own_card(desks: Desks) -> Steps:
    mei = desks.house.mei()
    reference = mei.posts("/tablet/show", digits="8014", name="梅").field("reference")
    yield None
    yield mei.posts(f"/tablet/show/{reference}/bind", seen="yes")


def the_own_claim(desks: Desks) -> Steps:
    mei, number = desks.house.mei(), claimed(desks, MEIS_CARD)
    yield None
    yield credits(mei, number)


def the_own_claim_with_other_fields(desks: Desks) -> Steps:
    mei, number = desks.house.mei(), claimed(desks, MEIS_CARD)
    yield None
    yield credits(mei, number, claim_id="2", staff_id="2", amount="1", reason="evidence")


def the_claim_of_a_relative_whom_she_invited(desks: Desks) -> Steps:
    invited_emily(desks)
    mei, number = desks.house.mei(), claimed(desks, EMILY)
    yield None
    yield credits(mei, number)


def the_claim_of_a_relative_on_the_same_phone(desks: Desks) -> Steps:
    shares_phone_with_emily(desks)
    mei, number = desks.house.mei(), claimed(desks, EMILY)
    yield None
    yield credits(mei, number)


def the_claim_of_who_invited_her(desks: Desks) -> Steps:
    invited_by_alice(desks)
    mei, number = desks.house.mei(), claimed(desks, ALICE)
    yield None
    yield credits(mei, number)


def a_claim_about_herself(desks: Desks) -> Steps:
    mei, number = desks.house.mei(), claimed(desks, ALICE, MEIS)
    yield None
    yield credits(mei, number)


def a_claim_about_a_relative(desks: Desks) -> Steps:
    invited_emily(desks)
    mei, number = desks.house.mei(), claimed(desks, ALICE, "+8613800138015")
    yield None
    yield credits(mei, number)


def a_rivals_claim_refused(desks: Desks) -> Steps:
    mei, number = desks.house.mei(), claimed(desks, ALICE)
    desks.house.files(MEIS_CARD)
    yield None
    mei.opens("/tablet/claims")
    yield mei.posts(f"/tablet/claims/{number}/refuse", reason="not_confirmed")


def a_relatives_rival_refused(desks: Desks) -> Steps:
    invited_emily(desks)
    mei, number = desks.house.mei(), claimed(desks, ALICE)
    desks.house.files(EMILY)
    yield None
    mei.opens("/tablet/claims")
    yield mei.posts(f"/tablet/claims/{number}/refuse", reason="not_confirmed")


def a_claim_on_a_friend_who_counts_for_her_refused(desks: Desks) -> Steps:
    number = claimed(desks, MEIS_CARD)
    credits(desks.house.chen(), number)
    desks.house.files(ALICE)
    yield None
    yield decides(desks, MEI, claim=2, credit=False)


def a_claim_on_her_own_entry(desks: Desks) -> Steps:
    code = desks.house.invite(ALICE).code
    with desks.database.transaction() as session:
        mei_id = session.scalars(select(Staff.id).where(Staff.staff_no == MEI)).one()
        form = StartForm(code, BOB, Locale.ZH_HANS, channel="branch", staff_id=mei_id)
        start_registration(session, form, desks.clock())
    mei, number = desks.house.mei(), claimed(desks)
    yield None
    yield credits(mei, number)


def disputed(desks: Desks) -> str:
    """Emily claims a friend who counts for Alice."""
    credits(desks.house.chen(), claimed(desks))
    return desks.house.files(EMILY)


def first_and_second_by_one_person(desks: Desks) -> Steps:
    number, chen = disputed(desks), desks.house.chen()
    credits(chen, number)
    yield None
    yield decides(desks, CHEN, claim=2)


def second_after_a_promotion(desks: Desks) -> Steps:
    disputed(desks)
    assert decides(desks, MEI, claim=2) == ""
    becomes(desks, MEI, "manager", ref=MEIS_CARD)
    yield None
    yield decides(desks, MEI, claim=2)


def second_after_a_move_to_another_branch(desks: Desks) -> Steps:
    disputed(desks)
    assert decides(desks, MEI, claim=2) == ""
    becomes(desks, MEI, "manager", "徐汇支行", MEIS_CARD)
    yield None
    yield decides(desks, MEI, claim=2)


def second_under_another_staff_number(desks: Desks) -> Steps:
    disputed(desks)
    assert decides(desks, MEI, claim=2) == ""
    becomes(desks, SECOND_NUMBER, "manager", ref=MEIS_CARD)
    yield None
    yield decides(desks, SECOND_NUMBER, claim=2)


def a_teller_as_the_second_person(desks: Desks) -> Steps:
    disputed(desks)
    assert decides(desks, CHEN, claim=2) == ""
    yield None
    yield decides(desks, FAR, claim=2)


def above_the_branchs_limit(desks: Desks) -> Steps:
    limit(desks, "¥50")
    mei, number = desks.house.mei(), claimed(desks)
    yield None
    yield credits(mei, number)


def the_limit_raised_after_the_claim(desks: Desks) -> Steps:
    limit(desks, "¥50")
    mei, number = desks.house.mei(), claimed(desks)
    limit(desks, "¥500")
    yield None
    yield credits(mei, number)


def a_decision_pressed_again(desks: Desks) -> Steps:
    number = claimed(desks)
    credits(desks.house.mei(), number)
    yield None
    yield decides(desks, MEI)


def a_credit_turned_into_a_refusal(desks: Desks) -> Steps:
    number = claimed(desks)
    credits(desks.house.mei(), number)
    yield None
    yield decides(desks, MEI, credit=False)


def a_claim_that_is_not_there(desks: Desks) -> Steps:
    mei = desks.house.mei()
    claimed(desks)
    yield None
    yield credits(mei, "C-000000")


def the_desk_decides_a_claim(desks: Desks) -> Steps:
    claimed(desks)
    yield None
    yield decides(desks, TANG)


def an_auditor_decides_a_claim(desks: Desks) -> Steps:
    claimed(desks)
    yield None
    yield decides(desks, LUO)


def a_session_of_who_left(desks: Desks) -> Steps:
    mei, number = desks.house.mei(), claimed(desks)
    mei.opens("/tablet/claims")
    becomes(desks, MEI, "left", ref=MEIS_CARD)
    yield None
    yield mei.posts(f"/tablet/claims/{number}/credit")


def a_session_of_who_moved(desks: Desks) -> Steps:
    mei, number = desks.house.mei(), claimed(desks)
    mei.opens("/tablet/claims")
    becomes(desks, MEI, "teller", "徐汇支行", MEIS_CARD)
    yield None
    yield mei.posts(f"/tablet/claims/{number}/credit")


def a_colleagues_locked_session(desks: Desks) -> Steps:
    chen, number = desks.house.chen(), claimed(desks, MEIS_CARD)
    page = chen.opens("/tablet/claims")
    kept = chen.client.get_cookie("jianka_tablet", path="/tablet")
    assert kept is not None
    chen.posts("/tablet/lock")
    yield None
    chen.client.set_cookie("jianka_tablet", kept.value, path="/tablet")
    chen.page = page
    yield chen.posts(f"/tablet/claims/{number}/credit")


def a_colleagues_session_on_another_device(desks: Desks) -> Steps:
    chen, number = desks.house.chen(), claimed(desks, MEIS_CARD)
    chen.opens("/tablet/claims")
    other = desks.house.tablet()
    other.enrols(name="3 号")
    kept = chen.client.get_cookie("jianka_tablet", path="/tablet")
    assert kept is not None
    yield None
    other.client.set_cookie("jianka_tablet", kept.value, path="/tablet")
    other.page = chen.page
    yield other.posts(f"/tablet/claims/{number}/credit")


def a_tablet_of_another_branch(desks: Desks) -> Steps:
    claimed(desks)
    far = desks.house.tablet()
    far.enrols("徐汇支行")
    yield None
    yield far.signs_in(MEI)


def an_auditor_at_the_counter(desks: Desks) -> Steps:
    tablet = desks.house.tablet()
    tablet.enrols("总行审计部")
    yield None
    yield tablet.signs_in(LUO)


def a_colleagues_pin_set_from_a_browser(desks: Desks) -> Steps:
    mei = desks.house.mei()
    yield None
    yield mei.posts("/tablet/staff/pin", staff_no=CHEN, pin="135792")


SIGNED_OUT = "/tablet/sign-in"
WAYS: tuple[tuple[Way, str | int], ...] = (
    (walk_in_under_the_own_invite, "staff.party"),
    (walk_in_under_a_relatives_invite, "staff.party"),
    (walk_in_under_the_invite_of_who_invited_her, "staff.party"),
    (the_own_invite_on_the_branchs_screen, "staff.party"),
    (a_relatives_invite_on_the_branchs_screen, "staff.party"),
    (a_chat_bound_to_the_own_card, "staff.party"),
    (the_own_claim, "claim.party"),
    (the_own_claim_with_other_fields, "claim.party"),
    (the_claim_of_a_relative_whom_she_invited, "claim.party"),
    (the_claim_of_a_relative_on_the_same_phone, "claim.party"),
    (the_claim_of_who_invited_her, "claim.party"),
    (a_claim_about_herself, "claim.party"),
    (a_claim_about_a_relative, "claim.party"),
    (a_rivals_claim_refused, "claim.party"),
    (a_relatives_rival_refused, "claim.party"),
    (a_claim_on_a_friend_who_counts_for_her_refused, "claim.party"),
    (a_claim_on_her_own_entry, "claim.party"),
    (first_and_second_by_one_person, "claim.second"),
    (second_after_a_promotion, "claim.second"),
    (second_after_a_move_to_another_branch, "claim.second"),
    (second_under_another_staff_number, "claim.second"),
    (a_teller_as_the_second_person, "claim.authority"),
    (above_the_branchs_limit, "claim.authority"),
    (the_limit_raised_after_the_claim, "claim.authority"),
    (a_decision_pressed_again, "claim.decided"),
    (a_credit_turned_into_a_refusal, "claim.decided"),
    (a_claim_that_is_not_there, 404),
    (the_desk_decides_a_claim, "claim.authority"),
    (an_auditor_decides_a_claim, "claim.authority"),
    (a_session_of_who_left, SIGNED_OUT),
    (a_session_of_who_moved, SIGNED_OUT),
    (a_colleagues_locked_session, SIGNED_OUT),
    (a_colleagues_session_on_another_device, SIGNED_OUT),
    (a_tablet_of_another_branch, "staff.other_branch"),
    (an_auditor_at_the_counter, "staff.role"),
    (a_colleagues_pin_set_from_a_browser, 404),
)


@pytest.mark.parametrize(("way", "refusal"), WAYS, ids=[way.__name__ for way, _ in WAYS])
def test_a_way_at_the_branch_is_closed(desks: Desks, way: Way, refusal: str | int) -> None:
    tries(desks, way, refusal)


def test_who_is_no_party_decides(desks: Desks) -> None:
    """The same claims, decided by somebody who has nothing to do with them."""
    invited_emily(desks)
    has_card(desks, MEI)
    claimed(desks, EMILY)
    assert decides(desks, MEI) == "claim.party"
    assert decides(desks, CHEN) == ""
