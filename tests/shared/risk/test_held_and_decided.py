"""The way of a hold: what the checks hold, what people decide, what the member sees of it."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import select, text, update
from story import SAMPLE, Story, spends

from shared.actions import case_deciding
from shared.actions.housekeeping import keep_house
from shared.actions.preparing import prepare
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.ledger.balance import Account, Key
from shared.ledger.verify import verify
from shared.people.members import Member
from shared.people.staff import Role, Staff
from shared.post.audit import Audit
from shared.referrals.referrals import Registration
from shared.reports.desk_cases import Show, case_details, case_lines
from shared.reports.progress import FriendState
from shared.rewards.payable import standings_in
from shared.rewards.queue import wake
from shared.rewards.standing import Happening, happen
from shared.risk.blacklist import Listed
from shared.risk.cases import Case, CaseState, Finding, counts
from shared.risk.traces import Place, Trace

_SAMPLE = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
STRICT = re.sub(r"  allowances:\n(    .*\n)+", "", _SAMPLE)
"""The sample with the house's allowances."""
ONE_PHONE = Place("the-same-phone", "203.0.113.7")
NUMBERS = [f"+861390{n}39000" for n in (13, 24, 47, 52)]
WANG, DENG, ZHAO, LIN = range(4)
"""Four people who decide."""


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Nothing in it is the engine's."""


class Judges:
    """A story with a farm of four friends on one phone, and people who decide."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.story = Story(database, now, STRICT)
        with database.transaction() as session:
            staff = session.scalars(select(Staff).order_by(Staff.id).limit(4)).all()
            for each in staff:
                each.role, each.active, each.customer_ref = Role.DESK.value, True, None
            self.staff = [each.id for each in staff]

    def farm(self, friends: int = 4) -> None:
        for number in NUMBERS[:friends]:
            self.story.registers(number, place=ONE_PHONE)
            self.story.later(minutes=3)
        self.story.work()

    def does(self, who: int, act: str, *given: object) -> None:
        with self.story.database.transaction() as session:
            staff = session.get_one(Staff, self.staff[who])
            getattr(case_deciding, act)(session, staff, *given, self.story.now)
        self.story.work()

    def case(self, number: int = 1) -> Case:
        with self.story.database.reading() as session:
            case = session.get_one(Case, number)
            session.expunge(case)
            return case


@pytest.fixture
def judges(database: Database, now: datetime) -> Judges:
    return Judges(database, now)


def test_a_farm_is_held_and_released_when_a_person_clears_it(judges: Judges) -> None:
    story = judges.story
    judges.farm()
    spends(story, "A1", NUMBERS[0])
    assert story.friend() is FriendState.EARNED
    told = story.notices()
    story.later(days=40)
    story.work()
    seen = story.progress()
    assert seen.pending == {Unit.CNY: 10000, Unit.POINTS: 500}
    assert seen.available == {}
    assert story.notices() == told  # the member hears nothing of it
    with story.database.reading() as session:
        found = case_details(session, 1, judges.staff[WANG], story.now)
        assert {each.ordinal for each in found.evidence} == {1, 2, 3, 4}
        assert found.held == {Unit.CNY: 15000, Unit.POINTS: 500}  # the friend's welcome as well
        assert {s.check for s in found.evidence[0].signals} >= {"shared_device", "robot"}
    judges.does(WANG, "clear", 1, "a family of four, met at the branch")
    story.work()
    assert story.progress().available == {Unit.CNY: 10000, Unit.POINTS: 500}
    assert judges.case().state == CaseState.CLEARED
    with story.database.reading() as session:
        assert verify(session) == []
    assert set(story.notices()) - set(told) == {"reward.available"}


@on_sqlite
def test_while_a_reward_cools_nobody_can_tell_that_it_is_held(judges: Judges) -> None:
    story = judges.story
    judges.farm()
    spends(story, "A1", NUMBERS[0])
    held = story.progress()
    assert held.next_release is not None
    judges.does(WANG, "clear", 1, "known to us")
    story.work()
    assert story.progress() == held


@on_sqlite
def test_what_was_cleared_is_not_held_again_and_what_is_new_is(judges: Judges) -> None:
    judges.farm()
    judges.does(WANG, "clear", 1, "known to us")
    spends(judges.story, "A1", NUMBERS[0])  # looked at again when it earns
    with judges.story.database.reading() as session:
        assert [case.id for case in session.scalars(select(Case))] == [1]
    judges.story.registers("+8613900200200", place=ONE_PHONE)
    judges.story.work()
    second = judges.case(2)
    with judges.story.database.reading() as session:
        found = case_details(session, second.id, judges.staff[WANG], judges.story.now)
        assert [each.ordinal for each in found.evidence] == [5]


@on_sqlite
def test_finding_against_takes_two_and_is_never_paid(judges: Judges) -> None:
    story = judges.story
    judges.farm()
    spends(story, "A1", NUMBERS[0])
    with pytest.raises(Refusal, match=r"case\.note"):
        judges.does(WANG, "find_against", 1, Finding.ABUSE, "  ")
    judges.does(WANG, "find_against", 1, Finding.ABUSE, "four numbers, one phone, one hour")
    with pytest.raises(Refusal, match=r"case\.maker"):
        judges.does(WANG, "confirm", 1, "me again")
    with pytest.raises(Refusal, match=r"case\.decided"):
        judges.does(DENG, "clear", 1, "somebody proposed already")
    judges.does(DENG, "send_back", 1, "call them first")
    assert judges.case().state == CaseState.OPEN
    judges.does(DENG, "find_against", 1, Finding.ABUSE, "called: nobody knows of a card")
    judges.does(WANG, "confirm", 1, "agreed")
    with pytest.raises(Refusal, match=r"case\.decided"):
        judges.does(ZHAO, "confirm", 1, "the second click")
    story.later(days=60)
    story.work()
    seen = story.progress()
    assert (seen.pending, seen.available) == ({}, {})  # taken back, and never paid
    with story.database.reading() as session:
        assert verify(session) == []
        listed = session.scalars(select(Listed)).all()
        assert {each.mark for each in listed} == {"number", "device", "customer"}
        assert len([each for each in listed if each.mark == "number"]) == 4
        acts = set(session.scalars(select(Audit.act)))
        assert {"risk.held", "case.proposed", "case.sent_back", "case.confirmed"} <= acts


def test_an_appeal_is_heard_once_by_somebody_new(judges: Judges) -> None:
    story = judges.story
    judges.farm()
    spends(story, "A1", NUMBERS[0])
    judges.does(WANG, "find_against", 1, Finding.ABUSE, "one phone")
    judges.does(DENG, "confirm", 1, "agreed")
    with pytest.raises(Refusal, match=r"case\.decided"):
        judges.does(ZHAO, "decide_appeal", 1, True, "nobody appealed")
    judges.does(ZHAO, "appeal", 1, "she says the phone is her shop's")
    for who in (WANG, DENG, ZHAO):
        with pytest.raises(Refusal, match=r"case\.again"):
            judges.does(who, "decide_appeal", 1, False, "I was there")
    judges.does(LIN, "decide_appeal", 1, False, "the shop is real")
    story.later(days=40)
    story.work()
    assert story.progress().available == {Unit.CNY: 10000, Unit.POINTS: 500}
    with pytest.raises(Refusal, match=r"case\.decided"):
        judges.does(ZHAO, "appeal", 1, "once more")
    with story.database.reading() as session:
        assert session.scalars(select(Listed).where(Listed.until > story.now)).all() == []


@on_sqlite
def test_an_appeal_that_is_not_granted_is_the_end_of_it(judges: Judges) -> None:
    judges.farm()
    judges.does(WANG, "find_against", 1, Finding.REFUSED, "one phone")
    judges.does(DENG, "confirm", 1, "agreed")
    judges.does(ZHAO, "appeal", 1, "she disagrees")
    judges.does(LIN, "decide_appeal", 1, True, "nothing new")
    assert judges.case().state == CaseState.UPHELD
    with pytest.raises(Refusal, match=r"case\.decided"):
        judges.does(WANG, "appeal", 1, "again")
    with judges.story.database.reading() as session:
        assert session.scalars(select(Listed)).all() == []  # refused is not abuse


@on_sqlite
def test_a_hold_that_nobody_decides_is_escalated_and_stays(judges: Judges) -> None:
    story = judges.story
    judges.farm()
    spends(story, "A1", NUMBERS[0])
    judges.does(WANG, "assign", 1, judges.staff[DENG])
    story.later(days=400)
    story.work()
    for _ in range(2):  # once, however often the house is kept
        keep_house(story.database, story.now)
    case = judges.case()
    assert case.escalated_at == story.now
    assert case.assigned_to is None
    with story.database.reading() as session:
        assert counts(session, story.now) == {"open": 1, "overdue": 1}
        lines = case_lines(session, Show.OVERDUE, judges.staff[WANG], story.now)
        assert [line.overdue for line in lines] == [True]
        acts = session.scalars(select(Audit.act)).all()
        assert acts.count("case.escalated") == 1
    seen = story.progress()
    assert (seen.pending, seen.available) == ({Unit.CNY: 10000, Unit.POINTS: 500}, {})


def _as_party(judges: Judges, how: str) -> None:
    """Make Zhao a party of the first case."""
    story, zhao = judges.story, judges.staff[ZHAO]
    with story.database.transaction() as session:
        staff = session.get_one(Staff, zhao)
        if how == "the inviter":
            staff.customer_ref = session.get_one(Member, story.alice).customer_ref
        if how == "took a registration":
            first = select(Registration.id).order_by(Registration.id).limit(1).scalar_subquery()
            session.execute(update(Registration).where(Registration.id == first).values(
                staff_id=zhao))  # fmt: skip
        if how == "the friend":
            staff.customer_ref = "NA1"
        if how == "shares the inviter's number":
            other = session.scalars(select(Member).where(Member.id != story.alice)).first()
            assert other is not None
            staff.customer_ref = other.customer_ref
            session.execute(text(
                "UPDATE persons SET phone_blind = (SELECT p.phone_blind FROM persons p JOIN members"
                " m ON m.person_id = p.id WHERE m.id = :alice) WHERE id = :other"
            ), {"alice": story.alice, "other": other.person_id})  # fmt: skip


PARTIES = ("the inviter", "took a registration", "the friend", "shares the inviter's number")


@on_sqlite
def test_whoever_is_a_party_neither_decides_nor_sees_it(judges: Judges) -> None:
    judges.farm()
    spends(judges.story, "A1", NUMBERS[0])
    acts: list[tuple[str, tuple[object, ...]]] = [
        ("clear", ("fine",)), ("find_against", (Finding.ABUSE, "bad")), ("confirm", ("yes",)),
        ("send_back", ("no",)), ("appeal", ("she says",)), ("decide_appeal", (False, "granted")),
    ]  # fmt: skip
    for how in PARTIES:
        with _undone(judges, how):
            for act, given in acts:
                with pytest.raises(Refusal, match=r"case\.party"):
                    judges.does(ZHAO, act, 1, *given)
            with pytest.raises(Refusal, match=r"case\.assignee"):
                judges.does(WANG, "assign", 1, judges.staff[ZHAO])
            with judges.story.database.reading() as session:
                assert case_lines(session, Show.WAITS, judges.staff[ZHAO], judges.story.now) == []
                with pytest.raises(LookupError):
                    case_details(session, 1, judges.staff[ZHAO], judges.story.now)
    judges.does(ZHAO, "clear", 1, "no party any more")


class _undone:
    """Zhao is a party inside, and no more afterwards."""

    def __init__(self, judges: Judges, how: str) -> None:
        self.judges, self.how = judges, how

    def __enter__(self) -> None:
        _as_party(self.judges, self.how)

    def __exit__(self, *_: object) -> None:
        with self.judges.story.database.transaction() as session:
            session.get_one(Staff, self.judges.staff[ZHAO]).customer_ref = None
            session.execute(update(Registration).values(staff_id=None))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.TELLER])
@on_sqlite
def test_only_the_desk_and_managers_decide(judges: Judges, role: Role) -> None:
    judges.farm()
    with judges.story.database.transaction() as session:
        session.get_one(Staff, judges.staff[WANG]).role = role.value
    with pytest.raises(Refusal, match=r"desk\.read_only"):
        judges.does(WANG, "clear", 1, "let me")


@on_sqlite
def test_a_watched_campaign_holds_nobody(database: Database, now: datetime) -> None:
    watching = STRICT.replace("mode: hold", "mode: watch")
    story = Story(database, now, watching)
    for number in NUMBERS:
        story.registers(number, place=ONE_PHONE)
    story.work()
    with database.reading() as session:
        assert session.scalars(select(Case)).all() == []
        assert session.execute(text("SELECT count(*) FROM assessments")).scalar_one() == 4


@on_sqlite
def test_nothing_is_paid_before_it_was_looked_at(judges: Judges) -> None:
    story = judges.story
    story.registers(NUMBERS[0], place=ONE_PHONE)
    spends(story, "A1", NUMBERS[0])
    story.later(days=2)
    story.work()
    story.registers(NUMBERS[1], place=ONE_PHONE)  # waits to be looked at
    with story.database.transaction() as session:
        campaign = session.scalars(select(Trace.campaign_id)).first()
        assert campaign is not None
        with pytest.raises(Refusal, match=r"payout\.nothing"):
            prepare(session, campaign, "operator:test", story.now)
    story.work()
    with story.database.transaction() as session:
        assert prepare(session, campaign, "operator:test", story.now).totals


@on_sqlite
def test_places_are_kept_as_keyed_hashes_for_a_term(judges: Judges) -> None:
    story = judges.story
    judges.farm(1)
    with story.database.reading() as session:
        kept = session.scalars(select(Trace)).one()
        assert {len(each or "") for each in (kept.device, kept.address, kept.network)} == {64}
        assert "203.0.113" not in repr(vars(kept))
    story.later(days=179)
    keep_house(story.database, story.now)
    with story.database.reading() as session:
        assert len(session.scalars(select(Trace)).all()) == 1
    story.later(days=2)
    keep_house(story.database, story.now)
    with story.database.reading() as session:
        assert session.scalars(select(Trace)).all() == []


@on_sqlite
def test_the_blacklist_is_seen_later_and_expires(judges: Judges) -> None:
    story = judges.story
    judges.farm()
    judges.does(WANG, "find_against", 1, Finding.ABUSE, "one phone")
    judges.does(DENG, "confirm", 1, "agreed")
    story.later(days=300)
    story.registers("+8613900300300", place=Place("another-phone", "198.51.100.9"))
    story.work()
    with story.database.reading() as session:
        found = case_details(session, 2, judges.staff[WANG], story.now)
        assert "blacklisted" in {s.check for s in found.evidence[0].signals}  # Alice, as customer
    story.later(days=500)
    keep_house(story.database, story.now)
    with story.database.reading() as session:
        assert session.scalars(select(Listed)).all() == []


@on_sqlite
def test_what_was_paid_before_is_owed_back_and_an_appeal_gives_it_back(judges: Judges) -> None:
    story = judges.story
    judges.farm(1)
    spends(story, "A1", NUMBERS[0])
    story.later(days=2)
    story.work()
    key = Key(1, f"member:{story.alice}", "base", "referral:1")
    with story.database.transaction() as session:
        happen(session, key, story.alice, Happening.PAID, story.now, unit=Unit.CNY, amount=10_000)
        wake(session, 1, story.alice, story.now)
    for number in NUMBERS[1:]:
        story.registers(number, place=ONE_PHONE)
    story.work()
    judges.does(WANG, "find_against", 1, Finding.ABUSE, "one phone")
    judges.does(DENG, "confirm", 1, "agreed")
    story.work()
    assert owed_back(story) == [10_000]
    judges.does(ZHAO, "appeal", 1, "she disagrees")
    judges.does(LIN, "decide_appeal", 1, False, "the shop is real")
    story.work()
    assert owed_back(story) == []
    with story.database.reading() as session:
        assert verify(session) == []


def owed_back(story: Story) -> list[int]:
    with story.database.reading() as session:
        return [each.amount for each in standings_in(session, 1, [Account.RECOVERABLE])]
