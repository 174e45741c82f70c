"""The desk's door: its people sign in with number and PIN, from any desktop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.approvals import AT_THE_DESK, MAY_CHANGE
from shared.base.errors import Refusal
from shared.people import staff as people_staff
from shared.people.chats import hash_token
from shared.people.staff import Branch, Staff, StaffSession
from shared.post.audit import record

TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class DeskSeat:
    """Who is signed in at the desk."""

    staff_id: int
    staff_no: str
    name: str
    branch: str
    role: str
    quiet: bool
    """Nothing was done for a minute: the caller says that the person is still there."""

    @property
    def may_change(self) -> bool:
        """Whether this person may do more than look."""
        return self.role in MAY_CHANGE


def sign_in_desk(session: Session, staff_no: str, pin: str, now: datetime) -> str | None:
    """Sign in: the session's token, or None for a wrong pair (the caller commits the try).

    Refusals `staff.locked` (minutes), `staff.no_desk` for a role with other work.
    """
    number = staff_no.strip()
    known = number if number.isprintable() else ""  # PostgreSQL's texts cannot hold a NUL
    staff = people_staff.check_pin(session, known, pin.strip(), now)
    if staff is None:
        return None
    if staff.role not in AT_THE_DESK:
        raise Refusal("staff.no_desk")
    record(session, f"staff:{staff.id}", "staff.signed_in", "desk", now)
    return people_staff.start_session(session, staff, None, now)


def sign_out_desk(session: Session, staff_id: int, token: str, now: datetime) -> None:
    """Sign out; ended once and for all, whatever a cookie says later."""
    people_staff.end_session(session, token, now)
    record(session, f"staff:{staff_id}", "staff.signed_out", "desk", now)


def desk_staff(session: Session, token: str, now: datetime) -> Staff | None:
    """The employee of this token; None when signed out, idle, gone, or of another role now."""
    staff = people_staff.staff_of_session(session, token, None, now) if token else None
    return staff if staff is not None and staff.role in AT_THE_DESK else None


def desk_seat(session: Session, token: str, now: datetime) -> DeskSeat | None:
    """Who sits at the desk with this token."""
    staff = desk_staff(session, token, now)
    if staff is None:
        return None
    seen = session.scalar(
        select(StaffSession.seen_at).where(StaffSession.token_hash == hash_token(token))
    )
    branch = session.get(Branch, staff.branch_id)
    return DeskSeat(
        staff.id,
        staff.staff_no,
        people_staff.staff_name(session, staff),
        branch.name if branch is not None else "",
        staff.role,
        quiet=seen is None or now - seen > TOUCH_AFTER,
    )
