"""A member's progress: the ladder, each friend as rule 10 allows, and what is owed.

A friend's finances are the friend's: approval, activation and first purchase show only under
the friend's own consent; a decline looks like silence until the window ends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from shared.applications.facts import Kind
from shared.base.money import Unit
from shared.campaigns.campaigns import shown_campaign
from shared.campaigns.clauses import BaseClause, LadderClause
from shared.ledger.balance import Account, Balance, Key, total
from shared.referrals.referrals import Referral
from shared.reports.sight import Sight, sights
from shared.rewards.owed import Due
from shared.rewards.room import Verdict
from shared.rewards.triggers import Progress as Stage
from shared.rewards.triggers import Stand, progress_of


class FriendState(StrEnum):
    """What a member may know of one friend. The three in the middle need the friend's consent."""

    REGISTERED = "registered"
    IN_PROGRESS = "in_progress"
    APPROVED = "approved"
    ACTIVATED = "activated"
    FIRST_PURCHASE = "first_purchase"
    EARNED = "earned"
    NOT_MET = "not_met"
    LIMIT = "limit"


CONSENTED = (FriendState.APPROVED, FriendState.ACTIVATED, FriendState.FIRST_PURCHASE)


@dataclass(frozen=True)
class Step:
    """One rung of the ladder. `amount` in the unit's smallest piece."""

    at: int
    unit: Unit
    amount: int
    reached: bool


@dataclass(frozen=True)
class FriendLine:
    """One friend. `label` empty: show the ordinal. `until`: end of the cooling, or deadline."""

    ordinal: int
    referral_id: int
    label: str
    state: FriendState
    unit: Unit = Unit.CNY
    amount: int = 0
    until: datetime | None = None
    clause: str = ""
    """The id of the clause that was earned, not met or limited."""
    limit: str = ""
    """Which limit, when the state is LIMIT."""


@dataclass(frozen=True)
class NextRelease:
    """The earliest pending amount that becomes available."""

    at: datetime
    unit: Unit
    amount: int


@dataclass(frozen=True)
class Progress:
    """Everything `/progress` shows. Amounts by unit, in the smallest piece."""

    campaign_id: int
    version: int
    zone: str
    reached: int
    """How many friends have qualified."""
    steps: tuple[Step, ...]
    next_step: Step | None
    friends: tuple[FriendLine, ...]
    pending: Mapping[Unit, int] = field(default_factory=dict)
    available: Mapping[Unit, int] = field(default_factory=dict)
    paid: Mapping[Unit, int] = field(default_factory=dict)
    next_release: NextRelease | None = None


def progress(session: Session, member_id: int, now: datetime) -> Progress | None:
    """A member's progress in the campaign that is shown now; None when there is none."""
    campaign = shown_campaign(session, now)
    return None if campaign is None else progress_in(session, campaign.id, member_id, now)


def progress_in(session: Session, campaign_id: int, member_id: int, now: datetime) -> Progress:
    """A member's progress in one campaign."""
    return progress_by_member(session, campaign_id, [member_id], now)[member_id]


def progress_by_member(
    session: Session, campaign_id: int, member_ids: Collection[int], now: datetime
) -> dict[int, Progress]:
    """The same for many members: as many questions as for one."""
    seen = sights(session, campaign_id, member_ids, now)
    return {member_id: _progress(sight) for member_id, sight in seen.items()}


def _progress(sight: Sight) -> Progress:
    current = max(sight.terms.versions)
    stages = {r.id: _stage(sight, r) for r in sight.referrals}
    reached = sum(stage.stand is Stand.QUALIFIED for stage in stages.values())
    steps = _steps(sight.terms.versions[current].clauses, reached)
    return Progress(
        campaign_id=sight.terms.campaign,
        version=current,
        zone=sight.terms.zone,
        reached=reached,
        steps=steps,
        next_step=next((step for step in steps if not step.reached), None),
        friends=tuple(_friend(sight, r, stages[r.id]) for r in sight.referrals),
        pending=_total(sight, Account.PENDING),
        available=_total(sight, Account.AVAILABLE),
        paid=_total(sight, Account.PAID),
        next_release=_next_release(sight),
    )


def _stage(sight: Sight, referral: Referral) -> Stage:
    told = [
        sight.facts.get(credit.application, ())
        for credit in sight.credits.get(referral.id, ())
        if credit.application in sight.eligible
    ]
    return progress_of(referral.version, referral.registered_at, told, sight.terms, sight.now)


def _steps(clauses: Sequence[object], reached: int) -> tuple[Step, ...]:
    ladder = next((c for c in clauses if isinstance(c, LadderClause)), None)
    if ladder is None:
        return ()
    return tuple(
        Step(step.at, step.amount.unit, step.amount.amount, step.at <= reached)
        for step in ladder.steps
    )


def _friend(sight: Sight, referral: Referral, stage: Stage) -> FriendLine:
    label, clause = sight.labels[referral.id], _base(sight, referral)
    plain = FriendLine(referral.ordinal, referral.id, label, FriendState.REGISTERED, clause=clause)
    rewarded = _rewarded(sight, referral, plain)
    if rewarded is not None:
        return rewarded
    if stage.stand is Stand.UNDONE and _was_told(sight, referral):
        return _as(plain, FriendState.NOT_MET, None)
    return _unrewarded(sight, referral, stage, plain)


def _rewarded(sight: Sight, referral: Referral, plain: FriendLine) -> FriendLine | None:
    """The friend's line when a reward was earned or a limit said no."""
    key = Key(
        sight.terms.campaign, f"member:{sight.member_id}", plain.clause, f"referral:{referral.id}"
    )
    due, holding = sight.owed.get(key), sight.held.get(key)
    parts = (key, key._replace(occasion=f"{key.occasion}/now"))
    stands = total(sight.stands.get(part, Balance()) for part in parts)
    for unit in Unit:
        pending = stands.of(Account.PENDING, unit)
        amount = pending + stands.of(Account.AVAILABLE, unit) + stands.of(Account.PAID, unit)
        if amount > 0:
            until = due.release if due and pending and not _overdue(due, sight.now) else None
            return FriendLine(
                plain.ordinal, plain.referral_id, plain.label, FriendState.EARNED,
                unit, amount, until, plain.clause,
            )  # fmt: skip
    if holding is not None and holding.verdict in (Verdict.REFUSED, Verdict.CAPPED) and due:
        return FriendLine(
            plain.ordinal, plain.referral_id, plain.label, FriendState.LIMIT,
            clause=plain.clause, limit=holding.limit or "",
        )  # fmt: skip
    return None


def _was_told(sight: Sight, referral: Referral) -> bool:
    """Whether the member has seen a reward for this friend before."""
    return any(key.occasion == f"referral:{referral.id}" for key in sight.held)


def _unrewarded(sight: Sight, referral: Referral, stage: Stage, plain: FriendLine) -> FriendLine:
    if sight.now >= stage.quiet_until and stage.stand is not Stand.QUALIFIED:
        return _as(plain, FriendState.NOT_MET, None)
    if referral.id not in sight.credits:
        return _as(plain, FriendState.REGISTERED, None)
    if referral.id not in sight.shown:
        return _as(plain, FriendState.IN_PROGRESS, stage.quiet_until)
    if stage.stand is Stand.MISSED and stage.deadline is not None:
        return _as(plain, FriendState.NOT_MET, None)
    return _as(plain, _consented_state(sight, referral), stage.deadline or stage.quiet_until)


def _consented_state(sight: Sight, referral: Referral) -> FriendState:
    told = [
        fact
        for credit in sight.credits[referral.id]
        if credit.application in sight.eligible  # else a reward that never comes would tell
        for fact in sight.facts.get(credit.application, ())
        if fact.at <= sight.now
    ]
    kinds = {fact.kind for fact in told}
    taken_back = {fact.transaction for fact in told if fact.kind is Kind.REVERSED}
    if Kind.APPROVED not in kinds:
        return FriendState.IN_PROGRESS
    if any(fact.kind is Kind.PURCHASE and fact.transaction not in taken_back for fact in told):
        return FriendState.FIRST_PURCHASE
    return FriendState.ACTIVATED if Kind.ACTIVATED in kinds else FriendState.APPROVED


def _as(line: FriendLine, state: FriendState, until: datetime | None) -> FriendLine:
    return FriendLine(
        line.ordinal, line.referral_id, line.label, state, until=until, clause=line.clause
    )


def _base(sight: Sight, referral: Referral) -> str:
    clauses = sight.terms.versions[referral.version].clauses
    return next((c.id for c in clauses if isinstance(c, BaseClause)), "")


def _total(sight: Sight, account: Account) -> dict[Unit, int]:
    totals: dict[Unit, int] = {}
    for key, balance in sight.stands.items():
        if key.party != f"member:{sight.member_id}":
            continue
        for unit in Unit:
            if amount := balance.of(account, unit):
                totals[unit] = totals.get(unit, 0) + amount
    return totals


def _overdue(due: Due, now: datetime) -> bool:
    """Whether a hold keeps it beyond its day. Until then nobody can tell it from any other."""
    return due.held and due.release <= now


def _next_release(sight: Sight) -> NextRelease | None:
    waiting: dict[tuple[datetime, Unit], int] = {}
    for key, due in sight.owed.items():
        amount = sight.stands.get(key, Balance()).of(Account.PENDING, due.unit)
        if key.party == f"member:{sight.member_id}" and amount and not _overdue(due, sight.now):
            place = (due.release, due.unit)
            waiting[place] = waiting.get(place, 0) + amount
    if not waiting:
        return None
    (at, unit), amount = min(waiting.items())
    return NextRelease(at, unit, amount)
