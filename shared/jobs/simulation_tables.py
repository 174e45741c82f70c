"""A trial as tables on the terminal."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table as Drawn

from shared.base import i18n
from shared.base.i18n import Locale, text
from shared.reports.simulation import Trial
from shared.reports.simulation_tables import Table, tables


def show(trial: Trial, locale: Locale) -> None:
    """Cost, steps, friends and limits, the draft beside what happened."""
    # A file or pipe has no width of its own; a line broken there could not be searched.
    console = Console(width=None if sys.stdout.isatty() else 160, markup=False, highlight=False)
    until = i18n.moment(locale, trial.until, trial.zone)
    members = i18n.number(locale, trial.simulated.members)
    console.print(text(locale, "simulate.heading", slug=trial.slug, members=members, until=until))
    for table in tables(trial, locale, text(locale, "simulate.value_share.open")):
        console.print()
        console.print(_drawn(table))


def _drawn(table: Table) -> Drawn:
    drawn = Drawn(
        title=table.title, title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    for place, column in enumerate(table.columns):
        drawn.add_column(column, justify="left" if place < table.texts else "right")
    for row in table.rows:
        drawn.add_row(*row.cells, style="bold" if row.total else None)
    return drawn
