"""The monthly review as a report: totals, counts by cause, and a file to work with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from shared.base.i18n import Locale, text
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign
from shared.reports.payout_file import Answer, tame
from shared.rewards.bank_file import (
    FAILED,
    PAID,
    FileDifference,
    FileLine,
    PaidLine,
    against_file,
    lines_elsewhere,
    paid_lines,
    unpaid_lives,
)
from shared.rewards.books import Month, month_in
from shared.rewards.causes import Against, Cause, Line, Remedy
from shared.rewards.month_review import review_month
from shared.rewards.review import Miscount, miscounts

COLUMNS = (
    "campaign", "month", "member", "party", "clause", "occasion", "unit", "against", "cause",
    "should", "found", "difference", "fault", "remedy", "words",
)  # fmt: skip
_HUNDREDTHS = (Unit.CNY, Unit.DONATION)


@dataclass
class Sum:
    """The lines of one cause: how many, and their differences by unit."""

    lines: int = 0
    differences: Counter[Unit] = field(default_factory=Counter)


@dataclass
class Reconciliation:
    """A campaign's month. Amounts in the units' smallest pieces."""

    month: Month
    members: int = 0
    earned: Counter[Unit] = field(default_factory=Counter)
    """What should have been granted, before caps and limits."""
    granted: Counter[Unit] = field(default_factory=Counter)
    causes: dict[Cause, Sum] = field(default_factory=dict)
    miscounts: list[Miscount] = field(default_factory=list)
    in_file: list[FileDifference] = field(default_factory=list)

    def count(self, line: Line) -> None:
        """One more line under its cause."""
        of_cause = self.causes.setdefault(line.cause, Sum())
        of_cause.lines += 1
        of_cause.differences[line.unit] += line.difference

    @property
    def faults(self) -> int:
        """How many things are to be mended."""
        lines = sum(found.lines for cause, found in self.causes.items() if cause.fault)
        return lines + len(self.miscounts) + len(self.in_file)


def reconcile(
    session: Session,
    campaign: Campaign,
    month: str,
    now: datetime,
    on_line: Callable[[Line], None],
    *,
    bank: Iterable[Answer] = (),
    told: Callable[[int], None] | None = None,
) -> Reconciliation:
    """Review a month (YYYY-MM in the campaign's zone); `on_line` gets every line as it is found.

    `bank`: the lines of the bank's answer files, held against what was paid in the month when
    there are any. `told` hears how many members were looked at. ValueError for what
    is no month.
    """
    found = Reconciliation(month_in(month, campaign.zone))
    for review in review_month(session, campaign.id, found.month, now):
        found.members += 1
        found.earned.update(review.earned)
        found.granted.update(review.granted)
        for line in review.lines:
            found.count(line)
            on_line(line)
        if told is not None:
            told(found.members)
    found.miscounts = miscounts(session, campaign.id)
    for life in unpaid_lives(session, campaign.id):
        line = Line(
            life.member, life.key, life.unit, Against.FILE, life.cause, life.told, life.paid
        )
        found.count(line)
        on_line(line)
    if answers := list(bank):
        found.in_file = _in_file(session, campaign, found.month, answers)
    return found


def _in_file(
    session: Session, campaign: Campaign, month: Month, answers: list[Answer]
) -> list[FileDifference]:
    """Our lines of a month held against the bank's; amounts only where the bank told one."""
    references = {answer.reference for answer in answers}
    ours = paid_lines(session, campaign.id, month.start, month.end, references)
    elsewhere = lines_elsewhere(session, campaign.id, references)
    told = [
        FileLine(answer.reference, _amount(answer, ours), PAID if answer.paid else FAILED)
        for answer in answers
        if answer.reference not in elsewhere
    ]
    return list(against_file({reference: line.net for reference, line in ours.items()}, told))


def _amount(answer: Answer, ours: Mapping[str, PaidLine]) -> int:
    """What the bank says it paid, in the unit's smallest piece; ours where it says nothing."""
    line = ours.get(answer.reference)
    if answer.hundredths is None:
        return line.net if line is not None else 1
    pieces = line is not None and line.unit not in _HUNDREDTHS
    return answer.hundredths // 100 if pieces else answer.hundredths


def cells(locale: Locale, slug: str, month: Month, line: Line) -> list[str]:
    """A line for a spreadsheet, in the order of COLUMNS: ids only, amounts in yuan or pieces."""
    amounts = (line.should, line.found, line.difference)
    return [
        tame(slug),
        month.name,
        str(line.member),
        tame(line.key.party),
        tame(line.key.clause),
        tame(line.key.occasion),
        line.unit.value,
        line.against.value,
        line.cause.value,
        *(plain(amount, line.unit) for amount in amounts),
        "1" if line.fault else "0",
        line.remedy.value,
        tame(words_of(locale, line.cause)),
    ]


def plain(amount: int, unit: Unit) -> str:
    """An amount as spreadsheets read it: `-12.50` yuan, or whole pieces."""
    if unit not in _HUNDREDTHS:
        return str(amount)
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def words_of(locale: Locale, cause: Cause) -> str:
    """A cause as people say it."""
    return text(locale, f"review.cause.{cause.value}")


def remedy_words(locale: Locale, remedy: Remedy) -> str:
    """What is proposed, as people say it."""
    return text(locale, f"review.remedy.{remedy.value}")


def against_words(locale: Locale, against: Against) -> str:
    """Which two books are meant."""
    return text(locale, f"review.against.{against.value}")
