"""`jianka risk try FILE.yaml`: a draft's risk weights tried on recorded history."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from shared.base import i18n
from shared.base.i18n import Locale, text
from shared.campaigns.campaigns import campaign_by_slug
from shared.campaigns.file import read_campaign
from shared.jobs.console import language, progress, say, words
from shared.jobs.opening import opened
from shared.reports.risk_trial import Outcome, RiskTrial, try_risk
from shared.reports.risk_words import signal_words

MOST_SHOWN = 20


@click.group(help=words("help.risk"))
def risk() -> None:
    """Risk checks."""


@risk.command("try", help=words("help.risk_try"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--campaign", "slug", help=words("help.simulate_campaign"))
@click.option("--to", type=click.Path(path_type=Path), help=words("help.risk_to"))
def try_weights(file: Path, slug: str | None, to: Path | None) -> None:
    """Say who would have been held by a file's weights, and who of them are honest."""
    draft = read_campaign(file.read_text(encoding="utf-8-sig"))
    with (
        opened() as (database, clock),
        progress("progress.simulating") as told,
        database.reading() as session,
    ):
        campaign = campaign_by_slug(session, slug or draft.slug)
        if campaign is None:
            raise click.ClickException(words("risk.no_campaign", slug=slug or draft.slug))
        trial = try_risk(session, campaign.id, campaign.slug, draft.risk_rules, clock(), told)
    _show(trial, language())
    if to is not None:
        _write(trial, to)
        say("simulate.written", path=to)


def _show(trial: RiskTrial, locale: Locale) -> None:
    # A file or pipe has no width of its own; a line broken there could not be searched.
    console = Console(width=None if sys.stdout.isatty() else 160, markup=False, highlight=False)
    console.print(text(locale, "risk.trial.heading", slug=trial.slug, n=trial.looked))
    table = Table(box=None, pad_edge=False)
    table.add_column(text(locale, "risk.trial.known"))
    for key in ("held", "let_pass", "share"):
        table.add_column(text(locale, f"risk.trial.{key}"), justify="right")
    for outcome in Outcome:
        held, passed = trial.outcomes[outcome, True], trial.outcomes[outcome, False]
        share = f"{held / (held + passed):.2%}" if held + passed else "–"
        name = text(locale, f"risk.outcome.{outcome.value}")
        table.add_row(name, i18n.number(locale, held), i18n.number(locale, passed), share)
    console.print(table)
    for check, count in trial.checks.most_common():
        console.print(text(locale, "risk.trial.check", check=check, n=count))
    if trial.held:
        console.print(text(locale, "risk.trial.first", n=min(MOST_SHOWN, len(trial.held))))
    for each, outcome in trial.held[:MOST_SHOWN]:
        seen = " · ".join(signal_words(signal, locale) for signal in each.signals)
        told = text(locale, f"risk.outcome.{outcome.value}")
        console.print(f"  referral:{each.referral}  {each.score}  [{told}]  {seen}")


def _write(trial: RiskTrial, to: Path) -> None:
    """Everybody who would have been held, by internal numbers."""
    with to.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("referral", "member", "score", "action", "known", "signals"))
        for each, outcome in trial.held:
            signals = " ".join(f"{signal.check}+{signal.weight}" for signal in each.signals)
            rows.writerow(
                (each.referral, each.member, each.score, each.action.value, outcome.value, signals)
            )
