"""Surveying: what is known of referrals and their surroundings, for the risk checks.

Some dozens of questions however many referrals there are; the checks themselves ask nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.kinship import Staffing, staffing
from shared.actions.purchases import Purchases, by_inviter, near_in, spending
from shared.actions.surroundings import (
    WEEK,
    claim_weeks,
    coupon_visits,
    failed_claims,
    listed,
    week_of,
)
from shared.campaigns.risk import RiskRules
from shared.claims.claims import Claim
from shared.referrals.referrals import Referral
from shared.risk import sightings
from shared.risk.accounts import accounts_of_customers, accounts_of_friends, referrals_of_accounts
from shared.risk.hard_checks import DAY
from shared.risk.known import BranchWeek, Inviter, Known, Seen
from shared.risk.nearness import Near, busiest_of
from shared.risk.rings import (
    circles,
    clusters,
    crossing,
    identity,
    owners_of,
    rings_of_members,
    sharing,
)
from shared.risk.traces import branch_addresses

ROUNDS = 5
"""How far devices, numbers, customers and accounts are followed."""
MOST_TIED = 5_000


@dataclass
class _Ground:
    """What was found so far around some referrals."""

    subjects: list[Seen]
    tied: dict[int, Seen] = field(default_factory=dict)
    """By identity: whatever may hang together with a subject."""
    inviters: dict[int, Inviter] = field(default_factory=dict)
    hosts: set[int] = field(default_factory=set)
    """Inviters of the subjects, and members who share something with another: all their friends
    are looked at."""
    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def fresh(self, kind: str, values: Iterable[str]) -> set[str]:
        """Those of some values that were not asked for yet; they are now."""
        new = {value for value in values if value} - self.asked[kind]
        self.asked[kind] |= new
        return new


def survey(
    session: Session,
    campaign_id: int,
    referral_ids: Collection[int],
    rules: RiskRules,
    now: datetime,
) -> list[Known]:
    """What is known of some referrals of a campaign, in their order."""
    ground = _Ground(_subjects(session, campaign_id, referral_ids))
    if not ground.subjects:
        return []
    _follow(session, campaign_id, ground, now)
    return _assembled(session, campaign_id, ground, rules, now)


def _subjects(session: Session, campaign_id: int, ids: Collection[int]) -> list[Seen]:
    found = {row.referral: row for row in sightings.by_referral(session, campaign_id, ids)}
    rest = [each for each in ids if each not in found]
    claimed = session.execute(
        select(Referral, Claim.phone_blind)
        .outerjoin(Claim, Claim.id == Referral.claim_id)
        .where(Referral.campaign_id == campaign_id, Referral.id.in_(rest))
    )
    for referral, number in claimed:
        found[referral.id] = Seen(
            0, referral.id, referral.member_id, 0, referral.registered_at, number=number or ""
        )
    return [found[each] for each in sorted(found, key=lambda each: each or 0)]


def _follow(session: Session, campaign_id: int, ground: _Ground, now: datetime) -> None:
    """Find what hangs together with the subjects, by devices, numbers, customers, accounts."""
    new = ground.subjects
    for _ in range(ROUNDS):
        new = _with_the_banks(session, new)
        ground.tied |= {identity(row): row for row in new}
        _meet(session, ground, {row.member for row in new}, now)
        mine = [ground.inviters[row.member] for row in new]
        devices = ground.fresh("d", [row.device for row in new])
        devices |= ground.fresh("d", [each for inviter in mine for each in inviter.devices])
        numbers = ground.fresh("n", [row.number for row in new])
        numbers |= ground.fresh("n", [inviter.number for inviter in mine])
        customers = ground.fresh("c", [row.customer for row in new])
        customers |= ground.fresh("c", [inviter.customer for inviter in mine])
        accounts = ground.fresh("a", [each for row in new for each in row.accounts])
        accounts |= ground.fresh("a", [each for inviter in mine for each in inviter.accounts])
        others = sightings.referrals_of_customers(session, customers)
        others |= referrals_of_accounts(session, accounts)
        hosts = {row.member for row in ground.subjects} | crossing(ground.tied.values())
        hosts -= ground.hosts
        ground.hosts |= hosts
        found = [
            *sightings.by_device(session, campaign_id, devices),
            *sightings.by_number(session, campaign_id, numbers),
            *sightings.by_referral(session, campaign_id, others),
            *sightings.by_member(session, campaign_id, hosts),
        ]
        new = list(
            {identity(row): row for row in found if identity(row) not in ground.tied}.values()
        )
        if not new or len(ground.tied) > MOST_TIED:
            break
    owners = {each.number: each.member for each in ground.inviters.values() if each.number}
    ground.tied = {
        name: replace(row, became=owners.get(row.number)) for name, row in ground.tied.items()
    }
    ground.subjects = [ground.tied[identity(row)] for row in ground.subjects]


def _with_the_banks(session: Session, rows: Sequence[Seen]) -> list[Seen]:
    """Friends with what the bank said of them: which customers they became, where they are paid."""
    mine = [row.referral for row in rows if row.referral is not None]
    customers = sightings.customers_of(session, mine)
    accounts = accounts_of_friends(session, customers, mine)
    nowhere: frozenset[str] = frozenset()
    return [
        replace(
            row,
            customer=customers.get(row.referral or 0, ""),
            accounts=accounts.get(row.referral or 0, nowhere),
        )
        for row in rows
    ]


def _meet(session: Session, ground: _Ground, members: set[int], now: datetime) -> None:
    """Learn what belongs to some inviters."""
    found = sightings.members_seen(session, members - ground.inviters.keys())
    devices = sightings.devices_of_numbers(session, {number for _, _, number in found if number})
    failed = failed_claims(session, [member for member, _, _ in found], now)
    accounts = accounts_of_customers(session, [customer for _, customer, _ in found])
    for member, customer, number in found:
        ground.inviters[member] = Inviter(
            member,
            customer,
            number,
            frozenset(devices.get(number, ())),
            failed_claims=failed.get(member, 0),
            accounts=accounts.get(customer, frozenset()),
        )


def _assembled(
    session: Session, campaign_id: int, ground: _Ground, rules: RiskRules, now: datetime
) -> list[Known]:
    subjects, tied = ground.subjects, list(ground.tied.values())
    staff = staffing(session, subjects, ground.inviters, tied)
    inviters = {
        member: replace(each, staff=staff.employees.get(member))
        for member, each in ground.inviters.items()
    }
    since = min(row.at for row in subjects) - DAY
    until = max(row.at for row in subjects) + DAY
    near = Near(
        tied,
        [
            *sightings.in_days(session, campaign_id, subjects, since, until),
            *sightings.by_series(session, campaign_id, {r.series for r in subjects if r.series}),
        ],
    )
    groups = clusters(tied)
    spent = spending(session, campaign_id, subjects, tied, groups, now)
    around = _Around(
        groups,
        sharing(tied),
        rings_of_members(groups, rules.allowances.ring_friends),
        circles(subjects, tied, owners_of(inviters.values())),
        sightings.network_times(
            session, campaign_id, {r.network for r in subjects if r.network}, since, until
        ),
        branch_addresses(session, {r.address for r in subjects if r.address}, now),
        coupon_visits(session, subjects, rules),
        sightings.friends_by_branch(session, campaign_id, until - DAY - WEEK, until),
        listed(session, subjects, inviters, now),
        claim_weeks(session, campaign_id, subjects),
        spent,
        by_inviter(spent),
    )
    return [_known(row, inviters, near, around, staff, rules) for row in subjects]


@dataclass(frozen=True)
class _Around:
    """What was asked for all subjects at once."""

    clusters: Mapping[int, tuple[Seen, ...]]
    sharing: Mapping[int, int]
    rings: Mapping[int, int]
    circles: Mapping[int, tuple[int, ...]]
    networks: Mapping[str, list[datetime]]
    branch_addresses: set[str]
    coupon_visits: Mapping[int, int]
    branches: Mapping[int, int]
    listed: Mapping[int, frozenset[str]]
    claim_weeks: Mapping[int, BranchWeek]
    spent: Purchases
    buyers: Mapping[int, Sequence[int]]


def _known(
    row: Seen,
    inviters: Mapping[int, Inviter],
    near: Near,
    around: _Around,
    staff: Staffing,
    rules: RiskRules,
) -> Known:
    close = near.of(row)
    day = [each for each in close if each.invite == row.invite and each.network]
    networks = {each.network for each in day} | ({row.network} if row.network else set())
    name = identity(row)
    return Known(
        rules,
        row,
        inviters[row.member],
        close,
        around.clusters[name],
        around.sharing.get(name, 0),
        around.rings.get(row.member, 0),
        around.circles.get(name, ()),
        busiest_of(around.networks.get(row.network, [])),
        row.address in around.branch_addresses,
        len(networks) if row.invite else 0,
        around.coupon_visits.get(row.invite, 0),
        staff.taken_by(row),
        staff.decided_by(row),
        staff.is_employee(row),
        week_of(row.branch, around.branches),
        around.listed.get(name, frozenset()),
        around.claim_weeks.get(row.referral or 0),
        around.spent.get(row.referral or 0),
        near_in(row, around.spent, around.clusters[name], around.buyers),
    )
