"""A form made from a file's plain content: groups of fields, each named by its place in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.campaigns.changes import field_name
from shared.campaigns.drafting import Place, at, place_of
from shared.campaigns.export import day_of
from webapp.words import request_locale

LONGEST = 2000
"""Characters of one field that are looked at."""


@dataclass(frozen=True)
class FormField:
    """One field. `kind`: text, long, number, date, choice, yes (yes or no), days or shape.

    A shape is no value of the file but which kind of thing stands at the place before the colon.
    """

    name: str
    label: str
    value: str
    kind: str = "text"
    optional: bool = False
    error: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def chosen(self) -> list[str]:
        """Of several: which."""
        return self.value.split()


@dataclass(frozen=True)
class Part:
    """A list inside a group. `add` is the step that adds an entry; empty: none can be."""

    title: str
    rows: tuple[Group, ...]
    add: str = ""
    add_words: str = ""


@dataclass(frozen=True)
class Group:
    """Fields that belong together, and lists below them. `steps`: (step, what it does) buttons."""

    title: str
    fields: tuple[FormField, ...] = ()
    parts: tuple[Part, ...] = ()
    place: str = ""
    steps: tuple[tuple[str, str], ...] = ()
    note: str = ""


def named(place: Place) -> str:
    """A place in the file, written as its check writes it."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")


def field(
    place: Place, value: object, kind: str = "text", *, optional: bool = False, label: str = ""
) -> FormField:
    """A field at a place, called as the file's field is."""
    steps = [step for step in place if isinstance(step, str)]
    shown = label or field_name(steps[-1], request_locale())
    written = "" if value is None else str(value)
    return FormField(named(place), shown, written, kind, optional)


def fields_of(groups: Iterable[Group]) -> Iterator[FormField]:
    """Every field, in the order in which it stands."""
    for group in groups:
        yield from group.fields
        for part in group.parts:
            yield from fields_of(part.rows)


def marked(groups: Iterable[Group], errors: Mapping[str, str]) -> tuple[Group, ...]:
    """With what is wrong at the fields of these names."""
    return tuple(
        replace(
            group,
            fields=tuple(replace(f, error=errors.get(f.name, "")) for f in group.fields),
            parts=tuple(replace(p, rows=marked(p.rows, errors)) for p in group.parts),
        )
        for group in groups
    )


def wrong_fields(groups: Iterable[Group], above: str = "") -> Iterator[tuple[str, FormField]]:
    """Where each field stands that is marked, and the field."""
    for group in groups:
        title = f"{above} · {group.title}" if above and group.title else above or group.title
        yield from ((title, each) for each in group.fields if each.error)
        for part in group.parts:
            yield from wrong_fields(part.rows, title)


def put(plain: dict[str, Any], each: FormField, given: Mapping[str, str]) -> None:
    """Write a field that was sent to its place; an optional one that is empty goes."""
    if each.name not in given or each.kind == "shape":
        return
    *way, last = place_of(each.name)
    holder: Any = at(plain, tuple(way))
    value = _typed(each, given)
    if each.optional and value in ("", []) and isinstance(holder, dict):
        holder.pop(last, None)
    else:
        holder[last] = value


def _typed(each: FormField, given: Mapping[str, str]) -> Any:
    written = given[each.name].strip()[:LONGEST]
    match each.kind:
        case "number" if written.isascii() and written.isdecimal() and len(written) < 16:
            return int(written)
        case "date":
            return day_of(written) or written
        case "yes":
            return {"true": True, "false": False}.get(written, written)
        case "days":
            return [name for name, _ in each.choices if f"{each.name}.{name}" in given]
        case _:
            return written
