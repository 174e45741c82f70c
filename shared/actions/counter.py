"""The counter: a tablet is enrolled and locked, an invite is shown, a walk-in is handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.branch import sign_in
from shared.actions.inviting import InviteCard, find_invite, invite_for
from shared.actions.kinship import circle_of
from shared.base.errors import Refusal
from shared.campaigns.campaigns import get_campaign, open_for_registration
from shared.people import staff as people_staff
from shared.people.chats import hash_token
from shared.people.members import MemberStatus, get_member
from shared.people.persons import phone_blind
from shared.people.staff import Branch, Role, Staff, StaffSession, Tablet
from shared.post.audit import record
from shared.referrals.referrals import Invite, Registration
from shared.risk.traces import note_tablet_place

TOUCH_AFTER = timedelta(minutes=1)
AT_THE_COUNTER = frozenset({Role.TELLER.value, Role.MANAGER.value})
"""The desk's people and auditors work at a desktop, with other rights."""


@dataclass(frozen=True)
class Seat:
    """A known tablet and who sits at it; `staff_id` 0 and an empty role when nobody does."""

    tablet_id: int
    tablet: str
    branch_id: int
    branch: str
    staff_id: int = 0
    staff_no: str = ""
    name: str = ""
    role: str = ""
    quiet: bool = False
    """Nobody touched it for a minute: the caller says that the person is still there."""


def seat_at(session: Session, secret: str, token: str, now: datetime) -> Seat | None:
    """Who sits at the tablet with this secret; None for a device that is not ours or revoked."""
    tablet = people_staff.tablet_by_secret(session, secret) if secret else None
    if tablet is None:
        return None
    branch = session.get(Branch, tablet.branch_id)
    assert branch is not None
    empty = Seat(tablet.id, tablet.name, branch.id, branch.name)
    staff = signed_in(session, tablet, token, now)
    if staff is None:
        return empty
    seen = session.scalar(
        select(StaffSession.seen_at).where(StaffSession.token_hash == hash_token(token))
    )
    return Seat(
        empty.tablet_id,
        empty.tablet,
        empty.branch_id,
        empty.branch,
        staff.id,
        staff.staff_no,
        people_staff.staff_name(session, staff),
        staff.role,
        quiet=seen is None or now - seen > TOUCH_AFTER,
    )


def signed_in(session: Session, tablet: Tablet, token: str, now: datetime) -> Staff | None:
    """The employee of this token, if they still belong to the tablet's branch."""
    if not token:
        return None
    staff = people_staff.staff_of_session(session, token, tablet.id, now)
    here = staff is not None and staff.branch_id == tablet.branch_id
    return staff if here and staff is not None and staff.role in AT_THE_COUNTER else None


def sign_in_at(
    session: Session, tablet_id: int, staff_no: str, pin: str, now: datetime, address: str = ""
) -> str | None:
    """Sign in at the counter: the session's token, or None for a wrong pair. `address`: where
    the tablet works, which is the branch's own network.

    Refusals `staff.locked` (minutes), `staff.other_branch`, `staff.role`.
    """
    tablet = session.get(Tablet, tablet_id)
    assert tablet is not None
    token = sign_in(session, tablet, staff_no, pin, now)
    if token is not None and signed_in(session, tablet, token, now) is None:
        raise Refusal("staff.role")
    if token is not None:
        note_tablet_place(session, tablet.branch_id, address, now)
    return token


def enrol(session: Session, code: str, now: datetime) -> str:
    """Spend an enrolment code: the secret for the tablet's cookie. Refusal `tablet.code`."""
    tablet, secret = people_staff.enrol_tablet(session, code, now)
    record(
        session, f"tablet:{tablet.id}", "tablet.enrolled", f"tablet:{tablet.id}", now,
        branch=tablet.branch_id,
    )  # fmt: skip
    for old in people_staff.replaced_by(session, tablet):
        record(session, f"tablet:{tablet.id}", "tablet.replaced", f"tablet:{old}", now)
    return secret


def lock(session: Session, seat: Seat, token: str, now: datetime) -> None:
    """Sign out; ended once and for all, whatever a cookie says later."""
    people_staff.end_session(session, token, now)
    record(session, f"staff:{seat.staff_id}", "staff.signed_out", f"tablet:{seat.tablet_id}", now)


def show_invite(session: Session, staff: Staff, member_id: int, now: datetime) -> InviteCard:
    """A cardholder's invite on the branch's screen. Refusals of `invite_for`, and `staff.party`:
    the branch's screen is not for the employee's own invite, nor for that of somebody close."""
    if member_id in circle_of(session, staff).members:
        raise Refusal("staff.party")
    card = invite_for(session, member_id, now)
    record(
        session, f"staff:{staff.id}", "invite.shown", f"invite:{card.invite_id}", now,
        branch=staff.branch_id,
    )  # fmt: skip
    return card


def invite_for_walk_in(session: Session, staff: Staff, typed: str, now: datetime) -> Invite:
    """The invite under which a walk-in may register now.

    Refusals: `invite.malformed`, `invite.unknown`, `campaign.over`, and `staff.party`: nobody
    brings friends to their own card, or to that of somebody close to them, while on duty.
    """
    invite = find_invite(session, typed)
    campaign = get_campaign(session, invite.campaign_id)
    member = get_member(session, invite.member_id)
    if not open_for_registration(campaign, now) or member.status != MemberStatus.ACTIVE:
        raise Refusal("campaign.over")
    if member.id in circle_of(session, staff).members:
        raise Refusal("staff.party")
    return invite


def hand_over(
    session: Session, seat: Seat, staff: Staff, token: str, typed: str, now: datetime
) -> Invite:
    """Give the tablet to a walk-in: the invite is checked and the employee is signed out.

    Refusals of `invite_for_walk_in`.
    """
    invite = invite_for_walk_in(session, staff, typed, now)
    record(
        session, f"staff:{staff.id}", "tablet.handed_over", f"invite:{invite.id}", now,
        branch=staff.branch_id, tablet=seat.tablet_id,
    )  # fmt: skip
    lock(session, seat, token, now)
    return invite


def still_employed(session: Session, staff_id: int, branch_id: int) -> bool:
    """Whether an entry begun by this employee still counts: who left or moved has none."""
    staff = session.get(Staff, staff_id)
    return staff is not None and staff.active and staff.branch_id == branch_id


def same_number(session: Session, handle: str, phone: str) -> bool:
    """Whether a registration under way is for this number (E.164)."""
    found = session.scalar(
        select(Registration.phone_blind).where(Registration.handle == hash_token(handle))
    )
    return found == phone_blind(session, phone)
