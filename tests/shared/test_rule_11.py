"""Nobody can ask the system whether a number is a customer: the same answers for every number."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from story import Story, spends

from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.deciding import decide_claim
from shared.actions.registering import (
    FinishForm,
    Registered,
    Started,
    StartForm,
    finish_registration,
    start_registration,
)
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.claims.claims import BY_PEOPLE, Claim, How, Reason, State, When
from shared.people.consents import Purpose
from shared.people.staff import Staff
from shared.post.outbox import Outbox
from shared.reports.claims import claims_of
from shared.reports.progress import FriendState

UNKNOWN = "+8613900139055"
CUSTOMER = "+8613800138012"
REFERRED = "+8613900139066"
DECLINED = "+8613900139077"
NUMBERS = {
    "unknown": UNKNOWN,
    "customer": CUSTOMER,
    "already referred": REFERRED,
    "declined": DECLINED,
}


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    """A world in which one number is a friend already credited, another one declined."""
    story = Story(database, now)
    story.judges = True
    story.registers(REFERRED)
    spends(story, "A1", REFERRED)
    story.bank("application.submitted", application_id="A2", phone=DECLINED)
    story.bank("application.declined", application_id="A2")
    story.later(days=2)
    story.work()
    return story


def rows(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Outbox)) or 0


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_registering_answers_the_same_whoever_the_number_belongs_to(
    story: Story, number: str
) -> None:
    before = rows(story.database)
    with story.database.transaction() as session:
        started = start_registration(
            session, StartForm(story.code, number, Locale.ZH_HANS), story.now
        )
    assert started == Started(started.handle, f"{number[3:6]}****{number[-4:]}", 60)
    assert rows(story.database) == before + 1
    ticked = frozenset({Purpose.REFERRAL, Purpose.ADULT})
    with story.database.transaction() as session:
        form = FinishForm(started.handle, story.last_code(), "某某", ticked, Locale.ZH_HANS)
        done = finish_registration(session, form, story.now)
    assert isinstance(done, Registered)
    assert story.progress().friends[-1].state in (FriendState.REGISTERED, FriendState.EARNED)


def test_the_owner_of_a_customers_number_is_told_by_sms_and_nobody_else(story: Story) -> None:
    story.registers(CUSTOMER)
    before = rows(story.database)
    story.work()
    assert rows(story.database) == before + 1
    assert story.friend() is FriendState.EARNED
    assert story.progress().friends[-1].state is FriendState.REGISTERED


def test_a_claim_answers_the_same_for_every_number(story: Story) -> None:
    answers = set()
    for number in NUMBERS.values():
        if number == REFERRED:
            continue  # the claimant's own friend; another member's is tried below
        with story.database.transaction() as session:
            form = ClaimForm(story.alice, How.WITHOUT_LINK, When.THIS_MONTH, phone=number)
            filed = file_claim(session, form, story.now)
        story.work()
        with story.database.reading() as session:
            state = claims_of(session, story.alice, story.now)[0].state
        answers.add((state, filed.due_at, len(filed.number)))
    assert answers == {(State.FILED, story.now + timedelta(hours=48), 8)}


@pytest.mark.parametrize("reason", BY_PEOPLE, ids=str)
def test_every_refusal_reads_alike_to_the_claimant(
    database: Database, now: datetime, reason: Reason
) -> None:
    story = Story(database, now)
    story.judges = True
    with database.transaction() as session:
        form = ClaimForm(story.alice, How.IN_BRANCH, When.EARLIER, phone=UNKNOWN)
        file_claim(session, form, story.now)
    story.work()
    with database.transaction() as session:
        mei = session.scalar(select(Staff).where(Staff.staff_no == "S1001"))
        claim_id = session.scalar(select(Claim.id))
        assert mei is not None
        assert claim_id is not None
        assert decide_claim(session, mei, claim_id, False, reason, story.now) is State.REFUSED
    assert [p["outcome"] for p in story.params("claim.decided")] == ["not_eligible"]
    with database.reading() as session:
        assert claims_of(session, story.alice, story.now)[0].outcome == ""
        story.later(hours=24)
        assert claims_of(session, story.alice, story.now)[0].outcome == "not_eligible"
        kept = session.get(Claim, claim_id)
        assert kept is not None
        assert kept.reason == reason.value


def test_a_friend_of_another_member_looks_like_any_other_to_a_claimant(
    story: Story, now: datetime
) -> None:
    from shared.actions.inviting import invite_for
    from shared.people.members import member_by_ref

    with story.database.transaction() as session:
        wang = member_by_ref(session, "C100002")
        assert wang is not None
        invite_for(session, wang.id, story.now)
        filed = {
            name: file_claim(
                session,
                ClaimForm(wang.id, How.IN_BRANCH, When.THIS_WEEK, phone=number),
                story.now,
            )
            for name, number in NUMBERS.items()
            if number != CUSTOMER
        }
    assert {f.due_at for f in filed.values()} == {story.now + timedelta(hours=48)}
    story.work()
    with story.database.reading() as session:
        assert {line.state for line in claims_of(session, wang.id, story.now)} == {
            State.WITH_PERSON
        }
