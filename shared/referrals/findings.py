"""Findings: what two people decided about one friend: a fraud, or cleared again.

A finding is a fact and only adds to those before it; the last word counts. It is kept with the
referral and joined at reading to each application that counts under it, so whatever is matched
later reads the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, Index, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from shared.applications.facts import Fact, Kind
from shared.base.database import Base, Id, Utc, id_column
from shared.base.direct import Direct, among
from shared.referrals.referrals import Credit, Referral


class Word(StrEnum):
    """What was found."""

    FRAUD = "fraud"
    CLEARED = "cleared"
    """Not a fraud after all."""


KINDS = {Word.FRAUD: Kind.FRAUD, Word.CLEARED: Kind.NO_FRAUD}
"""As what the rules read each."""


class Finding(Base):
    """One finding. The database refuses to change or delete it."""

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_member", "campaign_id", "member_id"),)

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    referral_id: Mapped[int] = mapped_column(Id, index=True)
    word: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(Utc)
    """When the first person asked for it: windows count by this, however long the second took."""
    decided_at: Mapped[datetime] = mapped_column(Utc)
    remedy_id: Mapped[int] = mapped_column(Id, unique=True)
    """The request behind it, with its reason and its two people."""


class Told(NamedTuple):
    """A finding as it is read."""

    id: int
    referral: int
    word: Word
    at: datetime
    decided_at: datetime


_ROWS = Finding.metadata.tables[Finding.__tablename__]
_OF_MEMBERS = Direct(
    select(
        _ROWS.c.id, _ROWS.c.referral_id, _ROWS.c.word, _ROWS.c.at, _ROWS.c.decided_at
    ).where(_ROWS.c.campaign_id == bindparam("campaign"), among(_ROWS.c.member_id, "members"))
)  # fmt: skip


def findings_of(
    session: Session, campaign_id: int, member_ids: Collection[int]
) -> dict[int, list[Told]]:
    """The findings on some members' friends in a campaign, by referral, in any order."""
    found: dict[int, list[Told]] = defaultdict(list)
    for number, referral, word, *times in _OF_MEMBERS.read(
        session, campaign=campaign_id, members=member_ids
    ):
        found[referral].append(Told(number, referral, Word(word), *times))
    return found


def facts_found(credits: Iterable[Credit], found: Mapping[int, Sequence[Told]]) -> Iterator[Fact]:
    """Findings as facts of every application that counts under their referral."""
    for credit in credits:
        for told in found.get(credit.referral, ()):
            # Two of one moment keep their order.
            number = f"finding|{told.id:018d}"
            yield Fact(told.at, number, KINDS[told.word], credit.application)


def last_word(session: Session, referral_id: int) -> Finding | None:
    """The finding that counts for a referral; None: nobody ever decided anything."""
    query = select(Finding).where(Finding.referral_id == referral_id)
    return session.scalars(query.order_by(Finding.at.desc(), Finding.id.desc()).limit(1)).first()


def is_fraud() -> ColumnElement[bool]:
    """SQL: the last word on this referral is fraud."""
    later = aliased(Finding)
    newest = (
        select(later.word)
        .where(later.referral_id == Referral.id)
        .order_by(later.at.desc(), later.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return newest == Word.FRAUD.value
