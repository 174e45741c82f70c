"""The branch: staff find a cardholder, show their invite, bind their chat, mind the tablets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base.errors import Refusal
from shared.base.privacy import mask_name, mask_phone
from shared.people import staff as people_staff
from shared.people.chats import new_binding_token
from shared.people.members import Member, MemberStatus, get_member, person_of
from shared.people.persons import Person, name_of, phone_of, tail_blind
from shared.people.staff import Staff, Tablet
from shared.post.audit import record

MOST_FOUND = 5


@dataclass(frozen=True)
class Found:
    """A cardholder as the counter may see them: masked."""

    member_id: int
    name: str
    phone: str
    branch_may_bind: bool


def sign_in(session: Session, tablet: Tablet, staff_no: str, pin: str, now: datetime) -> str | None:
    """Sign in on an enrolled tablet: the session's token, or None for a wrong pair.

    Refusals `staff.locked` (minutes), `staff.other_branch`.
    """
    number = staff_no.strip()
    known = number if number.isprintable() else ""  # PostgreSQL's texts cannot hold a NUL
    staff = people_staff.check_pin(session, known, pin.strip(), now)
    if staff is None:
        return None
    if staff.branch_id != tablet.branch_id:
        raise Refusal("staff.other_branch")
    record(session, f"staff:{staff.id}", "staff.signed_in", f"tablet:{tablet.id}", now)
    return people_staff.start_session(session, staff, tablet.id, now)


def find_cardholders(
    session: Session, staff: Staff, last_four: str, name_part: str, now: datetime
) -> tuple[Found, ...]:
    """Cardholders whose number ends in four digits and whose name begins so.

    Both are needed, so that a queue of guesses finds nobody. Refusals `search.digits`,
    `search.name`. Every search is audited, without what was typed.
    """
    digits = "".join(str(int(c)) for c in last_four if c.isdecimal())
    wanted = name_part.strip().casefold()
    if len(digits) != 4:
        raise Refusal("search.digits")
    if not wanted:
        raise Refusal("search.name")
    rows = session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .where(Person.tail_blind == tail_blind(session, digits))
        .where(Member.status == MemberStatus.ACTIVE)
        .order_by(Member.id)
    )
    found = [
        _found(session, staff, member, person)
        for member, person in rows
        if name_of(session, person).casefold().startswith(wanted)
    ]
    record(
        session, f"staff:{staff.id}", "member.searched", f"branch:{staff.branch_id}", now,
        found=[f.member_id for f in found],
    )  # fmt: skip
    return tuple(found[:MOST_FOUND])


def _found(session: Session, staff: Staff, member: Member, person: Person) -> Found:
    return Found(
        member.id,
        mask_name(name_of(session, person)),
        mask_phone(phone_of(session, person)),
        branch_may_bind=staff.customer_ref != member.customer_ref,
    )


def cardholder(session: Session, staff: Staff, member_id: int) -> Found:
    """One cardholder, masked. LookupError when there is none."""
    member = get_member(session, member_id)
    return _found(session, staff, member, person_of(session, member))


def binding_token_for(session: Session, staff: Staff, member_id: int, now: datetime) -> str:
    """A token for `b_<token>`, shown as QR to a cardholder whose card staff have seen.

    Refusal `staff.party`: nobody binds a chat to their own card at the counter.
    """
    member = get_member(session, member_id)
    if staff.customer_ref == member.customer_ref:
        raise Refusal("staff.party")
    record(session, f"staff:{staff.id}", "binding.offered", f"member:{member_id}", now)
    return new_binding_token(session, member_id, staff.id, now)


def add_tablet(
    session: Session, branch_name: str, tablet_name: str, actor: str, now: datetime
) -> str:
    """A tablet waiting to be enrolled at a branch: its one-time code. Refusal `branch.unknown`."""
    branch = session.scalar(
        select(people_staff.Branch).where(people_staff.Branch.name == branch_name)
    )
    if branch is None:
        raise Refusal("branch.unknown", name=branch_name)
    tablet, code = people_staff.new_tablet(session, branch.id, tablet_name, now)
    record(session, actor, "tablet.added", f"tablet:{tablet.id}", now, branch=branch.id)
    return code


def give_pin(session: Session, staff_no: str, pin: str, actor: str, now: datetime) -> None:
    """Set an employee's PIN and sign them out everywhere.

    Refusals `staff.unknown` (staff_no), `staff.weak_pin`.
    """
    staff = session.scalar(select(Staff).where(Staff.staff_no == staff_no))
    if staff is None or not staff.active:
        raise Refusal("staff.unknown", staff_no=staff_no)
    people_staff.set_pin(staff, pin)
    people_staff.end_sessions_of(session, staff.id, now)
    record(session, actor, "staff.pin_given", f"staff:{staff.id}", now)
