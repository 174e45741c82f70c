"""Imports: a file is loaded whole or not at all, and a second time changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.importing import Imported, import_members, import_staff
from shared.base.database import Database
from shared.base.sheets import BadFile
from shared.people.chats import Chat, Proof, bind, find_or_add_chat
from shared.people.members import Member, member_by_ref, members_by_phone, person_of
from shared.people.persons import Person, erase, name_of, phone_of
from shared.people.staff import (
    Branch,
    Staff,
    set_pin,
    staff_name,
    staff_of_session,
    start_session,
)
from shared.post.audit import Audit
from shared.post.outbox import Outbox, read_body
from shared.risk.accounts import PayoutAccount

SAMPLE = Path(__file__).parents[3] / "assets" / "sample"
MEMBERS = (SAMPLE / "members.csv").read_bytes()
STAFF = (SAMPLE / "staff.csv").read_bytes()
CHEN = "operator:chen"


def load(database: Database, raw: bytes, now: datetime) -> Imported:
    with database.transaction() as session:
        return import_members(session, raw, CHEN, now)


def load_staff(database: Database, raw: bytes, now: datetime) -> Imported:
    with database.transaction() as session:
        return import_staff(session, raw, CHEN, now)


def employee(session: Session, staff_no: str) -> Staff:
    return session.scalars(select(Staff).where(Staff.staff_no == staff_no)).one()


def test_the_sample_loads_and_a_second_time_changes_nothing(
    database: Database, now: datetime
) -> None:
    assert load(database, MEMBERS, now) == Imported(12, 0, 0)
    assert load(database, MEMBERS, now + timedelta(days=1)) == Imported(0, 0, 12)
    with database.reading() as session:
        (alice,) = members_by_phone(session, "+8613800138001")
        assert alice.customer_ref == "C100001"
        assert name_of(session, person_of(session, alice)) == "李爱丽"
        assert alice.status_since == now
        assert session.scalar(select(func.count()).select_from(Person)) == 12


def test_one_bad_line_and_nothing_is_loaded(database: Database, now: datetime) -> None:
    with pytest.raises(BadFile):
        load(database, MEMBERS.replace(b"2020-11-27", b"soon"), now)
    with database.reading() as session:
        for table in (Member, Person, Audit):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_a_known_member_becomes_what_the_file_says(database: Database, now: datetime) -> None:
    load(database, MEMBERS, now)
    later = now + timedelta(days=30)
    changed = (
        MEMBERS.decode()
        .replace("李爱丽", "李艾莉")
        .replace("2021-04-12,active", "2021-04-12,inactive")
    )
    assert load(database, changed.encode(), later) == Imported(0, 1, 11)
    with database.reading() as session:
        alice = member_by_ref(session, "C100001")
        assert alice is not None
        assert (alice.status, alice.status_since) == ("inactive", later)
        assert name_of(session, person_of(session, alice)) == "李艾莉"


def test_a_changed_number_lets_the_chat_go_and_tells_it(database: Database, now: datetime) -> None:
    load(database, MEMBERS, now)
    with database.transaction() as session:
        alice = member_by_ref(session, "C100001")
        assert alice is not None
        chat = find_or_add_chat(session, "telegram", "700000001", "zh-hans", now)
        bind(session, chat, alice.id, Proof.FULL, now)
    load(database, MEMBERS.replace(b"+8613800138001", b"+8613800138099"), now)
    with database.reading() as session:
        chat = session.scalars(select(Chat)).one()
        assert (chat.member_id, chat.proof) == (None, Proof.NONE)
        (owed,) = session.scalars(select(Outbox))
        assert owed.chat_id == chat.id
        assert read_body(session, owed)["notice"] == "chat.number_changed"
        assert members_by_phone(session, "+8613800138001") == []


def test_an_erased_member_stays_erased(database: Database, now: datetime) -> None:
    load(database, MEMBERS, now)
    with database.transaction() as session:
        alice = member_by_ref(session, "C100001")
        assert alice is not None
        erase(person_of(session, alice), now)
    assert load(database, MEMBERS, now) == Imported(0, 0, 12)
    with database.reading() as session:
        alice = member_by_ref(session, "C100001")
        assert alice is not None
        assert phone_of(session, person_of(session, alice)) == ""


def test_progress_is_told_and_the_import_audited(database: Database, now: datetime) -> None:
    told: list[tuple[int, int]] = []
    with database.transaction() as session:
        import_members(session, MEMBERS, CHEN, now, lambda done, of: told.append((done, of)))
    assert told == [(12, 12)]
    with database.reading() as session:
        (row,) = session.scalars(select(Audit))
        assert (row.actor, row.act, row.details) == (
            CHEN,
            "members.import",
            {"added": 12, "changed": 0},
        )


def test_staff_bring_their_branches(database: Database, now: datetime) -> None:
    assert load_staff(database, STAFF, now) == Imported(8, 0, 0)
    assert load_staff(database, STAFF, now) == Imported(0, 0, 8)
    with database.reading() as session:
        mei = employee(session, "S1001")
        branch = session.get(Branch, mei.branch_id)
        assert branch is not None
        assert (staff_name(session, mei), branch.name, mei.role) == ("梅若兰", "静安支行", "teller")
        assert mei.customer_ref == "C100004"
        assert session.scalar(select(func.count()).select_from(Branch)) == 4


@pytest.mark.parametrize(
    ("role", "branch"),
    [("left", "静安支行"), ("manager", "静安支行"), ("teller", "徐汇支行")],
    ids=["leaves", "is promoted", "moves"],
)
def test_who_leaves_or_changes_place_is_signed_out_at_once(
    database: Database, now: datetime, role: str, branch: str
) -> None:
    load_staff(database, STAFF, now)
    with database.transaction() as session:
        mei = employee(session, "S1001")
        set_pin(mei, "258036")
        token = start_session(session, mei, None, now)
    changed = STAFF.decode().replace("梅若兰,静安支行,teller", f"梅若兰,{branch},{role}").encode()
    assert load_staff(database, changed, now) == Imported(0, 1, 7)
    with database.reading() as session:
        assert staff_of_session(session, token, None, now) is None
        assert employee(session, "S1001").active == (role != "left")


def test_who_left_may_come_back(database: Database, now: datetime) -> None:
    load_staff(database, STAFF, now)
    load_staff(database, STAFF.replace(b",teller,C100004", b",left,C100004"), now)
    assert load_staff(database, STAFF, now) == Imported(0, 1, 7)
    with database.reading() as session:
        assert employee(session, "S1001").active


def test_somebody_unknown_who_left_is_not_added(database: Database, now: datetime) -> None:
    raw = "staff_no,name,branch,role,customer_ref\nS1,x,静安支行,left,\n".encode()
    assert load_staff(database, raw, now) == Imported(0, 0, 1)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Staff)) == 0


def test_where_members_are_paid_is_kept_for_a_whole_file_and_never_emptied_by_a_later_one(
    database: Database, now: datetime
) -> None:
    head, first = MEMBERS.decode("utf-8-sig").splitlines()[:2]
    cells = first.split(",")

    def sheet(paid: str) -> bytes:
        lines = [
            ",".join([f"C{n:06d}", f"+8613{n:09d}", *cells[2:], paid.format(n)])
            for n in range(1, 1_101)
        ]
        return "\n".join([f"{head},payout_account", *lines, ""]).encode()

    def kept() -> dict[str, datetime]:
        with database.reading() as session:
            return {row.party: row.told_at for row in session.scalars(select(PayoutAccount))}

    later = now + timedelta(days=1)
    assert load(database, sheet("PAY-{}"), now) == Imported(1_100, 0, 0)
    assert set(kept().values()) == {now}
    assert len(kept()) == 1_100
    assert load(database, sheet(""), later) == Imported(0, 0, 1_100)
    assert set(kept().values()) == {now}
    assert load(database, sheet("PAY-{}"), later) == Imported(0, 0, 1_100)
    assert set(kept().values()) == {later}
