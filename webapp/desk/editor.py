"""The common fields of a campaign as a form; the plain words it makes stand beside it.

The form is made from the file itself: every amount and number of every clause has its field,
whatever kind the clause is. A field's name is its place in the file, so the file's own check
tells which field is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, make_response, render_template, request

from shared.campaigns.changes import changes, field_name, file_terms
from shared.campaigns.export import campaign_yaml, day_of, plain_of, written
from shared.campaigns.file import CampaignFile, read_campaign
from shared.campaigns.problems import CampaignFileError
from webapp.desk.campaigns import campaign_of
from webapp.desk.face import desk, page
from webapp.desk.flagged import flagged_rows
from webapp.desk.programme import draft_page
from webapp.desk.seats import Need, asking
from webapp.sitting import UNPROCESSABLE, Answer, needs
from webapp.wiring import wiring
from webapp.words import request_locale, t

_STEP = re.compile(r"[^.\[\]]+")
_TEXTS = ("name", "offer")
_NUMBERS = ("attribution_days", "claw_back_days", "new_customer_months", "form_grace_hours")
_LANGUAGES = ("zh_Hans", "zh_Hant", "en")
_FIXED = ("id", "kind", "to")
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class FormField:
    """One field; `name` is its place in the file. `kind`: text, long, number or date."""

    name: str
    group: str
    label: str
    value: str
    kind: str = "text"
    optional: bool = False
    error: str = ""


@dataclass(frozen=True)
class Draft:
    """What a form came to: its fields with their errors, the file, and the other errors."""

    fields: list[FormField]
    source: str
    file: CampaignFile | None
    errors: list[str]


@desk.get("/campaigns/<slug>/edit")
@needs(Need.CHANGE)
def edit(slug: str) -> Answer:
    """The form as things are."""
    return _form(slug, None)


@desk.post("/campaigns/<slug>/edit")
def edited(slug: str) -> Answer:
    """Look at it in plain words, or go on to the difference and the proposal."""
    if request.form.get("step") != "compare":
        return _form(slug, request.form)
    made = _draft(slug, request.form)[1]
    return _form(slug, request.form) if made.file is None else draft_page(made.source)


@desk.post("/campaigns/<slug>/edit/preview")
def preview(slug: str) -> Answer:
    """The plain words of what is in the form now: a piece of the page."""
    in_force, made = _draft(slug, request.form)
    piece = render_template("desk/preview.html", made=made, **_words(in_force, made))
    return make_response(piece, 200)


def _form(slug: str, given: Mapping[str, str] | None) -> Response:
    in_force, made = _draft(slug, given)
    groups: dict[str, list[FormField]] = {}
    for each in made.fields:
        groups.setdefault(each.group, []).append(each)
    wrong = bool(made.errors) or any(each.error for each in made.fields)
    return page(
        "edit", "campaigns", UNPROCESSABLE if wrong else 200, slug=slug, made=made,
        groups=groups, in_force=in_force, speaks=request_locale(), **_words(in_force, made),
    )  # fmt: skip


def _words(in_force: CampaignFile, made: Draft) -> dict[str, Any]:
    if made.file is None:
        return {"terms": [], "found": [], "flagged": []}
    locale = request_locale()
    return {
        "terms": file_terms(made.file, locale),
        "found": changes(in_force, made.file, locale),
        "flagged": flagged_rows(made.file),
    }


def _draft(slug: str, given: Mapping[str, str] | None) -> tuple[CampaignFile, Draft]:
    """What is in force, and the draft that the form makes of it (`given` None: the same)."""
    with asking() as session:
        source = campaign_yaml(session, campaign_of(session, slug), wiring().now())
    in_force, plain = read_campaign(source), plain_of(source)
    fields = [_given(each, given) for each in _fields(plain)]
    if given is not None:
        for each in fields:
            _put(plain, each)
        source = written(plain)
    try:
        return in_force, Draft(fields, source, read_campaign(source), [])
    except CampaignFileError as wrong:
        return in_force, _with_errors(fields, source, wrong)


def _with_errors(fields: list[FormField], source: str, wrong: CampaignFileError) -> Draft:
    """Each problem to its field; what belongs to no field stands above the form."""
    remedies: dict[str, str] = {}
    for each in wrong.problems:
        remedies.setdefault(each.path, each.remedy(request_locale()))
    names = {each.name for each in fields}
    marked = [replace(each, error=remedies.get(each.name, "")) for each in fields]
    rest = [f"{path}: {words}" for path, words in remedies.items() if path not in names]
    return Draft(marked, source, None, rest)


def _fields(plain: dict[str, Any]) -> Iterator[FormField]:
    """Every field of the form, in its order."""
    for name in _TEXTS:
        for language in _LANGUAGES:
            label = f"{field_name(name, request_locale())} · {t(f'layout.language.{language}')}"
            kind = "long" if name == "offer" else "text"
            value = str(plain[name][language])
            yield FormField(f"{name}.{language}", t("desk.group.texts"), label, value, kind)
    for name in ("starts", "ends"):
        yield _field((name,), str(plain[name]), "desk.group.dates", "date")
    limits = plain.get("limits", {})
    yield _optional(("limits", "monthly_cap"), limits)
    for name in ("budget", "claim_reserve"):
        for n, budget in enumerate(limits.get(name, ())):
            if isinstance(budget, str):
                yield _field(("limits", name, n), budget, "desk.group.limits")
    for name in ("first_friends", "first_referrers"):
        yield _optional(("limits", name), limits, "number")
    for name in _NUMBERS:
        if name in plain:
            yield _field((name,), str(plain[name]), "desk.group.terms", "number")
    for n, clause in enumerate(plain["clauses"]):
        group = t("desk.change.clause", id=clause["id"])
        yield from _leaves(clause, ("clauses", n), group)
        if "first_n" not in clause:
            name = _name(("clauses", n, "first_n"))
            label = field_name("first_n", request_locale())
            yield FormField(name, group, label, "", "number", optional=True)


def _leaves(value: Any, at: Path, group: str) -> Iterator[FormField]:
    if isinstance(value, dict):
        for name, each in value.items():
            if not (len(at) == 2 and name in _FIXED):
                yield from _leaves(each, (*at, name), group)
    elif isinstance(value, list):
        for n, each in enumerate(value):
            yield from _leaves(each, (*at, n), group)
    elif isinstance(value, bool) or value is None:
        return
    else:
        parts = [
            str(part + 1) if isinstance(part, int) else field_name(part, request_locale())
            for part in at[2:]
        ]
        kind = "number" if isinstance(value, int) else "text"
        optional = at[-1] == "first_n"
        yield FormField(_name(at), group, " · ".join(parts), str(value), kind, optional)


def _field(at: Path, value: str, group: str, kind: str = "text") -> FormField:
    last = at[-2] if isinstance(at[-1], int) else at[-1]
    label = field_name(str(last), request_locale())
    return FormField(_name(at), t(group), label, value, kind)


def _optional(at: Path, limits: Mapping[str, Any], kind: str = "text") -> FormField:
    value = limits.get(str(at[-1]), "")
    made = _field(at, "" if isinstance(value, dict) else str(value), "desk.group.limits", kind)
    return replace(made, optional=True)


def _given(field: FormField, given: Mapping[str, str] | None) -> FormField:
    if given is None or field.name not in given:
        return field
    return replace(field, value=given[field.name].strip()[:2000])


def _put(plain: dict[str, Any], field: FormField) -> None:
    """Write a field back to its place; an optional one that is empty goes."""
    at: list[str | int] = [
        int(part) if part.isdecimal() else part for part in _STEP.findall(field.name)
    ]
    place: Any = plain
    for step in at[:-1]:
        if isinstance(place, dict) and step not in place:
            place[step] = {}
        place = place[step]
    last = at[-1]
    if field.optional and not field.value:
        if isinstance(place, dict):
            place.pop(last, None)
        return
    place[last] = _typed(field)


def _typed(field: FormField) -> Any:
    if field.kind == "number" and field.value.isascii() and field.value.isdecimal():
        return int(field.value) if len(field.value) < 16 else field.value
    if field.kind == "date":
        return day_of(field.value) or field.value
    return field.value


def _name(at: Path) -> str:
    """A place in the file, written as its check writes it."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in at).lstrip(".")
