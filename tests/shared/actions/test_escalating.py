"""Escalation: what nobody decided goes to the managers before its time is over, once, in any zone,
and what the friend is asked for meanwhile is not counted."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from claim_people import CHEN, GAO, HE, MALLORY, MEI, XU, Floor, code_of
from sqlalchemy import select
from story import PUBLIC_URL, SAMPLE, Story

from shared.actions.asking import deny_claim
from shared.actions.claim_clock import turn_claims
from shared.actions.claiming import ClaimForm, file_claim
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.claims import asks, claims
from shared.claims.asks import Answer, ask_of, link_word
from shared.claims.claims import (
    BY_PEOPLE,
    DECIDED,
    OPEN,
    QUEUED,
    Claim,
    How,
    Reason,
    State,
    When,
)
from shared.post.audit import Audit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RULES = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
HOUR = timedelta(hours=1)


@pytest.fixture
def floor(database: Database, now: datetime) -> Floor:
    return Floor(Story(database, now))


def passes(floor: Floor, **time: float) -> None:
    floor.story.later(**time)
    while turn_claims(floor.story.database, PUBLIC_URL, floor.story.now):
        pass


def test_it_goes_to_the_managers_before_its_time_is_over_and_once(floor: Floor) -> None:
    claim = floor.files()
    floor.gives(MEI, claim, MEI)
    passes(floor, hours=39, minutes=59)
    assert floor.claim(claim).escalated_at is None
    passes(floor, minutes=1)
    kept = floor.claim(claim)
    assert kept.escalated_at == floor.story.now == kept.due_at - 8 * HOUR
    assert kept.escalate_at is None
    assert floor.holder(claim) is None
    for to in (MEI, XU):  # a manager's now, though a teller with the member there may decide it
        assert code_of(lambda whom=to: floor.gives(CHEN, claim, whom)) == "claim.assignee"
    passes(floor, hours=20)
    assert floor.audited("claim.escalated") == 1
    assert floor.audited("claim.late") == 1
    floor.applies()
    assert floor.decides(MEI, claim) is State.CREDITED


def test_a_manager_who_has_it_keeps_it(floor: Floor) -> None:
    claim = floor.files()
    floor.gives(CHEN, claim, CHEN)
    passes(floor, hours=40)
    assert floor.claim(claim).escalated_at is not None
    assert floor.holder(claim) == CHEN


def test_an_appeal_is_escalated_anew(floor: Floor) -> None:
    claim = floor.files()
    passes(floor, hours=41)
    floor.decides(CHEN, claim, credit=False)
    assert floor.claim(claim).escalate_at is None
    passes(floor, hours=1)
    due = floor.appeals(claim)
    assert floor.claim(claim).escalated_at is None
    passes(floor, hours=39)
    assert floor.claim(claim).escalated_at is None
    passes(floor, hours=1)
    assert floor.claim(claim).escalated_at == due - 8 * HOUR
    assert floor.audited("claim.escalated") == 2
    passes(floor, hours=8)
    assert len(floor.story.params("claim.late")) == 1


@pytest.mark.nightly
def test_the_second_of_two_is_waited_for_no_longer_than_the_first(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    passes(floor, hours=30)
    floor.decides(MEI, claim)
    passes(floor, hours=10)
    assert floor.claim(claim).escalated_at is not None


@pytest.mark.parametrize(
    ("zone", "friday"),
    [
        ("America/New_York", datetime(2026, 3, 6, 22, 0, tzinfo=UTC)),  # clocks go forward
        pytest.param(  # and back
            "Europe/Berlin", datetime(2026, 10, 23, 16, 0, tzinfo=UTC), marks=pytest.mark.nightly
        ),
        pytest.param(
            "Asia/Shanghai", datetime(2026, 3, 6, 10, 0, tzinfo=UTC), marks=pytest.mark.nightly
        ),
        pytest.param(
            "Pacific/Kiritimati", datetime(2026, 3, 6, 4, 0, tzinfo=UTC), marks=pytest.mark.nightly
        ),
    ],
)
def test_what_the_clock_stood_still_for_is_not_counted_over_a_weekend(
    database: Database, zone: str, friday: datetime
) -> None:
    """Asked on a Friday evening, answered on Monday: hours are hours, whatever the zone's do."""
    assert friday.astimezone(ZoneInfo(zone)).weekday() in (4, 5)
    floor = Floor(Story(database, friday - 24 * HOUR, RULES.replace("Asia/Shanghai", zone)))
    floor.applies()
    with database.transaction() as session:
        form = ClaimForm(floor.story.alice, How.LATE, When.THIS_WEEK, phone="+8613900139000")
        file_claim(session, form, floor.story.now)
    passes(floor, hours=24)
    claim = 1
    before = floor.claim(claim)
    assert (before.state, before.paused_at) == (State.ASKED, friday)
    passes(floor, days=2, hours=15)  # long past the time it had
    assert floor.claim(claim).escalated_at is None
    assert floor.audited("claim.late") == 0
    with database.transaction() as session:
        row = session.get_one(Claim, claim)
        ask = ask_of(session, claim)
        assert ask is not None
        asks.answer(ask, Answer.CONFIRMED, floor.story.now)
        claims.advance(session, row, State.FILED, "friend", floor.story.now)
        claims.go_on(row, floor.story.now)
    after = floor.claim(claim)
    stood = timedelta(days=2, hours=15)
    assert after.due_at - before.due_at == stood
    assert after.escalate_at is not None
    assert before.escalate_at is not None
    assert after.escalate_at - before.escalate_at == stood
    passes(floor, hours=15, minutes=59)
    assert floor.claim(claim).escalated_at is None
    passes(floor, minutes=1)
    assert floor.claim(claim).escalated_at == after.due_at - 8 * HOUR


def _breaches(floor: Floor) -> list[str]:
    """Claims past their time that are not with the managers, or of which the member was not told;
    and questions that outlived their term."""
    now, found = floor.story.now, []
    with floor.story.database.reading() as session:
        for claim in session.scalars(select(Claim).where(Claim.state.in_(QUEUED))):
            stands = claim.paused_at is not None
            if not stands and claim.due_at - 8 * HOUR <= now and claim.escalated_at is None:
                found.append(f"{claim.number} not escalated")
            if not stands and claim.due_at <= now and claim.late_at is None:
                found.append(f"{claim.number} late in silence")
        asked = select(Claim).where(Claim.state == State.ASKED.value)
        for claim in session.scalars(asked):
            ask = ask_of(session, claim.id)
            if ask is None or ask.ends_at <= now:
                found.append(f"{claim.number} asked for ever")
    return found


@pytest.mark.parametrize("days", [5, pytest.param(90, marks=pytest.mark.nightly)])
def test_days_of_claims_appeals_and_idle_people_and_no_silent_breach(
    database: Database, now: datetime, days: int
) -> None:
    """Dozens of claims; some people decide, some are away, the friends answer or do not."""
    rules = RULES.replace("most_per_month: 5", "most_per_month: 999")
    rules = rules.replace("most_per_member: 12", "most_per_member: 9999")
    floor, chance = Floor(Story(database, now, rules)), random.Random(days)
    for day in range(days):
        for n in range(chance.randint(0, 2)):
            phone = f"+86139{20000000 + day * 10 + n}"
            if chance.random() < 0.6:
                floor.applies(phone, f"A{day}-{n}")
            with database.transaction() as session:
                form = ClaimForm(
                    floor.story.alice, chance.choice(list(How)), When.THIS_WEEK, phone=phone
                )
                file_claim(session, form, floor.story.now)
        for _ in range(4):
            passes(floor, hours=6)
            assert _breaches(floor) == []
            _people_work(floor, chance)
    for _ in range(9 * 4):
        passes(floor, hours=6)
    assert _breaches(floor) == []
    _books_are_whole(floor)


def _people_work(floor: Floor, chance: random.Random) -> None:
    now = floor.story.now
    with floor.story.database.reading() as session:
        queue = list(session.execute(select(Claim.id, Claim.state).order_by(Claim.due_at)))
    for claim_id, state in queue:
        if state == State.ASKED and chance.random() < 0.1:
            with floor.story.database.transaction() as session:
                ask = ask_of(session, claim_id)
                assert ask is not None
                deny_claim(session, link_word(session, ask), now)
        elif state in QUEUED and chance.random() < 0.15:
            _one_decides(floor, claim_id, chance)
        elif state == State.REFUSED and chance.random() < 0.1:
            code_of(lambda c=claim_id: floor.appeals(c))


def _one_decides(floor: Floor, claim_id: int, chance: random.Random) -> None:
    who = chance.choice([MEI, XU, CHEN, GAO, HE])
    try:
        if chance.random() < 0.3:
            floor.gives(who, claim_id, chance.choice([MEI, XU, CHEN, HE, None]))
        else:
            floor.decides(
                who, claim_id, credit=chance.random() < 0.4, reason=chance.choice(BY_PEOPLE)
            )
    except Refusal:  # not theirs to decide: somebody else may, or nobody does
        return


def _books_are_whole(floor: Floor) -> None:
    """What is open past its time is with the managers and owned up to; each late claim was on
    record as escalated before it was late; nobody decided twice."""
    with floor.story.database.reading() as session:
        acts = session.execute(
            select(Audit.act, Audit.subject, Audit.at).where(
                Audit.act.in_(["claim.escalated", "claim.late"])
            )
        ).all()
        escalated = {(subject, at) for act, subject, at in acts if act == "claim.escalated"}
        for act, subject, at in acts:
            if act == "claim.late":
                assert any(s == subject and e < at for s, e in escalated), subject
        for claim in session.scalars(select(Claim)):
            assert claim.state in OPEN or claim.state in DECIDED
            assert claim.state not in DECIDED or claim.told_at is not None
            if claim.state in DECIDED:
                assert claim.reason in set(Reason)
