"""The programme of a campaign as a form; the plain words it makes stand beside it.

The form is made from the file itself: every clause of every kind has its fields, and clauses,
steps and prizes can be added, moved and taken out. A field's name is its place in the file, so the
file's own check tells which field is wrong. Nothing is kept but in the page until it is proposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, request

from shared.campaigns.campaigns import rules_of
from shared.campaigns.changes import changes, field_name, file_terms
from shared.campaigns.conditions import TriggerKind
from shared.campaigns.drafting import (
    ClauseKind,
    Plain,
    PrizeKind,
    at,
    place_of,
    reprized,
    retriggered,
)
from shared.campaigns.export import campaign_yaml, plain_of, written
from shared.campaigns.file import CampaignFile, read_campaign
from shared.campaigns.problems import CampaignFileError, Problem
from webapp.desk.campaigns import campaign_of
from webapp.desk.clause_form import (
    SHAPE,
    budget_parts,
    clause_groups,
    prize_groups,
    trigger_fields,
)
from webapp.desk.face import desk, page
from webapp.desk.flagged import flagged_rows
from webapp.desk.form import FormField, Group, field, fields_of, marked, put, wrong_fields
from webapp.desk.programme import draft_page
from webapp.desk.seats import Need, asking
from webapp.desk.structure import STRUCTURE, kept, restore, spell_out, take_step
from webapp.sitting import UNPROCESSABLE, Answer, needs
from webapp.wiring import wiring
from webapp.words import request_locale, t

MOST_CLAUSES = 30
_NUMBERS = ("attribution_days", "claw_back_days", "new_customer_months", "form_grace_hours")
_LANGUAGES = ("zh_Hans", "zh_Hant", "en")
_BELOW = {
    "ladder_order": "steps",
    "ladder_highest": "steps",
    "bands": "bands",
    "not_divisible": "at_once_percent",
}
"""Where in a clause a mistake is mended that the whole clause has."""


@dataclass(frozen=True)
class Stage:
    """A campaign as it stands: its file, that file's content, and names that were ever used."""

    file: CampaignFile
    plain: Plain
    taken: set[str]

    @property
    def in_force(self) -> set[str]:
        """Names under which something may have been granted already."""
        listed = (self.file.clauses, self.file.gifts, self.file.privileges, self.file.causes)
        return {each.id for some in listed for each in some}


@dataclass(frozen=True)
class Draft:
    """What a form came to: its groups with their errors, the file, and the other errors.

    `focus`: the field or the step at which the reader goes on.
    """

    groups: tuple[Group, ...]
    source: str
    structure: str
    file: CampaignFile | None
    errors: Sequence[str] = ()
    focus: str = ""

    @property
    def wrong(self) -> list[tuple[str, FormField]]:
        """Every field that is marked, with where it stands."""
        return list(wrong_fields(self.groups))


@desk.get("/campaigns/<slug>/edit")
@needs(Need.CHANGE)
def edit(slug: str) -> Answer:
    """The form as things are."""
    return _form(slug, None)


@desk.post("/campaigns/<slug>/edit")
def edited(slug: str) -> Answer:
    """Take a step, look at it in plain words, or go on to the difference and the proposal."""
    if request.form.get("step") == "compare":
        made = _draft(_stage(slug), request.form)
        if made.file is not None:
            return draft_page(made.source)
    return _form(slug, request.form)


@desk.post("/campaigns/<slug>/edit/preview")
def preview(slug: str) -> Answer:
    """The plain words of what is in the form now: a piece of the page."""
    stage = _stage(slug)
    made = _draft(stage, request.form)
    piece = render_template("desk/preview.html", made=made, **_words(stage, made))
    return make_response(piece, 200)


def _form(slug: str, given: Mapping[str, str] | None) -> Response:
    stage = _stage(slug)
    made = _draft(stage, given)
    stepped = given is not None and given.get("step") not in (None, "compare", "preview")
    wrong = not stepped and (made.errors or made.wrong)
    clauses = sum(group.place.startswith("clauses") for group in made.groups)
    return page(
        "edit", "campaigns", UNPROCESSABLE if wrong else 200, slug=slug, made=made,
        in_force=stage.file, speaks=request_locale(), kinds=ClauseKind,
        may_add=clauses < MOST_CLAUSES, **_words(stage, made),
    )  # fmt: skip


def _words(stage: Stage, made: Draft) -> dict[str, Any]:
    if made.file is None:
        return {"terms": [], "found": [], "flagged": []}
    locale = request_locale()
    return {
        "terms": file_terms(made.file, locale),
        "found": changes(stage.file, made.file, locale),
        "flagged": flagged_rows(made.file),
    }


def _stage(slug: str) -> Stage:
    with asking() as session:
        campaign = campaign_of(session, slug)
        source = campaign_yaml(session, campaign, wiring().now())
        versions = rules_of(session, campaign.id).values()
    taken = {
        each.id
        for rules in versions
        for some in (rules.clauses, rules.gifts, rules.privileges, rules.causes)
        for each in some
    }
    plain = plain_of(source)
    spell_out(plain)
    return Stage(read_campaign(source), plain, taken)


def _draft(stage: Stage, given: Mapping[str, str] | None) -> Draft:
    """The draft that the form makes of a campaign (`given` None: as things are)."""
    plain, new, focus = stage.plain, "", ""
    if given is not None:
        restore(plain, given.get(STRUCTURE, ""))
        _take_over(plain, stage, given)
        step, kind = given.get("step", ""), given.get("new_kind", "")
        new, focus = take_step(plain, step, kind, stage.taken)
    groups, source = tuple(_groups(plain, stage.in_force)), written(plain)
    if new:
        focus = next((f.name for f in fields_of(groups) if f.name.startswith(new)), "")
    try:
        file = read_campaign(source)
    except CampaignFileError as wrong:
        errors, rest = _by_field(wrong.problems, list(fields_of(groups)))
        shown = {name: said for name, said in errors.items() if not (new and name.startswith(new))}
        return Draft(marked(groups, shown), source, kept(plain), None, rest, focus)
    return Draft(groups, source, kept(plain), file, (), focus)


def _take_over(plain: Plain, stage: Stage, given: Mapping[str, str]) -> None:
    """Every value that was sent to its place; then what became another kind of thing."""
    fields = list(fields_of(_groups(plain, stage.in_force)))
    for each in fields:
        put(plain, each, given)
    for each in fields:
        chosen = given.get(each.name, each.value)
        if each.kind == "shape" and chosen != each.value and chosen in dict(each.choices):
            _reshape(plain, each.name.removesuffix(SHAPE), chosen)


def _reshape(plain: Plain, name: str, kind: str) -> None:
    *way, last = place_of(name)
    holder = at(plain, tuple(way))
    if last in ("trigger", "qualifies"):
        before = holder.get(last)
        if not kind:
            holder.pop(last, None)
        else:
            holder[last] = retriggered(before or {"approved": {}}, TriggerKind(kind))
    else:
        holder[last] = reprized(holder[last], PrizeKind(kind), plain)


def _groups(plain: Plain, in_force: set[str]) -> Iterator[Group]:
    """The whole form, in its order."""
    yield Group(t("desk.group.texts"), tuple(_texts(plain)))
    dates = tuple(field((name,), plain[name], "date") for name in ("starts", "ends"))
    yield Group(t("desk.group.dates"), dates)
    yield Group(t("desk.group.limits"), tuple(_limits(plain)), tuple(budget_parts(plain)))
    terms = [field((name,), plain[name], "number") for name in _NUMBERS if name in plain]
    derived = (("", t("desk.edit.qualifies.derived")),)
    terms += trigger_fields(plain.get("qualifies"), ("qualifies",), derived)
    yield Group(t("desk.group.terms"), tuple(terms))
    yield from clause_groups(plain, in_force)
    yield from prize_groups(plain, in_force)


def _texts(plain: Plain) -> Iterator[FormField]:
    for name, kind in (("name", "text"), ("offer", "long")):
        for language in _LANGUAGES:
            label = f"{field_name(name, request_locale())} · {t(f'layout.language.{language}')}"
            yield field((name, language), plain[name][language], kind, label=label)


def _limits(plain: Plain) -> Iterator[FormField]:
    for name, kind in (
        ("monthly_cap", "text"), ("first_friends", "number"), ("first_referrers", "number"),
    ):  # fmt: skip
        yield field(("limits", name), plain["limits"].get(name), kind, optional=True)


def _by_field(problems: list[Problem], fields: list[FormField]) -> tuple[dict[str, str], list[str]]:
    """Each problem to its field; what belongs to no field stands above the form."""
    errors: dict[str, str] = {}
    rest = []
    for each in problems:
        said = each.remedy(request_locale())
        name = _where(each, fields)
        if name:
            errors.setdefault(name, said)
        else:
            rest.append(f"{each.path}: {said}")
    return errors, rest


def _where(problem: Problem, fields: list[FormField]) -> str:
    """The field in which a problem is mended; empty: none."""
    path = "qualifies" if problem.code == "no_qualifies" else problem.path
    names = [each.name for each in fields]
    if path in names:
        return path
    below = [each for each in fields if each.name.removeprefix(path)[:1] in (".", "[", ":")]
    below = [each for each in below if each.name.startswith(path)]
    about = str(problem.params.get("name") or problem.params.get("found") or "")
    exact = next((each.name for each in below if about and each.value == about), "")
    if exact or path in ("", "clauses"):
        return exact
    hint = f"{path}.{_BELOW.get(problem.code, '')}"
    inside = [each.name for each in below if each.name.startswith(hint)]
    return (inside or [each.name for each in below] or [""])[0]
