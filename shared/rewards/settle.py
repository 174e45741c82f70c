"""Settle: the ledger follows what is owed. Grant, release, claw-back and late event are one
line: the difference between dues and positions. The only caller of `ledger.post`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from shared.applications.facts import Fact, load_facts
from shared.base import lease
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.campaigns.campaigns import Life, get_campaign, terms_of
from shared.campaigns.rules import LimitId
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import NOWHERE, Position, post, standings
from shared.referrals.eligibility import eligible_credits
from shared.referrals.referrals import Credit
from shared.rewards import queue
from shared.rewards.admission import (
    NOTHING,
    Holding,
    Room,
    decide,
    load_holdings,
    load_room,
    save_holding,
    save_room,
)
from shared.rewards.owed import Due
from shared.rewards.programme import dues, next_moment, would_credit
from shared.rewards.standing import (
    Happening,
    KeyLife,
    goodwill_dues,
    happen,
    inactive_since,
    load_lives,
    next_change,
    standing,
)

DUTY = "settle"
"""The lease of the one who settles."""

wake = queue.wake
"""Hearers know this much of settling."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Change:
    """What settling changed for one key, for those who tell people about it."""

    member: int
    key: Key
    before: Balance
    after: Balance
    due: Due | None
    """What the facts owe, before shared limits; None: nothing (any more)."""
    refused: LimitId | None
    """The limit that refused, kept small or clipped the due."""


@dataclass(frozen=True)
class Situation:
    """All that is known about one member in one campaign."""

    campaign: int
    member: int
    want: dict[Key, Due]
    have: dict[Key, Position]
    lives: dict[Key, KeyLife]
    holdings: dict[Key, Holding]
    inactive: datetime | None
    wakes: tuple[datetime, ...]
    """When facts from the near future begin to count, and when time alone makes a due."""

    def life(self, key: Key) -> KeyLife:
        """The life of a key; a member's key knows whether the member is active."""
        life = self.lives.get(key, KeyLife())
        mine = key.party.startswith("member:")
        return replace(life, inactive_since=self.inactive) if mine else life

    def position(self, key: Key) -> Position:
        """Where a key stands in the ledger."""
        return self.have.get(key, NOWHERE)


@dataclass(frozen=True)
class Step:
    """What is to be done about one key."""

    key: Key
    due: Due | None
    old: Holding
    new: Holding
    before: Balance
    after: Balance

    @property
    def moves(self) -> bool:
        """Whether anything is to be posted."""
        return self.before != self.after

    @property
    def news(self) -> bool:
        """Whether anybody is to be told."""
        limited = self.new.limit is not None and self.new.limit != self.old.limit
        return self.moves or limited


def situation(session: Session, campaign_id: int, member_id: int, now: datetime) -> Situation:
    """Load what is known about a member as of `now`."""
    credits = eligible_credits(session, campaign_id, member_id)
    facts = load_facts(session, {credit.application for credit in credits})
    terms = terms_of(session, campaign_id)
    lives = load_lives(session, campaign_id, member_id)
    chosen = {key: life.chosen for key, life in lives.items() if life.chosen}
    owed = dues(credits, facts, terms, now, member=member_id, chosen=chosen)
    given = goodwill_dues(lives, max(terms.versions, default=0))
    moment = next_moment(credits, facts, terms, now)
    return Situation(
        campaign=campaign_id,
        member=member_id,
        want=owed | given,
        have=standings(session, campaign_id, member_id),
        lives=lives,
        holdings=load_holdings(session, campaign_id, member_id),
        inactive=inactive_since(session, member_id),
        wakes=(*(fact.at for fact in facts if fact.at > now), *([moment] if moment else [])),
    )


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
        admitted = replace(due, unit=new.unit, amount=new.amount) if due is not None else None
        after = standing(admitted, here.life(key), now)
        found.append(Step(key, due, old, new, here.position(key).balance, after))
    return found


def settle(session: Session, campaign_id: int, member_id: int, now: datetime) -> list[Change]:
    """Post the difference for one member and plan when to look again.

    A paused campaign posts nothing and keeps its tasks.
    """
    if get_campaign(session, campaign_id).life == Life.PAUSED:
        return []
    locked = queue.lock_task(session, campaign_id, member_id)
    here = situation(session, campaign_id, member_id, now)
    room = load_room(session, campaign_id, here.holdings, now, lock=True)
    changes = [
        _carry_out(session, here, step, now)
        for step in steps(here, room, now)
        if step.news or step.new != step.old
    ]
    save_room(session, campaign_id, room)
    queue.plan_next(session, campaign_id, member_id, _next_wake(here, now), locked=locked)
    session.flush()
    return [change for change in changes if change is not None]


def _carry_out(session: Session, here: Situation, step: Step, now: datetime) -> Change | None:
    if step.new != step.old:
        save_holding(session, step.key, here.member, step.new, now)
    if step.moves:
        revision = here.position(step.key).revision + 1
        legs = step.after - step.before
        post(session, step.key, here.member, revision, legs, _why(step), now)
        _expire(session, here, step, now)
    if not step.news:
        return None
    return Change(here.member, step.key, step.before, step.after, step.due, step.new.limit)


def _expire(session: Session, here: Situation, step: Step, now: datetime) -> None:
    """What expired stays expired, even when the member is active again."""
    known = here.life(step.key).expired
    for (account, unit), amount in step.after.items():
        more = amount - known.get(unit, 0)
        if account is Account.EXPIRED and more > 0:
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


def _next_wake(here: Situation, now: datetime) -> datetime | None:
    """The next moment at which time alone changes something."""
    times = list(here.wakes)
    for key, due in here.want.items():
        at = next_change(due, here.life(key), now)
        if at is not None:
            times.append(at)
    return min(times, default=None)


def settle_batch(
    database: Database,
    holder: str,
    now: datetime,
    on_changes: Callable[[Session, Sequence[Change]], None],
    *,
    on_settled: Callable[[Session, Sequence[queue.Task]], None] | None = None,
    clock: Clock = system_clock,
    most: int = queue.MOST,
) -> int:
    """Settle up to `most` members whose time has come, in one transaction; how many.

    The caller holds the lease `DUTY` (`lease.take`); it is renewed inside (on real time, by
    `clock`), so LostLease means that another took over and nothing was written.
    `on_changes` writes notices into the same transaction. A member who cannot be settled or
    told is put off and logged; the others go on.
    """
    with database.transaction() as session:
        lease.hold(session, DUTY, holder, clock())
        tasks = queue.due_tasks(session, now, most)
        for task in tasks:
            try:
                with session.begin_nested():
                    if changes := settle(session, task.campaign, task.member, now):
                        on_changes(session, changes)
                    if on_settled is not None:
                        on_settled(session, [task])
            except Exception as problem:
                error = type(problem).__name__  # its text may hold what no log should
                log.error("settle.failed", campaign=task.campaign, member=task.member, error=error)
                queue.postpone(session, task, error, now)
        return len(tasks)


def claim_effect(
    session: Session, campaign_id: int, member_id: int, claimed: Credit, now: datetime
) -> dict[Key, Due]:
    """What crediting a claim would add for its member and friend; nothing is written."""
    credits = eligible_credits(session, campaign_id, member_id)
    applications = {credit.application for credit in credits} | {claimed.application}
    facts: list[Fact] = load_facts(session, applications)
    terms = terms_of(session, campaign_id)
    return would_credit(credits, facts, claimed, terms, now, member=member_id)
