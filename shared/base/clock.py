"""The time: UTC everywhere, shown in a campaign's own zone."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def file_clock(path: Path) -> Clock:
    """A clock that adds the number of seconds written in `path`, read at each call.

    Test and demo modes only. A missing or empty file adds nothing.
    """

    def now() -> datetime:
        try:
            text = path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            text = ""
        return system_clock() + timedelta(seconds=float(text or 0))

    return now


@lru_cache(maxsize=1024)
def month_of(at: datetime, zone: str) -> str:
    """The calendar month of `at` in an IANA zone, as YYYY-MM."""
    return day_of(at, zone).isoformat()[:7]  # a fraction of what strftime costs


def local_midnight(day: date, zone: str) -> datetime:
    """The first moment of a local calendar day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=1024)
def day_of(at: datetime, zone: str) -> date:
    """The calendar day of `at` in an IANA zone. Rules ask for one moment several times."""
    return at.astimezone(ZoneInfo(zone)).date()


def months_after(day: date, months: int) -> date:
    """The same day of a later month; the month's last day when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
