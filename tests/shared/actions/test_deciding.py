"""Who may decide a claim by how much it comes to, and what an answer may say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from claim_people import CHEN, GAO, HE, LUO, MALLORY, MEI, TANG, Floor, code_of
from story import SAMPLE, Story

from shared.base.database import Database
from shared.claims.answers import OFFERED, Template
from shared.claims.claims import BY_PEOPLE, Reason, State

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RULES = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")


@pytest.fixture
def floor(database: Database, now: datetime) -> Floor:
    return Floor(Story(database, now))


@pytest.mark.parametrize(
    ("reward", "limit", "alone"),
    [
        ("¥200", "¥200", True),
        ("¥200.01", "¥200", False),
        pytest.param("¥100", "¥99.99", False, marks=pytest.mark.nightly),
    ],
)
def test_a_teller_decides_up_to_the_branchs_limit_and_a_manager_above(
    database: Database, now: datetime, reward: str, limit: str, alone: bool
) -> None:
    base = RULES.partition("- id: base")
    rules = base[0] + base[1] + base[2].replace("amount: ¥100", f"amount: {reward}", 1)
    rules = rules.replace("branch_limit: ¥200", f"branch_limit: {limit}")
    floor = Floor(Story(database, now, rules))
    floor.applies()
    for credit in (False, True):
        phone = "+8613900139000" if credit else "+8613900139002"
        claim = floor.files(phone)
        if alone:
            wanted = State.CREDITED if credit else State.REFUSED
            assert floor.decides(MEI, claim, credit=credit) is wanted
            continue
        assert (
            code_of(lambda c=claim, to=credit: floor.decides(MEI, c, credit=to))
            == "claim.authority"
        )
        floor.decides(CHEN, claim, credit=credit)
    assert floor.state(claim) is State.CREDITED


def test_the_desk_and_auditors_decide_nothing(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    for staff_no in (TANG, LUO):
        for credit in (True, False):
            assert (
                code_of(lambda who=staff_no, to=credit: floor.decides(who, claim, credit=to))
                == "claim.authority"
            )
    floor.is_now(MEI, "left")
    assert code_of(lambda: floor.decides(MEI, claim)) == "claim.authority"
    assert floor.state(claim) is State.WITH_PERSON


def test_a_disputed_claim_takes_two_and_a_manager_is_one_of_them(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    assert floor.decides(MEI, claim) is State.SECOND_PERSON
    assert code_of(lambda: floor.decides(MEI, claim)) == "claim.second"
    assert code_of(lambda: floor.decides(GAO, claim)) == "claim.authority"
    assert floor.story.params("claim.decided") == []  # nothing leaves on the word of one
    assert floor.decides(CHEN, claim) is State.CREDITED


def test_an_override_takes_two_and_nothing_beyond_it_is_credited(floor: Floor) -> None:
    floor.applies()
    floor.story.later(days=60)
    claim = floor.files()
    assert floor.decides(CHEN, claim) is State.SECOND_PERSON
    assert floor.claim(claim).override
    assert floor.decides(HE, claim) is State.CREDITED
    floor.applies("+8613900139002", "A2")
    floor.story.later(days=91)
    old = floor.files("+8613900139002")
    for staff_no in (CHEN, HE):
        assert code_of(lambda who=staff_no: floor.decides(who, old)) == "claim.too_old"
    assert floor.state(old) is State.WITH_PERSON
    assert floor.decides(MEI, old, credit=False, reason=Reason.TOO_OLD) is State.REFUSED


def test_a_dispute_that_ended_still_takes_the_second_person(floor: Floor) -> None:
    """The first agreed while two claimed the friend; the other's claim is over by then."""
    floor.applies()
    claim = floor.files()
    rival = floor.files(customer_ref=MALLORY)
    floor.decides(CHEN, claim)
    floor.decides(MEI, rival, credit=False)
    assert code_of(lambda: floor.decides(CHEN, claim)) == "claim.second"
    assert floor.decides(HE, claim) is State.CREDITED


def test_people_refuse_for_their_own_reasons_only(floor: Floor) -> None:
    claim = floor.files()
    for reason in set(Reason) - set(BY_PEOPLE):
        code = code_of(lambda why=reason: floor.decides(MEI, claim, credit=False, reason=why))
        assert code == "claim.reason"
    assert floor.state(claim) is State.WITH_PERSON


@pytest.mark.parametrize("credit", [True, pytest.param(False, marks=pytest.mark.nightly)])
def test_an_answer_has_only_lines_that_go_with_the_decision(floor: Floor, credit: bool) -> None:
    floor.applies()
    claim = floor.files()
    for template in sorted(set(Template) - set(OFFERED[credit])):
        assert (
            code_of(lambda t=template: floor.decides(MEI, claim, credit=credit, template=t))
            == "claim.template"
        )
    assert floor.state(claim) is State.WITH_PERSON
    last = OFFERED[credit][-1]
    floor.decides(MEI, claim, credit=credit, template=last)
    assert floor.claim(claim).template == last
    assert floor.story.params("claim.decided")[0]["template"] == last


def test_a_credit_is_told_at_once_and_a_refusal_when_any_other_would_be(floor: Floor) -> None:
    floor.applies()
    filed = floor.story.now
    first, second = floor.files(), floor.files("+8613900139002")
    floor.story.later(hours=3)
    floor.decides(MEI, first)
    floor.decides(MEI, second, credit=False)
    assert floor.claim(first).told_at == floor.story.now
    assert floor.claim(second).told_at == filed + timedelta(hours=24)
