"""`jianka reconcile --month YYYY-MM`: the monthly review, to read and as a file to work with."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.repairing import propose_repairs
from shared.base.clock import month_of
from shared.base.errors import Refusal
from shared.base.i18n import money, number
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, campaign_by_slug
from shared.jobs.console import language, operator, progress, say, words
from shared.jobs.opening import opened
from shared.post.audit import record
from shared.reports.payout_file import Answer, read_answers
from shared.reports.reconciliation import (
    COLUMNS,
    Reconciliation,
    cells,
    reconcile,
    remedy_words,
    words_of,
)
from shared.rewards.books import Month, month_in
from shared.rewards.causes import Cause, Line, Remedy, remedy_of
from shared.rewards.repairs import WHOLE_CAMPAIGN

MOST_SHOWN = 20
"""Faults listed on the terminal; the file has every line."""


@click.command("reconcile", help=words("help.reconcile"))
@click.option("--month", required=True, metavar="YYYY-MM", help=words("help.reconcile_month"))
@click.option("--campaign", "slug", metavar="SLUG", help=words("help.reconcile_campaign"))
@click.option(
    "--to", "path", type=click.Path(path_type=Path, dir_okay=False), help=words("help.reconcile_to")
)
@click.option(
    "--bank",
    "answers",
    multiple=True,
    metavar="FILE.csv",
    type=click.Path(path_type=Path, dir_okay=False),
    help=words("help.reconcile_bank"),
)
@click.option("--propose", is_flag=True, help=words("help.reconcile_propose"))
def reconcile_month(
    month: str, slug: str | None, path: Path | None, answers: tuple[Path, ...], propose: bool
) -> None:
    """Hold a month's dues, ledger and payments against each other; nothing is posted."""
    if answers and slug is None:
        raise Refusal("review.whose_file")
    bank = [answer for each in answers for answer in read_answers(each.read_bytes())]
    with opened() as (database, clock):
        now = clock()
        faulty: list[tuple[int, set[tuple[int, Cause]]]] = []
        with database.reading() as session, _file(path) as write:
            for campaign in _campaigns(session, slug):
                _refuse_month(month, campaign, now)
                faulty.append((campaign.id, _review(session, campaign, month, now, write, bank)))
        with database.transaction() as session:
            record(session, operator(), "review.run", "campaigns", now, month=month, slug=slug)
            if propose:
                who = operator()
                count = sum(
                    propose_repairs(session, each, of, month, who, now) for each, of in faulty
                )
                say("reconcile.proposed", n=count)
    if path is not None:
        say("reconcile.written", path=path)


def _campaigns(session: Session, slug: str | None) -> list[Campaign]:
    if slug is None:
        return list(session.scalars(select(Campaign).order_by(Campaign.id)))
    campaign = campaign_by_slug(session, slug)
    if campaign is None:
        raise Refusal("review.campaign", slug=slug)
    return [campaign]


def _refuse_month(month: str, campaign: Campaign, now: datetime) -> None:
    try:
        name = month_in(month, campaign.zone).name
    except ValueError:
        raise Refusal("review.month", month=month) from None
    if name > month_of(now, campaign.zone):
        raise Refusal("review.future", month=name)


Write = Callable[[Campaign, Month, Line], None]


@contextmanager
def _file(path: Path | None) -> Iterator[Write]:
    """Where the lines go: a CSV file that is there whole or not at all."""
    if path is None:
        yield lambda campaign, month, line: None  # noqa: ARG005
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            yield lambda campaign, month, line: rows.writerow(
                cells(language(), campaign.slug, month, line)
            )
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _review(
    session: Session,
    campaign: Campaign,
    month: str,
    now: datetime,
    write: Write,
    bank: list[Answer],
) -> set[tuple[int, Cause]]:
    shown: list[Line] = []
    faulty: set[tuple[int, Cause]] = set()
    window = month_in(month, campaign.zone)

    def keep(line: Line) -> None:
        write(campaign, window, line)
        if line.fault:
            if line.remedy is Remedy.SETTLE:
                faulty.add((line.member, line.cause))
            if len(shown) < MOST_SHOWN:
                shown.append(line)

    with progress("progress.reviewing") as told:
        found = reconcile(session, campaign, month, now, keep, bank=bank, told=told)
    if found.miscounts:
        faulty.add((WHOLE_CAMPAIGN, Cause.MISCOUNT))
    _show(campaign, found, shown)
    return faulty


def _show(campaign: Campaign, found: Reconciliation, shown: list[Line]) -> None:
    console = Console(width=None if os.isatty(1) else 160, markup=False, highlight=False)
    say("reconcile.title", slug=campaign.slug, month=found.month.name, zone=campaign.zone)
    say("reconcile.members", n=number(language(), found.members))
    if units := sorted({*found.earned, *found.granted}):
        console.print(_totals(found, units))
    if found.causes or found.miscounts or found.in_file:
        console.print(_causes(found))
    if shown:
        say("reconcile.faults", n=found.faults, shown=len(shown))
        console.print(_faults(shown))
    if found.in_file:
        say("reconcile.in_file", n=len(found.in_file))
        console.print(_in_file(found))
    if not found.faults:
        say("reconcile.whole")


def _table(*columns: str, right: int = 0) -> Table:
    """Columns by their texts' keys; the last `right` ones hold figures."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        figures = place >= len(columns) - right
        table.add_column(
            words(f"reconcile.column.{column}"),
            justify="right" if figures else "left",
            no_wrap=figures,
        )
    return table


def _totals(found: Reconciliation, units: list[Unit]) -> Table:
    table = _table("unit", "should", "granted", "difference", right=3)
    for unit in units:
        should, granted = found.earned[unit], found.granted[unit]
        figures = [money(language(), n, unit) for n in (should, granted, granted - should)]
        table.add_row(words(f"ledger.unit.{unit.value}"), *figures)
    return table


def _causes(found: Reconciliation) -> Table:
    table = _table("cause", "remedy", "lines", "difference", right=2)
    rows = {cause: (each.lines, each.differences) for cause, each in found.causes.items()}
    if found.miscounts:
        rows[Cause.MISCOUNT] = len(found.miscounts), Counter()
    for difference in found.in_file:
        lines, sums = rows.get(difference.cause, (0, Counter()))
        rows[difference.cause] = lines + 1, sums
    for cause in Cause:
        if cause not in rows:
            continue
        lines, sums = rows[cause]
        figures = [money(language(), n, unit) for unit, n in sorted(sums.items()) if n]
        mark = "✗ " if cause.fault else "· "
        table.add_row(
            mark + words_of(language(), cause),
            remedy_words(language(), remedy_of(cause)),
            number(language(), lines),
            words("ledger.separator").join(figures),
        )
    return table


def _faults(shown: list[Line]) -> Table:
    table = _table("member", "key", "cause", "should", "found", right=2)
    for line in shown:
        table.add_row(
            str(line.member),
            f"{line.key.party} {line.key.clause} {line.key.occasion}",
            words_of(language(), line.cause),
            money(language(), line.should, line.unit),
            money(language(), line.found, line.unit),
        )
    return table


def _in_file(found: Reconciliation) -> Table:
    table = _table("reference", "cause", "should", "found", right=2)
    for difference in found.in_file[:MOST_SHOWN]:
        table.add_row(
            difference.reference,
            words_of(language(), difference.cause),
            number(language(), difference.ledger),
            number(language(), difference.file),
        )
    return table
