"""The clocks of claims: one delay for all, still while a friend is asked, never silently late."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from claim_tales import CHEN, FRIEND, MEI, Tale
from sqlalchemy import func, select
from story import SAMPLE
from talk import Talk

from shared.actions import claim_clock
from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.deciding import decide_claim
from shared.actions.housekeeping import keep_house
from shared.base.database import Database
from shared.claims.claims import OPEN, QUEUED, Claim, How, Reason, State, When
from shared.people.staff import Staff
from shared.post.audit import Audit
from shared.reports.claims import claims_of

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def tale(database: Database, now: datetime) -> Tale:
    return Tale(Talk(database, now))


def claim_in(tale: Tale) -> Claim:
    with tale.talk.database.reading() as session:
        found = session.scalars(select(Claim).order_by(Claim.id.desc())).first()
        assert found is not None
        session.expunge(found)
        return found


def test_the_machine_answers_after_the_delay_and_not_before(tale: Tale) -> None:
    tale.applies()
    tale.claims()
    tale.waits(23.99)
    tale.stands(State.FILED)
    tale.waits(0.01)
    tale.stands(State.ASKED)
    assert tale.talk.story.params("claim.asked")[0]["way"] == "link"
    tale.waits(7 * 24 - 1)
    tale.stands(State.ASKED)
    tale.waits(1)
    tale.refused(Reason.SILENT, "unanswered")


@SQLITE
@pytest.mark.parametrize(
    "zone",
    [
        "America/New_York",
        pytest.param("Asia/Shanghai", marks=pytest.mark.nightly),
        pytest.param("Asia/Kathmandu", marks=pytest.mark.nightly),
    ],
)
def test_the_clock_stands_still_while_the_friend_is_asked_over_weekends_and_zones(
    database: Database, zone: str
) -> None:
    """Asked on a Friday; in New York the clocks go forward on the Sunday in between."""
    friday = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
    rules = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
    rules = rules.replace("Asia/Shanghai", zone).replace("branch_limit: ¥200", "branch_limit: ¥50")
    tale = Tale(Talk(database, friday - timedelta(hours=24), rules))
    tale.applies()
    tale.claims()
    due = claim_in(tale).due_at
    tale.waits()
    paused = claim_in(tale)
    assert paused.paused_at == friday
    tale.alice.says("/claim").taps("button.claims")
    local = friday.astimezone(ZoneInfo(zone))
    tale.alice.sees(f"{local.month} 月 {local.day} 日 {local:%H:%M}")
    tale.talk.later(days=3, hours=5)
    word = tale.word()
    assert claim_in(tale).state == State.ASKED
    tale.confirms(word=word)
    went_on = claim_in(tale)
    assert went_on.state == State.WITH_PERSON
    assert went_on.due_at - due == timedelta(days=3, hours=5)
    assert went_on.due_at - tale.talk.story.now == timedelta(hours=24)
    tale.alice.sees("C-")  # hears that the clock goes on


@SQLITE
def test_what_nobody_decided_in_time_is_owned_up_to_once(tale: Tale) -> None:
    tale.applies()
    number = tale.claims(how="in_branch")
    tale.waits(47)
    assert tale.talk.story.params("claim.late") == []
    tale.waits(1)
    tale.alice.sees(tale.alice.words("notice.claim.late", number=number))
    tale.waits(30)
    assert len(tale.talk.story.params("claim.late")) == 1
    with tale.talk.database.reading() as session:
        late = session.scalar(select(func.count()).where(Audit.act == "claim.late"))
        assert late == 1
    assert tale.decides() is State.CREDITED


@SQLITE
def test_a_claim_that_cannot_be_judged_does_not_hold_up_the_others(
    tale: Tale, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tale.claims("13900139051"), tale.claims("13900139052")
    judge = claim_clock.judge_claim

    def broken(session: object, claim: Claim, *rest: object) -> State:
        if claim.number == first:
            raise RuntimeError("broken")
        return judge(session, claim, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(claim_clock, "judge_claim", broken)
    tale.waits()
    with tale.talk.database.reading() as session:
        states = dict(session.execute(select(Claim.number, Claim.state)).all())
    assert states == {first: State.FILED, second: State.ASKED}
    monkeypatch.undo()
    tale.waits(0.2)
    tale.stands(State.ASKED)


@SQLITE
def test_many_workers_at_once_ask_and_tell_once(tale: Tale) -> None:
    import threading

    tale.applies()
    tale.claims()
    tale.talk.story.later(hours=24)
    story, start = tale.talk.story, threading.Barrier(4)

    def work() -> None:
        start.wait()
        claim_clock.turn_claims(story.database, "https://card.example", story.now)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tale.stands(State.ASKED)
    assert len(story.params("claim.asked")) == 1


@SQLITE
def test_the_friends_hashes_go_when_the_appeals_term_is_over(tale: Tale) -> None:
    tale.applies()
    tale.claims()
    tale.waits()
    tale.denies()
    before = claim_in(tale)
    # Eleven digits have nine others each, and ten neighbours, of which two look the same.
    assert len(before.slips or ()) == 11 * 9 + 8
    tale.talk.later(days=29)
    keep_house(tale.talk.database, tale.talk.story.now)
    assert claim_in(tale).last_four == "9077"
    tale.talk.later(days=2)
    keep_house(tale.talk.database, tale.talk.story.now)
    after = claim_in(tale)
    assert (after.last_four, after.slips) == ("", None)
    assert after.phone_blind != before.phone_blind
    assert FRIEND[1:] not in str(vars(after))
    with tale.talk.database.reading() as session:
        assert claims_of(session, tale.talk.story.alice, tale.talk.story.now)[0].number
    tale.alice.says("/claim").taps("button.claims").sees(after.number)


def _file(tale: Tale, member: int, phone: str, how: How) -> None:
    with tale.talk.database.transaction() as session:
        form = ClaimForm(member, how, When.THIS_WEEK, phone=phone)
        file_claim(session, form, tale.talk.story.now)


def _breaches(tale: Tale) -> list[str]:
    """Claims past their time of which nobody was told."""
    now = tale.talk.story.now
    found = []
    with tale.talk.database.reading() as session:
        states = [state.value for state in OPEN]
        for claim in session.scalars(select(Claim).where(Claim.state.in_(states))):
            late = claim.due_at <= now and claim.paused_at is None
            if late and not (claim.state in QUEUED and claim.late_at is not None):
                found.append(claim.number)
            if claim.state == State.FILED and now > claim.filed_at + timedelta(hours=72):
                found.append(claim.number)
    return found


@SQLITE
@pytest.mark.parametrize("days", [4, pytest.param(90, marks=pytest.mark.nightly)])
def test_days_pass_and_no_claim_is_late_in_silence(
    database: Database, now: datetime, days: int
) -> None:
    rules = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
    rules = rules.replace("most_per_month: 5", "most_per_month: 99")
    tale = Tale(Talk(database, now, rules.replace("most_per_member: 12", "most_per_member: 999")))
    chance = random.Random(days)
    for day in range(days):
        phone = f"+86139001{40000 + day}"
        if chance.random() < 0.7:
            tale.applies(phone, f"A{day}")
        _file(tale, tale.talk.story.alice, phone, chance.choice(list(How)))
        for _ in range(2):
            tale.talk.later(hours=12)
            assert _breaches(tale) == []
        _somebody_decides(tale, chance)
    tale.talk.later(days=8)
    assert _breaches(tale) == []
    with database.reading() as session:
        open_ones = [state.value for state in (State.FILED, State.ASKED)]
        left = select(func.count()).where(Claim.state.in_(open_ones))
        assert session.scalar(left) == 0


def _somebody_decides(tale: Tale, chance: random.Random) -> None:
    """On some days people look at a claim or two; on others nobody does."""
    with tale.talk.database.transaction() as session:
        staff = session.scalars(
            select(Staff).where(Staff.staff_no == chance.choice([MEI, CHEN]))
        ).one()
        waiting = select(Claim.id).where(Claim.state == State.WITH_PERSON.value)
        for claim_id in session.scalars(waiting.limit(chance.choice([0, 1, 2]))).all():
            decide_claim(session, staff, claim_id, False, Reason.NOT_CONFIRMED, tale.talk.story.now)
