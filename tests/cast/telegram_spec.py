"""Holds recorded Bot API calls against the published specification, where that file is at hand."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

SPEC = Path(__file__).resolve().parents[3] / "shared/reference/telegram-bot-api.json"


def at_hand() -> bool:
    """Whether the specification lies beside the repository."""
    return SPEC.exists()


@cache
def _spec() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SPEC.read_text(encoding="utf-8"))
    return loaded


def violations(calls: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]]) -> list[str]:
    """What the calls (method, params as sent, files) have against the specification."""
    if not at_hand():
        return ["spec not at hand"]
    found: list[str] = []
    for method, params, files in calls:
        found += _call(method, params, files)
    return found


def _call(method: str, params: Mapping[str, Any], files: Mapping[str, Any]) -> list[str]:
    known = _spec()["methods"].get(method)
    if known is None:
        return [f"{method}: no such method"]
    fields = {field["name"]: field for field in known.get("fields", [])}
    found = [f"{method}: unknown parameter {name}" for name in params if name not in fields]
    attached = json.dumps(dict(params), default=str)
    for name in files:
        if "InputFile" not in fields.get(name, {"types": []})["types"] and (
            f"attach://{name}" not in attached
        ):
            found.append(f"{method}: file {name} belongs to no parameter")
    for name, field in fields.items():
        if field["required"] and name not in params and name not in files:
            found.append(f"{method}: {name} is missing")
    for name, value in params.items():
        if name in fields:
            kinds = fields[name]["types"]
            if not any(_fits(kind, _decoded(kind, value)) for kind in kinds):
                why = [w for kind in kinds for w in _trouble(kind, _decoded(kind, value), name)]
                found.append(f"{method}: {name} is no {' or '.join(kinds)}: {'; '.join(why[:3])}")
    return found


def _decoded(kind: str, value: Any) -> Any:
    """Form values are strings; anything but text is JSON inside them."""
    if not isinstance(value, str) or kind in ("String", "InputFile"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _fits(kind: str, value: Any) -> bool:
    return not _trouble(kind, value, "")


def _trouble(kind: str, value: Any, where: str) -> list[str]:
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{where} is no array"]
        inner = kind.removeprefix("Array of ")
        return [w for i, item in enumerate(value) for w in _trouble(inner, item, f"{where}[{i}]")]
    simple = {
        "String": lambda: isinstance(value, str),
        "Integer": lambda: isinstance(value, int) and not isinstance(value, bool),
        "Float": lambda: isinstance(value, int | float) and not isinstance(value, bool),
        "Boolean": lambda: isinstance(value, bool),
        "True": lambda: value is True,
        "InputFile": lambda: isinstance(value, str) and value.startswith("attach://"),
    }
    if kind in simple:
        return [] if simple[kind]() else [f"{where} is no {kind}"]
    return _object(kind, value, where)


def _object(kind: str, value: Any, where: str) -> list[str]:
    known = _spec()["types"][kind]
    if not isinstance(value, dict):
        return [f"{where} is no {kind}"]
    if known.get("subtypes"):
        tried = [_object(name, value, where) for name in known["subtypes"]]
        return min(tried, key=lambda why: (any(" as in " in line for line in why), len(why)))
    fields = {field["name"]: field for field in known.get("fields", [])}
    found = [f"{where}.{name} is unknown in {kind}" for name in value if name not in fields]
    for name, field in fields.items():
        if name not in value:
            if field["required"]:
                found.append(f"{where}.{name} is missing in {kind}")
            continue
        tried = [_trouble(each, value[name], f"{where}.{name}") for each in field["types"]]
        if all(tried):
            found += min(tried, key=len)
        found += _fixed(kind, field, value[name], where)
    return found


def _fixed(kind: str, field: Mapping[str, Any], value: Any, where: str) -> list[str]:
    """A field such as `type` whose description fixes its value tells subtypes apart."""
    if field["name"] not in ("type", "source", "status") or not isinstance(value, str):
        return []
    words = field["description"].replace("“", '"').replace("”", '"')
    if "must be " not in words:
        return []
    wanted = words.split("must be ", 1)[1].strip(' ".').split()[0].strip('".,')
    return [] if value == wanted else [f"{where}.{field['name']} is not {wanted} as in {kind}"]
