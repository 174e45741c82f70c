"""A month's review of a campaign, member by member: nothing is posted.

What is owed at the month's end is `dues` with the facts as they are known today; what settling
would still change today is a fault, unless it waits in the queue; everything else that keeps
the two books apart is told with its cause. Months are calendar months of the campaign's zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.applications.facts import Application, rows_by_ref
from shared.base.money import Unit
from shared.campaigns.campaigns import CampaignLimit, Life, get_campaign
from shared.campaigns.rules import MONTHLY_CAP
from shared.ledger.balance import Key, total
from shared.ledger.history import History, history
from shared.people.members import get_member
from shared.post.audit import Audit
from shared.referrals.findings import findings_of
from shared.referrals.referrals import CreditRow, Referral
from shared.rewards.books import (
    PATIENCE,
    Book,
    Frame,
    Month,
    given,
    in_queue,
    kind_of,
    lost_of,
    opened,
    place_of,
    shrunk,
    told,
    units_of,
    verdict_lost,
)
from shared.rewards.causes import Against, Cause, Line
from shared.rewards.queue import SettleTask
from shared.rewards.review import Look, chunks, look_at, situations_of
from shared.rewards.situations import Situation
from shared.rewards.standing import KeyEvent

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class MemberReview:
    """One member's month: what was earned and granted by unit, and the lines between the two.

    `earned` plus the differences of the lines against `Against.OWED` is `granted`.
    """

    member: int
    earned: Mapping[Unit, int]
    granted: Mapping[Unit, int]
    lines: tuple[Line, ...]


def review_month(
    session: Session, campaign_id: int, month: Month, now: datetime
) -> Iterator[MemberReview]:
    """Every member whom the month concerns; what is held in memory does not grow."""
    campaign = get_campaign(session, campaign_id)
    end = min(month.end, now)
    frame = Frame(
        campaign_id,
        month,
        end,
        now,
        campaign.life == Life.PAUSED,
        _paused_at(session, campaign_id, end),
        campaign.life_since,
        _limits_ever(session, campaign_id),
    )
    for members in chunks(session, campaign_id):
        for member, book in _open_books(session, frame, members).items():
            found = _review(session, book) if isinstance(book, Book) else _of_nobody(member, book)
            if found is not None:
                yield found


def _open_books(
    session: Session, frame: Frame, members: Collection[int]
) -> dict[int, Book | History]:
    """The books of some members; of ids that are no member's, what was posted for them."""
    passed = history(session, frame.campaign, members)
    looks = look_at(session, frame.campaign, members, frame.now)
    tasks = _tasks(session, frame.campaign, members)
    busy = {member for member, look in looks.items() if _busy(frame, look, passed.get(member, {}))}
    then: dict[int, Situation] = {}
    if frame.end < frame.now:
        # Half open: what happened at the end itself belongs to the next month.
        then = situations_of(session, frame.campaign, busy, frame.end - _TICK)
    books: dict[int, Book | History] = {}
    for member in members:
        posted = passed.get(member, {})
        if member not in looks:
            books[member] = posted
            continue
        look, task = looks[member], tasks.get(member)
        owed = then.get(member, look.here).want
        steps = {step.key: step for step in look.steps}
        overdue = _overdue(session, frame, look, task)
        if member in busy or any(step.moves or verdict_lost(step) for step in look.steps):
            books[member] = Book(frame, look.here, steps, owed, posted, task, overdue)
    return books


def _busy(frame: Frame, look: Look, passed: History) -> bool:
    """Whether anything was earned or posted since the month began."""
    start = frame.month.start
    earned = any(due.earned >= start for due in look.here.want.values())
    return earned or any(each.at >= start for posted in passed.values() for each in posted)


def _of_nobody(member: int, passed: History) -> MemberReview | None:
    """What was posted for somebody who does not exist: all of it is too much."""
    lines = [
        Line(member, key, unit, Against.OWED, Cause.TOO_MUCH, 0, given(stands, unit), doubted=True)
        for key, posted in sorted(passed.items())
        for stands in [total(each.legs for each in posted)]
        for unit in sorted({unit for _, unit in stands})
    ]
    if not lines:
        return None
    granted: Counter[Unit] = Counter()
    for line in lines:
        granted[line.unit] += line.found
    return MemberReview(member, Counter(), granted, tuple(lines))


def _overdue(session: Session, frame: Frame, look: Look, task: SettleTask | None) -> frozenset[Key]:
    """Keys that waiting does not explain: wrong before the task came due, and nothing heard."""
    if task is None or not in_queue(frame, task) or not any(step.moves for step in look.steps):
        return frozenset()
    since = frame.since if frame.paused else frame.now - PATIENCE
    if _news_since(session, look.here, since):
        return frozenset()
    member = look.here.member
    [earlier] = look_at(session, frame.campaign, [member], task.due_at - _TICK).values()
    return frozenset(step.key for step in earlier.steps if step.moves)


def _news_since(session: Session, here: Situation, since: datetime) -> bool:
    """Whether anything was heard of a member since a moment, of whatever day it tells."""
    lived = select(KeyEvent.id).where(
        KeyEvent.campaign_id == here.campaign,
        KeyEvent.member_id == here.member,
        KeyEvent.at >= since,
    )
    if session.scalar(lived.limit(1)) is not None:
        return True
    if get_member(session, here.member).status_since >= since:
        return True
    return bool(_heard(session, here.campaign, here.member, since))


def _review(session: Session, book: Book) -> MemberReview | None:
    earned: Counter[Unit] = Counter()
    granted: Counter[Unit] = Counter()
    lines: list[Line] = []
    late = _Late(session, book)
    for key in sorted(book.owed.keys() | book.passed.keys() | book.steps.keys()):
        if not book.concerns(key):
            continue
        todo = list(opened(book, key))
        lines += todo
        for unit in units_of(book, key):
            due = book.owed.get(key)
            due = due if due is not None and due.unit is unit else None
            expected = due.amount if due is not None else 0
            if book.in_month(key) and due is not None:
                less = list(shrunk(book, due))
                lines += less
                earned[unit] += due.full
                expected = due.full + sum(line.difference for line in less)
            else:
                expected -= lost_of(book, key)
                earned[unit] += expected if not todo else given(book.steps[key].after, unit)
            if todo:
                granted[unit] += given(book.now(key), unit)
                continue
            had = given(book.at_end(key), unit, unless=expected)
            granted[unit] += had
            if had != expected:
                cause = late.cause(key)
                lines.append(Line(*place_of(book, key, unit), Against.OWED, cause, expected, had))
            happened = list(told(book, key, unit, due))
            earned[unit] += sum(
                -line.difference for line in happened if line.against is Against.OWED
            )
            lines += happened
    if not lines and not any(earned.values()) and not any(granted.values()):
        return None
    return MemberReview(book.here.member, earned, granted, tuple(lines))


class _Late:
    """Why a key was put right only after the month; asked of the database when needed."""

    def __init__(self, session: Session, book: Book) -> None:
        self._session, self._book = session, book
        self._friends: set[int] | None = None

    def cause(self, key: Key) -> Cause:
        """Late: the bank told it late, the campaign was paused, or the settler was late."""
        if self._friends is None:
            frame, member = self._book.frame, self._book.here.member
            since, before = frame.end, frame.end
            self._friends = _heard(self._session, frame.campaign, member, since, before)
        friend = key.of("referral")
        mine = self._friends & {int(friend)} if friend is not None else self._friends
        if mine:
            return Cause.LATE_FACT
        return Cause.PAUSED if self._book.frame.paused_then else Cause.SETTLED_LATE


def _heard(
    session: Session,
    campaign_id: int,
    member: int,
    since: datetime,
    before: datetime | None = None,
) -> set[int]:
    """A member's referrals of which something was heard (or matched, or found) since a moment;
    `before`: that happened before another."""
    rows = session.execute(
        select(CreditRow.referral_id, CreditRow.created_at, Application.application_ref)
        .join(Referral, Referral.id == CreditRow.referral_id)
        .join(Application, Application.id == CreditRow.application_id)
        .where(Referral.campaign_id == campaign_id, Referral.member_id == member)
    ).all()
    facts = rows_by_ref(session, {ref for _, _, ref in rows})
    decided = {
        told.referral
        for words in findings_of(session, campaign_id, [member]).values()
        for told in words
        if told.decided_at >= since and (before is None or told.at < before)
    }
    return decided | {
        referral
        for referral, matched, ref in rows
        if matched >= since
        or any(
            fact.received_at >= since and (before is None or fact.at < before)
            for fact in facts[ref]
        )
    }


def _tasks(session: Session, campaign_id: int, members: Collection[int]) -> dict[int, SettleTask]:
    query = select(SettleTask).where(
        SettleTask.campaign_id == campaign_id, SettleTask.member_id.in_(members)
    )
    return {task.member_id: task for task in session.scalars(query)}


def _paused_at(session: Session, campaign_id: int, at: datetime) -> bool:
    """Whether a campaign was paused at a moment, by the record of its moves."""
    move = session.scalar(
        select(Audit)
        .where(
            Audit.act == "campaign.move",
            Audit.subject == f"campaign:{campaign_id}",
            Audit.at <= at,
        )
        .order_by(Audit.at.desc(), Audit.id.desc())
        .limit(1)
    )
    return move is not None and move.details.get("after") == Life.PAUSED.value


def _limits_ever(session: Session, campaign_id: int) -> frozenset[str]:
    query = select(CampaignLimit.limit_id).where(CampaignLimit.campaign_id == campaign_id)
    return frozenset(kind_of(limit) for limit in session.scalars(query.distinct())) - {MONTHLY_CAP}
