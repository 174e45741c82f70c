"""Whose work a claim is: who takes it and hands it on, and what becomes of it when staff leave."""

from __future__ import annotations

from datetime import datetime

import pytest
from claim_people import CHEN, GAO, HE, LUO, MALLORY, MEI, TANG, XU, Floor, code_of
from story import SAMPLE, Story

from shared.base.database import Database
from shared.claims.claims import State
from shared.reports.claims import claim_queue

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = SQLITE
JINGAN, XUHUI = "静安支行", "徐汇支行"


@pytest.fixture
def floor(database: Database, now: datetime) -> Floor:
    return Floor(Story(database, now))


def test_a_teller_takes_what_is_nobodys_and_hands_on_their_own(floor: Floor) -> None:
    claim = floor.files()
    floor.gives(MEI, claim, MEI)
    assert floor.holder(claim) == MEI
    floor.gives(MEI, claim, XU)
    assert floor.holder(claim) == XU
    floor.gives(XU, claim, None)
    assert floor.holder(claim) is None
    assert floor.audited("claim.assigned") == 3


def test_a_teller_does_not_take_a_colleagues(floor: Floor) -> None:
    claim = floor.files()
    floor.gives(XU, claim, XU)
    for to in (MEI, GAO, None):
        assert code_of(lambda whom=to: floor.gives(MEI, claim, whom)) == "claim.authority"
    assert floor.holder(claim) == XU


def test_managers_and_the_desk_hand_out_anybodys_work(floor: Floor) -> None:
    claim = floor.files()
    for giver in (CHEN, HE, TANG):
        floor.gives(giver, claim, XU)
        floor.gives(giver, claim, GAO)
        assert floor.holder(claim) == GAO
        floor.gives(giver, claim, None)
        assert floor.holder(claim) is None


def test_an_auditor_hands_out_nothing_and_is_given_nothing(floor: Floor) -> None:
    claim = floor.files()
    assert code_of(lambda: floor.gives(LUO, claim, XU)) == "claim.authority"
    for to in (LUO, TANG):  # the desk decides none either
        assert code_of(lambda whom=to: floor.gives(CHEN, claim, whom)) == "claim.assignee"


def test_a_party_neither_gives_nor_is_given(floor: Floor) -> None:
    claim = floor.files(customer_ref="C100004")  # Mei's own
    assert code_of(lambda: floor.gives(MEI, claim, XU)) == "claim.party"
    assert code_of(lambda: floor.gives(CHEN, claim, MEI)) == "claim.assignee"
    floor.gives(CHEN, claim, XU)


def test_who_had_a_hand_is_not_given_it_again(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    floor.gives(CHEN, claim, CHEN)
    assert floor.decides(CHEN, claim) is State.SECOND_PERSON
    assert floor.holder(claim) is None  # done with their part
    assert code_of(lambda: floor.gives(HE, claim, CHEN)) == "claim.assignee"
    assert code_of(lambda: floor.gives(HE, claim, MEI)) == "claim.assignee"  # takes a manager
    floor.gives(HE, claim, HE)
    assert floor.decides(HE, claim, credit=False) is State.REFUSED
    floor.story.later(hours=24)
    floor.appeals(claim)
    for to in (CHEN, HE, XU):
        assert code_of(lambda whom=to: floor.gives(TANG, claim, whom)) == "claim.assignee"


def test_what_is_above_a_tellers_limit_is_not_given_to_one(
    database: Database, now: datetime
) -> None:
    rules = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
    floor = Floor(Story(database, now, rules.replace("branch_limit: ¥200", "branch_limit: ¥50")))
    claim = floor.files()
    assert code_of(lambda: floor.gives(MEI, claim, MEI)) == "claim.assignee"
    floor.gives(MEI, claim, CHEN)
    assert floor.holder(claim) == CHEN


def test_nobody_there_or_already_gone_is_given_nothing(floor: Floor) -> None:
    claim = floor.files()
    floor.is_now(XU, "left")
    assert code_of(lambda: floor.gives(CHEN, claim, XU)) == "claim.assignee"
    assert code_of(lambda: floor.gives(XU, claim, MEI)) == "claim.authority"
    with floor.story.database.transaction() as session:
        from shared.actions.claim_assigning import assign_claim
        from shared.base.errors import Refusal

        with pytest.raises(Refusal, match=r"claim\.assignee"):
            assign_claim(session, session.merge(floor.staff(CHEN)), claim, 999, floor.story.now)
    floor.decides(MEI, claim, credit=False)
    assert code_of(lambda: floor.gives(CHEN, claim, MEI)) == "claim.decided"


def test_a_claim_given_to_somebody_may_be_decided_by_who_is_faster(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.gives(CHEN, claim, XU)
    assert floor.decides(MEI, claim) is State.CREDITED
    assert floor.holder(claim) is None


# staff leave


def test_who_leaves_hands_their_claims_to_a_manager_of_the_branch(floor: Floor) -> None:
    first, second = floor.files(), floor.files("+8613900139002")
    floor.gives(CHEN, first, MEI)
    floor.gives(CHEN, second, XU)
    floor.is_now(MEI, "left")
    assert (floor.holder(first), floor.holder(second)) == (CHEN, XU)
    floor.is_now(CHEN, "left")
    assert floor.holder(first) is None  # no other manager there
    floor.gives(HE, first, GAO)
    floor.is_now(GAO, "left", XUHUI)
    assert floor.holder(first) == HE


def test_a_manager_who_is_a_party_is_not_who_gets_them(floor: Floor) -> None:
    floor.is_now(CHEN, "manager", ref="C100001")
    claim = floor.files()  # Alice's, who is Chen
    floor.gives(HE, claim, MEI)
    floor.is_now(MEI, "left")
    assert floor.holder(claim) is None


def test_who_moves_or_decides_no_more_hands_on_and_a_promotion_keeps(floor: Floor) -> None:
    claim = floor.files()
    floor.gives(MEI, claim, MEI)
    floor.is_now(MEI, "manager", ref="C100004")
    assert floor.holder(claim) == MEI
    floor.is_now(MEI, "manager", XUHUI, ref="C100004")
    assert floor.holder(claim) == CHEN  # of the branch where they were
    floor.is_now(CHEN, "auditor")
    assert floor.holder(claim) is None


def test_the_word_of_the_first_of_two_goes_with_who_decides_no_more(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    assert floor.decides(MEI, claim) is State.SECOND_PERSON
    floor.is_now(MEI, "left")
    assert floor.state(claim) is State.WITH_PERSON
    assert floor.audited("claim.voided") == 1
    assert floor.decides(CHEN, claim) is State.SECOND_PERSON  # one alone is not enough
    assert floor.decides(HE, claim) is State.CREDITED


@pytest.mark.parametrize("role", ["desk", pytest.param("auditor", marks=pytest.mark.nightly)])
def test_another_role_voids_the_word_too(floor: Floor, role: str) -> None:
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    floor.decides(CHEN, claim)
    floor.is_now(CHEN, role)
    assert floor.state(claim) is State.WITH_PERSON


@pytest.mark.parametrize(("role", "branch"), [("manager", JINGAN), ("teller", XUHUI)])
def test_a_promotion_or_a_move_leaves_the_word(floor: Floor, role: str, branch: str) -> None:
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    floor.decides(MEI, claim)
    floor.is_now(MEI, role, branch, ref="C100004")
    assert floor.state(claim) is State.SECOND_PERSON
    assert code_of(lambda: floor.decides(MEI, claim)) == "claim.second"
    assert floor.decides(CHEN, claim) is State.CREDITED


def test_a_void_word_in_an_appeal_leaves_it_an_appeal(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    floor.decides(MEI, claim, credit=False)
    floor.story.later(hours=24)
    due = floor.appeals(claim)
    floor.decides(CHEN, claim)
    floor.is_now(CHEN, "left")
    assert floor.state(claim) is State.APPEALED
    assert floor.claim(claim).due_at == due
    assert floor.decides(HE, claim, credit=False) is State.UPHELD


def test_the_queue_says_whose_it_is_and_who_had_a_hand(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    floor.gives(CHEN, claim, MEI)
    with floor.story.database.reading() as session:
        line = next(x for x in claim_queue(session, floor.staff(XU)) if x.id == claim)
    assert line.assigned.startswith("梅若兰")
    assert not line.hand
    floor.decides(MEI, claim)
    with floor.story.database.reading() as session:
        mine = next(x for x in claim_queue(session, floor.staff(MEI)) if x.id == claim)
        others = next(x for x in claim_queue(session, floor.staff(XU)) if x.id == claim)
    assert (mine.hand, mine.second_person, mine.assigned) == (True, True, "")
    assert not others.hand
