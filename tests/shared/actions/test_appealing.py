"""Appeals: one, in time, of one's own claim, to somebody who had no hand in it, and then final."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from claim_people import CHEN, GAO, HE, MALLORY, MEI, XU, Floor, code_of
from sqlalchemy import select
from story import BOB, SAMPLE, Story

from shared.actions.appealing import appeal
from shared.actions.erasing import erase_number
from shared.actions.inviting import invite_for
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.claims.answers import answer_words
from shared.claims.claims import BY_PEOPLE, Claim, Reason, State
from shared.people.members import member_by_ref
from shared.people.staff import Staff
from shared.reports.claims import ClaimLine, claims_of

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def floor(database: Database, now: datetime) -> Floor:
    return Floor(Story(database, now))


def seen(floor: Floor) -> ClaimLine:
    """Alice's newest claim as she sees it."""
    with floor.story.database.reading() as session:
        return claims_of(session, floor.story.alice, floor.story.now)[0]


def told(floor: Floor) -> list[str]:
    """Every answer that Alice got, word for word, but for its number and its days."""
    answers = []
    for params in floor.story.params("claim.decided"):
        fixed = {"number": "C-0", "until": "2026-01-01T00:00:00+00:00"}
        kept = {name: fixed.get(name, value) for name, value in params.items()}
        answers.append(answer_words(Locale.ZH_HANS, kept))
    return answers


def test_an_appeal_begins_the_clock_anew_and_a_second_tap_finds_it_filed(floor: Floor) -> None:
    claim = floor.refused_and_told()
    assert seen(floor).appeal_until == floor.claim(claim).told_at + timedelta(days=30)  # type: ignore[operator]
    due = floor.appeals(claim)
    assert due == floor.story.now + timedelta(hours=48)
    anew = floor.claim(claim)
    assert (anew.state, anew.due_at) == (State.APPEALED, due)
    assert anew.escalate_at == due - timedelta(hours=8)
    assert (anew.reason, anew.decided_at, anew.told_at, anew.late_at) == (None, None, None, None)
    assert seen(floor).state is State.APPEALED
    floor.story.later(hours=1)
    assert code_of(lambda: floor.appeals(claim)) == "claim.appealed"
    assert floor.claim(claim).due_at == due
    assert floor.audited("claim.appealed") == 1


def test_two_taps_at_once_file_one_appeal(floor: Floor) -> None:
    claim = floor.refused_and_told()
    number, story = floor.claim(claim).number, floor.story
    start, codes = threading.Barrier(4), []

    def taps() -> None:
        start.wait()
        try:
            with story.database.transaction() as session:
                appeal(session, story.alice, number, story.now)
            codes.append("")
        except Refusal as refusal:
            codes.append(refusal.code)

    threads = [threading.Thread(target=taps) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["", *["claim.appealed"] * 3]
    assert [step.after for step in floor.steps(claim)].count(State.APPEALED) == 1


@SQLITE
def test_an_appeal_has_its_time(floor: Floor) -> None:
    claim = floor.files()
    assert code_of(lambda: floor.appeals(claim)) == "claim.undecided"
    floor.decides(MEI, claim, credit=False)
    assert code_of(lambda: floor.appeals(claim)) == "claim.undecided"  # refused, not told yet
    floor.story.later(hours=24)
    until = floor.claim(claim).appeal_until
    assert until is not None
    floor.story.now = until - timedelta(seconds=1)
    assert seen(floor).appeal_until == until
    floor.story.now = until
    assert seen(floor).appeal_until is None
    assert code_of(lambda: floor.appeals(claim)) == "claim.appeal_over"
    floor.story.now = until - timedelta(seconds=1)
    floor.appeals(claim)


@SQLITE
def test_nobody_appeals_for_another_member_or_by_guessing(floor: Floor) -> None:
    claim = floor.refused_and_told()
    assert code_of(lambda: floor.appeals(claim, MALLORY)) == "claim.unknown"
    with floor.story.database.transaction() as session:
        for guess in ("C-000000", "", "c-' or 1=1", "1"):
            with pytest.raises(Refusal, match=r"claim\.unknown"):
                appeal(session, floor.story.alice, guess, floor.story.now)
    assert floor.state(claim) is State.REFUSED


@SQLITE
def test_what_was_credited_or_claimed_again_is_not_appealed(floor: Floor) -> None:
    floor.applies()
    credited = floor.files()
    floor.decides(MEI, credited)
    assert code_of(lambda: floor.appeals(credited)) == "claim.decided"
    floor.applies("+8613900139002", "A2")
    silent = floor.files("+8613900139002")
    with floor.story.database.transaction() as session:
        row = session.get_one(Claim, silent)
        row.state, row.reason = State.REFUSED.value, Reason.SILENT.value
        row.decided_at = row.told_at = floor.story.now
        row.appeal_until = floor.story.now + timedelta(days=30)
    later = floor.files("+8613900139002")
    with floor.story.database.transaction() as session, pytest.raises(Refusal) as refused:
        appeal(session, floor.story.alice, seen_number(floor, silent), floor.story.now)
    assert refused.value.code == "claim.same"
    assert refused.value.params["number"] == seen_number(floor, later)


def seen_number(floor: Floor, claim_id: int) -> str:
    return floor.claim(claim_id).number


def test_an_appeal_is_a_managers_who_had_no_hand_in_it(floor: Floor) -> None:
    floor.applies()
    claim = floor.refused_and_told(CHEN)
    floor.appeals(claim)
    for credit in (True, False):
        assert code_of(lambda to=credit: floor.decides(CHEN, claim, credit=to)) == "claim.again"
        for teller in (MEI, XU, GAO):
            assert (
                code_of(lambda who=teller, to=credit: floor.decides(who, claim, credit=to))
                == "claim.authority"
            )
    assert floor.decides(HE, claim) is State.CREDITED


@SQLITE
def test_a_second_staff_number_on_the_same_card_is_the_same_person(floor: Floor) -> None:
    floor.applies()
    floor.is_now(CHEN, "manager", ref="C100005")
    claim = floor.refused_and_told(CHEN)
    floor.is_now("S7777", "manager", "徐汇支行", ref="C100005")
    floor.appeals(claim)
    assert code_of(lambda: floor.decides("S7777", claim)) == "claim.again"
    assert code_of(lambda: floor.decides("S7777", claim, credit=False)) == "claim.again"
    assert code_of(lambda: floor.gives(HE, claim, "S7777")) == "claim.assignee"
    assert floor.decides(HE, claim) is State.CREDITED


@SQLITE
def test_neither_of_the_two_decides_the_appeal(floor: Floor) -> None:
    """The first agreed, the second refused: both had a hand."""
    floor.applies()
    claim = floor.files()
    floor.files(customer_ref=MALLORY)
    assert floor.decides(HE, claim) is State.SECOND_PERSON
    assert floor.decides(CHEN, claim, credit=False) is State.REFUSED
    floor.story.later(hours=24)
    floor.appeals(claim)
    for manager in (HE, CHEN):
        assert code_of(lambda who=manager: floor.decides(who, claim)) == "claim.again"
    floor.is_now("S3001", "manager", "黄浦支行")
    floor.is_now("S3002", "manager", "黄浦支行")
    assert floor.decides("S3001", claim) is State.SECOND_PERSON
    assert code_of(lambda: floor.decides("S3001", claim)) == "claim.second"
    assert code_of(lambda: floor.decides(MEI, claim)) == "claim.authority"
    assert floor.decides("S3002", claim) is State.CREDITED


def test_refused_again_is_final(floor: Floor) -> None:
    claim = floor.refused_and_told()
    floor.appeals(claim)
    assert floor.decides(CHEN, claim, credit=False) is State.UPHELD
    assert seen(floor).state is State.APPEALED  # until the answer leaves
    assert code_of(lambda: floor.appeals(claim)) == "claim.appealed"
    floor.story.later(hours=24)
    assert (seen(floor).state, seen(floor).outcome) == (State.UPHELD, "upheld")
    assert code_of(lambda: floor.appeals(claim)) == "claim.appeal_final"
    for staff_no in (MEI, CHEN, HE):
        assert code_of(lambda who=staff_no: floor.decides(who, claim)) == "claim.decided"
    final = floor.story.params("claim.decided")[-1]
    assert final["final"]
    assert "until" not in final


_KNOWN = ("unknown", "existing", "already_referred", "declined", "registered")


def invite_of(floor: Floor, customer_ref: str = MALLORY) -> str:
    """Another member's invite code."""
    with floor.story.database.transaction() as session:
        member = member_by_ref(session, customer_ref)
        assert member is not None
        return invite_for(session, member.id, floor.story.now).code


def _number_that_is(floor: Floor, kind: str) -> str:
    """A number of which the bank knows something, or nothing."""
    phone = f"+861390013903{_KNOWN.index(kind)}"
    if kind == "existing":
        floor.story.bank(
            "application.submitted", application_id=kind, phone=phone, existing_customer=True
        )
    elif kind == "already_referred":
        floor.story.registers(phone, code=invite_of(floor))
        floor.applies(phone, kind)
    elif kind == "declined":
        floor.applies(phone, kind)
        floor.story.bank("application.declined", application_id=kind)
    elif kind == "registered":
        floor.applies(phone, kind)
    return phone


@SQLITE
@pytest.mark.parametrize("hours", [1, pytest.param(30, marks=pytest.mark.nightly)])
def test_after_an_appeal_words_status_and_delay_tell_nothing_of_the_number(
    database: Database, now: datetime, hours: int
) -> None:
    """Whatever the bank knows, and whenever somebody decides: the same at the same time."""
    heard = set()
    floor = Floor(Story(database, now))
    for kind, reason in zip(_KNOWN, BY_PEOPLE, strict=False):
        claim = floor.files(_number_that_is(floor, kind))
        floor.decides(MEI, claim, credit=False, reason=reason)
        floor.story.later(hours=24)
        floor.appeals(claim)
        appealed = floor.story.now
        floor.story.later(hours=hours)
        floor.decides(CHEN, claim, credit=False, reason=reason)
        kept = floor.claim(claim)
        assert kept.told_at is not None
        before = seen(floor) if hours < 24 else None
        floor.story.now = kept.told_at
        after = seen(floor)
        heard.add(
            (
                kept.told_at - appealed,
                before and (before.state, before.outcome, before.due_at - appealed),
                (after.state, after.outcome, after.appeal_until),
                tuple(told(floor)[-2:]),
            )
        )
    assert len(heard) == 1
    (delay, *_), words = next(iter(heard)), told(floor)
    assert delay == timedelta(hours=max(24, hours))
    for secret in ("existing", "declined", "拒", "老客户", "其他推荐人", "他人"):
        assert all(secret not in answer for answer in words)


@SQLITE
def test_an_appeal_may_be_refused_to_all_by_the_campaign(database: Database, now: datetime) -> None:
    rules = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
    floor = Floor(Story(database, now, rules.replace("appeal_days: 30", "appeal_days: 0")))
    claim = floor.refused_and_told()
    assert "until" not in floor.story.params("claim.decided")[0]
    assert code_of(lambda: floor.appeals(claim)) == "claim.appeal_over"


@SQLITE
def test_a_friend_who_was_erased_meanwhile_leaves_an_appeal_that_matches_nobody(
    floor: Floor,
) -> None:
    floor.story.registers(BOB, code=invite_of(floor))
    floor.applies()
    claim = floor.files()
    assert floor.state(claim) is State.WITH_PERSON
    floor.decides(MEI, claim, credit=False)
    floor.story.later(hours=24)
    with floor.story.database.transaction() as session:
        erase_number(session, BOB, floor.story.now)
    floor.appeals(claim)
    kept = floor.claim(claim)
    assert kept.phone_blind
    assert code_of(lambda: floor.decides(CHEN, claim)) == "claim.no_application"
    assert floor.decides(CHEN, claim, credit=False) is State.UPHELD


@SQLITE
def test_a_party_does_not_decide_an_appeal_either(floor: Floor) -> None:
    claim = floor.refused_and_told()
    floor.appeals(claim)
    with floor.story.database.transaction() as session:
        chen = session.scalars(select(Staff).where(Staff.staff_no == CHEN)).one()
        chen.customer_ref = "C100001"
    assert code_of(lambda: floor.decides(CHEN, claim, credit=False)) == "claim.party"
