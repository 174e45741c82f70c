"""Invites, visits, registrations, referrals and credits: the tables of the way of one friend."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.direct import Direct, among, passed_over
from shared.base.sealing import Sealed

GREETING = "greeting"
"""What a greeting is sealed for; the invite page opens it by itself."""


class Source(StrEnum):
    """How a referral came to have an application."""

    LINK = "link"
    """Matched by the number that the friend proved."""
    TOKEN = "token"  # noqa: S105 (a word of the domain)
    """The bank's form returned the referral token."""
    STAFF = "staff"
    CLAIM = "claim"


class VisitKind(StrEnum):
    HUMAN = "human"
    PREVIEW = "preview"
    ROBOT = "robot"


@dataclass(frozen=True)
class Credit:
    """The fact that a referral has an application, as the rules read it."""

    referral: int
    application: int
    on: datetime
    version: int
    source: Source
    segment: str = ""
    """The member's segment when the friend registered."""


class Invite(Base):
    """A member's personal code in a campaign."""

    __tablename__ = "invites"
    __table_args__ = (UniqueConstraint("campaign_id", "member_id"),)

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id, index=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    greeting: Mapped[str | None] = mapped_column(Sealed(GREETING))
    """The member's own words, at most 120 characters."""
    created_at: Mapped[datetime] = mapped_column(Utc)


class Visit(Base):
    """One opening of an invite page. `device` is a keyed hash of the page's own cookie."""

    __tablename__ = "visits"
    __table_args__ = (Index("ix_visits_invite", "invite_id", "at"),)

    id: Mapped[int] = id_column()
    invite_id: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Utc)
    kind: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str] = mapped_column(String(20))
    device: Mapped[str | None] = mapped_column(String(64), index=True)
    utm: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    site: Mapped[str | None] = mapped_column(String(80))
    """The host of the page that led here, when it is another's; never its path."""


class Registration(Base):
    """A friend's details under an invite. Not proven in 24 hours: erased."""

    __tablename__ = "registrations"
    __table_args__ = (
        Index("ix_registrations_phone", "campaign_id", "phone_blind"),
        Index("ix_registrations_number", "phone_blind"),
    )

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id)
    invite_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int | None] = mapped_column(Id, index=True)
    phone_blind: Mapped[str | None] = mapped_column(String(64))
    """Stays when the person is erased only while a referral needs it for matching."""
    handle: Mapped[str] = mapped_column(String(64), unique=True)
    """Hash of the secret by which the friend's browser goes on with this registration."""
    referral_token: Mapped[str] = mapped_column(String(40), unique=True)
    """For the bank's form."""
    receipt: Mapped[str] = mapped_column(String(8), unique=True)
    """For people: shown to the friend, good for a make-up claim; eight characters as an invite."""
    version: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(20))
    visit_id: Mapped[int | None] = mapped_column(Id)
    branch_id: Mapped[int | None] = mapped_column(Id)
    staff_id: Mapped[int | None] = mapped_column(Id)
    tablet_id: Mapped[int | None] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(Utc)
    proven_at: Mapped[datetime | None] = mapped_column(Utc)
    proven_by: Mapped[str | None] = mapped_column(String(10))
    """`code` or `token`."""
    looked_at: Mapped[datetime | None] = mapped_column(Utc, index=True)
    """When the worker held it against what was heard before; null: still to do."""
    erased_at: Mapped[datetime | None] = mapped_column(Utc)


class Referral(Base):
    """One friend under one member in one campaign."""

    __tablename__ = "referrals"
    __table_args__ = (
        Index("ix_referrals_member", "member_id", "campaign_id", "registered_at"),
        UniqueConstraint("campaign_id", "member_id", "ordinal"),
    )

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    registration_id: Mapped[int | None] = mapped_column(Id, unique=True)
    claim_id: Mapped[int | None] = mapped_column(Id, unique=True)
    person_id: Mapped[int | None] = mapped_column(Id, index=True)
    version: Mapped[int] = mapped_column(Integer)
    registered_at: Mapped[datetime] = mapped_column(Utc)
    ordinal: Mapped[int] = mapped_column(Integer)
    """First, second, … friend of this member in this campaign."""
    nickname: Mapped[str | None] = mapped_column(Sealed("nickname"))
    segment: Mapped[str | None] = mapped_column(String(40))
    """The member's segment when the friend registered: what a multiplier looks at."""


class CreditRow(Base):
    """A credit is a fact: one application counts under one referral.

    `superseded_at`: a better proven one was heard of before anything was posted for it.
    """

    __tablename__ = "credits"
    __table_args__ = (
        UniqueConstraint("application_id", "referral_id"),
        Index(
            "ux_credits_standing",
            "application_id",
            unique=True,
            sqlite_where=text("superseded_at IS NULL"),
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[int] = id_column()
    referral_id: Mapped[int] = mapped_column(Id, index=True)
    application_id: Mapped[int] = mapped_column(Id, index=True)
    on: Mapped[datetime] = mapped_column("credited_on", Utc)
    source: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(Utc)
    superseded_at: Mapped[datetime | None] = mapped_column(Utc)


def credits_of(
    session: Session, campaign_id: int, member_ids: Collection[int]
) -> dict[int, list[Credit]]:
    """The standing credits of some members in one campaign, each in the order they count."""
    rows = _CREDITS.read(session, campaign=campaign_id, members=member_ids)
    found: dict[int, list[Credit]] = {member_id: [] for member_id in member_ids}
    for member_id, referral, application, on, version, source, segment in rows:
        credit = Credit(referral, application, on, version, Source(source), segment or "")
        found[member_id].append(credit)
    return found


_CREDITS = Direct(
    select(
        Referral.member_id,
        CreditRow.referral_id,
        CreditRow.application_id,
        CreditRow.on,
        Referral.version,
        CreditRow.source,
        Referral.segment,
    )
    .join(Referral, Referral.id == CreditRow.referral_id)
    .where(
        passed_over(Referral.campaign_id) == bindparam("campaign"),
        among(Referral.member_id, "members"),
        CreditRow.superseded_at.is_(None),
    )
    .order_by(CreditRow.on, CreditRow.id)
)
