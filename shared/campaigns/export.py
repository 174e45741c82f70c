"""A campaign back as the file it could have been applied from.

Round trip: applying what is exported makes no new version and changes no limit. What reads
nicer (`¥100`, a trigger by its name) is written only where it reads back as the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.campaigns.campaigns import (
    Campaign,
    CampaignLimit,
    Life,
    current_version,
    limits_at,
    version,
)
from shared.campaigns.file import CampaignFile, Wish, read_campaign
from shared.campaigns.problems import CampaignFileError
from shared.campaigns.rules import FRIENDS, MONTHLY_CAP, REFERRERS

_FIRST = ("name", "offer", "products", "fees", "application_url")
_WISHES = {Life.DRAFT: Wish.DRAFT, Life.REVIEWED: Wish.DRAFT, Life.WARM_UP: Wish.WARM_UP}
_LISTS = {"budget": "budget", "daily": "daily_budget", "claims": "claim_reserve"}
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # C where built
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST_LINE = 10_000  # a text stays on its line, so that a difference is one line


def campaign_yaml(
    session: Session, campaign: Campaign, now: datetime, number: int | None = None
) -> str:
    """The file of a campaign as of now; with `number`, with the rules of that version.

    LookupError when there is no such version.
    """
    stored = (
        current_version(session, campaign.id)
        if number is None
        else version(session, campaign.id, number)
    )
    zone = ZoneInfo(campaign.zone)
    limits = limits_at(session, campaign.id, now)
    head: dict[str, Any] = {
        "slug": campaign.slug,
        "zone": campaign.zone,
        "life": _WISHES.get(Life(campaign.life), Wish.RUNNING).value,
        "starts": campaign.starts_at.astimezone(zone).date(),
        "ends": campaign.ends_at.astimezone(zone).date() - timedelta(days=1),
    }
    return _written(head, stored.body, _limits(limits.values()))


def file_yaml(file: CampaignFile) -> str:
    """A checked file in the same form, its life left out: that moves by its own steps."""
    head = {"slug": file.slug, "zone": file.zone, "starts": file.starts, "ends": file.ends}
    return _written(head, file.body(), file.limits.model_dump(mode="json"))


def plain_of(source: str) -> dict[str, Any]:
    """A file's content as lists and mappings, for a form to change; days are dates."""
    plain = yaml.load(source, Loader=_Loader)  # noqa: S506 (both are the safe ones)
    assert isinstance(plain, dict)
    return plain


def written(plain: Mapping[str, Any]) -> str:
    """Lists and mappings as a file."""
    return yaml.dump(
        dict(plain),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=_LONGEST_LINE,
        indent=2,
    )


def _written(head: dict[str, Any], body: Mapping[str, Any], limits: Mapping[str, Any]) -> str:
    """The nicest way of writing that reads back as the same rules."""
    order = [*_FIRST, *(name for name in body if name not in _FIRST)]
    whole: dict[str, Any] = dict(head)
    whole |= {name: body[name] for name in order if name in body and name != "clauses"}
    whole["limits"] = dict(limits)
    whole["clauses"] = [_named_first(clause) for clause in body["clauses"]]
    source = written(whole)
    try:
        wanted = read_campaign(source)
    except CampaignFileError:
        if not limits:
            raise
        # Today's limits may not fit the rules of an older version; those are told alone.
        return _written(head, body, {})
    for nicer in (_short(_bare(whole)), _bare(whole)):
        shorter = written(nicer)
        try:
            if read_campaign(shorter) == wanted:
                return shorter
        except CampaignFileError:
            continue
    return source


def _named_first(clause: Mapping[str, Any]) -> dict[str, Any]:
    return {name: clause[name] for name in ("id", "kind", "to") if name in clause} | dict(clause)


def _limits(rows: Iterable[CampaignLimit]) -> dict[str, Any]:
    """The file's `limits` from rows in force; those that stand in a clause or a gift are there."""
    found: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: row.limit_id):
        kind, _, _ = row.limit_id.partition(":")
        money = {"amount": row.amount, "unit": row.unit}
        if row.limit_id == MONTHLY_CAP:
            found["monthly_cap"] = money
        elif kind in _LISTS:
            found.setdefault(_LISTS[kind], []).append(money)
        elif row.limit_id in (REFERRERS, FRIENDS):
            found[f"first_{row.limit_id}"] = row.amount
    return found


def _bare(value: Any) -> Any:
    """Without what was left out anyway."""
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if each not in (None, [], "")}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _short(value: Any, name: str = "") -> Any:
    """Amounts and triggers as people write them."""
    if isinstance(value, list):
        return [_short(each) for each in value]
    if not isinstance(value, dict):
        return value
    if {"amount", "unit"} <= set(value):
        return _reward(value) or value
    inside = {key: _short(each, key) for key, each in value.items()}
    if name in ("trigger", "qualifies") and isinstance(inside.get("kind"), str):
        kind = inside.pop("kind")
        return {kind: inside} if inside else kind
    return inside


def _reward(value: dict[str, Any]) -> Any:
    """An amount or a prize as a file names it; nothing for what has no such way."""
    amount, unit, item = value["amount"], value["unit"], value.get("item", "")
    if options := value.get("options"):
        return {"pick": [_short(each) for each in options], "within_days": value["within_days"]}
    if unit == Unit.GIFT and item:
        return {"gift": item}
    if unit == Unit.PRIVILEGE and item:
        return {"privilege": item, **({"times": amount} if amount != 1 else {})}
    if unit == Unit.DONATION and item:
        return {"donate": _money(amount, Unit.CNY), "to": item}
    return _money(amount, unit)


def _money(amount: int, unit: str) -> str:
    if unit == Unit.POINTS:
        return f"{amount} points"
    if unit == Unit.CNY:
        yuan, fen = divmod(amount, 100)
        return f"¥{yuan}.{fen:02d}" if fen else f"¥{yuan}"
    return ""


def day_of(value: object) -> date | None:
    """A day as a form sends it; None when it is none."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
