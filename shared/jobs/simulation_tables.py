"""A trial as tables on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from zoneinfo import ZoneInfo

from babel.numbers import format_percent
from rich.console import Console
from rich.table import Table

from shared.base import i18n
from shared.base.i18n import Locale, text
from shared.base.money import Unit
from shared.campaigns.rules import MONTHLY_CAP, LimitId
from shared.reports.simulation import MONEY, Trial, per_friend, within_value
from shared.reports.simulation_chart import clause_name
from shared.rewards.simulation import Bound, Outcome

NONE = "—"


def show(trial: Trial, locale: Locale) -> None:
    """Cost, steps, friends and limits, the draft beside what happened."""
    # A file or pipe has no width of its own; a line broken there could not be searched.
    console = Console(width=None if sys.stdout.isatty() else 160, markup=False, highlight=False)
    until = i18n.moment(locale, trial.until, trial.zone)
    members = i18n.number(locale, trial.simulated.members)
    console.print(text(locale, "simulate.heading", slug=trial.slug, members=members, until=until))
    tables = (_costs, _steps, _people, _limits)
    for table in tables:
        made = table(trial, locale)
        if made.row_count:
            console.print()
            console.print(made)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place and column != columns[0] else "left")
    return table


def _compared(locale: Locale) -> tuple[str, str, str]:
    return (
        text(locale, "simulate.draft"),
        text(locale, "simulate.actual"),
        text(locale, "simulate.difference"),
    )


def _costs(trial: Trial, locale: Locale) -> Table:
    month, clause = text(locale, "simulate.month"), text(locale, "simulate.clause")
    table = _table(text(locale, "simulate.cost"), month, clause, *_compared(locale))
    table.columns[1].justify = "left"
    mine, theirs = trial.simulated.costs, trial.actual.costs
    for key in sorted(mine.keys() | theirs.keys()):
        when, which, unit = key
        amounts = _difference(locale, unit, mine.get(key, 0), theirs.get(key, 0))
        table.add_row(when, clause_name(trial, which, locale), *amounts)
    for unit in Unit:
        both = trial.simulated.total(unit), trial.actual.total(unit)
        if any(both):
            name = text(locale, "simulate.total")
            table.add_row(name, "", *_difference(locale, unit, *both), style="bold")
    return table


def _difference(locale: Locale, unit: Unit, mine: int, theirs: int) -> tuple[str, str, str]:
    return (
        i18n.money(locale, mine, unit),
        i18n.money(locale, theirs, unit),
        _signed(mine - theirs, lambda n: i18n.money(locale, n, unit)),
    )


def _signed(amount: int, write: Callable[[int], str]) -> str:
    return ("+" if amount > 0 else "−" if amount < 0 else "") + write(abs(amount))


def _steps(trial: Trial, locale: Locale) -> Table:
    clause = text(locale, "simulate.clause")
    table = _table(text(locale, "simulate.steps"), clause, "", *_compared(locale))
    mine, theirs = trial.simulated.steps, trial.actual.steps
    for which, step in sorted(mine.keys() | theirs.keys()):
        counts = mine.get((which, step), 0), theirs.get((which, step), 0)
        name = clause_name(trial, which, locale)
        table.add_row(name, text(locale, "simulate.step", n=step), *_counted(locale, *counts))
    return table


def _counted(locale: Locale, mine: int, theirs: int) -> tuple[str, str, str]:
    def write(n: int) -> str:
        return i18n.number(locale, n)

    return write(mine), write(theirs), _signed(mine - theirs, write)


def _people(trial: Trial, locale: Locale) -> Table:
    table = _table(text(locale, "simulate.people"), "", *_compared(locale))
    mine, theirs = trial.simulated, trial.actual
    friends = _counted(locale, mine.friends, theirs.friends)
    table.add_row(text(locale, "simulate.friends"), *friends)
    costs = per_friend(mine), per_friend(theirs)
    written = [NONE if n is None else i18n.money(locale, n, Unit.CNY) for n in costs]
    less = NONE
    if costs[0] is not None and costs[1] is not None:
        less = _signed(costs[0] - costs[1], lambda n: i18n.money(locale, n, Unit.CNY))
    table.add_row(text(locale, "simulate.per_friend"), *written, less)
    if trial.ltv is None:
        table.add_row(text(locale, "simulate.value_share.open"), NONE, NONE, "")
        return table
    ltv = i18n.money(locale, trial.ltv, Unit.CNY)
    shares = [_share(each, trial.ltv, locale) for each in (mine, theirs)]
    table.add_row(text(locale, "simulate.value_share", ltv=ltv), *shares, "")
    return table


def _share(outcome: Outcome, ltv: int, locale: Locale) -> str:
    within = within_value(outcome, ltv)
    if within is None:
        return NONE
    part = outcome.total(*MONEY) / (outcome.friends * ltv)
    share = format_percent(part, format="#,##0.0%", locale=locale.value)
    return text(locale, "simulate.within" if within else "simulate.beyond", share=share)


def _limits(trial: Trial, locale: Locale) -> Table:
    table = _table(
        text(locale, "simulate.limits"),
        *(
            text(locale, f"simulate.limit{column}")
            for column in ("", ".amount", ".used", ".exhausted", ".refused", ".fact")
        ),
    )
    found = trial.simulated.limits
    sizes = dict(trial.draft.limits)
    if trial.draft.monthly_cap is not None:
        sizes[MONTHLY_CAP] = trial.draft.monthly_cap
    for limit in sorted(sizes.keys() | trial.actual.limits.keys()):
        bound = found.get(limit, Bound())
        at = bound.exhausted
        used = NONE if limit == MONTHLY_CAP or limit not in found else bound.used
        table.add_row(
            limit_name(trial, limit, locale),
            _measure(limit, sizes[limit], locale) if limit in sizes else NONE,
            used if isinstance(used, str) else _measure(limit, used, locale),
            i18n.full_day(locale, at.astimezone(ZoneInfo(trial.zone)), trial.zone) if at else NONE,
            _refused(bound, locale),
            _refused(trial.actual.limits.get(limit, Bound()), locale),
        )
    return table


def limit_name(trial: Trial, limit: LimitId, locale: Locale) -> str:
    """What a limit is called in a list."""
    kind, _, about = limit.partition(":")
    name = clause_name(trial, about, locale) if kind == "first" else about
    return text(locale, f"simulate.limit.{kind}", about=name)


def _measure(limit: LimitId, amount: int, locale: Locale) -> str:
    kind, _, about = limit.partition(":")
    if kind in ("budget", "daily"):
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
