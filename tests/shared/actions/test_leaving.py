"""Who left: closed members, ended sign-ins and replaced tablets each go after their term."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from canaries import known_of
from claim_tales import Tale
from sqlalchemy import select, update
from story import ALICE, SAMPLE, Story
from talk import Talk
from whole_life import WORDS, Life, rows_of

from shared.actions.branch import add_tablet
from shared.actions.counter import enrol
from shared.actions.housekeeping import keep_house
from shared.actions.importing import import_members
from shared.actions.leaving import CLOSED_TERM, SIGN_IN_TERM, TABLET_TERM
from shared.actions.membership import change_status
from shared.actions.privacy import export_member
from shared.base.database import Database
from shared.ledger.verify import verify
from shared.people.members import Member, MemberStatus, get_member
from shared.people.staff import (
    Staff,
    StaffSession,
    Tablet,
    end_session,
    start_session,
    tablet_by_secret,
)
from shared.post.audit import Audit
from shared.post.audit_chain import chain_new, flaws

OF_ALICE = ("李爱丽", ALICE, ALICE[3:], WORDS["greeting"], WORDS["nickname"], WORDS["wrote"])
A_MOMENT = timedelta(seconds=1)


@pytest.fixture
def life(database: Database, now: datetime) -> Life:
    life = Life(Tale(Talk(database, now)))
    life.lives()
    return life


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    return Story(database, now)


def closes(story: Story) -> datetime:
    with story.database.transaction() as session:
        alice = get_member(session, story.alice)
        change_status(session, alice, MemberStatus.CLOSED, story.now)
    return story.now


def comes_back(story: Story, status: str = "active") -> None:
    sheet = (SAMPLE / "members.csv").read_text(encoding="utf-8").splitlines()
    line = next(each for each in sheet if each.startswith("C100001,"))
    line = line.rpartition(",")[0] + f",{status}"
    with story.database.transaction() as session:
        raw = f"{sheet[0]}\n{line}\n".encode()
        import_members(session, raw, "operator:test", story.now + CLOSED_TERM + A_MOMENT)


def test_a_member_is_forgotten_a_year_after_the_card_was_closed(life: Life) -> None:
    with life.database.transaction() as session:
        before = export_member(session, life.story.alice, life.story.now)
    closed = closes(life.story)
    keep_house(life.database, closed + CLOSED_TERM)
    assert [word for word in known_of(life.database, OF_ALICE) if word.startswith("persons")]
    done = keep_house(life.database, closed + CLOSED_TERM + A_MOMENT)
    assert done["members_forgotten"] == 1
    assert known_of(life.database, OF_ALICE) == []
    with life.database.transaction() as session:
        member = get_member(session, life.story.alice)
        assert (member.segment, member.region, member.card_products) == ("", "", "")
        after = export_member(session, life.story.alice, closed + CLOSED_TERM + A_MOMENT)
        assert after["ledger"] == before["ledger"] != []
        assert not any(word in json.dumps(after, ensure_ascii=False) for word in OF_ALICE)
        assert rows_of(session, "dialogues") == []
        acts = select(Audit.act).where(Audit.subject == f"person:{member.person_id}")
        assert session.scalars(acts).all()[-1] == "privacy.expired"
        chain_new(session)
        assert verify(session) == []
        assert list(flaws(session, closed + CLOSED_TERM)) == []
    assert keep_house(life.database, closed + CLOSED_TERM + A_MOMENT)["members_forgotten"] == 0


def test_who_comes_back_to_the_bank_is_known_anew_with_what_they_earned(story: Story) -> None:
    closed = closes(story)
    keep_house(story.database, closed + CLOSED_TERM + A_MOMENT)
    comes_back(story, "closed")
    assert known_of(story.database, ("李爱丽",)) == []
    comes_back(story)
    assert known_of(story.database, ("李爱丽",)) == ["persons: 李爱丽"]
    with story.database.reading() as session:
        again = session.scalars(select(Member).where(Member.customer_ref == "C100001")).one()
        assert (again.id, again.status) == (story.alice, "active")


def test_an_employees_own_card_is_remembered_while_they_work_here(story: Story) -> None:
    closed = closes(story)
    with story.database.transaction() as session:
        mei = session.scalars(select(Staff).order_by(Staff.id)).first()
        assert mei is not None
        mei.customer_ref = "C100001"
    keep_house(story.database, closed + 2 * CLOSED_TERM)
    assert known_of(story.database, ("李爱丽",)) == ["persons: 李爱丽"]
    with story.database.transaction() as session:
        session.execute(update(Staff).values(active=False))
    keep_house(story.database, closed + 2 * CLOSED_TERM)
    assert known_of(story.database, ("李爱丽",)) == []


def test_a_sign_in_goes_half_a_year_after_its_end(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        staff = Staff(person_id=1, staff_no="S1", branch_id=1, role="teller")
        session.add(staff)
        session.flush()
        token = start_session(session, staff, None, now)
        end_session(session, token, now + timedelta(hours=1))
        start_session(session, staff, None, now)  # left alone
        start_session(session, staff, None, now + timedelta(days=1))

    def left(at: datetime) -> int:
        keep_house(database, at)
        with database.reading() as session:
            return len(session.scalars(select(StaffSession)).all())

    ends = now + SIGN_IN_TERM
    assert [left(ends), left(ends + A_MOMENT)] == [3, 2]
    assert [left(ends + timedelta(hours=1)), left(ends + timedelta(hours=2))] == [2, 1]


def test_a_replaced_tablet_is_a_stranger_at_once_and_loses_its_secret_later(
    story: Story, now: datetime
) -> None:
    database = story.database

    def becomes(name: str, at: datetime) -> str:
        with database.transaction() as session:
            return enrol(session, add_tablet(session, "静安支行", name, "operator:test", at), at)

    first, other = becomes("1 号", now), becomes("2 号", now)
    with database.transaction() as session:
        add_tablet(session, "静安支行", "3 号", "operator:test", now)  # nobody ever enrols it
    later = now + timedelta(days=1)
    second = becomes("1 号", later)
    with database.reading() as session:
        assert tablet_by_secret(session, first) is None
        assert tablet_by_secret(session, second) is not None
        assert tablet_by_secret(session, other) is not None
        acts = session.scalars(select(Audit).where(Audit.act == "tablet.replaced")).all()
        assert [(act.actor, act.subject) for act in acts] == [("tablet:4", "tablet:1")]

    def kept(at: datetime) -> list[tuple[str, bool]]:
        keep_house(database, at)
        with database.reading() as session:
            rows = session.scalars(select(Tablet).order_by(Tablet.id)).all()
            return [(row.name, row.secret_hash is not None) for row in rows]

    whole = [("1 号", True), ("2 号", True), ("1 号", True)]
    assert kept(later + TABLET_TERM) == [*whole[:2], ("3 号", False), whole[2]]
    assert kept(later + TABLET_TERM + A_MOMENT) == [("1 号", False), *whole[1:]]
