"""Staff, branches and tablets: who, where, on which enrolled device."""

from __future__ import annotations

import math
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Boolean, Integer, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.errors import Refusal
from shared.people.chats import hash_token
from shared.people.persons import Person, name_of

MOST_PIN_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
ENROL_TERM = timedelta(hours=24)
SESSION_IDLE = timedelta(minutes=10)
SESSION_TERM = timedelta(hours=10)

_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """What a number that nobody has is checked against."""
    return _hasher.hash(secrets.token_hex(8))


class Role(StrEnum):
    TELLER = "teller"
    MANAGER = "manager"
    DESK = "desk"
    AUDITOR = "auditor"


class Branch(Base):
    """A branch of the bank, by its name."""

    __tablename__ = "branches"

    id: Mapped[int] = id_column()
    name: Mapped[str] = mapped_column(String(120), unique=True)


class Staff(Base):
    """One employee. `customer_ref` is their own card, so that they never decide about it."""

    __tablename__ = "staff"

    id: Mapped[int] = id_column()
    person_id: Mapped[int] = mapped_column(Id, unique=True)
    staff_no: Mapped[str] = mapped_column(String(40), unique=True)
    branch_id: Mapped[int] = mapped_column(Id, index=True)
    role: Mapped[str] = mapped_column(String(10))
    customer_ref: Mapped[str | None] = mapped_column(String(64), index=True)
    pin_hash: Mapped[str | None] = mapped_column(String(160))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    wrong_pins: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Utc)


class Tablet(Base):
    """A device enrolled by a one-time code; its secret lives in its cookie, hashed here."""

    __tablename__ = "tablets"

    id: Mapped[int] = id_column()
    branch_id: Mapped[int] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(80))
    enrol_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    enrol_until: Mapped[datetime | None] = mapped_column(Utc)
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    enrolled_at: Mapped[datetime | None] = mapped_column(Utc)
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)


class StaffSession(Base):
    """One sign-in. Ended rows let nobody in, whatever the cookie says."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = id_column()
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int] = mapped_column(Id, index=True)
    tablet_id: Mapped[int | None] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(Utc)
    seen_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


def staff_name(session: Session, staff: Staff) -> str:
    """The employee's name as the tablet shows it."""
    person = session.get(Person, staff.person_id)
    return name_of(session, person) if person else ""


def same_person(session: Session, staff: Staff, actor: str) -> bool:
    """Whether an act on record (`staff:7`) was this person's, under whichever staff number: a
    second number, or one given anew, names the same card."""
    if actor == f"staff:{staff.id}":
        return True
    if staff.customer_ref is None or not actor.startswith("staff:"):
        return False
    other = session.get(Staff, int(actor.removeprefix("staff:")))
    return other is not None and other.customer_ref == staff.customer_ref


def numbers_of(session: Session, staff: Staff) -> frozenset[int]:
    """Under which rows this person acts or acted: their own, and every other staff number with
    the same card (`same_person`)."""
    if staff.customer_ref is None:
        return frozenset({staff.id})
    same = select(Staff.id).where(Staff.customer_ref == staff.customer_ref)
    return frozenset({staff.id, *session.scalars(same)})


def set_pin(staff: Staff, pin: str) -> None:
    """A PIN of six digits, not a run or a repetition. Refusal `staff.weak_pin`."""
    runs = "01234567890 09876543210"
    if len(pin) != 6 or not pin.isdecimal() or pin in runs or len(set(pin)) < 3:
        raise Refusal("staff.weak_pin")
    staff.pin_hash = _hasher.hash(pin)
    staff.wrong_pins, staff.locked_until = 0, None


def check_pin(session: Session, staff_no: str, pin: str, now: datetime) -> Staff | None:
    """The employee, or None for any wrong pair (the caller commits the counted try).

    Refusal `staff.locked` for fifteen minutes after five wrong PINs. The same time is spent
    on numbers nobody has.
    """
    nobody = _nobodys_hash()  # made on the first call, whoever it is for
    staff = session.scalar(select(Staff).where(Staff.staff_no == staff_no).with_for_update())
    known = staff is not None and staff.active and staff.pin_hash is not None
    if staff is not None and staff.locked_until is not None and staff.locked_until > now:
        minutes = math.ceil((staff.locked_until - now).total_seconds() / 60)
        raise Refusal("staff.locked", minutes=minutes)
    try:
        _hasher.verify(staff.pin_hash if known and staff and staff.pin_hash else nobody, pin)
        right = known
    except (VerifyMismatchError, InvalidHashError):
        right = False
    if staff is None:
        return None
    if right:
        staff.wrong_pins = 0
        return staff
    staff.wrong_pins += 1
    if staff.wrong_pins >= MOST_PIN_TRIES:
        staff.locked_until, staff.wrong_pins = now + LOCKED_FOR, 0
    session.flush()
    return None


def start_session(session: Session, staff: Staff, tablet_id: int | None, now: datetime) -> str:
    """Sign in: the token for the cookie. On a shared tablet the one before is signed out."""
    if tablet_id is not None:
        _end(session, StaffSession.tablet_id == tablet_id, now)
    token = secrets.token_urlsafe(24)
    session.add(
        StaffSession(
            token_hash=hash_token(token),
            staff_id=staff.id,
            tablet_id=tablet_id,
            started_at=now,
            seen_at=now,
        )
    )
    session.flush()
    return token


def staff_of_session(
    session: Session, token: str, tablet_id: int | None, now: datetime
) -> Staff | None:
    """Who is signed in by this token on this tablet; None when ended, idle, old or moved."""
    row = session.scalar(
        select(StaffSession).where(
            StaffSession.token_hash == hash_token(token), StaffSession.ended_at.is_(None)
        )
    )
    if row is None or row.tablet_id != tablet_id:
        return None
    if now - row.seen_at > SESSION_IDLE or now - row.started_at > SESSION_TERM:
        return None
    staff = session.get(Staff, row.staff_id)
    return staff if staff is not None and staff.active else None


def touch_session(session: Session, token: str, now: datetime) -> None:
    """The person is still there."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == hash_token(token), StaffSession.ended_at.is_(None))
        .values(seen_at=now)
    )


def end_session(session: Session, token: str, now: datetime) -> None:
    """Sign out (the lock button)."""
    _end(session, StaffSession.token_hash == hash_token(token), now)


def end_sessions_of(session: Session, staff_id: int, now: datetime) -> None:
    """Staff leave: every session ends at once."""
    _end(session, StaffSession.staff_id == staff_id, now)


def _end(session: Session, which: object, now: datetime) -> None:
    session.execute(
        update(StaffSession)
        .where(which, StaffSession.ended_at.is_(None))  # type: ignore[arg-type]
        .values(ended_at=now)
    )


def new_tablet(session: Session, branch_id: int, name: str, now: datetime) -> tuple[Tablet, str]:
    """A tablet waiting to be enrolled, and its one-time code of eight digits."""
    code = f"{secrets.randbelow(10**8):08d}"
    tablet = Tablet(
        branch_id=branch_id, name=name, enrol_hash=hash_token(code), enrol_until=now + ENROL_TERM
    )
    session.add(tablet)
    session.flush()
    return tablet, code


def enrol_tablet(session: Session, code: str, now: datetime) -> tuple[Tablet, str]:
    """Spend an enrolment code: the tablet and its secret. One of the same name at the branch is
    replaced: it is a stranger from now on. Refusal `tablet.code`."""
    digits = "".join(c for c in code if c.isdecimal())
    tablet = session.scalar(
        select(Tablet).where(Tablet.enrol_hash == hash_token(digits)).with_for_update()
    )
    if tablet is None or tablet.enrol_until is None or tablet.enrol_until <= now:
        raise Refusal("tablet.code")
    secret = secrets.token_urlsafe(24)
    tablet.secret_hash = hash_token(secret)
    tablet.enrolled_at = now
    tablet.enrol_hash = tablet.enrol_until = None
    _replace(session, tablet, now)
    session.flush()
    return tablet, secret


def _replace(session: Session, tablet: Tablet, now: datetime) -> None:
    before = session.scalars(
        select(Tablet).where(
            Tablet.branch_id == tablet.branch_id,
            Tablet.name == tablet.name,
            Tablet.id != tablet.id,
            Tablet.enrolled_at.is_not(None),
            Tablet.revoked_at.is_(None),
        )
    ).all()
    for old in before:
        old.revoked_at = now
        _end(session, StaffSession.tablet_id == old.id, now)


def replaced_by(session: Session, tablet: Tablet) -> list[int]:
    """The tablets that were replaced as this one was enrolled."""
    return list(
        session.scalars(
            select(Tablet.id)
            .where(Tablet.branch_id == tablet.branch_id, Tablet.name == tablet.name)
            .where(Tablet.revoked_at == tablet.enrolled_at)
        )
    )


def tablet_by_secret(session: Session, secret: str) -> Tablet | None:
    """The enrolled tablet whose cookie this is."""
    return session.scalar(
        select(Tablet).where(Tablet.secret_hash == hash_token(secret), Tablet.revoked_at.is_(None))
    )
