"""Sightings: registrations as the checks see them, asked for many at once.

Only proven ones: anybody can begin a registration for a stranger's number, and nobody should
come under suspicion by what a stranger began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from shared.applications.facts import Application, FactRow, Kind
from shared.base.direct import Direct, among
from shared.people.members import Member
from shared.people.persons import Person
from shared.people.staff import Staff
from shared.referrals.referrals import CreditRow, Invite, Referral, Registration, Visit
from shared.risk.known import Seen
from shared.risk.traces import Trace

MOST_ROWS = 20_000
"""Of one question: what is beyond tells no more."""

_SEEN: Any = (
    select(
        Registration.id,
        Referral.id,
        Invite.member_id,
        Registration.invite_id,
        Registration.started_at,
        Registration.proven_at,
        Registration.phone_blind,
        Trace.device,
        Trace.address,
        Trace.network,
        Trace.series,
        Registration.channel,
        Visit.site,
        Visit.at,
        Registration.branch_id,
        Registration.tablet_id,
        Registration.staff_id,
    )
    .join(Invite, Invite.id == Registration.invite_id)
    .outerjoin(Trace, Trace.registration_id == Registration.id)
    .outerjoin(Referral, Referral.registration_id == Registration.id)
    .outerjoin(Visit, Visit.id == Registration.visit_id)
    .where(Registration.campaign_id == bindparam("campaign"), Registration.proven_at.is_not(None))
    .limit(MOST_ROWS)
)
_DAY = (
    Registration.started_at >= bindparam("since"),
    Registration.started_at < bindparam("until"),
)


def _by(*conditions: ColumnElement[bool]) -> Direct:
    return Direct(_SEEN.where(*conditions))


_BY_REFERRAL = _by(among(Referral.id, "values"))
_BY_NUMBER = _by(among(Registration.phone_blind, "values"))
_BY_DEVICE = _by(among(Trace.device, "values"))
_BY_MEMBER = _by(among(Invite.member_id, "values"))
_BY_SERIES = _by(among(Trace.series, "values"))
_BY_ADDRESS = _by(among(Trace.address, "values"), *_DAY)
_BY_INVITE = _by(among(Registration.invite_id, "values"), *_DAY)
_BY_TABLET = _by(among(Registration.tablet_id, "values"), *_DAY)


def by_referral(session: Session, campaign: int, referrals: Collection[int]) -> list[Seen]:
    """The registrations of some referrals."""
    return _read(session, _BY_REFERRAL, campaign, referrals)


def by_number(session: Session, campaign: int, numbers: Collection[str]) -> list[Seen]:
    """Registrations of some numbers."""
    return _read(session, _BY_NUMBER, campaign, numbers)


def by_device(session: Session, campaign: int, devices: Collection[str]) -> list[Seen]:
    """Registrations on some devices."""
    return _read(session, _BY_DEVICE, campaign, devices)


def by_series(session: Session, campaign: int, blocks: Collection[str]) -> list[Seen]:
    """Registrations of numbers in some blocks."""
    return _read(session, _BY_SERIES, campaign, blocks)


def by_member(session: Session, campaign: int, members: Collection[int]) -> list[Seen]:
    """Registrations under some members' invites, of whatever day."""
    return _read(session, _BY_MEMBER, campaign, members)


def in_days(
    session: Session, campaign: int, seen: Iterable[Seen], since: datetime, until: datetime
) -> list[Seen]:
    """Registrations between two moments under the same invites, from the same addresses or on
    the same tablets as some."""
    rows = list(seen)
    asked = (
        (_BY_INVITE, {row.invite for row in rows if row.invite}),
        (_BY_ADDRESS, {row.address for row in rows if row.address}),
        (_BY_TABLET, {row.tablet for row in rows if row.tablet is not None}),
    )
    return [
        found
        for direct, values in asked
        for found in _read(session, direct, campaign, values, since=since, until=until)
    ]


def _read(
    session: Session, direct: Direct, campaign: int, values: Collection[Any], **more: datetime
) -> list[Seen]:
    if not values:
        return []
    rows = direct.read(session, campaign=campaign, values=sorted(values), **more)
    return [_seen(*row) for row in rows]


def _seen(
    registration: int,
    referral: int | None,
    member: int,
    invite: int,
    at: datetime,
    proven_at: datetime,
    *rest: Any,
) -> Seen:
    number, device, address, network, series, channel, site, visited_at, *where = rest
    branch, tablet, staff = where
    return Seen(
        registration,
        referral,
        member,
        invite,
        at,
        proven_at,
        number or "",
        device or "",
        address or "",
        network or "",
        series or "",
        "",
        None,
        channel,
        site or "",
        visited_at,
        branch,
        tablet,
        staff,
    )


_CUSTOMERS: Any = (
    select(CreditRow.referral_id, FactRow.customer_ref)
    .join(Application, Application.id == CreditRow.application_id)
    .join(FactRow, FactRow.application_ref == Application.application_ref)
    .where(
        FactRow.kind == Kind.APPROVED.value,
        FactRow.customer_ref.is_not(None),
        CreditRow.superseded_at.is_(None),
    )
)
_OF_REFERRALS = Direct(_CUSTOMERS.where(among(CreditRow.referral_id, "values")))
_OF_CUSTOMERS = Direct(_CUSTOMERS.where(among(FactRow.customer_ref, "values")))


def customers_of(session: Session, referrals: Collection[int]) -> dict[int, str]:
    """Which customers of the bank some friends became."""
    return dict(_OF_REFERRALS.read(session, values=sorted(referrals))) if referrals else {}


def referrals_of_customers(session: Session, customers: Collection[str]) -> set[int]:
    """The referrals whose friends became some customers."""
    found = _OF_CUSTOMERS.read(session, values=sorted(customers)) if customers else []
    return {referral for referral, _ in found}


_MEMBERS = Direct(
    select(Member.id, Member.customer_ref, Person.phone_blind)
    .outerjoin(Person, Person.id == Member.person_id)
    .where(among(Member.id, "values"))
)
_DEVICES = Direct(
    select(Registration.phone_blind, Trace.device)
    .join(Trace, Trace.registration_id == Registration.id)
    .where(
        among(Registration.phone_blind, "values"),
        Registration.proven_at.is_not(None),
        Trace.device.is_not(None),
    )
)
_STAFF = Direct(
    select(Staff.id, Member.id, Member.customer_ref, Person.phone_blind)
    .join(Member, Member.customer_ref == Staff.customer_ref)
    .outerjoin(Person, Person.id == Member.person_id)
    .where(
        among(Member.id, "members")
        | among(Staff.id, "staff")
        | among(Member.customer_ref, "customers")
        | among(Person.phone_blind, "numbers")
    )
)


def members_seen(session: Session, members: Collection[int]) -> list[tuple[int, str, str]]:
    """Members with the bank's reference and the keyed hash of their own number."""
    rows = _MEMBERS.read(session, values=sorted(members)) if members else []
    return [(member, customer, number or "") for member, customer, number in rows]


def devices_of_numbers(session: Session, numbers: Collection[str]) -> dict[str, set[str]]:
    """On which devices some numbers registered, in any campaign."""
    found: dict[str, set[str]] = {}
    for number, device in _DEVICES.read(session, values=sorted(numbers)) if numbers else []:
        found.setdefault(number, set()).add(device)
    return found


def staff_seen(
    session: Session,
    members: Collection[int],
    staff: Collection[int],
    customers: Collection[str],
    numbers: Collection[str],
) -> list[tuple[int, int, str, str]]:
    """Employees with a card who are one of these: (employee, member, customer, own number)."""
    rows = _STAFF.read(
        session,
        members=sorted(members),
        staff=sorted(staff),
        customers=sorted(customers),
        numbers=sorted(numbers),
    )
    return [(clerk, member, customer, number or "") for clerk, member, customer, number in rows]


_NETWORKS = Direct(
    select(Trace.network, Trace.at)
    .join(Registration, Registration.id == Trace.registration_id)
    .where(
        Trace.campaign_id == bindparam("campaign"),
        among(Trace.network, "values"),
        Trace.at >= bindparam("since"),
        Trace.at < bindparam("until"),
        Registration.proven_at.is_not(None),
    )
    .limit(MOST_ROWS)
)
_SITES = Direct(
    select(Visit.invite_id, Visit.site, func.count())
    .where(among(Visit.invite_id, "values"), Visit.site.is_not(None))
    .group_by(Visit.invite_id, Visit.site)
)
_BRANCHES = Direct(
    select(Registration.branch_id, func.count())
    .where(
        Registration.campaign_id == bindparam("campaign"),
        Registration.branch_id.is_not(None),
        Registration.proven_at.is_not(None),
        *_DAY,
    )
    .group_by(Registration.branch_id)
)


def network_times(
    session: Session, campaign: int, networks: Collection[str], since: datetime, until: datetime
) -> dict[str, list[datetime]]:
    """When friends registered from some networks between two moments, in time's order."""
    found: dict[str, list[datetime]] = {}
    if not networks:
        return found
    for network, at in _NETWORKS.read(
        session, campaign=campaign, values=sorted(networks), since=since, until=until
    ):
        found.setdefault(network, []).append(at)
    return {network: sorted(times) for network, times in found.items()}


def sites_of_visits(session: Session, invites: Collection[int]) -> list[tuple[int, str, int]]:
    """How often some invites were opened from which other sites: (invite, host, times)."""
    rows = _SITES.read(session, values=sorted(invites)) if invites else []
    return [(invite, site, count) for invite, site, count in rows]


def friends_by_branch(
    session: Session, campaign: int, since: datetime, until: datetime
) -> dict[int, int]:
    """How many friends each branch registered between two moments."""
    return dict(_BRANCHES.read(session, campaign=campaign, since=since, until=until))
