"""Claims against those who would bend them: nobody is paid twice, told wrong, or judges alone."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from sqlalchemy import func, select
from story import BOB, PUBLIC_URL, Story, spends

from shared.actions.claim_clock import turn_claims
from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.deciding import decide_claim
from shared.actions.inviting import invite_for
from shared.actions.judging import evidence_of
from shared.actions.registering import StartForm, start_registration
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.claims.claims import Claim, How, Reason, State, When
from shared.claims.evidence import EvidenceKind
from shared.ledger.verify import verify
from shared.people.members import member_by_ref
from shared.people.staff import Staff
from shared.referrals.referrals import Referral
from shared.reports.progress import progress

MEI, CHEN, AUDITOR = "S1001", "S1002", "S9002"


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    story = Story(database, now)
    story.judges = True
    return story


def mallory(story: Story) -> int:
    with story.database.reading() as session:
        member = member_by_ref(session, "C100002")
        assert member is not None
        return member.id


def files(story: Story, member: int, phone: str = BOB) -> State:
    with story.database.transaction() as session:
        form = ClaimForm(member, How.IN_BRANCH, When.THIS_WEEK, phone=phone)
        number = file_claim(session, form, story.now).number
    turn_claims(story.database, PUBLIC_URL, story.now)
    with story.database.reading() as session:
        return State(session.scalars(select(Claim.state).where(Claim.number == number)).one())


def decides(story: Story, staff_no: str, *, credit: bool = True, claim: int = 1) -> State:
    reason = Reason.EVIDENCE if credit else Reason.ALREADY_REFERRED
    with story.database.transaction() as session:
        staff = session.scalar(select(Staff).where(Staff.staff_no == staff_no))
        assert staff is not None
        return decide_claim(session, staff, claim, credit, reason, story.now)


def found(story: Story, claim: int = 1) -> set[EvidenceKind]:
    with story.database.reading() as session:
        row = session.get(Claim, claim)
        assert row is not None
        return {evidence.kind for evidence in evidence_of(session, row)}


def test_a_claim_for_a_friend_another_was_paid_for_is_never_called_credited(story: Story) -> None:
    story.registers()
    spends(story)
    assert story.progress().pending[Unit.CNY] == 10000
    assert files(story, mallory(story)) is State.WITH_PERSON
    for staff_no in (MEI, CHEN):
        with pytest.raises(Refusal) as refused:
            decides(story, staff_no)
        assert refused.value.code == "claim.paid"
    assert decides(story, MEI, credit=False) is State.REFUSED
    story.work()
    assert story.progress().pending[Unit.CNY] == 10000


def test_a_friend_who_counts_already_is_the_claimants_without_a_dispute(story: Story) -> None:
    story.registers()
    story.bank("application.submitted", application_id="A1", phone=BOB)
    assert files(story, story.alice) is State.CREDITED
    assert EvidenceKind.CREDITED_OWN in found(story)
    assert EvidenceKind.CREDITED_ELSEWHERE not in found(story)
    assert len(story.progress().friends) == 1


def test_a_registration_too_long_ago_is_not_credited_by_the_machine(story: Story) -> None:
    story.registers()
    story.later(days=31)
    story.bank("application.submitted", application_id="A1", phone=BOB)
    assert files(story, story.alice) is State.FILED
    assert EvidenceKind.REGISTRATION_LAPSED in found(story)
    story.later(hours=24)
    story.work()
    with story.database.reading() as session:
        assert session.scalars(select(Claim.state)).one() == State.ASKED


def test_staff_do_not_decide_about_their_own_card_under_another_number(story: Story) -> None:
    story.bank("application.submitted", application_id="A1", phone=BOB)
    story.later(days=1)
    story.bank("application.approved", application_id="A1", customer_ref="C100004")  # Mei's
    files(story, story.alice)
    for credit in (True, False):
        with pytest.raises(Refusal) as refused:
            decides(story, MEI, credit=credit)
        assert refused.value.code == "claim.party"


def test_an_auditor_decides_nothing(story: Story) -> None:
    story.bank("application.submitted", application_id="A1", phone=BOB)
    files(story, story.alice)
    for credit in (True, False):
        with pytest.raises(Refusal) as refused:
            decides(story, AUDITOR, credit=credit)
        assert refused.value.code == "claim.authority"


def test_a_claimed_friend_who_registers_later_stays_one_friend(story: Story) -> None:
    story.bank("application.submitted", application_id="A1", phone=BOB)
    files(story, story.alice)
    decides(story, MEI)
    story.bank("application.declined", application_id="A1")
    story.later(days=1)
    done = story.registers()
    story.later(hours=1)
    story.bank("application.submitted", application_id="A2", referral_token=done.referral_token)
    with story.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Referral)) == 1
    assert [friend.ordinal for friend in story.progress().friends] == [1]


def test_the_token_heard_after_a_claim_was_paid_pays_nobody_twice(story: Story) -> None:
    with story.database.transaction() as session:
        story.code = invite_for(session, mallory(story), story.now).code
    done = story.registers("+8613700137000")
    story.later(hours=1)
    applied = story.now
    spends(story)
    files(story, story.alice)
    decides(story, MEI)
    story.work()
    assert story.progress().pending[Unit.CNY] == 10000
    story.now, later = applied, story.now
    story.bank("application.submitted", application_id="A1", referral_token=done.referral_token)
    story.now = later
    story.work()
    with story.database.reading() as session:
        theirs = progress(session, mallory(story), story.now)
        assert theirs is not None
        assert theirs.pending == {}
        assert verify(session) == []


def test_claims_filed_at_once_do_not_slip_past_the_limit(story: Story) -> None:
    phones = [f"+86137001370{n:02d}" for n in range(8)]
    start = threading.Barrier(len(phones))
    outcomes: list[str] = []

    def file(phone: str) -> None:
        start.wait()
        try:
            outcomes.append(files(story, story.alice, phone).value)
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=file, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["claim.limit_month"] * 3 + ["with_person"] * 5


def test_a_claim_decided_by_two_at_once_counts_once(story: Story) -> None:
    story.bank("application.submitted", application_id="A1", phone=BOB)
    files(story, story.alice)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def decide(staff_no: str) -> None:
        start.wait()
        try:
            outcomes.append(decides(story, staff_no).value)
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=decide, args=(staff_no,)) for staff_no in (MEI, CHEN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["claim.decided", "credited"]
    with story.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Referral)) == 1


@pytest.mark.parametrize("hours", [2, 25], ids=["same day", "later"])
def test_a_registration_begun_for_a_stranger_is_never_credited_by_the_machine(
    story: Story, hours: int
) -> None:
    with story.database.transaction() as session:
        start_registration(session, StartForm(story.code, BOB, Locale.ZH_HANS), story.now)
    story.later(hours=hours)
    story.bank("application.submitted", application_id="A1", phone=BOB)
    with story.database.transaction() as session:
        form = ClaimForm(story.alice, How.WITHOUT_LINK, When.THIS_WEEK, phone=BOB)
        file_claim(session, form, story.now)
    story.work()
    with story.database.reading() as session:
        assert session.scalars(select(Claim.state)).one() == State.WITH_PERSON
