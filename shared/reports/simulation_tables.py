"""A trial as tables: cost, steps, friends and limits, the draft beside what happened.

Words and figures come ready in one language; the terminal and the desk only set them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from babel.numbers import format_percent

from shared.base import i18n
from shared.base.i18n import Locale, text
from shared.base.money import Unit
from shared.campaigns.rules import MONTHLY_CAP, LimitId
from shared.reports.simulation import MONEY, Trial, per_friend, within_value
from shared.reports.simulation_chart import clause_name
from shared.rewards.simulation import Bound, Outcome

NONE = "—"


@dataclass(frozen=True)
class Row:
    """One line; `total`: a sum of those above."""

    cells: tuple[str, ...]
    total: bool = False


@dataclass(frozen=True)
class Table:
    """One table. The first `texts` columns hold words, the others figures."""

    name: str
    title: str
    columns: tuple[str, ...]
    texts: int
    rows: tuple[Row, ...]


def tables(trial: Trial, locale: Locale, no_value: str) -> list[Table]:
    """Those that have rows. `no_value`: how the share of lifetime value is called where no
    value was given, so that the reader knows where to give one."""
    made = (
        _costs(trial, locale),
        _steps(trial, locale),
        _people(trial, locale, no_value),
        _limits(trial, locale),
    )
    return [each for each in made if each.rows]


def _table(
    name: str, locale: Locale, key: str, columns: tuple[str, ...], texts: int, rows: list[Row]
) -> Table:
    return Table(name, text(locale, key), columns, texts, tuple(rows))


def _compared(locale: Locale) -> tuple[str, str, str]:
    return (
        text(locale, "simulate.draft"),
        text(locale, "simulate.actual"),
        text(locale, "simulate.difference"),
    )


def _costs(trial: Trial, locale: Locale) -> Table:
    mine, theirs = trial.simulated.costs, trial.actual.costs
    rows = []
    for key in sorted(mine.keys() | theirs.keys()):
        when, which, unit = key
        amounts = _difference(locale, unit, mine.get(key, 0), theirs.get(key, 0))
        rows.append(Row((when, clause_name(trial, which, locale), *amounts)))
    for unit in Unit:
        both = trial.simulated.total(unit), trial.actual.total(unit)
        if any(both):
            name = text(locale, "simulate.total")
            rows.append(Row((name, "", *_difference(locale, unit, *both)), total=True))
    month, clause = text(locale, "simulate.month"), text(locale, "simulate.clause")
    columns = (month, clause, *_compared(locale))
    return _table("costs", locale, "simulate.cost", columns, 2, rows)


def _difference(locale: Locale, unit: Unit, mine: int, theirs: int) -> tuple[str, str, str]:
    return (
        i18n.money(locale, mine, unit),
        i18n.money(locale, theirs, unit),
        _signed(mine - theirs, lambda n: i18n.money(locale, n, unit)),
    )


def _signed(amount: int, write: Callable[[int], str]) -> str:
    return ("+" if amount > 0 else "−" if amount < 0 else "") + write(abs(amount))


def _steps(trial: Trial, locale: Locale) -> Table:
    mine, theirs = trial.simulated.steps, trial.actual.steps
    rows = []
    for which, step in sorted(mine.keys() | theirs.keys()):
        counts = mine.get((which, step), 0), theirs.get((which, step), 0)
        name = clause_name(trial, which, locale)
        rows.append(Row((name, text(locale, "simulate.step", n=step), *_counted(locale, *counts))))
    columns = (text(locale, "simulate.clause"), text(locale, "simulate.which"), *_compared(locale))
    return _table("steps", locale, "simulate.steps", columns, 2, rows)


def _counted(locale: Locale, mine: int, theirs: int) -> tuple[str, str, str]:
    def write(n: int) -> str:
        return i18n.number(locale, n)

    return write(mine), write(theirs), _signed(mine - theirs, write)


def _people(trial: Trial, locale: Locale, no_value: str) -> Table:
    mine, theirs = trial.simulated, trial.actual
    friends = _counted(locale, mine.friends, theirs.friends)
    costs = per_friend(mine), per_friend(theirs)
    written = [NONE if n is None else i18n.money(locale, n, Unit.CNY) for n in costs]
    less = NONE
    if costs[0] is not None and costs[1] is not None:
        less = _signed(costs[0] - costs[1], lambda n: i18n.money(locale, n, Unit.CNY))
    share: tuple[str, ...] = (no_value, NONE, NONE, "")
    if trial.ltv is not None:
        ltv = i18n.money(locale, trial.ltv, Unit.CNY)
        shares = [_share(each, trial.ltv, locale) for each in (mine, theirs)]
        share = (text(locale, "simulate.value_share", ltv=ltv), *shares, "")
    rows = [
        Row((text(locale, "simulate.friends"), *friends)),
        Row((text(locale, "simulate.per_friend"), *written, less)),
        Row(share),
    ]
    columns = (text(locale, "simulate.measure"), *_compared(locale))
    return _table("people", locale, "simulate.people", columns, 1, rows)


def _share(outcome: Outcome, ltv: int, locale: Locale) -> str:
    within = within_value(outcome, ltv)
    if within is None:
        return NONE
    part = outcome.total(*MONEY) / (outcome.friends * ltv)
    share = format_percent(part, format="#,##0.0%", locale=locale.value)
    return text(locale, "simulate.within" if within else "simulate.beyond", share=share)


def _limits(trial: Trial, locale: Locale) -> Table:
    found = trial.simulated.limits
    sizes = dict(trial.draft.limits)
    if trial.draft.monthly_cap is not None:
        sizes[MONTHLY_CAP] = trial.draft.monthly_cap
    rows = []
    for limit in sorted(sizes.keys() | trial.actual.limits.keys()):
        bound, fact = found.get(limit, Bound()), trial.actual.limits.get(limit, Bound())
        if limit not in sizes and not fact.times:
            continue  # nothing limits it, then or now
        at = bound.exhausted
        used = NONE if limit == MONTHLY_CAP or limit not in found else bound.used
        cells = (
            limit_name(trial, limit, locale),
            _measure(limit, sizes[limit], locale) if limit in sizes else NONE,
            used if isinstance(used, str) else _measure(limit, used, locale),
            i18n.full_day(locale, at.astimezone(ZoneInfo(trial.zone)), trial.zone) if at else NONE,
            _refused(bound, locale),
            _refused(fact, locale),
        )
        rows.append(Row(cells))
    columns = tuple(
        text(locale, f"simulate.limit{column}")
        for column in ("", ".amount", ".used", ".exhausted", ".refused", ".fact")
    )
    return _table("limits", locale, "simulate.limits", columns, 1, rows)


def limit_name(trial: Trial, limit: LimitId, locale: Locale) -> str:
    """What a limit is called in a list."""
    kind, _, about = limit.partition(":")
    name = clause_name(trial, about, locale) if kind == "first" else about
    return text(locale, f"simulate.limit.{kind}", about=name)


def _measure(limit: LimitId, amount: int, locale: Locale) -> str:
    kind, _, about = limit.partition(":")
    if kind in ("budget", "daily", "claims"):
        return i18n.money(locale, amount, Unit(about))
    if limit == MONTHLY_CAP:
        return i18n.money(locale, amount, Unit.CNY)
    return i18n.number(locale, amount)


def _refused(bound: Bound, locale: Locale) -> str:
    if not bound.times:
        return NONE
    n = i18n.number(locale, bound.times)
    if not bound.amounts:
        return text(locale, "simulate.refused.times", n=n)
    amounts = ", ".join(i18n.money(locale, a, unit) for unit, a in bound.amounts.items())
    return text(locale, "simulate.refused", n=n, amounts=amounts)
