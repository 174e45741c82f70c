"""A trial as a chart: cost a month by clause beside what was granted, and the budget's way."""

from __future__ import annotations

from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from babel.numbers import format_compact_decimal

from shared.base import i18n
from shared.base.i18n import Locale, text
from shared.base.money import Unit
from shared.campaigns.rules import budget_of
from shared.pictures.columns import Chart, Mark, Part, Running, draw
from shared.reports.simulation import MONEY, Trial
from shared.rewards.simulation import Outcome, months_between


def chart_of(trial: Trial, locale: Locale) -> str:
    """The chart of a trial as SVG: of money, or of points where no money was in play."""
    return draw(_chart(trial, locale, _unit(trial)))


def _unit(trial: Trial) -> Unit:
    spent = {unit for each in (trial.simulated, trial.actual) for _, _, unit in each.costs}
    return next((u for u in (Unit.CNY, Unit.POINTS, *Unit) if u in spent), Unit.CNY)


def _chart(trial: Trial, locale: Locale, unit: Unit) -> Chart:
    units = MONEY if unit in MONEY else (unit,)
    months = _months(trial, units)
    write = partial(_short, locale, unit)
    budget = trial.draft.limits.get(budget_of(unit))
    simulated, actual = trial.simulated.total(*units), trial.actual.total(*units)
    return Chart(
        lang=locale.lang,
        title=text(locale, "simulate.chart.title", slug=trial.slug),
        subtitle=text(
            locale, "simulate.chart.subtitle",
            until=i18n.full_day(locale, trial.until, trial.zone),
            draft=i18n.money(locale, simulated, unit), actual=i18n.money(locale, actual, unit),
        ),
        months=tuple(_month(month, months[0]) for month in months),
        parts=tuple(_parts(trial, locale, units, months)),
        beside=Part(
            text(locale, "simulate.chart.actual"),
            _by_month(trial.actual, units, months),
        ),
        running_title=text(locale, "simulate.chart.running"),
        running=(
            Running(
                text(locale, "simulate.chart.draft_total", amount=write(simulated)),
                _run(trial.simulated, units, months),
            ),
            Running(
                text(locale, "simulate.chart.actual_total", amount=write(actual)),
                _run(trial.actual, units, months),
                dashed=True,
            ),
        ),
        level=None
        if budget is None
        else (
            text(locale, "simulate.chart.budget", amount=i18n.money(locale, budget, unit)),
            budget,
        ),
        marks=tuple(_marks(trial, locale, unit, months)),
        write=write,
    )  # fmt: skip


def _months(trial: Trial, units: tuple[Unit, ...]) -> list[str]:
    """From the first month in which any of a unit was granted to the last, at least one."""
    both = (trial.simulated, trial.actual)
    found = {month for each in both for month, _, unit in each.costs if unit in units}
    here = f"{trial.until.astimezone(ZoneInfo(trial.zone)):%Y-%m}"
    return list(months_between(min(found, default=here), max(found, default=here)))


def _month(month: str, first: str) -> str:
    """`2026-03`; within the year of the first month `03` would do, but dates in full read best."""
    return month if month == first or month.endswith("-01") else month[5:]


def _parts(trial: Trial, locale: Locale, units: tuple[Unit, ...], months: list[str]) -> list[Part]:
    named = [
        (clause.id, _by_month(trial.simulated, units, months, clause.id))
        for clause in trial.draft.programme.clauses
    ]
    return [
        Part(clause_name(trial, clause, locale), amounts)
        for clause, amounts in named
        if any(amounts)
    ]


def _by_month(
    outcome: Outcome, units: tuple[Unit, ...], months: list[str], clause: str | None = None
) -> tuple[int, ...]:
    """The cost of each month, of one clause or of all."""
    sums = dict.fromkeys(months, 0)
    for (month, of, unit), amount in outcome.costs.items():
        if unit in units and clause in (None, of):
            sums[month] += amount
    return tuple(sums.values())


def clause_name(trial: Trial, clause_id: str, locale: Locale) -> str:
    """What a clause is called; with its id where several are of its kind or it is no more."""
    clauses = trial.draft.programme.clauses
    clause = trial.draft.programme.clause(clause_id)
    if clause is None:
        return clause_id
    name = text(locale, f"campaign.clause_name.{clause.kind}")
    alone = sum(each.kind == clause.kind for each in clauses) == 1
    return name if alone else text(locale, "simulate.clause_of_several", name=name, id=clause_id)


def _run(
    outcome: Outcome, units: tuple[Unit, ...], months: list[str]
) -> tuple[tuple[float, int], ...]:
    points, total = [], 0
    for (day, unit), amount in outcome.days.items():
        if unit in units:
            total += amount
            points.append((_along(day, months), total))
    return tuple(points)


def _along(day: date, months: list[str]) -> float:
    """Where a day lies along the months, each equally wide."""
    whole = months.index(f"{day:%Y-%m}")
    return (whole + (day.day - 1) / 31) / len(months)


def _marks(trial: Trial, locale: Locale, unit: Unit, months: list[str]) -> list[Mark]:
    bound = trial.simulated.limits.get(budget_of(unit))
    if bound is None or bound.exhausted is None:
        return []
    day = bound.exhausted.astimezone(ZoneInfo(trial.zone)).date()
    words = text(locale, "simulate.chart.exhausted", day=i18n.full_day(locale, day, trial.zone))
    return [Mark(words, _along(day, months))] if f"{day:%Y-%m}" in months else []


def _short(locale: Locale, unit: Unit, amount: int) -> str:
    """An amount as short as a label wants it: `¥3.2万`, `32K`."""
    money = unit in (Unit.CNY, Unit.DONATION)
    whole = amount / 100 if money else amount
    if whole < 10_000:
        return i18n.money(locale, amount, Unit.CNY) if money else i18n.number(locale, amount)
    written = format_compact_decimal(whole, locale=locale.value, fraction_digits=1)
    return f"¥{written}" if money else written
