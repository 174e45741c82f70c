"""`jianka campaign simulate FILE.yaml`: a draft tried on recorded history; nothing is written."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

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
from shared.reports.simulation import Trial, per_friend, try_out, within_value
from shared.reports.simulation_chart import chart_of
from shared.rewards.simulation import Outcome


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
    value = _money(ltv) if ltv is not None else None
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


def _money(written: str) -> int:
    """A lifetime value in fen."""
    try:
        money = Money.model_validate(written)
    except ValidationError:
        money = None
    if money is None or money.unit is not Unit.CNY:
        raise click.ClickException(words("simulate.bad_ltv", found=written))
    return money.amount


def as_json(trial: Trial) -> dict[str, Any]:
    """A trial as plain values; amounts in the unit's smallest piece, moments in UTC."""
    return {
        "campaign": trial.slug,
        "zone": trial.zone,
        "until": trial.until.isoformat(),
        "ltv": trial.ltv,
        "limits": {"draft": dict(trial.draft.limits), "actual": trial.limits},
        "monthly_cap": trial.draft.monthly_cap,
        "draft": _plain(trial.simulated, trial.ltv),
        "actual": _plain(trial.actual, trial.ltv),
    }


def _plain(outcome: Outcome, ltv: int | None) -> dict[str, Any]:
    return {
        "members": outcome.members,
        "friends": outcome.friends,
        "per_friend": per_friend(outcome),
        "within_third_of_ltv": None if ltv is None else within_value(outcome, ltv),
        "costs": [
            {"month": month, "clause": clause, "unit": unit.value, "amount": amount}
            for (month, clause, unit), amount in outcome.costs.items()
        ],
        "days": [
            {"day": day.isoformat(), "unit": unit.value, "amount": amount}
            for (day, unit), amount in outcome.days.items()
        ],
        "steps": [
            {"clause": clause, "step": step, "members": members}
            for (clause, step), members in sorted(outcome.steps.items())
        ],
        "limits": {
            limit: {
                "used": bound.used,
                "refused": bound.times,
                "amounts": {unit.value: amount for unit, amount in bound.amounts.items()},
                "exhausted": bound.exhausted.isoformat() if bound.exhausted else None,
            }
            for limit, bound in outcome.limits.items()
        },
    }
