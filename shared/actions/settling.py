"""Settling: the lease holder posts what is owed and owes the notices of it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from shared.actions.notifying import friend_label, notify_member
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.base.money import Unit
from shared.campaigns.campaigns import get_campaign, terms_of
from shared.campaigns.clauses import LadderClause
from shared.ledger.balance import Account, Balance
from shared.people.chats import chat_of_member
from shared.referrals.referrals import Referral
from shared.reports.progress import FriendLine, FriendState, progress_in
from shared.rewards.queue import Task, wake
from shared.rewards.settle import Change, settle_batch
from shared.rewards.standing import GOODWILL

_SILENT = (FriendState.REGISTERED, FriendState.EARNED, FriendState.LIMIT)
"""Told when it happens (the friend registers) or by the ledger's change."""


def settle_waiting(
    database: Database, holder: str, now: datetime, *, clock: Clock = system_clock
) -> int:
    """Settle up to 250 members whose time has come; how many. LostLease: nothing was written.

    `now` is the product's time, `clock` the real one by which the lease runs.
    """

    def tell(session: Session, changes: Sequence[Change]) -> None:
        tell_members(session, changes, now)

    def look(session: Session, tasks: Sequence[Task]) -> None:
        for task in tasks:
            tell_steps(session, task.campaign, task.member, now)

    return settle_batch(database, holder, now, tell, on_settled=look, clock=clock)


def tell_members(session: Session, changes: Sequence[Change], now: datetime) -> None:
    """Owe the notices that follow from changes of the ledger; the friend's own keys are silent."""
    released: dict[tuple[int, int, Unit], int] = {}
    for change in changes:
        if change.key.party != f"member:{change.member}":
            continue
        _tell_limit(session, change, now)
        if _tell_choice(session, change, now):
            continue
        for unit in Unit:
            granted = _moved(change, Account.PENDING, unit)
            available = _moved(change, Account.AVAILABLE, unit)
            total = _total(change.after, unit) - _total(change.before, unit)
            if change.key.clause == GOODWILL:
                if total > 0:
                    _tell(
                        session,
                        change,
                        "goodwill.given",
                        {"unit": unit.value, "amount": total},
                        now,
                    )
                continue
            if total < 0:
                _tell_reversal(session, change, unit, -total, now)
            elif granted > 0 and total > 0:
                _tell_grant(session, change, unit, granted, now)
            if available > 0:
                place = (change.key.campaign, change.member, unit)
                released[place] = released.get(place, 0) + available
            if _moved(change, Account.EXPIRED, unit) > 0:
                _tell(session, change, "reward.expired", {"unit": unit.value}, now)
    for (campaign, member, unit), amount in released.items():
        zone = get_campaign(session, campaign).zone
        params = {"unit": unit.value, "amount": amount, "zone": zone}
        notify_member(session, member, "reward.available", params, now)


def _tell_choice(session: Session, change: Change, now: datetime) -> bool:
    """A choice to make is told when it is granted and again when it is released; that it was
    made is told where it was made. Whether that is all there is to tell."""
    granted = _moved(change, Account.PENDING, Unit.CHOICE)
    available = _moved(change, Account.AVAILABLE, Unit.CHOICE)
    if change.due is not None and (granted > 0 or available > 0):
        until = change.due.expires
        params = {
            "until": until.isoformat() if until else None,
            "zone": get_campaign(session, change.key.campaign).zone,
        }
        _tell(session, change, "reward.choice", params | _friend_of(session, change), now)
        return True
    made = any(change.before.of(account, Unit.CHOICE) for account in Account)
    return made and not any(change.after.of(account, Unit.CHOICE) for account in Account)


def _moved(change: Change, account: Account, unit: Unit) -> int:
    return change.after.of(account, unit) - change.before.of(account, unit)


def _total(balance: Balance, unit: Unit) -> int:
    """What a party has of a key, wherever it stands."""
    return sum(
        balance.of(account, unit)
        for account in (
            Account.PENDING,
            Account.AVAILABLE,
            Account.PAID,
            Account.WITHHELD,
            Account.EXPIRED,
        )
    )


def _tell(
    session: Session, change: Change, notice: str, params: dict[str, Any], now: datetime
) -> None:
    notify_member(session, change.member, notice, params, now)


def _friend_of(session: Session, change: Change) -> dict[str, Any]:
    number = change.key.of("referral")
    referral = session.get(Referral, int(number)) if number is not None else None
    if referral is None:
        return {"ordinal": 0, "label": ""}
    return {"ordinal": referral.ordinal, "label": friend_label(session, referral)}


def _tell_grant(session: Session, change: Change, unit: Unit, amount: int, now: datetime) -> None:
    assert change.due is not None
    zone = get_campaign(session, change.key.campaign).zone
    params: dict[str, Any] = {
        "unit": unit.value,
        "amount": amount,
        "release": change.due.release.isoformat(),
        "zone": zone,
        "clause": change.key.clause,
    }
    terms = terms_of(session, change.key.campaign)
    clause = terms.versions[change.due.why.version].clause(change.key.clause)
    if isinstance(clause, LadderClause):
        at = int(change.key.of("step") or 0)
        _tell(session, change, "step.reached", {**params, "at": at}, now)
    elif (month := change.key.of("month")) is not None:
        params["month"] = month
        _tell(session, change, "reward.month", params | _friend_of(session, change), now)
    else:
        _tell(session, change, "reward.pending", params | _friend_of(session, change), now)


def _tell_reversal(
    session: Session, change: Change, unit: Unit, amount: int, now: datetime
) -> None:
    """What was not paid yet is taken back; what was paid is owed back, net of its tax."""
    params = {"clause": change.key.clause, "unit": unit.value}
    owed_back = _moved(change, Account.RECOVERABLE, unit)
    if owed_back <= 0:
        _tell(session, change, "reward.reversed", params | {"amount": amount}, now)
        return
    _tell(session, change, "reward.recoverable", params | {"amount": owed_back}, now)
    waiting = -_moved(change, Account.PENDING, unit) - _moved(change, Account.AVAILABLE, unit)
    if waiting > 0:
        _tell(session, change, "reward.reversed", params | {"amount": waiting}, now)


def _tell_limit(session: Session, change: Change, now: datetime) -> None:
    if change.refused is None:
        return
    once = f"limit:{change.key}:{change.refused}"[:160]
    params = {"limit": change.refused, "clause": change.key.clause}
    notify_member(
        session, change.member, "reward.limit", params | _friend_of(session, change), now, once=once
    )


def tell_steps(session: Session, campaign_id: int, member_id: int, now: datetime) -> int:
    """Owe a notice for each friend whose outward state is a new one; how many.

    Only what rule 10 lets the member see, and each state of a friend once. Has the member
    looked at again when a window ends, for what time alone changes.
    """
    if chat_of_member(session, member_id) is None:
        return 0
    told = 0
    current = progress_in(session, campaign_id, member_id, now)
    for line in current.friends:
        if line.state in _SILENT:
            continue
        params = _step_params(line, current.zone)
        once = f"friend:{line.referral_id}:{line.state.value}"
        told += notify_member(session, member_id, "friend.step", params, now, once=once)
    ends = [line.until for line in current.friends if line.until and line.until > now]
    if ends:
        wake(session, campaign_id, member_id, min(ends))
    return told


def _step_params(line: FriendLine, zone: str) -> dict[str, Any]:
    return {
        "ordinal": line.ordinal,
        "label": line.label,
        "state": line.state.value,
        "until": line.until.isoformat() if line.until else None,
        "zone": zone,
        "clause": line.clause,
    }
