"""A trial as plain values and back: for a file, and for an answer that is kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign
from shared.campaigns.file import CampaignFile
from shared.reports.simulation import Trial, draft_of, per_friend, within_value
from shared.rewards.simulation import Bound, Outcome


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


def trial_of(plain: dict[str, Any], file: CampaignFile, campaign: Campaign) -> Trial:
    """What `as_json` wrote, with the file that was tried on the campaign's history."""
    return Trial(
        plain["campaign"],
        plain["zone"],
        datetime.fromisoformat(plain["until"]),
        draft_of(file, campaign),
        _outcome(plain["draft"]),
        _outcome(plain["actual"]),
        plain["limits"]["actual"],
        plain["ltv"],
    )


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


def _outcome(plain: dict[str, Any]) -> Outcome:
    return Outcome(
        {(c["month"], c["clause"], Unit(c["unit"])): c["amount"] for c in plain["costs"]},
        {(date.fromisoformat(d["day"]), Unit(d["unit"])): d["amount"] for d in plain["days"]},
        {(s["clause"], s["step"]): s["members"] for s in plain["steps"]},
        {
            limit: Bound(
                bound["refused"],
                {Unit(unit): amount for unit, amount in bound["amounts"].items()},
                bound["used"],
                datetime.fromisoformat(bound["exhausted"]) if bound["exhausted"] else None,
            )
            for limit, bound in plain["limits"].items()
        },
        plain["friends"],
        plain["members"],
    )
