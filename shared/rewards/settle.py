"""Settle: the ledger follows what is owed. Grant, release, claw-back and late event are one
line: the difference between dues and positions. The only caller of `ledger.post`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from shared.applications.facts import Fact, load_facts
from shared.campaigns.campaigns import Life, life_of, terms_of
from shared.campaigns.rules import LimitId
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import Posting, post_all
from shared.referrals.eligibility import eligible_credits
from shared.referrals.findings import facts_found, findings_of
from shared.referrals.referrals import Credit
from shared.rewards import queue, situations
from shared.rewards.admission import Decision, load_room, lock_limits, save_holdings, save_room
from shared.rewards.owed import Due
from shared.rewards.programme import would_credit
from shared.rewards.room import NOTHING, Holding, Room, decide
from shared.rewards.situations import Situation
from shared.rewards.standing import Happening, happen, standing

DUTY = "settle"
"""The lease of the one who settles."""

wake, wake_all = queue.wake, queue.wake_all
"""Hearers know this much of settling."""
situation = situations.situation
"""And readers this."""


class Change(NamedTuple):
    """What settling changed for one key, for those who tell people about it."""

    member: int
    key: Key
    before: Balance
    after: Balance
    due: Due | None
    """What the facts owe, before shared limits; None: nothing (any more)."""
    refused: LimitId | None
    """The limit that refused, kept small or clipped the due."""


class Step(NamedTuple):
    """What is to be done about one key."""

    key: Key
    due: Due | None
    old: Holding
    new: Holding
    before: Balance
    after: Balance
    moves: bool
    """Whether anything is to be posted."""

    @property
    def news(self) -> bool:
        """Whether anybody is to be told."""
        return self.moves or (self.new.limit is not None and self.new.limit != self.old.limit)


def steps(here: Situation, room: Room, now: datetime) -> list[Step]:
    """The difference between what is owed and what is posted, key by key.

    What shrinks comes first, so that a member's own reward gives back before another of
    theirs asks; then in the order earned.
    """
    keys = here.want.keys() | here.have.keys() | here.holdings.keys()

    def turn(key: Key) -> tuple[bool, datetime, Key]:
        due, held = here.want.get(key), here.holdings.get(key, NOTHING)
        stays = held.amount <= (due.amount if due is not None else 0)
        return stays, due.earned if due is not None else now, key

    found = []
    for key in sorted(keys, key=turn):
        due, old = here.want.get(key), here.holdings.get(key, NOTHING)
        new = decide(room, key, due, old)
        before = here.position(key).balance
        after = standing(_admitted(due, new), here.life(key), now)
        found.append(Step(key, due, old, new, before, after, before != after))
    return found


def _admitted(due: Due | None, holding: Holding) -> Due | None:
    """What is left of a due at the shared limits."""
    if due is None or (due.unit is holding.unit and due.amount == holding.amount):
        return due
    return due._replace(unit=holding.unit, amount=holding.amount)


def settle(session: Session, campaign_id: int, member_id: int, now: datetime) -> list[Change]:
    """Post the difference for one member and plan when to look again."""
    return settle_members(session, campaign_id, [member_id], now)


def settle_members(
    session: Session, campaign_id: int, member_ids: Sequence[int], now: datetime
) -> list[Change]:
    """Post the differences for some members, in their order, and plan when to look again.

    Loads all, decides one after the other in memory, writes all: the number of statements
    does not grow with the members. A paused campaign posts nothing and keeps its tasks.
    """
    locked = queue.lock_tasks(session, campaign_id, member_ids)
    settling = reckon(session, campaign_id, member_ids, locked, now, lock=True)
    if settling is None:
        return []
    settling.note(session)
    settling.post(session)
    return settling.changes()


def reckon(
    session: Session,
    campaign_id: int,
    member_ids: Sequence[int],
    locked: Collection[int],
    now: datetime,
    *,
    lock: bool,
) -> Settling | None:
    """What is to be done about some members; None: nothing, as the campaign is paused.

    `locked`: those whose task is locked, by `queue.lock_tasks` or `due_tasks`. `lock`: nobody else
    admits from now until the end. Without, it is decided on the room as it is seen, and
    `Settling.admit` is to be asked before anything is posted.
    """
    if life_of(session, campaign_id) is Life.PAUSED:
        return None
    here = situations.situations(session, campaign_id, member_ids, now)
    room = load_room(session, campaign_id, _all_holdings(here.values()), now, lock=lock)
    decided = [
        (here[member], step) for member in member_ids for step in steps(here[member], room, now)
    ]
    return Settling(campaign_id, now, locked, here, room, decided)


@dataclass(frozen=True)
class Settling:
    """What is to be done about some members of a campaign, step by step in their order."""

    campaign: int
    now: datetime
    locked: Collection[int]
    """Those who had a task; it is theirs until the end."""
    here: Mapping[int, Situation]
    room: Room
    decided: Sequence[tuple[Situation, Step]]

    def note(self, session: Session) -> None:
        """Write everything but the ledger: verdicts, what expired, when to look again."""
        verdicts = [
            Decision(step.key, here.member, step.new, step.old.verdict)
            for here, step in self.decided
            if step.new != step.old
        ]
        save_holdings(session, verdicts, self.now)
        for here, step in self.decided:
            if step.moves:
                _expire(session, here, step, self.now)
        times = {member: here.next_wake(self.now) for member, here in self.here.items()}
        queue.plan_next(session, self.campaign, times, self.locked)
        session.flush()

    def admit(self, session: Session) -> None:
        """Keep others from admitting until the end; Crowded when there is no longer room for all
        that was decided, and whatever was written is to be undone and decided anew."""
        limits, used = lock_limits(session, self.campaign, self.now)
        if not self.room.moves_to(limits, used):
            raise Crowded(self.campaign)

    def post(self, session: Session) -> None:
        """Write the entries, in their order, and what they take of the limits."""
        moves = [_posting(here, step) for here, step in self.decided if step.moves]
        post_all(session, moves, self.now)
        save_room(session, self.campaign, self.room)

    def changes(self) -> list[Change]:
        """What of it is news."""
        return [
            Change(here.member, step.key, step.before, step.after, step.due, step.new.limit)
            for here, step in self.decided
            if step.news
        ]


class Crowded(Exception):
    """Others were admitted since the room was looked at, and it may no longer do."""


def _all_holdings(here: Iterable[Situation]) -> dict[Key, Holding]:
    return {key: held for whose in here for key, held in whose.holdings.items()}


def _posting(here: Situation, step: Step) -> Posting:
    revision = here.position(step.key).revision + 1
    return Posting(step.key, here.member, revision, step.after - step.before, _why(step))


def _expire(session: Session, here: Situation, step: Step, now: datetime) -> None:
    """What expired stays expired, even when the member is active again."""
    for (account, unit), amount in step.after.items():
        if account is not Account.EXPIRED:
            continue
        more = amount - here.life(step.key).expired.get(unit, 0)
        if more > 0:
            kind = Happening.EXPIRED
            happen(session, step.key, here.member, kind, now, unit=unit, amount=more)


def _why(step: Step) -> dict[str, Any]:
    """Which clause of which version, and which limit: internal ids only."""
    if step.due is None:
        return {"clause": step.key.clause, "undone": True}
    why: dict[str, Any] = {"clause": step.due.why.clause, "version": step.due.why.version}
    if step.new.limit is not None:
        why["limit"] = step.new.limit
    return why


def claim_effect(
    session: Session, campaign_id: int, member_id: int, claimed: Credit, now: datetime
) -> dict[Key, Due]:
    """What crediting a claim would add for its member and friend; nothing is written."""
    credits = eligible_credits(session, campaign_id, member_id)
    applications = {credit.application for credit in credits} | {claimed.application}
    facts: list[Fact] = load_facts(session, applications)
    facts += facts_found([*credits, claimed], findings_of(session, campaign_id, [member_id]))
    terms = terms_of(session, campaign_id)
    return would_credit(credits, facts, claimed, terms, now, member=member_id)
