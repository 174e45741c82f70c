"""Assessing: referrals are looked at, and what the checks hold waits for a person.

Runs in the process that holds the settling lease. The machine holds; it refuses nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.surveying import survey
from shared.base import lease
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.campaigns.campaigns import Campaign, rules_of
from shared.campaigns.risk import RiskMode, RiskRules
from shared.post.audit import record
from shared.referrals.referrals import Referral
from shared.rewards.holds import hold_referral
from shared.rewards.queue import wake_all
from shared.rewards.settle import DUTY, Change
from shared.risk import cases, money_checks
from shared.risk.case_steps import CaseAct, write_step
from shared.risk.cases import TAKES_MORE, Case, CaseKind, CaseReferral
from shared.risk.looks import ask_looks, done_looks, due_looks, keep, plain
from shared.risk.weighing import Action, Assessed, weigh


def look_waiting(
    database: Database, holder: str, now: datetime, *, clock: Clock = system_clock
) -> int:
    """Look at the referrals whose time has come; how many. LostLease: nothing was written."""
    with database.transaction() as session:
        looked = look_at_referrals(session, now)
        lease.hold(session, DUTY, holder, clock())
        return looked


def look_at_referrals(session: Session, now: datetime) -> int:
    """Look at up to 100 referrals, open the cases that are needed and hold; how many."""
    looks = due_looks(session, now)
    of_campaign: dict[int, list[int]] = defaultdict(list)
    for look in looks:
        of_campaign[look.campaign_id].append(look.referral_id)
    done_looks(session, [look.referral_id for look in looks])
    woken: set[tuple[int, int]] = set()
    for campaign_id, ids in sorted(of_campaign.items()):
        woken |= _look(session, campaign_id, ids, now)
    wake_all(session, woken, now)  # after every case is locked: people lock in this order
    return len(looks)


def look_again(session: Session, changes: Iterable[Change], now: datetime) -> None:
    """What was just granted is looked at before it can be paid."""
    numbers = {
        (int(number), change.key.campaign, change.member)
        for change in changes
        if (number := change.key.of("referral")) and not change.before
    }
    if numbers:
        ask_looks(session, numbers, now)


def risk_rules_of(session: Session, campaign_id: int) -> RiskRules:
    """What the newest version of a campaign weighs."""
    rules = rules_of(session, campaign_id)
    return rules[max(rules)].risk_rules


def longest_traces(session: Session) -> timedelta:
    """The longest term of any campaign's traces: what is of no campaign is kept so long."""
    every = session.scalars(select(Campaign.id)).all()
    days = [risk_rules_of(session, each).traces_days for each in every]
    return timedelta(days=max(days, default=RiskRules().traces_days))


def _look(
    session: Session, campaign_id: int, ids: Collection[int], now: datetime
) -> set[tuple[int, int]]:
    rules = risk_rules_of(session, campaign_id)
    if rules.mode is RiskMode.OFF:
        return set()
    found = [weigh(known) for known in survey(session, campaign_id, ids, rules, now)]
    keep(session, campaign_id, found, now)
    if rules.mode is not RiskMode.HOLD:
        return set()
    return _hold(session, campaign_id, found, rules, now)


def _hold(
    session: Session,
    campaign_id: int,
    found: Iterable[Assessed],
    rules: RiskRules,
    now: datetime,
) -> set[tuple[int, int]]:
    """Hold what is to be held; whom it concerns."""
    holding = sorted((each for each in found if each.holds), key=lambda each: each.referral)
    if not holding:
        return set()
    everybody = {number for each in holding for number in each.cluster}
    members = _members(session, everybody)
    held = cases.standing_rows(session, everybody)
    cleared = cases.cleared_checks(session, everybody)
    judged = {each.referral: each for each in holding}
    woken: set[tuple[int, int]] = set()
    for each in holding:
        if each.referral in held:
            _renew(held[each.referral], each)
        wanted = [n for n in each.cluster if n not in held and not _settled(n, each, cleared)]
        if not wanted:
            continue
        case = _case(session, campaign_id, each, held, rules, now)
        for number in wanted:
            own = judged.get(number, each)
            cases.hold_in(
                session, case, number, members[number], own.score, plain(own.signals), now
            )
            hold_referral(session, campaign_id, members[number], number, now)
            woken.add((campaign_id, members[number]))
        session.flush()
        held |= cases.standing_rows(session, wanted)
        record(
            session, "worker", "risk.held", f"case:{case.id}", now,
            referrals=sorted(wanted), score=each.score,
        )  # fmt: skip
        _look_around(session, campaign_id, each, judged, members, now)
    return woken


def _settled(number: int, each: Assessed, cleared: Mapping[int, set[str]]) -> bool:
    """Whether a person found this referral honest before: what was seen then is not held against
    it again, and others are not either."""
    if number not in cleared:
        return False
    return number != each.referral or {s.check for s in each.signals} <= cleared[number]


def _renew(row: CaseReferral, each: Assessed) -> None:
    """What stands beside a referral that is held are its own signals, as of the last look."""
    row.signals, row.score = plain(each.signals), each.score


def _case(
    session: Session,
    campaign_id: int,
    each: Assessed,
    held: Mapping[int, CaseReferral],
    rules: RiskRules,
    now: datetime,
) -> Case:
    """The open case that already holds part of the cluster, or other friends of the inviter for
    the same in how cards are used; or a new one."""
    known = {held[number].case_id for number in each.cluster if number in held}
    known |= _of_inviter(session, each)
    if known:
        open_one = session.scalar(
            select(Case)
            .where(Case.id.in_(known), Case.state.in_(TAKES_MORE))
            .where(Case.campaign_id == campaign_id)
            .order_by(Case.id)
            .limit(1)
            .with_for_update()
        )
        if open_one is not None:
            joining = sum(number not in held for number in each.cluster)
            write_step(session, open_one.id, CaseAct.JOINED, "worker", now, count=joining)
            return open_one
    due_at = now + timedelta(hours=rules.decide_hours)
    subject = f"referral:{min(each.cluster)}"
    return cases.new_case(session, CaseKind.RISK, subject, campaign_id, each.member, now, due_at)


def _of_inviter(session: Session, each: Assessed) -> set[int]:
    """The cases that hold other friends of the inviter for what is seen in all of them together."""
    together = {signal.check for signal in each.signals} & money_checks.OF_INVITER
    if not together:
        return set()
    rows = session.scalars(
        select(CaseReferral).where(
            CaseReferral.member_id == each.member, CaseReferral.released_at.is_(None)
        )
    )
    return {row.case_id for row in rows if together & {s["check"] for s in row.signals}}


def _look_around(
    session: Session,
    campaign_id: int,
    each: Assessed,
    judged: Mapping[int, Assessed],
    members: Mapping[int, int],
    now: datetime,
) -> None:
    """Those that are held with it are looked at as well, for their own signals; so are the
    inviter's other friends, where it was seen in all of them together."""
    others = {}
    if each.action is Action.HOLD_CLUSTER:
        others = {number: members[number] for number in each.cluster}
    if any(signal.check in money_checks.OF_INVITER for signal in each.signals):
        mine = Referral.campaign_id == campaign_id, Referral.member_id == each.member
        others |= dict.fromkeys(session.scalars(select(Referral.id).where(*mine)), each.member)
    rest = [(number, campaign_id, member) for number, member in others.items()]
    ask_looks(session, [row for row in rest if row[0] not in judged], now)


def _members(session: Session, referrals: Collection[int]) -> dict[int, int]:
    query = select(Referral.id, Referral.member_id).where(Referral.id.in_(referrals))
    return dict(session.execute(query).all())
