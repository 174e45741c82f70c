"""Claims at the desk: the queue by due time, the evidence beside it, who may do what with one."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from counter import ALICE, BOB, CHEN, EMILY, MEI, Page, words
from desktop import LUO, TANG, Desk, Desks
from sqlalchemy import select

from shared.actions.appealing import appeal
from shared.actions.claim_clock import turn_claims
from shared.actions.claim_opinion import give_opinion
from shared.actions.deciding import decide_claim
from shared.base.i18n import Locale
from shared.claims.claims import Claim, Reason, State
from shared.claims.opinions import ClaimOpinion, Opinion
from shared.people.staff import Staff
from shared.post.audit import Audit

LIST, ONE = "/desk/claims", "/desk/claims/1"
ACTS = ("credit", "refuse", "assign")
OTHER = "+8613900139002"


@pytest.fixture
def chen(desks: Desks) -> Desk:
    """A branch's manager, at a desktop."""
    return desks.of(CHEN)


def state(desks: Desks, claim: int = 1) -> State:
    with desks.database.reading() as session:
        return State(session.get_one(Claim, claim).state)


def number(desks: Desks, claim: int = 1) -> str:
    with desks.database.reading() as session:
        return session.get_one(Claim, claim).number


def id_of(desks: Desks, staff_no: str) -> int:
    with desks.database.reading() as session:
        return session.scalars(select(Staff.id).where(Staff.staff_no == staff_no)).one()


def refuses(desks: Desks, staff_no: str, claim: int = 1) -> None:
    with desks.database.transaction() as session:
        staff = session.get_one(Staff, id_of(desks, staff_no))
        decide_claim(session, staff, claim, False, Reason.NOT_CONFIRMED, desks.clock())


def order(page: Page) -> list[int]:
    """The claims of a list, from the top."""
    return [int(each) for each in re.findall(r'data-test="claim-(\d+)"', page.html)]


def test_the_queue_is_by_due_time_and_masked(desks: Desks, tang: Desk) -> None:
    assert tang.opens(LIST).has("no-claims")
    desks.house.files(EMILY, OTHER)
    desks.clock.passes(hours=5)
    desks.house.files()
    page = desks.of(TANG).opens(LIST)
    assert order(page) == [1, 2]
    assert words("tablet.claim.left.hours", n=43) in page.html
    assert words("desk.claim.ends_with", digits="9000") in page.html
    assert "李**" in page.html
    for secret in ("李爱丽", "Emily Carter", BOB, "13900139002"):
        assert secret not in page.html
    with desks.database.transaction() as session:  # the clock stood still: due later
        session.get_one(Claim, 1).due_at += timedelta(days=2)
    assert order(desks.of(TANG).opens(LIST)) == [2, 1]


def test_every_filter_shows_its_own_and_says_when_there_is_none(desks: Desks, tang: Desk) -> None:
    desks.house.bank_hears()
    for n in range(5):
        desks.house.files(phone=f"+861390013920{n}")
    refuses(desks, CHEN, 1)
    desks.clock.passes(hours=24)
    with desks.database.transaction() as session:
        appeal(session, desks.house.member_id(ALICE), number(desks, 1), desks.clock())
    refuses(desks, CHEN, 2)
    tang = desks.of(TANG)
    tang.posts("/desk/claims/3/assign", to=str(id_of(desks, CHEN)))
    with desks.database.transaction() as session:
        asked = session.get_one(Claim, 4)
        asked.state, asked.paused_at = State.ASKED.value, desks.clock()
        asked.escalate_at = None
    desks.clock.passes(hours=17)
    while turn_claims(desks.database, "https://card.example", desks.clock()):
        pass
    tang, chen = desks.of(TANG), desks.of(CHEN)

    def shows(desk: Desk, show: str) -> list[int]:
        return sorted(order(desk.opens(f"{LIST}?show={show}")))

    assert shows(tang, "waits") == [1, 3, 4, 5]
    assert shows(chen, "mine") == [3]
    assert shows(tang, "escalated") == [3, 5]
    assert shows(tang, "asked") == [4]
    assert shows(tang, "appealed") == [1]
    assert shows(tang, "decided") == [2]
    for show in ("mine", "overdue"):
        page = tang.opens(f"{LIST}?show={show}")
        assert words(f"desk.claim.none.{show}") in page.html
    desks.clock.passes(hours=8)
    assert sorted(order(desks.of(TANG).opens(f"{LIST}?show=overdue"))) == [3, 5]
    tang = desks.of(TANG)
    assert sorted(order(tang.opens(f"{LIST}?show=nonsense&campaign=spring"))) == [1, 3, 4, 5]
    assert tang.opens(f"{LIST}?campaign=nowhere").status == 404


def test_a_page_leads_to_the_next_one_and_back(
    desks: Desks, tang: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.desk.claims.A_PAGE", 2)
    for n in range(5):
        desks.house.files(phone=f"+861390013920{n}")
    first = tang.opens(LIST)
    seen = order(first)
    page = first
    while links := re.findall(r'href="(/desk/claims\?[^"]*after=[^"]+)"', page.html):
        page = tang.opens(links[-1])
        seen += order(page)
    assert seen == [1, 2, 3, 4, 5]
    for wrong in ("x/y", "2026-03-04/1", "/", "2026-03-04T00:00:00+00:00/" + "9" * 40):
        assert tang.opens(f"{LIST}?after={wrong}").status == 200


def test_the_evidence_stands_beside_it_with_what_it_weighs(desks: Desks, chen: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    page = chen.opens(chen.opens(LIST).link_of("claim-1"))
    assert page.has("evidence")
    assert words("tablet.evidence.application") in page.html
    assert words("desk.claim.sum") in page.html
    assert words("desk.claim.act.filed") in page.html
    assert words("desk.claim.act.with_person") in page.html
    assert page.has("credit-form")
    assert page.has("preview-share")
    assert "李爱丽" not in page.html
    assert state(desks) is State.WITH_PERSON  # looking decides nothing
    for locale in Locale:
        page = chen.opens(f"{ONE}?lang={locale.lang}")
        assert words("desk.claim.evidence", locale) in page.html


def test_a_manager_credits_and_a_second_press_reads_as_done(desks: Desks, chen: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    chen.opens(ONE)
    said = words("desk.claim.said.credited", number=number(desks))
    for _ in range(2):
        page = chen.posts(f"{ONE}/credit", template="thanks")
        assert page.status == 200
        assert said in page.html
    assert state(desks) is State.CREDITED
    with desks.database.reading() as session:
        decided = select(Audit).where(Audit.act == "claim.decided")
        assert len(session.scalars(decided).all()) == 1
        assert session.get_one(Claim, 1).template == "thanks"
    assert not chen.opens(ONE).has("credit")


def test_a_colleague_who_was_faster_is_told(desks: Desks, chen: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    chen.opens(ONE)
    refuses(desks, MEI)
    page = chen.posts(f"{ONE}/credit")
    assert page.status == 422
    assert words("error.claim.decided", number=number(desks)) in page.html
    assert state(desks) is State.REFUSED


def test_a_refusal_needs_a_reason_that_people_have(desks: Desks, chen: Desk) -> None:
    desks.house.files()
    for reason in ("", "evidence", "silent", "because"):
        page = chen.posts(f"{ONE}/refuse", reason=reason)
        assert page.status == 422
        assert words("error.claim.reason") in page.html
    assert state(desks) is State.WITH_PERSON


def test_an_answer_is_one_of_those_offered(desks: Desks, chen: Desk) -> None:
    desks.house.files()
    for template in ("share", "made-up", "<b>"):
        page = chen.posts(f"{ONE}/refuse", reason="not_confirmed", template=template)
        assert page.status == 422
        assert words("error.claim.template") in page.html
    assert state(desks) is State.WITH_PERSON


def test_the_desk_hands_out_and_decides_nothing(desks: Desks, tang: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    page = tang.opens(ONE)
    assert page.has("not-decider")
    assert not page.has("credit-form")
    assert not page.has("refuse-form")
    for act in ("credit", "refuse"):
        refused = tang.posts(f"{ONE}/{act}", reason="not_confirmed")
        assert refused.status == 422
        assert words("error.claim.authority") in refused.html
    given = tang.posts(f"{ONE}/assign", to=str(id_of(desks, MEI)))
    assert words("desk.claim.said.assigned", number=number(desks)) in given.html
    assert "梅若兰" in given.text_of("assigned")
    for wrong in (str(id_of(desks, TANG)), "999", "x", "-1", "9" * 30):
        assert words("error.claim.assignee") in tang.posts(f"{ONE}/assign", to=wrong).html
    back = tang.posts(f"{ONE}/assign", to="")
    assert words("desk.claim.said.put_back", number=number(desks)) in back.html
    assert state(desks) is State.WITH_PERSON


def test_an_auditor_looks_and_a_stranger_does_not(desks: Desks, luo: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    page = luo.opens(ONE)
    assert page.has("evidence")
    for part in ("credit-form", "refuse-form", "assign"):
        assert not page.has(part)
    for act in ACTS:
        assert luo.posts(f"{ONE}/{act}", reason="not_confirmed", to="").status == 403
    stranger = desks.stranger()
    assert stranger.opens(ONE).place == "/desk/sign-in"
    for act in ACTS:
        assert stranger.posts(f"{ONE}/{act}").status in (400, 200)
    assert state(desks) is State.WITH_PERSON


def test_a_party_finds_nothing_of_it(desks: Desks, chen: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    desks.house.files(EMILY, OTHER)
    with desks.database.transaction() as session:
        session.get_one(Staff, id_of(desks, CHEN)).customer_ref = ALICE
    assert order(chen.opens(LIST)) == [2]
    assert chen.opens(ONE).status == 404
    for act in ACTS:
        assert chen.posts(f"{ONE}/{act}", reason="not_confirmed", to="").status == 404
    sheet = chen.posts(f"{LIST}/file", show="waits")
    assert number(desks, 1) not in sheet.html
    assert number(desks, 2) in sheet.html
    assert state(desks) is State.WITH_PERSON


def test_claims_are_not_reached_by_counting(desks: Desks, chen: Desk) -> None:
    desks.house.files()
    for wrong in (0, 2, 99, 2**62, 2**70):
        assert chen.opens(f"/desk/claims/{wrong}").status == 404
        for act in ACTS:
            assert chen.posts(f"/desk/claims/{wrong}/{act}", reason="not_confirmed").status == 404


def test_a_form_without_its_token_does_nothing(desks: Desks, chen: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    chen.opens(ONE)
    for token in ("", "0" * 32):
        for path in (*(f"{ONE}/{act}" for act in ACTS), f"{LIST}/file"):
            page = chen.posts(path, csrf_token=token, reason="not_confirmed", to="")
            assert page.status in (400, 403), path
    assert state(desks) is State.WITH_PERSON
    with desks.database.reading() as session:
        acts = set(session.scalars(select(Audit.act)))
    assert not {"claim.decided", "claim.assigned", "claims.exported"} & acts


def test_who_had_a_hand_leaves_the_appeal_to_another_manager(desks: Desks, chen: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    refuses(desks, CHEN)
    desks.clock.passes(hours=24)
    with desks.database.transaction() as session:
        appeal(session, desks.house.member_id(ALICE), number(desks), desks.clock())
    chen = desks.of(CHEN)
    page = chen.opens(ONE)
    assert page.has("hand")
    assert not page.has("refuse-form")
    again = chen.posts(f"{ONE}/refuse", reason="not_confirmed")
    assert words("error.claim.again") in again.html
    assert (
        words("error.claim.assignee")
        in chen.posts(f"{ONE}/assign", to=str(id_of(desks, CHEN))).html
    )
    assert state(desks) is State.APPEALED


def test_the_file_is_masked_and_on_record(desks: Desks, luo: Desk) -> None:
    desks.house.bank_hears()
    desks.house.files()
    desks.house.files(EMILY, OTHER)
    refuses(desks, CHEN, 2)
    sheet = luo.posts(f"{LIST}/file", show="waits", campaign="spring")
    assert sheet.response.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(sheet.response.get_data(as_text=True).lstrip("\ufeff"))))
    assert len(rows) == 2
    row = dict(zip(*rows, strict=True))
    assert row[words("desk.claim.number")] == number(desks, 1)
    assert row[words("desk.claim.amount")] == "100.00"
    assert row[words("desk.claim.friend")] == "9000"
    for secret in ("李爱丽", "13900139000", "13800138001"):
        assert secret not in sheet.html
    decided = luo.posts(f"{LIST}/file", show="decided")
    assert words("desk.claim.reason.not_confirmed") in decided.html
    with desks.database.reading() as session:
        exports = session.scalars(select(Audit).where(Audit.act == "claims.exported")).all()
        assert [each.actor for each in exports] == [f"staff:{id_of(desks, LUO)}"] * 2
        assert exports[0].details == {"show": "waits", "campaign": "spring"}
    assert luo.posts(f"{LIST}/file", campaign="nowhere").status == 404
    looked = luo.opens(f"{LIST}?show=decided")
    assert order(looked) == [2]
    with desks.database.reading() as session:
        again = session.scalars(select(Audit).where(Audit.act == "claims.exported")).all()
        assert len(again) == 2  # a look is no export


def test_what_members_think_is_counted_by_month(desks: Desks, tang: Desk) -> None:
    assert tang.opens(LIST).has("no-opinions")
    for n, opinion in enumerate((Opinion.GOOD, Opinion.GOOD, Opinion.POOR), 1):
        desks.house.bank_hears(f"+861390013920{n}", f"A-{n}")
        case = desks.house.files(phone=f"+861390013920{n}")
        with desks.database.transaction() as session:
            chen = session.get_one(Staff, id_of(desks, CHEN))
            decide_claim(session, chen, n, True, Reason.EVIDENCE, desks.clock())
            session.merge(ClaimOpinion(claim_id=n, asked_at=desks.clock()))
            session.flush()
            give_opinion(session, desks.house.member_id(ALICE), case, opinion, desks.clock())
    page = tang.opens(LIST)
    assert page.has("opinions-2026-03")
    row = page.html.split('data-test="opinions-2026-03"')[1].split("</tr>")[0]
    assert "<strong>67%</strong>" in row
    assert not tang.opens(f"{LIST}?show=decided&campaign=spring").has("no-opinions")
