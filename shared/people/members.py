"""Members: cardholders who may invite. A member is the bank's customer_ref, never a number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.direct import Direct, among
from shared.people.persons import Person, by_phone


class MemberStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"


class Member(Base):
    """One customer of the bank; several cards are one member."""

    __tablename__ = "members"

    id: Mapped[int] = id_column()
    person_id: Mapped[int] = mapped_column(Id, unique=True)
    customer_ref: Mapped[str] = mapped_column(String(64), unique=True)
    segment: Mapped[str] = mapped_column(String(40), default="")
    region: Mapped[str] = mapped_column(String(40), default="")
    card_products: Mapped[str] = mapped_column(String(200), default="")
    """Product codes separated by `|`."""
    opened_on: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(10), default=MemberStatus.ACTIVE)
    status_since: Mapped[datetime] = mapped_column(Utc)
    inactive_since: Mapped[datetime | None] = mapped_column(Utc)
    """Since when the card is not active; closing an inactive one does not begin it anew."""
    show_name: Mapped[bool] = mapped_column(Boolean, default=False)
    """The member chose to appear by masked name on the invite page."""
    on_leaderboard: Mapped[bool] = mapped_column(Boolean, default=False)
    pushes: Mapped[bool] = mapped_column(Boolean, default=True)


@dataclass(frozen=True)
class Cardholder:
    """What the rules look at in a member. `own_number`: the keyed hash of it."""

    customer_ref: str
    inactive_since: datetime | None
    """Since when the member is not active; None: active."""
    own_number: str | None


_CARDHOLDERS = Direct(
    select(Member.id, Member.customer_ref, Member.inactive_since, Person.phone_blind)
    .outerjoin(Person, Person.id == Member.person_id)
    .where(among(Member.id, "ids"))
)


def cardholders(session: Session, member_ids: Collection[int]) -> dict[int, Cardholder]:
    """Many members as the rules look at them; LookupError when there is none of an id."""
    found = {
        number: Cardholder(ref, since, phone)
        for number, ref, since, phone in _CARDHOLDERS.read(session, ids=member_ids)
    }
    if missing := set(member_ids) - found.keys():
        raise LookupError(f"member {min(missing)}")
    return found


def get_member(session: Session, member_id: int) -> Member:
    """A member by id; LookupError when there is none."""
    member = session.get(Member, member_id)
    if member is None:
        raise LookupError(f"member {member_id}")
    return member


def person_of(session: Session, member: Member) -> Person:
    """The person behind a member."""
    person = session.get(Person, member.person_id)
    assert person is not None
    return person


def may_invite(session: Session, member_id: int) -> bool:
    """Whether a member's invites stand: an active card, and the person not erased."""
    member = get_member(session, member_id)
    erased = person_of(session, member).erased_at is not None
    return member.status == MemberStatus.ACTIVE and not erased


def member_by_ref(session: Session, customer_ref: str) -> Member | None:
    """The member the bank calls by this reference."""
    return session.scalar(select(Member).where(Member.customer_ref == customer_ref))


def members_by_refs(session: Session, customer_refs: Collection[str]) -> dict[str, Member]:
    """The members the bank calls by these references; unknown ones are left out."""
    if not customer_refs:
        return {}
    found = session.scalars(select(Member).where(Member.customer_ref.in_(customer_refs)))
    return {member.customer_ref: member for member in found}


def members_by_phone(session: Session, e164: str) -> list[Member]:
    """Every member known under a number; several matches are the branch's business."""
    ids = [person.id for person in by_phone(session, e164)]
    query = select(Member).where(Member.person_id.in_(ids)).order_by(Member.id)
    return list(session.scalars(query)) if ids else []
