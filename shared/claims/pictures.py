"""Pictures of claims: what a member attached, for people to look at; to no machine evidence.

A picture is wanted first, by the channel's own name of it; who has the channel fetches it later
and it is kept drawn anew, under the member's own key, so that it goes with them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column, keyring_of
from shared.base.errors import Refusal
from shared.base.sealing import Sealed
from shared.people.persons import Person

MOST_SENT = 5
"""How often a picture may be sent for one claim."""
LONGEST_NAME = 200
"""Characters of a channel's name of a file."""
_FIELD = "claim_picture"


class PictureState(StrEnum):
    WANTED = "wanted"
    """Sent; it waits to be fetched."""
    KEPT = "kept"
    LOST = "lost"
    """It could not be fetched, or is no picture; the member knows and may send it again."""


class ClaimPicture(Base):
    """The one picture of a claim. Its row goes with the claim's term, and with its person."""

    __tablename__ = "claim_pictures"
    __table_args__ = (Index("ix_claim_pictures_wanted", "state", "next_at"),)

    id: Mapped[int] = id_column()
    claim_id: Mapped[int] = mapped_column(Id, unique=True)
    person_id: Mapped[int] = mapped_column(Id, index=True)
    """The claimant, under whose key it is sealed."""
    channel: Mapped[str] = mapped_column(String(20))
    source: Mapped[str | None] = mapped_column(Sealed("claim_picture"))
    """The channel's name of the file while it is wanted."""
    image: Mapped[bytes | None] = mapped_column(LargeBinary)
    """A JPEG drawn anew, under the person's own key."""
    state: Mapped[str] = mapped_column(String(20))
    sent: Mapped[int]
    """How often the member has sent one."""
    tries: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(Utc)
    next_at: Mapped[datetime | None] = mapped_column(Utc)
    """When it is fetched next; none: it is not."""


@dataclass(frozen=True)
class Sent:
    """A picture as a channel names it."""

    channel: str
    source: str


@dataclass(frozen=True)
class Wanted:
    """One picture to be fetched; `tries`: how often that failed."""

    id: int
    source: str
    tries: int


def want(session: Session, claim_id: int, person: Person, sent: Sent, now: datetime) -> None:
    """The member sent a picture for a claim; one that was lost is followed by it.

    Refusals `picture.one` (there is one already), `picture.often` (most).
    """
    row = picture_of(session, claim_id)
    if row is None:
        row = ClaimPicture(claim_id=claim_id, person_id=person.id, sent=0)
        session.add(row)
    elif row.state != PictureState.LOST:
        raise Refusal("picture.one")
    if row.sent >= MOST_SENT:
        raise Refusal("picture.often", most=MOST_SENT)
    row.channel, row.source = sent.channel, sent.source[:LONGEST_NAME]
    row.state, row.sent, row.tries = PictureState.WANTED.value, row.sent + 1, 0
    row.sent_at = row.next_at = now
    session.flush()


def wanted(session: Session, channel: str, now: datetime, most: int) -> list[Wanted]:
    """What is to be fetched from a channel now, the longest waiting first."""
    rows = session.scalars(
        select(ClaimPicture)
        .where(
            ClaimPicture.state == PictureState.WANTED.value,
            ClaimPicture.channel == channel,
            ClaimPicture.next_at <= now,
        )
        .order_by(ClaimPicture.next_at, ClaimPicture.id)
        .limit(most)
    )
    return [Wanted(row.id, row.source or "", row.tries) for row in rows]


def still_wanted(session: Session, one: Wanted) -> ClaimPicture | None:
    """The row, locked; None when it is gone, was fetched, or another was sent since."""
    row = session.get(ClaimPicture, one.id, with_for_update=True, populate_existing=True)
    fits = row is not None and row.state == PictureState.WANTED and row.source == one.source
    return row if fits else None


def keep(session: Session, row: ClaimPicture, person: Person, jpeg: bytes) -> None:
    """It is here: what the channel called it is forgotten."""
    assert person.key is not None
    row.image = keyring_of(session).person_seal_file(person.key, jpeg, _FIELD)
    row.state, row.source, row.next_at = PictureState.KEPT.value, None, None
    session.flush()


def lose(session: Session, row: ClaimPicture) -> None:
    """It does not come; another may be sent."""
    row.state, row.source, row.next_at = PictureState.LOST.value, None, None
    session.flush()


def picture_of(session: Session, claim_id: int) -> ClaimPicture | None:
    """The picture of a claim, wherever it stands."""
    return session.scalar(select(ClaimPicture).where(ClaimPicture.claim_id == claim_id))


def jpeg_of(session: Session, row: ClaimPicture) -> bytes | None:
    """A kept picture as a JPEG; None of one that is not here, or of somebody erased."""
    person = session.get(Person, row.person_id)
    if person is None or person.key is None or row.image is None:
        return None
    return keyring_of(session).person_open_file(person.key, bytes(row.image), _FIELD)


def forget_pictures(session: Session, claim_ids: Collection[int]) -> None:
    """The pictures of some claims go."""
    if claim_ids:
        session.execute(delete(ClaimPicture).where(ClaimPicture.claim_id.in_(claim_ids)))


def forget_pictures_of(session: Session, person_id: int) -> None:
    """Every picture that a person sent goes."""
    session.execute(delete(ClaimPicture).where(ClaimPicture.person_id == person_id))
