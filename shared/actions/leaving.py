"""Leaving: what is kept of members who left the bank, of sign-ins that ended and of tablets that
others replaced goes when its term is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from shared.actions.erasing import erase_person
from shared.people.members import Member, MemberStatus
from shared.people.persons import Person
from shared.people.staff import Staff, StaffSession, Tablet

CLOSED_TERM = timedelta(days=365)
"""After a card is closed: every claw-back, appeal and share of a first year is over by then."""
SIGN_IN_TERM = timedelta(days=180)
"""Who was signed in where is asked about for half a year; afterwards the audit says it."""
TABLET_TERM = timedelta(days=180)


def forget_closed_members(session: Session, now: datetime, most: int = 500) -> int:
    """Erase members whose last card was closed a year ago; how many.

    Chats, greeting, nicknames and messages go with the name and the number. What was earned
    stands in the ledger by ids alone. An employee's own row stays while they work here.
    """
    working = select(Staff.customer_ref).where(Staff.active, Staff.customer_ref.is_not(None))
    over = (
        select(Person)
        .join(Member, Member.person_id == Person.id)
        .where(
            Member.status == MemberStatus.CLOSED.value,
            Member.status_since < now - CLOSED_TERM,
            Member.customer_ref.not_in(working),
            Person.erased_at.is_(None),
        )
    )
    left = session.scalars(over.order_by(Person.id).limit(most)).all()
    for person in left:
        erase_person(session, person, "worker", now, own_word=False)
    return len(left)


def was_forgotten(member: Member, person: Person) -> bool:
    """Whether somebody is erased because the term was over, and not on their own word: the bank
    may name them anew when they come back to it."""
    return (
        person.erased_at is not None
        and member.status == MemberStatus.CLOSED
        and member.status_since < person.erased_at - CLOSED_TERM
    )


def forget_sign_ins(session: Session, now: datetime) -> int:
    """Delete staff's sign-ins that ended, or were left alone, half a year ago; how many."""
    last = func.coalesce(StaffSession.ended_at, StaffSession.seen_at)
    gone = session.execute(delete(StaffSession).where(last < now - SIGN_IN_TERM))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def forget_tablets(session: Session, now: datetime) -> int:
    """Empty the secrets of tablets that were replaced half a year ago, and delete those that
    nobody enrolled by then; how many. Acts name a tablet: that it was there stays."""
    before = now - TABLET_TERM
    emptied = session.execute(
        update(Tablet)
        .where(Tablet.revoked_at < before, Tablet.secret_hash.is_not(None))
        .values(secret_hash=None)
    )
    never = session.execute(
        delete(Tablet).where(Tablet.enrolled_at.is_(None), Tablet.enrol_until < before)
    )
    return int(emptied.rowcount + never.rowcount)  # type: ignore[attr-defined]
