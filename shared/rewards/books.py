"""One member's books side by side: what is owed, what was posted, and every difference told
with its cause. `shared.rewards.month_review` opens them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.base.clock import local_midnight
from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.history import History, Posted, before
from shared.rewards.causes import Against, Cause, Line
from shared.rewards.owed import Due
from shared.rewards.queue import SettleTask
from shared.rewards.review import GRANTED
from shared.rewards.settle import Situation, Step

PATIENCE = timedelta(hours=24)
"""How long a due may wait for the settler before that is a fault (domain.md: within 24 hours)."""
_IN_HAND = (Account.AVAILABLE, Account.PAID, Account.WITHHELD, Account.RECOVERABLE)


@dataclass(frozen=True)
class Month:
    """A calendar month in a zone: its name and its half-open window in UTC."""

    name: str
    start: datetime
    end: datetime


def month_in(name: str, zone: str) -> Month:
    """The month `YYYY-MM` in an IANA zone; ValueError when it is none."""
    first = datetime.strptime(name, "%Y-%m").date()  # noqa: DTZ007 (a month, not a moment)
    later = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Month(f"{first:%Y-%m}", local_midnight(first, zone), local_midnight(later, zone))


@dataclass(frozen=True)
class Frame:
    """What is the same for every member."""

    campaign: int
    month: Month
    end: datetime
    """The month's end, or now when it is not over."""
    now: datetime
    paused: bool
    paused_then: bool
    since: datetime
    """Since when the campaign's life is what it is."""
    limits: frozenset[str]
    """The kinds of limits that the campaign ever had."""


@dataclass(frozen=True)
class Book:
    """One member's books, opened side by side."""

    frame: Frame
    here: Situation
    steps: Mapping[Key, Step]
    """What settling would do now."""
    owed: Mapping[Key, Due]
    """What was owed at the month's end, by what is known today."""
    passed: History
    task: SettleTask | None
    overdue: frozenset[Key]
    """Keys that were not right even before the member's task came due, with nothing heard that
    would explain it: settling will mend them, and it is a fault all the same."""

    def posted(self, key: Key) -> list[Posted]:
        """A key's entries, in order."""
        return self.passed.get(key, [])

    def at_end(self, key: Key) -> Balance:
        """Where a key stood at the month's end."""
        return before(self.posted(key), self.frame.end)

    def now(self, key: Key) -> Balance:
        """Where a key stands today."""
        return self.here.position(key).balance

    def in_month(self, key: Key) -> bool:
        """Whether what the key is for was earned in the month."""
        due = self.owed.get(key)
        return due is not None and self.frame.month.start <= due.earned < self.frame.end

    def concerns(self, key: Key) -> bool:
        """Whether the key was earned or posted before the month's end."""
        due = self.here.want.get(key)
        earned = key in self.owed or (due is not None and due.earned < self.frame.end)
        return earned or any(each.at < self.frame.end for each in self.posted(key))


def place_of(book: Book, key: Key, unit: Unit) -> tuple[int, Key, Unit]:
    """Whose line it is, and about what."""
    return book.here.member, key, unit


def units_of(book: Book, key: Key) -> list[Unit]:
    """Every unit in which something was or should be posted for a key."""
    units = {unit for each in book.posted(key) for _, unit in each.legs}
    if key in book.owed:
        units.add(book.owed[key].unit)
    if key in book.steps:
        units |= {unit for _, unit in book.steps[key].after}
    return sorted(units)


def given(balance: Balance, unit: Unit, *, unless: int | None = None) -> int:
    """What the party was granted and keeps, wherever it stands.

    Tax that the issuer paid on top (gross-up) is left out where that gives `unless`.
    """
    kept = sum(balance.of(account, unit) for account in GRANTED)
    return unless if unless == kept - balance.of(Account.WITHHELD, unit) else kept


def opened(book: Book, key: Key) -> Iterator[Line]:
    """What settling would change now: faults, or what waits for the settler."""
    step = book.steps.get(key)
    if step is None:
        return
    if not step.moves:
        if verdict_lost(step):
            unit = step.due.unit if step.due is not None else step.new.unit
            stands = given(step.before, unit)
            never = _waits(book, key) or Cause.NEVER_SETTLED
            cause = Cause.NO_VERDICT if book.posted(key) else never
            yield Line(*place_of(book, key, unit), Against.OWED, cause, stands, stands)
        return
    for unit in sorted({unit for _, unit in (step.after - step.before)}):
        against, measured = _measured(step.before, step.after, unit)
        should, found = measured
        cause = _waits(book, key) or _fault(book, step, unit, against, should, found)
        yield Line(*place_of(book, key, unit), against, cause, should, found)


def verdict_lost(step: Step) -> bool:
    """Whether something is owed and no verdict at the limits is on record."""
    return step.old.verdict is None and step.due is not None


def _measured(had: Balance, ought: Balance, unit: Unit) -> tuple[Against, tuple[int, int]]:
    """The first figure in which two balances differ: what was given, what is in the member's
    hands, what was paid, what is not to be recovered; (should, found)."""

    def figures(balance: Balance) -> tuple[int, ...]:
        in_hand = sum(balance.of(account, unit) for account in _IN_HAND)
        rest = (balance.of(Account.PAID, unit), -balance.of(Account.RECOVERABLE, unit))
        return given(balance, unit), in_hand, *rest

    pairs = list(zip(figures(ought), figures(had), strict=True))
    place = next((n for n, (should, found) in enumerate(pairs) if should != found), 0)
    return (Against.OWED if place == 0 else Against.PAID), pairs[place]


def _fault(book: Book, step: Step, unit: Unit, against: Against, should: int, found: int) -> Cause:
    stayed = step.before.of(Account.PENDING, unit) > step.after.of(Account.PENDING, unit)
    never = not book.posted(step.key) or (against is Against.PAID and stayed)
    if found < should:
        return Cause.NEVER_SETTLED if never else Cause.TOO_LITTLE
    return Cause.TOO_MUCH


def _waits(book: Book, key: Key) -> Cause | None:
    if key in book.overdue or not in_queue(book.frame, book.task):
        return None
    return Cause.PAUSED if book.frame.paused else Cause.WAITING


def in_queue(frame: Frame, task: SettleTask | None) -> bool:
    """Whether a member's time has come, and not for too long."""
    if task is None or task.tries or task.due_at > frame.now:
        return False
    since = max(task.due_at, frame.since)
    return frame.paused or frame.now - since < PATIENCE


def shrunk(book: Book, due: Due) -> Iterator[Line]:
    """What the monthly cap and the shared limits took of a due."""
    place = place_of(book, due.key, due.unit)
    if due.amount < due.full:
        yield Line(*place, Against.OWED, Cause.CAPPED, due.full, due.amount)
    if lost := lost_of(book, due.key):
        limit = book.steps[due.key].new.limit
        known = limit is not None and kind_of(limit) in book.frame.limits
        cause = Cause.LIMIT if known else Cause.TOO_LITTLE
        left = due.amount - lost
        yield Line(*place, Against.OWED, cause, due.amount, left, doubted=not known)


def lost_of(book: Book, key: Key) -> int:
    """What the verdict at the shared limits keeps from what is owed."""
    step = book.steps.get(key)
    if step is None or step.due is None or key not in book.owed:
        return 0
    return max(0, min(step.due.amount, book.owed[key].amount) - step.new.amount)


def told(book: Book, key: Key, unit: Unit, due: Due | None) -> Iterator[Line]:
    """What happened to a key in the month that a reader will ask about."""
    place, end = place_of(book, key, unit), book.at_end(key)
    kept = max(given(end, unit), due.full if due is not None else 0)
    taken = _peak(book, key, unit) - kept
    if taken > 0 and unit is not Unit.CHOICE:  # a choice made becomes what was chosen
        yield Line(*place, Against.OWED, Cause.CLAWED_BACK, kept + taken, kept)
    month = [each for each in book.posted(key) if _in(book.frame, each)]
    expired = sum(each.legs.of(Account.EXPIRED, unit) for each in month)
    if expired > 0:
        yield Line(*place, Against.PAID, Cause.EXPIRED, expired, 0)
    pending = end.of(Account.PENDING, unit)
    if pending and due is not None and due.release < book.frame.end and (cause := _held(book, due)):
        yield Line(*place, Against.PAID, cause, pending, 0)
    unpaid = min(end.of(Account.AVAILABLE, unit), book.now(key).of(Account.AVAILABLE, unit))
    if unpaid > 0:
        yield Line(*place, Against.PAID, Cause.UNPAID, unpaid, 0)


def _held(book: Book, due: Due) -> Cause | None:
    life = book.here.life(due.key)
    if due.held or life.held:
        return Cause.HELD
    return Cause.INACTIVE if life.inactive_since is not None else None


def _peak(book: Book, key: Key, unit: Unit) -> int:
    """The most that a key had been given at any time in the month."""
    running = before(book.posted(key), book.frame.month.start)
    most = given(running, unit)
    for each in book.posted(key):
        if _in(book.frame, each):
            running = running + each.legs
            most = max(most, given(running, unit))
    return most


def _in(frame: Frame, posted: Posted) -> bool:
    return frame.month.start <= posted.at < frame.end


def kind_of(limit: str) -> str:
    """What a limit limits, without whose: `first:base` → `first`."""
    return limit.partition(":")[0]
