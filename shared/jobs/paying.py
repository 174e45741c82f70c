"""`jianka payout …`: prepare, export, answer, list. Confirming needs another person at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from shared.actions.answering import take_answers
from shared.actions.paying import File, export_full, export_masked
from shared.actions.preparing import prepare
from shared.base import i18n
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import campaign_by_slug
from shared.jobs.console import language, operator, progress, say, words
from shared.jobs.opening import opened
from shared.people.staff import check_pin
from shared.reports.payout_file import Form, read_answers
from shared.reports.payouts import batches
from shared.rewards.slips import Total

ANSWERS_AT_ONCE = 1000
"""Answers a transaction: what an interruption may have to take again."""
MOST_SHOWN = 50


@click.group(help=words("help.payout"))
def payout() -> None:
    """Paying rewards out."""


@payout.command("prepare", help=words("help.payout_prepare"))
@click.option("--campaign", "slug", required=True, help=words("help.payout.campaign"))
def prepare_payout(slug: str) -> None:
    """Collect what a campaign can pay out."""
    with opened() as (database, clock), database.transaction() as session:
        found = campaign_by_slug(session, slug)
        if found is None:
            raise Refusal("payout.campaign", slug=slug)
        made = prepare(session, found.id, operator(), clock())
    say("payout.prepared", number=made.number)
    _totals(made.totals)
    if made.unsettled:
        say("payout.unsettled", n=made.unsettled)


@payout.command("export", help=words("help.payout_export"))
@click.argument("number", type=int)
@click.option("--to", type=click.Path(path_type=Path), required=True, help=words("help.payout.to"))
@click.option("--full", is_flag=True, help=words("help.payout.full"))
def export_payout(number: int, to: Path, full: bool) -> None:
    """Write a batch to a file."""
    form = _form(to)
    with opened() as (database, clock):
        made = (_full if full else _masked)(database, number, form, clock())
    to.write_bytes(made.content)
    say("payout.exported", file=to)
    _totals(made.totals)
    if made.withdrawn:
        say("payout.withdrawn", n=made.withdrawn)


def _form(to: Path) -> Form:
    if to.suffix.lower() not in (".csv", ".xlsx"):
        raise Refusal("payout.suffix", name=to.name)
    return Form(to.suffix.lower().removeprefix("."))


def _masked(database: Database, number: int, form: Form, now: datetime) -> File:
    with database.transaction() as session:
        return export_masked(session, operator(), number, form, now)


def _full(database: Database, number: int, form: Form, now: datetime) -> File:
    """After the sign-in of somebody who may see names."""
    staff_no = click.prompt(words("payout.staff_no"), err=True)
    pin = click.prompt(words("payout.pin"), hide_input=True, err=True)
    with database.transaction() as session:
        staff = check_pin(session, staff_no, pin, now)  # a wrong try counts, so it is committed
    if staff is None:
        raise Refusal("payout.signin")
    with database.transaction() as session:
        return export_full(session, session.merge(staff), number, form, now)


@payout.command("answer", help=words("help.payout_answer"))
@click.argument("file", type=click.Path(path_type=Path))
def take_payout_answer(file: Path) -> None:
    """Take the bank's answer, each line once."""
    answers = read_answers(file.read_bytes())
    paid = failed = repeated = 0
    refused: list[tuple[int, str, str]] = []
    with opened() as (database, clock), progress("progress.storing", len(answers)) as told:
        for start in range(0, len(answers), ANSWERS_AT_ONCE):
            some = answers[start : start + ANSWERS_AT_ONCE]
            with database.transaction() as session:
                came_to = take_answers(session, some, operator(), clock())
            paid, failed = paid + came_to.paid, failed + came_to.failed
            repeated, refused = repeated + came_to.repeated, refused + came_to.refused
            told(start + len(some))
    say("payout.answered", paid=paid, failed=failed, repeated=repeated)
    if refused:
        lines = "\n  ".join(
            words("payout.refused.line", line=line, reference=ref[:40], why=_why(why))
            for line, ref, why in refused[:MOST_SHOWN]
        )
        raise click.ClickException(words("payout.refused", n=len(refused), lines=lines))


def _why(code: str) -> str:
    return words(f"payout.why.{code}")


@payout.command("list", help=words("help.payout_list"))
def list_payouts() -> None:
    """The batches, newest first."""
    with opened() as (database, _), database.reading() as session:
        found = batches(session)
    if not found:
        say("payout.none")
    for batch in found:
        state = i18n.text(language(), f"payout.state.{batch.state.value}")
        day = i18n.full_day(language(), batch.prepared_at, batch.zone)
        say("payout.batch", number=batch.number, state=state, slug=batch.slug, day=day)
        totals: dict[Unit, Total] = {}
        for part in batch.sums:
            before = totals.get(part.unit, Total())
            totals[part.unit] = Total(
                before.lines + part.lines,
                before.gross + part.gross,
                before.borne + part.borne,
                before.tax + part.tax,
                before.netted + part.netted,
                before.net + part.net,
            )
        _totals(totals)


def _totals(totals: Mapping[Unit, Total]) -> None:
    for unit, total in sorted(totals.items()):
        amounts = {
            name: i18n.money(language(), getattr(total, name), unit)
            for name in ("gross", "borne", "tax", "netted", "net")
        }
        say("payout.total", unit=unit.value, lines=total.lines, **amounts)
