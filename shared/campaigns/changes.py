"""What differs between two campaign files, clause by clause in plain words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from shared.base.i18n import Locale, catalogue, full_day, money, text
from shared.campaigns.campaigns import CampaignLimit, CampaignVersion
from shared.campaigns.file import CampaignFile
from shared.campaigns.rules import LimitId
from shared.campaigns.words import clause_words, limit_words, terms_lines, trigger_words

_LANGUAGES = {locale.value for locale in Locale}


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Change:
    """One difference, in the reader's language; `before` or `after` is empty on one side."""

    kind: ChangeKind
    part: str
    """`clause`, `order`, `limit`, or the name of the file's field."""
    title: str
    before: str
    after: str
    about: str = ""
    """Of a clause: its id."""


def changes(before: CampaignFile | None, after: CampaignFile, locale: Locale) -> list[Change]:
    """Every difference: clauses first, then limits, then the rest. None: all is new."""
    return [
        *_clauses(before, after, locale),
        *_order(before, after, locale),
        *_limits(before, after, locale),
        *_fields(before, after, locale),
    ]


def file_terms(file: CampaignFile, locale: Locale) -> list[str]:
    """The complete terms that a file would make, a line each."""
    body = file.body()
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    draft = CampaignVersion(campaign_id=0, number=0, body=body, digest=f"draft-{digest}")
    return terms_lines(draft, _rows(file), locale)


def field_name(name: str, locale: Locale) -> str:
    """What a field of the file is called; its own name where there are no words for it."""
    key = f"desk.field.{name}"
    return text(locale, key) if key in catalogue(locale) else name


def place_words(path: Sequence[str | int], locale: Locale) -> str:
    """A place in a file as people call it: `Fees 1 · English`."""
    called: list[str] = []
    for step in path:
        if isinstance(step, int):
            called[-1] += f" {step + 1}"
        elif step in _LANGUAGES:
            called.append(text(locale, f"layout.language.{step}"))
        else:
            called.append(field_name(step, locale))
    return " · ".join(called)


def _rows(file: CampaignFile) -> dict[LimitId, CampaignLimit]:
    return {
        limit_id: CampaignLimit(
            campaign_id=0, limit_id=limit_id, unit=unit.value if unit else None, amount=amount
        )
        for limit_id, (unit, amount) in file.dated_limits().items()
    }


def _clauses(before: CampaignFile | None, after: CampaignFile, locale: Locale) -> Iterator[Change]:
    old = {clause.id: clause for clause in before.clauses} if before is not None else {}
    new = {clause.id: clause for clause in after.clauses}
    for name in [*old, *(name for name in new if name not in old)]:
        was, becomes = old.get(name), new.get(name)
        if was == becomes:
            continue
        title = text(locale, "desk.change.clause", id=name)
        said = clause_words(was, before, locale) if was is not None and before is not None else ""
        says = clause_words(becomes, after, locale) if becomes is not None else ""
        if was is not None and becomes is not None and said == says:  # no words tell it apart
            said, says = _leaves(
                was.model_dump(mode="json"), becomes.model_dump(mode="json"), locale
            )
        yield replace(_change("clause", title, said, says), about=name)


def _order(before: CampaignFile | None, after: CampaignFile, locale: Locale) -> Iterator[Change]:
    """The order of what is in both, as everybody reads it; and what that says of qualifying."""
    if before is None:
        return
    old, new = [c.id for c in before.clauses], [c.id for c in after.clauses]
    said, says = [name for name in old if name in new], [name for name in new if name in old]
    if said != says:
        title, joint = text(locale, "desk.change.order"), text(locale, "campaign.step.and")
        yield _change("order", title, joint.join(said), joint.join(says))
    if before.qualifies == after.qualifies and before.qualifying != after.qualifying:
        was, becomes = (trigger_words(f.qualifying, locale) for f in (before, after))
        yield _change("qualifies", field_name("qualifies", locale), was, becomes)


def _limits(before: CampaignFile | None, after: CampaignFile, locale: Locale) -> Iterator[Change]:
    old = _rows(before) if before is not None else {}
    new = _rows(after)
    for limit_id in sorted(old.keys() | new.keys()):
        if limit_id.startswith("first:"):  # the clause's own words hold it
            continue
        was, becomes = old.get(limit_id), new.get(limit_id)
        said = limit_words(was, before, locale) if was is not None and before is not None else ""
        says = limit_words(becomes, after, locale) if becomes is not None else ""
        if said != says:
            yield _change("limit", text(locale, "desk.change.limit"), said, says)


def _fields(before: CampaignFile | None, after: CampaignFile, locale: Locale) -> Iterator[Change]:
    old = before.model_dump(mode="json") if before is not None else {}
    new = after.model_dump(mode="json")
    for name in new:
        if name in ("clauses", "limits", "life") or old.get(name) == new[name]:
            continue
        said, says = _leaves(old.get(name), new[name], locale)
        if said or says:
            yield _change(name, field_name(name, locale), said, says)


def _change(part: str, title: str, before: str, after: str) -> Change:
    kind = ChangeKind.CHANGED
    if not before or not after:
        kind = ChangeKind.ADDED if after else ChangeKind.REMOVED
    return Change(kind, part, title, before, after)


def _leaves(before: Any, after: Any, locale: Locale) -> tuple[str, str]:
    """Only what differs, a line each, with where it stands."""
    old, new = dict(_flat(before, "", locale)), dict(_flat(after, "", locale))
    places = [place for place in (*old, *(p for p in new if p not in old))
              if old.get(place) != new.get(place)]  # fmt: skip
    return _lines(old, places), _lines(new, places)


def _lines(leaves: dict[str, str], places: list[str]) -> str:
    told = [(place, leaves[place]) for place in places if leaves.get(place)]
    return "\n".join(f"{place}: {words}" if place else words for place, words in told)


def _flat(value: Any, at: str, locale: Locale) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and {"amount", "unit"} <= set(value):
        yield at, money(locale, value["amount"], value["unit"])
        rest = {name: each for name, each in value.items() if name not in ("amount", "unit")}
        yield from _flat(rest, at, locale)
    elif isinstance(value, dict):
        for name, each in value.items():
            called = text(locale, f"layout.language.{name}") if name in _LANGUAGES else None
            called = called or field_name(name, locale)
            yield from _flat(each, f"{at} · {called}" if at else called, locale)
    elif isinstance(value, list):
        for place, each in enumerate(value, 1):
            yield from _flat(each, f"{at} {place}".strip(), locale)
    elif isinstance(value, bool):
        yield at, text(locale, "desk.yes") if value else text(locale, "desk.no")
    elif value is not None:
        yield at, str(value)


def day_words(file: CampaignFile, locale: Locale) -> tuple[str, str]:
    """The first and the last day of a file."""
    return full_day(locale, file.starts, file.zone), full_day(locale, file.ends, file.zone)
