"""Settling: the lease holder posts what is owed and owes the notices of it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.assessing import look_again
from shared.actions.notifying import Notice, friend_labels, notify_members
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.base.money import Unit
from shared.campaigns.campaigns import terms_of
from shared.campaigns.clauses import LadderClause
from shared.campaigns.prizes import Prize
from shared.campaigns.rules import LimitId, Programme, Terms
from shared.ledger.balance import Account, Balance
from shared.people.chats import listeners
from shared.referrals.referrals import Referral
from shared.reports.progress import FriendLine, FriendState, progress_by_member
from shared.rewards.batches import settle_batch
from shared.rewards.queue import MOST, wake
from shared.rewards.settle import Change
from shared.rewards.standing import GOODWILL

_SILENT = (FriendState.REGISTERED, FriendState.EARNED, FriendState.LIMIT)
"""Told when it happens (the friend registers) or by the ledger's change."""


def settle_waiting(
    database: Database,
    holder: str,
    now: datetime,
    *,
    clock: Clock = system_clock,
    most: int = MOST,
) -> int:
    """Settle up to `most` members whose time has come; how many. LostLease: nothing was written.

    `now` is the product's time, `clock` the real one by which the lease runs.
    """

    def tell(session: Session, changes: Sequence[Change]) -> None:
        tell_members(session, changes, now)
        look_again(session, changes, now)

    def look(session: Session, campaign: int, members: Sequence[int]) -> None:
        tell_steps(session, campaign, members, now)

    return settle_batch(database, holder, now, tell, on_settled=look, clock=clock, most=most)


def tell_members(session: Session, changes: Sequence[Change], now: datetime) -> None:
    """Owe the notices that follow from changes of the ledger; the friend's own keys are silent."""
    reach = listeners(session, {change.member for change in changes})
    theirs = [
        change
        for change in changes
        if change.member in reach and change.key.party == f"member:{change.member}"
    ]
    if not theirs:
        return
    friends = _friends_of(session, theirs)
    terms = {c: terms_of(session, c) for c in sorted({change.key.campaign for change in theirs})}
    owed: list[Notice] = []
    names: dict[tuple[int, int, Unit, str], dict[str, Any]] = {}
    released: dict[tuple[int, int, Unit, str], int] = {}
    for change in theirs:
        news = _News(
            change,
            terms[change.key.campaign],
            friends.get(change.key.of("referral") or "", _NOBODY),
            now,
        )
        owed += news.notices()
        if _is_choice(change) or change.key.clause == GOODWILL:
            continue
        for unit in Unit:
            if (available := _moved(change, Account.AVAILABLE, unit)) > 0:
                prize = _prize(change, terms[change.key.campaign], unit)
                place = (change.key.campaign, change.member, unit, prize.item if prize else "")
                names[place] = _names(change, terms[change.key.campaign], unit)
                released[place] = released.get(place, 0) + available
    for place, amount in released.items():
        campaign, member, unit, _ = place
        params = {"unit": unit.value, "amount": amount, "zone": terms[campaign].zone}
        owed.append(Notice(member, "reward.available", params | names[place]))
    notify_members(session, owed, now)


_NOBODY: dict[str, Any] = {"ordinal": 0, "label": ""}


def _friends_of(session: Session, changes: Sequence[Change]) -> dict[str, dict[str, Any]]:
    """How the member sees the friends whom changes are about, by referral."""
    numbers = {int(number) for change in changes if (number := change.key.of("referral"))}
    if not numbers:
        return {}
    referrals = session.scalars(select(Referral).where(Referral.id.in_(numbers))).all()
    labels = friend_labels(session, referrals)
    return {str(r.id): {"ordinal": r.ordinal, "label": labels[r.id]} for r in referrals}


def _is_choice(change: Change) -> bool:
    """Whether it is about a choice that is to be made, was made or lapsed; nothing was taken
    back by that."""
    return change.due is not None and any(
        balance.of(account, Unit.CHOICE)
        for balance in (change.before, change.after)
        for account in Account
    )


def _rules(change: Change, terms: Terms) -> Programme:
    """The rules it is due by; the newest that have the clause when nothing is due any more."""
    due = change.due
    return terms.versions[due.why.version] if due is not None else terms.holding(change.key.clause)


def _prize(change: Change, terms: Terms, unit: Unit) -> Prize | None:
    """Which gift, privilege or cause it is about; None for money, points and the unknown."""
    due = change.due
    if due is not None and due.unit is unit and due.item:
        return Prize(amount=due.amount, unit=unit, item=due.item)
    found = _rules(change, terms).only(change.key.clause, unit)
    return found if found is not None and found.item else None


def _names(change: Change, terms: Terms, unit: Unit) -> dict[str, Any]:
    """What it is called, for the notice; nothing for money and points."""
    prize = _prize(change, terms, unit)
    named = _rules(change, terms).named(prize) if prize is not None else None
    return {"names": named.model_dump()} if named is not None else {}


def _moved(change: Change, account: Account, unit: Unit) -> int:
    return change.after.of(account, unit) - change.before.of(account, unit)


def _total(balance: Balance, unit: Unit) -> int:
    """What a party has of a key, wherever it stands."""
    return sum(
        balance.of(account, unit)
        for account in (Account.PENDING, Account.AVAILABLE, Account.PAID, Account.EXPIRED)
    )


@dataclass(frozen=True)
class _News:
    """A change of a member's own key, to be told."""

    change: Change
    terms: Terms
    friend: dict[str, Any]
    now: datetime

    def notices(self) -> Iterator[Notice]:
        """What is told at once; what became available is told in one sum."""
        if self.change.refused is not None:
            yield self._limited(self.change.refused)
        if _is_choice(self.change):
            yield from self._choice()
            return
        for unit in Unit:
            granted = _moved(self.change, Account.PENDING, unit)
            total = _total(self.change.after, unit) - _total(self.change.before, unit)
            if self.change.key.clause == GOODWILL:
                if total > 0:
                    yield self._notice("goodwill.given", {"unit": unit.value, "amount": total})
                continue
            if total < 0:
                yield from self._taken_back(unit, -total)
            elif granted > 0 and total > 0:
                yield self._granted(unit, granted)
            if (restored := self._restored(unit)) > 0:
                params = {"clause": self.change.key.clause, "unit": unit.value, "amount": restored}
                yield self._notice(
                    "reward.restored", params | _names(self.change, self.terms, unit)
                )
            if _moved(self.change, Account.EXPIRED, unit) > 0:
                yield self._notice("reward.expired", {"unit": unit.value})

    def _restored(self, unit: Unit) -> int:
        """What was to be returned and is the member's again, as it is owed after all."""
        back, paid = (_moved(self.change, a, unit) for a in (Account.RECOVERABLE, Account.PAID))
        return min(-back, paid)

    def _notice(self, kind: str, params: dict[str, Any], once: str | None = None) -> Notice:
        return Notice(self.change.member, kind, params, once)

    def _granted(self, unit: Unit, amount: int) -> Notice:
        key, due = self.change.key, self.change.due
        assert due is not None
        params: dict[str, Any] = {
            "unit": unit.value,
            "amount": amount,
            "release": due.release.isoformat(),
            "zone": self.terms.zone,
            "clause": key.clause,
        } | _names(self.change, self.terms, unit)
        clause = self.terms.versions[due.why.version].clause(key.clause)
        if isinstance(clause, LadderClause):
            return self._notice("step.reached", {**params, "at": int(key.of("step") or 0)})
        if (month := key.of("month")) is not None:
            return self._notice("reward.month", {**params, "month": month} | self.friend)
        return self._notice("reward.pending", params | self.friend)

    def _choice(self) -> Iterator[Notice]:
        """Told when it is granted and again when it is released; that it was made is told
        where it was made."""
        granted = _moved(self.change, Account.PENDING, Unit.CHOICE)
        available = _moved(self.change, Account.AVAILABLE, Unit.CHOICE)
        due = self.change.due
        if due is not None and (granted > 0 or available > 0):
            until = due.expires.isoformat() if due.expires else None
            params = {"until": until, "zone": self.terms.zone} | self.friend
            yield self._notice("reward.choice", params)
        if _moved(self.change, Account.EXPIRED, Unit.CHOICE) > 0:
            lapsed = due is not None and due.expires is not None and due.expires <= self.now
            kind = "choice.lapsed" if lapsed else "reward.expired"
            yield self._notice(kind, {"unit": Unit.CHOICE.value})

    def _taken_back(self, unit: Unit, amount: int) -> Iterator[Notice]:
        """What was not paid yet is taken back; what was paid is owed back, net of its tax."""
        params = {"clause": self.change.key.clause, "unit": unit.value}
        params |= _names(self.change, self.terms, unit)
        owed_back = _moved(self.change, Account.RECOVERABLE, unit)
        if owed_back <= 0:
            yield self._notice("reward.reversed", params | {"amount": amount})
            return
        yield self._notice("reward.recoverable", params | {"amount": owed_back})
        moved = [_moved(self.change, a, unit) for a in (Account.PENDING, Account.AVAILABLE)]
        if (waiting := -sum(moved)) > 0:
            yield self._notice("reward.reversed", params | {"amount": waiting})

    def _limited(self, limit: LimitId) -> Notice:
        once = f"limit:{self.change.key}:{limit}"[:160]
        params = {"limit": limit, "clause": self.change.key.clause} | self.friend
        return self._notice("reward.limit", params, once)


def tell_steps(session: Session, campaign_id: int, member_ids: Sequence[int], now: datetime) -> int:
    """Owe a notice for each friend whose outward state is a new one; how many.

    Only what rule 10 lets the member see, and each state of a friend once. Has members looked
    at again when a window ends, for what time alone changes. Who has no chat is passed over.
    """
    reach = listeners(session, member_ids)
    owed: list[Notice] = []
    for member_id, current in progress_by_member(session, campaign_id, sorted(reach), now).items():
        for line in current.friends:
            if line.state not in _SILENT:
                params = _step_params(line, current.zone)
                once = f"friend:{line.referral_id}:{line.state.value}"
                owed.append(Notice(member_id, "friend.step", params, once))
        ends = [line.until for line in current.friends if line.until and line.until > now]
        if ends:
            wake(session, campaign_id, member_id, min(ends))
    return notify_members(session, owed, now)


def _step_params(line: FriendLine, zone: str) -> dict[str, Any]:
    return {
        "ordinal": line.ordinal,
        "label": line.label,
        "state": line.state.value,
        "until": line.until.isoformat() if line.until else None,
        "zone": zone,
        "clause": line.clause,
    }
