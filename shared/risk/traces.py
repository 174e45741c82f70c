"""Traces: what is kept of where a registration came from, as keyed hashes with a term.

Never an address, a device mark or a number itself: equal ones match, nothing reads back. Of a
number its block of a thousand neighbours is kept, so that numbers made in a row are seen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from sqlalchemy import Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, keyring_of
from shared.base.rows import upsert_rows

BRANCH_PLACE_TERM = timedelta(days=30)
"""So long after a tablet worked there an address counts as the branch's own."""
_BLOCK = 3
"""Digits left out of a number: a block of a thousand."""


@dataclass(frozen=True)
class Place:
    """Where a request came from, as the face knows it; kept only as keyed hashes."""

    device: str = ""
    """The page's own random cookie; empty on a shared tablet."""
    address: str = ""

    def __repr__(self) -> str:
        return "Place(…)"


NOWHERE = Place()
"""Nothing is known of where it came from."""


class Trace(Base):
    """One registration's place. Forgotten after the campaign's term."""

    __tablename__ = "traces"
    __table_args__ = (Index("ix_traces_address", "address", "at"),)

    registration_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Utc, index=True)
    device: Mapped[str | None] = mapped_column(String(64), index=True)
    address: Mapped[str | None] = mapped_column(String(64))
    network: Mapped[str | None] = mapped_column(String(64), index=True)
    """A /24 of IPv4, a /64 of IPv6."""
    series: Mapped[str | None] = mapped_column(String(64), index=True)


class TabletPlace(Base):
    """Where a branch's tablet worked last: the branch's own network has its own allowance."""

    __tablename__ = "tablet_places"

    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    branch_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime] = mapped_column(Utc)


def leave_trace(
    session: Session,
    registration_id: int,
    campaign_id: int,
    place: Place,
    phone: str,
    now: datetime,
) -> None:
    """Keep the keyed hashes of a registration's place; `phone` in E.164."""
    keyring = keyring_of(session)
    address, network = _address(place.address)
    session.add(
        Trace(
            registration_id=registration_id,
            campaign_id=campaign_id,
            at=now,
            device=keyring.blind("device", place.device) if place.device else None,
            address=keyring.blind("address", address) if address else None,
            network=keyring.blind("network", network) if network else None,
            series=keyring.blind("series", phone[:-_BLOCK]),
        )
    )


def _address(written: str) -> tuple[str, str]:
    """An address and its network in one way of writing; empty texts for what is none."""
    try:
        found: IPv4Address | IPv6Address = ip_address(written.partition("%")[0])
    except ValueError:
        return "", ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    length = 24 if isinstance(found, IPv4Address) else 64
    return str(found), str(ip_network((found, length), strict=False))


def note_tablet_place(session: Session, branch_id: int, address: str, now: datetime) -> None:
    """A branch's tablet works from this address."""
    plain, _ = _address(address)
    if not plain:
        return
    upsert_rows(
        session,
        TabletPlace.metadata.tables[TabletPlace.__tablename__],
        ("address", "branch_id", "seen_at"),
        [(keyring_of(session).blind("address", plain), branch_id, now)],
    )


def branch_addresses(session: Session, addresses: Collection[str], now: datetime) -> set[str]:
    """Which of some addresses are a branch's own."""
    if not addresses:
        return set()
    query = select(TabletPlace.address).where(
        TabletPlace.address.in_(addresses), TabletPlace.seen_at > now - BRANCH_PLACE_TERM
    )
    return set(session.scalars(query))


def forget_traces(session: Session, campaign_id: int, before: datetime) -> int:
    """Delete a campaign's traces that are older; how many."""
    old = delete(Trace).where(Trace.campaign_id == campaign_id, Trace.at < before)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def forget_places(session: Session, now: datetime) -> int:
    """Delete where tablets were long ago; how many."""
    old = delete(TabletPlace).where(TabletPlace.seen_at <= now - BRANCH_PLACE_TERM)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def forget_traces_of(session: Session, registration_ids: Collection[int]) -> int:
    """Delete the traces of some registrations (their person is erased); how many."""
    if not registration_ids:
        return 0
    mine = delete(Trace).where(Trace.registration_id.in_(registration_ids))
    return int(session.execute(mine).rowcount)  # type: ignore[attr-defined]
