"""Surroundings: what else is asked for around referrals: claims, branches, coupon sites, the
blacklist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from shared.campaigns.risk import RiskRules
from shared.claims.claims import FAILED, Claim, ClaimStep, State
from shared.claims.hands import decides
from shared.people.staff import Staff
from shared.referrals.referrals import Referral
from shared.risk import sightings
from shared.risk.blacklist import Mark, customer_hash, found_among
from shared.risk.known import BranchWeek, Inviter, Seen
from shared.risk.rings import identity

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


def failed_claims(session: Session, members: Sequence[int], now: datetime) -> dict[int, int]:
    """How many claims of each member were refused within a month."""
    query = (
        select(Claim.member_id, func.count())
        .where(
            Claim.member_id.in_(members),
            Claim.state.in_([state.value for state in FAILED]),
            Claim.filed_at > now - MONTH,
        )
        .group_by(Claim.member_id)
    )
    return dict(session.execute(query).all())


def coupon_visits(session: Session, subjects: Sequence[Seen], rules: RiskRules) -> dict[int, int]:
    """How often the subjects' invites were opened from a coupon site."""
    found: dict[int, int] = defaultdict(int)
    for invite, site, count in sightings.sites_of_visits(session, {r.invite for r in subjects}):
        if any(site == name or site.endswith(f".{name}") for name in rules.coupon_sites):
            found[invite] += count
    return found


def week_of(branch: int | None, branches: Mapping[int, int]) -> BranchWeek | None:
    """One branch's week beside the others'."""
    if branch is None or branch not in branches:
        return None
    others = [count for each, count in branches.items() if each != branch]
    usual = int(median(others)) if others else branches[branch]
    return BranchWeek(branch, branches[branch], usual)


def claim_weeks(
    session: Session, campaign_id: int, subjects: Sequence[Seen]
) -> dict[int, BranchWeek]:
    """Of referrals that a branch credited by claim: how many it credited in the week of the last
    of them, beside the other branches; by referral."""
    mine = _credited(session, Referral.id.in_([row.referral for row in subjects if row.referral]))
    if not mine:
        return {}
    until = max(at for _, _, at in mine)
    counts: dict[int, set[int]] = defaultdict(set)
    for referral, branch, _ in _credited(
        session,
        Referral.campaign_id == campaign_id,
        ClaimStep.at > until - WEEK,
        ClaimStep.at <= until,
    ):
        counts[branch].add(referral)
    branches = {branch: len(referrals) for branch, referrals in counts.items()}
    found = {referral: week_of(branch, branches) for referral, branch, _ in mine}
    return {referral: each for referral, each in found.items() if each is not None}


def _credited(
    session: Session, *conditions: ColumnElement[bool]
) -> list[tuple[int, int, datetime]]:
    """Referrals that an employee credited by claim: (referral, the employee's branch, when)."""
    rows = session.execute(
        select(Referral.id, ClaimStep.actor, ClaimStep.at)
        .join(ClaimStep, ClaimStep.claim_id == Referral.claim_id)
        .where(ClaimStep.after == State.CREDITED.value, decides(), *conditions)
        .limit(sightings.MOST_ROWS)
    ).all()
    hands = {actor: int(actor.removeprefix("staff:")) for _, actor, _ in rows}
    places = select(Staff.id, Staff.branch_id).where(Staff.id.in_(set(hands.values())))
    branches = dict(session.execute(places).all()) if hands else {}
    return [
        (referral, branches[hands[actor]], at)
        for referral, actor, at in rows
        if hands[actor] in branches
    ]


def listed(
    session: Session, subjects: Sequence[Seen], inviters: Mapping[int, Inviter], now: datetime
) -> dict[int, frozenset[str]]:
    """What of each subject, or of its inviter as a customer, stands on the blacklist."""
    customers = {
        ref: customer_hash(session, ref)
        for row in subjects
        for ref in (row.customer, inviters[row.member].customer)
        if ref
    }
    numbers = found_among(session, Mark.NUMBER, {r.number for r in subjects if r.number}, now)
    devices = found_among(session, Mark.DEVICE, {r.device for r in subjects if r.device}, now)
    hashes = found_among(session, Mark.CUSTOMER, set(customers.values()), now)
    paid = {each for row in subjects for each in row.accounts}
    accounts = found_among(session, Mark.ACCOUNT, paid, now)
    bad = {ref for ref, each in customers.items() if each in hashes}
    found: dict[int, frozenset[str]] = {}
    for row in subjects:
        marks = {
            Mark.NUMBER: row.number in numbers,
            Mark.DEVICE: row.device in devices,
            Mark.CUSTOMER: bool({row.customer, inviters[row.member].customer} & bad),
            Mark.ACCOUNT: bool(row.accounts & accounts),
        }
        found[identity(row)] = frozenset(mark.value for mark, here in marks.items() if here)
    return found
