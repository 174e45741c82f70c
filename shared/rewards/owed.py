"""A due: what one clause owes one party for one occasion, and which shared limits it draws on."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from shared.base.clock import day_of
from shared.base.money import Unit
from shared.campaigns.prizes import Prize
from shared.campaigns.rules import (
    LimitId,
    budget_of,
    claims_of,
    counts_amounts,
    daily_of,
    first_of,
    stock_of,
)
from shared.ledger.balance import Key


class Draw(NamedTuple):
    """A shared limit that a due draws on. Budgets and stock give its amount, others one place.

    `holder`: whose place it is when several dues share one; empty: the due's own. `amount`: what
    is drawn when that is not the due's own amount (a choice keeps room for each option).
    """

    limit: LimitId
    holder: str = ""
    amount: int = 0


class ClauseRef(NamedTuple):
    """Why something is owed: the clause of a version, and the cap that clipped it, if any."""

    version: int
    clause: str
    limit: LimitId | None = None


@lru_cache(maxsize=1024)
def clause_ref(version: int, clause: str) -> ClauseRef:
    """The clause of a version, where no cap clipped anything."""
    return ClauseRef(version, clause)


class Due(NamedTuple):
    """What one clause owes one party for one occasion, in the unit's smallest piece."""

    key: Key
    unit: Unit
    amount: int
    earned: datetime
    release: datetime
    """When the cooling period ends."""
    draws: tuple[Draw, ...]
    why: ClauseRef
    full: int
    """The amount before the monthly cap."""
    held: bool = False
    """An account behind it is flagged and not cleared: it waits, whatever the release."""
    item: str = ""
    """Which gift, privilege or cause."""
    options: tuple[Prize, ...] = ()
    """What can be picked, or could."""
    expires: datetime | None = None
    """When a choice that nobody made lapses."""


def budgets_of(prize: Prize, earned: datetime, zone: str) -> tuple[Draw, ...]:
    """The budgets or the stock that a prize uses up; donations are paid out of money's."""
    if prize.unit is Unit.GIFT:
        return (Draw(stock_of(prize.item)),)
    unit = Unit.CNY if prize.unit is Unit.DONATION else prize.unit
    return _budgets_of_day(unit, day_of(earned, zone))


@lru_cache(maxsize=1024)
def _budgets_of_day(unit: Unit, day: date) -> tuple[Draw, Draw]:
    return Draw(budget_of(unit)), Draw(daily_of(unit, day.isoformat()))


def with_reserve(budgets: tuple[Draw, ...]) -> tuple[Draw, ...]:
    """The draws of a friend credited by a claim: each budget's claim reserve as well."""
    reserves = (
        Draw(claims_of(unit), amount=draw.amount)
        for draw in budgets
        for unit in (Unit.CNY, Unit.POINTS)
        if draw.limit == budget_of(unit)
    )
    return (*budgets, *reserves)


@lru_cache(maxsize=1024)
def first_place(clause: str) -> Draw:
    """The place that a due takes among the first N of its clause."""
    return Draw(first_of(clause))


def reserved_for(options: tuple[Prize, ...], earned: datetime, zone: str) -> tuple[Draw, ...]:
    """Room for whichever option will be picked: of each limit the most that one asks for."""
    most: dict[LimitId, int] = {}
    for prize in options:
        for draw in budgets_of(prize, earned, zone):
            most[draw.limit] = max(most.get(draw.limit, 0), prize.amount)
    return tuple(Draw(limit, amount=amount) for limit, amount in most.items())


def turned_into(due: Due, prize: Prize, zone: str) -> Due:
    """A choice after it was made: the prize, drawing on its own limits only."""
    places = tuple(draw for draw in due.draws if not counts_amounts(draw.limit))
    return due._replace(
        unit=prize.unit,
        amount=prize.amount,
        full=prize.amount,
        item=prize.item,
        expires=None,
        draws=(*budgets_of(prize, due.earned, zone), *places),
    )
