"""What a form has added, taken out and moved: kept in the page until it is proposed.

The values are the form's fields; this is which clauses, steps and prizes there are. It comes back
from a browser, so nothing is done with one that is not of the shape that we sent.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.campaigns.conditions import TriggerKind
from shared.campaigns.drafting import ClauseKind, Plain, add, move, place_of, remove, spelled_out
from webapp.desk.form import named

STRUCTURE = "structure"
"""The form's field that holds it."""
_PARTS = ("qualifies", "clauses", "gifts", "privileges", "causes", "limits")
_DEEPEST = 10
_CLAUSE = r"clauses\[\d{1,2}\]"
_PICK = rf"{_CLAUSE}(?:\.steps\[\d{{1,2}}\])?\.amount\.pick"
_LIST = (
    r"(?:clauses|gifts|privileges|causes|limits\.(?:daily_)?budget"
    rf"|{_CLAUSE}\.(?:steps|bands|multipliers)|{_PICK})"
)
_STEPS = re.compile(
    rf"(?P<add>add) (?P<list>{_LIST})"
    rf"|(?P<remove>remove) (?P<entry>{_LIST}\[\d{{1,2}}\])"
    rf"|(?P<move>up|down) (?P<clause>{_CLAUSE})"
)


class _Loose(BaseModel):
    """Checked as far as the form's own steps rest on it; what it says, the file's check says."""

    model_config = ConfigDict(extra="allow")


class _Multiplier(_Loose):
    weekdays: list[str] = []


_Trigger = Annotated[dict[TriggerKind, dict[str, Any]], Field(min_length=1, max_length=1)]


class _Clause(_Loose):
    id: str
    kind: ClauseKind
    trigger: _Trigger | None = None
    steps: list[dict[str, Any]] = []
    bands: list[dict[str, Any]] = []
    multipliers: list[_Multiplier] = []


class _Named(_Loose):
    name: dict[str, Any]


class _Limits(_Loose):
    budget: list[Any] = []
    daily_budget: list[Any] = []
    claim_reserve: list[Any] = []


class _Structure(BaseModel):
    model_config = ConfigDict(extra="forbid")

    qualifies: _Trigger | None = None
    clauses: list[_Clause] = Field(min_length=1)
    gifts: list[_Named] = []
    privileges: list[_Named] = []
    causes: list[_Named] = []
    limits: _Limits = _Limits()


_CHECK = TypeAdapter(_Structure)


def spell_out(plain: Plain) -> None:
    """A file's content in the one way in which the form changes it."""
    plain.setdefault("limits", {})
    if plain.get("qualifies"):
        plain["qualifies"] = spelled_out(plain["qualifies"])
    for clause in plain["clauses"]:
        if "trigger" in clause:
            clause["trigger"] = spelled_out(clause["trigger"])


def kept(plain: Plain) -> str:
    """The structure as the page keeps it."""
    parts = {name: plain[name] for name in _PARTS if name in plain}
    return json.dumps(parts, ensure_ascii=False, default=str, separators=(",", ":"))


def restore(plain: Plain, written: str) -> None:
    """Take over what a page kept; nothing of what is not as we sent it."""
    try:
        parts = json.loads(written)
        _CHECK.validate_python(parts)
    except (ValueError, ValidationError, RecursionError):
        return
    if not _fits(parts, _DEEPEST):
        return
    for name in _PARTS:
        plain.pop(name, None)
    plain.update(parts)
    spell_out(plain)


def _fits(value: Any, deep: int) -> bool:
    if isinstance(value, dict):
        inside = list(value.values())
        if not isinstance(value.get("pick", []), list):
            return False
    else:
        inside = value if isinstance(value, list) else []
    return deep > 0 and all(_fits(each, deep - 1) for each in inside)


def take_step(plain: Plain, step: str, kind: str, taken: set[str]) -> tuple[str, str]:
    """Do what a button says; the place that is new, and where the reader goes on.

    Both empty for anything else. `kind`: of a clause to be added.
    """
    found = _STEPS.fullmatch(step)
    if found is None:
        return "", ""
    try:
        if found["add"]:
            made = named(add(plain, place_of(found["list"]), kind, taken))
            return made, made
        if found["remove"]:
            remove(plain, place_of(found["entry"]))
            return "", "add " + found["entry"].rpartition("[")[0]
        way = -1 if found["move"] == "up" else 1
        return "", f"{found['move']} {named(move(plain, place_of(found['clause']), way))}"
    except (LookupError, ValueError):  # a button of a page that is out of date
        return "", ""
