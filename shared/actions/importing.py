"""Members and staff from the bank's CSV files, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.claim_assigning import release_work
from shared.actions.leaving import was_forgotten
from shared.actions.membership import change_phone, change_status
from shared.actions.noticing import notice_accounts
from shared.base.database import keyring_of
from shared.people.members import Member, MemberStatus
from shared.people.persons import Person, name_of, set_details
from shared.people.sheets import MemberLine, StaffLine, read_members, read_staff
from shared.people.staff import Branch, Staff, end_sessions_of
from shared.post.audit import record

CHUNK = 500

Told = Callable[[int, int], None]
"""(done, of): called as the lines are written."""


@dataclass(frozen=True)
class Imported:
    """What a file came to, in lines."""

    added: int
    changed: int
    unchanged: int


def import_members(
    session: Session, raw: bytes, actor: str, now: datetime, told: Told | None = None
) -> Imported:
    """Add new members and bring known ones (by customer_ref) to what the file says.

    A changed number means that its chats bind again: numbers are handed on to others.
    Raises BadFile, listing every bad line, before anything is written.
    """
    lines = read_members(raw, now.date())
    added = changed = 0
    for start in range(0, len(lines), CHUNK):
        chunk = lines[start : start + CHUNK]
        known = _known_members(session, chunk)
        changed += sum(
            _change_member(session, *known[line.customer_ref], line, now)
            for line in chunk
            if line.customer_ref in known
        )
        fresh = [line for line in chunk if line.customer_ref not in known]
        _add_members(session, fresh, now)
        paid = [line for line in chunk if line.payout_account]
        notice_accounts(session, [_account(line) for line in paid], now)
        added += len(fresh)
        if told:
            told(start + len(chunk), len(lines))
    record(session, actor, "members.import", "members", now, added=added, changed=changed)
    return Imported(added, changed, len(lines) - added - changed)


def _account(line: MemberLine) -> dict[str, str | None]:
    return {"customer_ref": line.customer_ref, "payout_account": line.payout_account}


def _known_members(
    session: Session, chunk: Sequence[MemberLine]
) -> dict[str, tuple[Member, Person]]:
    refs = [line.customer_ref for line in chunk]
    rows = session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .where(Member.customer_ref.in_(refs))
    )
    return {member.customer_ref: (member, person) for member, person in rows}


def _new_person(session: Session, now: datetime, name: str, phone: str = "") -> Person:
    # Not add_person(): that writes one row at a time, and files are long.
    person = Person(key=keyring_of(session).new_person_key(), created_at=now)
    set_details(session, person, name=name, phone=phone)
    return person


def _add_members(session: Session, lines: Sequence[MemberLine], now: datetime) -> None:
    persons = [_new_person(session, now, line.name, line.phone) for line in lines]
    for line, person in zip(lines, persons, strict=True):
        person.locale = line.language
    session.add_all(persons)
    session.flush()
    session.add_all(
        Member(
            person_id=person.id,
            customer_ref=line.customer_ref,
            segment=line.segment,
            region=line.region,
            card_products=line.card_products,
            opened_on=line.opened_on,
            status=line.status.value,
            status_since=now,
            inactive_since=None if line.status is MemberStatus.ACTIVE else now,
        )
        for line, person in zip(lines, persons, strict=True)
    )
    session.flush()


def _change_member(
    session: Session, member: Member, person: Person, line: MemberLine, now: datetime
) -> bool:
    if line.status is MemberStatus.ACTIVE and was_forgotten(member, person):
        person = _new_person(session, now, line.name, line.phone)
        session.add(person)
        session.flush()
        member.person_id = person.id
    member.opened_on = line.opened_on
    # An erased person's key is gone for good; what the bank still knows stays there.
    if person.key is not None:
        member.segment, member.region = line.segment, line.region
        member.card_products = line.card_products
        person.locale = line.language
        if name_of(session, person) != line.name:
            set_details(session, person, name=line.name)
    changed = session.is_modified(member) or session.is_modified(person)
    changed |= change_phone(session, member, line.phone, now)
    return changed | change_status(session, member, line.status, now)


def import_staff(session: Session, raw: bytes, actor: str, now: datetime) -> Imported:
    """Add new staff and branches, bring known staff (by staff_no) to what the file says.

    The role `left` signs a person out everywhere and lets them in no more; another role or
    branch signs them out too; their work on claims goes to others. Who is not in the file stays
    as they are. Raises BadFile.
    """
    lines = read_staff(raw)
    added = changed = 0
    leavers: list[tuple[Staff, int]] = []
    known = {staff.staff_no: staff for staff in session.scalars(select(Staff))}
    branches = {branch.name: branch for branch in session.scalars(select(Branch))}
    for line in lines:
        staff = known.get(line.staff_no)
        if staff is None and line.role is None:
            continue
        branch = branches.get(line.branch)
        if branch is None:
            branch = branches[line.branch] = Branch(name=line.branch)
            session.add(branch)
            session.flush()
        if staff is None:
            _add_staff(session, branch, line, now)
            added += 1
        else:
            before = (staff.branch_id, staff.active, staff.role)
            changed += _change_staff(session, staff, branch, line, now)
            if before != (staff.branch_id, staff.active, staff.role):
                leavers.append((staff, before[0]))
    session.flush()  # who of a branch is a manager now is known when the whole file is
    release_work(session, leavers, actor, now)
    record(session, actor, "staff.import", "staff", now, added=added, changed=changed)
    return Imported(added, changed, len(lines) - added - changed)


def _add_staff(session: Session, branch: Branch, line: StaffLine, now: datetime) -> None:
    assert line.role is not None
    person = _new_person(session, now, line.name)
    session.add(person)
    session.flush()
    session.add(
        Staff(
            person_id=person.id,
            staff_no=line.staff_no,
            branch_id=branch.id,
            role=line.role.value,
            customer_ref=line.customer_ref,
        )
    )


def _change_staff(
    session: Session, staff: Staff, branch: Branch, line: StaffLine, now: datetime
) -> bool:
    person = session.get(Person, staff.person_id)
    assert person is not None
    if name_of(session, person) != line.name:
        set_details(session, person, name=line.name)
    before = (staff.branch_id, staff.active, staff.role)
    staff.customer_ref = line.customer_ref
    staff.branch_id = branch.id
    staff.active = line.role is not None
    if line.role is not None:
        staff.role = line.role.value
    changed = session.is_modified(staff) or session.is_modified(person)
    if before != (staff.branch_id, staff.active, staff.role):
        end_sessions_of(session, staff.id, now)
    return changed
