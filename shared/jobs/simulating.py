"""`jianka campaign simulate FILE.yaml`: a draft tried on recorded history; nothing is written."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import click
from pydantic import ValidationError

from shared.base.clock import local_midnight
from shared.base.money import Unit
from shared.campaigns.campaigns import campaign_by_slug
from shared.campaigns.file import read_campaign
from shared.campaigns.prizes import Money
from shared.jobs.console import language, progress, say, words
from shared.jobs.opening import opened
from shared.jobs.simulation_tables import show
from shared.reports.simulation import try_out
from shared.reports.simulation_chart import chart_of
from shared.reports.simulation_plain import as_json


@click.command("simulate", help=words("help.campaign_simulate"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--campaign", "slug", help=words("help.simulate_campaign"))
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help=words("help.simulate_until"))
@click.option("--ltv", help=words("help.simulate_ltv"))
@click.option("--to", type=click.Path(path_type=Path), help=words("help.simulate_to"))
@click.option("--chart", type=click.Path(path_type=Path), help=words("help.simulate_chart"))
def simulate(
    file: Path,
    slug: str | None,
    until: datetime | None,
    ltv: str | None,
    to: Path | None,
    chart: Path | None,
) -> None:
    """Rerun a draft over a campaign's history and show it beside what happened."""
    draft = read_campaign(file.read_text(encoding="utf-8-sig"))
    value = _value(ltv) if ltv is not None else None
    with (
        opened() as (database, clock),
        progress("progress.simulating") as told,
        database.reading() as session,
    ):
        campaign = campaign_by_slug(session, slug or draft.slug)
        zone = campaign.zone if campaign is not None else draft.zone
        end = local_midnight(until.date() + timedelta(days=1), zone) if until else None
        trial = try_out(session, draft, clock(), slug=slug, until=end, ltv=value, told=told)
    show(trial, language())
    if to is not None:
        plain = json.dumps(as_json(trial), ensure_ascii=False, indent=2)
        to.write_text(plain + "\n", encoding="utf-8")
        say("simulate.written", path=to)
    if chart is not None:
        chart.write_text(chart_of(trial, language()), encoding="utf-8")
        say("simulate.written", path=chart)


def _value(written: str) -> int:
    """A lifetime value in fen."""
    try:
        money = Money.model_validate(written)
    except ValidationError:
        money = None
    if money is None or money.unit is not Unit.CNY:
        raise click.ClickException(words("simulate.bad_ltv", found=written))
    return money.amount
