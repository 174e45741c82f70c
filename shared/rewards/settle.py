"""Settle: the ledger follows what is owed. Grant, release, claw-back and late event are one
line: the difference between dues and positions. The only caller of `ledger.post`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy.orm import Session

from shared.applications.facts import Fact, load_facts
from shared.base import lease
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.base.memory import uncollected
from shared.campaigns.campaigns import Life, life_of, terms_of
from shared.campaigns.rules import LimitId
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import Posting, post_all
from shared.referrals.eligibility import eligible_credits
from shared.referrals.findings import facts_found, findings_of
from shared.referrals.referrals import Credit
from shared.rewards import queue, situations
from shared.rewards.admission import (
    NOTHING,
    Decision,
    Holding,
    Room,
    decide,
    load_room,
    save_holdings,
    save_room,
)
from shared.rewards.owed import Due
from shared.rewards.programme import would_credit
from shared.rewards.situations import Situation
from shared.rewards.standing import Happening, happen, standing

DUTY = "settle"
"""The lease of the one who settles."""

wake, wake_all = queue.wake, queue.wake_all
"""Hearers know this much of settling."""
situation = situations.situation
"""And readers this."""

log = structlog.get_logger()


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

    @property
    def moves(self) -> bool:
        """Whether anything is to be posted."""
        return self.before != self.after

    @property
    def news(self) -> bool:
        """Whether anybody is to be told."""
        limited = self.new.limit is not None and self.new.limit != self.old.limit
        return self.moves or limited


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
        after = standing(_admitted(due, new), here.life(key), now)
        found.append(Step(key, due, old, new, here.position(key).balance, after))
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
    if life_of(session, campaign_id) is Life.PAUSED:
        return []
    locked = queue.lock_tasks(session, campaign_id, member_ids)
    here = situations.situations(session, campaign_id, member_ids, now)
    room = load_room(session, campaign_id, _all_holdings(here.values()), now, lock=True)
    decided = [
        (here[member], step) for member in member_ids for step in steps(here[member], room, now)
    ]
    times: dict[int, datetime | None] = {}
    changes: list[Change] = []

    def meanwhile() -> None:
        times.update((member, here[member].next_wake(now)) for member in member_ids)
        changes.extend(_change(whose, step) for whose, step in decided if step.news)

    _write(session, decided, now, meanwhile)
    save_room(session, campaign_id, room)
    queue.plan_next(session, campaign_id, times, locked)
    session.flush()
    return changes


def _all_holdings(here: Iterable[Situation]) -> dict[Key, Holding]:
    return {key: held for whose in here for key, held in whose.holdings.items()}


def _change(here: Situation, step: Step) -> Change:
    return Change(here.member, step.key, step.before, step.after, step.due, step.new.limit)


def _write(
    session: Session,
    decided: Sequence[tuple[Situation, Step]],
    now: datetime,
    meanwhile: Callable[[], None],
) -> None:
    """Everything that was decided: verdicts, entries in their order, what expired.
    `meanwhile`: as of `post_all`."""
    verdicts = [
        Decision(step.key, here.member, step.new, step.old.verdict)
        for here, step in decided
        if step.new != step.old
    ]
    save_holdings(session, verdicts, now)
    moves = [(here, step) for here, step in decided if step.moves]
    post_all(session, [_posting(here, step) for here, step in moves], now, meanwhile)
    for here, step in moves:
        _expire(session, here, step, now)


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


Tell = Callable[[Session, Sequence[Change]], None]
Look = Callable[[Session, int, Sequence[int]], None]


def settle_batch(
    database: Database,
    holder: str,
    now: datetime,
    on_changes: Tell,
    *,
    on_settled: Look | None = None,
    clock: Clock = system_clock,
    most: int = queue.MOST,
) -> int:
    """Settle up to `most` members whose time has come, in one transaction; how many.

    The caller holds the lease `DUTY` (`lease.take`); it is renewed inside (on real time, by
    `clock`), so LostLease means that another took over and nothing was written.
    `on_changes` writes notices of a campaign's changes into the same transaction, `on_settled`
    those of its members' friends. A member who cannot be settled or told is put off and
    logged; the others go on.
    """
    with uncollected(), database.transaction() as session:
        lease.hold(session, DUTY, holder, clock())
        tasks = queue.due_tasks(session, now, most)
        together: dict[int, list[int]] = defaultdict(list)
        for task in tasks:
            together[task.campaign].append(task.member)
        for campaign, members in together.items():
            _settle_and_tell(session, campaign, members, now, on_changes, on_settled)
        return len(tasks)


def _settle_and_tell(
    session: Session,
    campaign: int,
    members: Sequence[int],
    now: datetime,
    on_changes: Tell,
    on_settled: Look | None,
) -> None:
    """Settle together; when that fails, each half for itself, down to the one who is at fault."""
    try:
        with session.begin_nested():
            if changes := settle_members(session, campaign, members, now):
                on_changes(session, changes)
            if on_settled is not None:
                on_settled(session, campaign, members)
    except Exception as problem:
        if len(members) > 1:
            middle = len(members) // 2
            for half in (members[:middle], members[middle:]):
                _settle_and_tell(session, campaign, half, now, on_changes, on_settled)
            return
        error = type(problem).__name__  # its text may hold what no log should
        log.error("settle.failed", campaign=campaign, member=members[0], error=error)
        queue.postpone(session, queue.Task(campaign, members[0]), error, now)


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
