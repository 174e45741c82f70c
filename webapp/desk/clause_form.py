"""The clauses and lists of prizes as groups of a form: every kind with its own fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from shared.campaigns.changes import field_name
from shared.campaigns.clauses import Span, Weekday
from shared.campaigns.conditions import TriggerKind
from shared.campaigns.drafting import (
    LISTS,
    MAY_LACK,
    TERMS,
    ClauseKind,
    Place,
    Plain,
    PrizeKind,
    prize_kind,
    trigger_kind,
)
from webapp.desk.form import FormField, Group, Part, field, named
from webapp.words import request_locale, t

SHAPE = ":kind"
MOST_OPTIONS, FEWEST_OPTIONS = 4, 2
_LANGUAGES = ("zh_Hans", "zh_Hant", "en")
_DRAWN = frozenset(
    {"id", "kind", "to", "trigger", "amount", "cooling_days", "first_n", "at_once_percent"}
    | {"multipliers", "steps", "bands", "per", "rounds", "highest_only", "months", "at_least"}
)
"""What has its own field below; anything else in a clause is shown as it stands."""


def clause_groups(plain: Plain, in_force: Collection[str]) -> Iterator[Group]:
    """A group a clause. `in_force`: ids that stay, as rewards were granted under them."""
    clauses = plain["clauses"]
    for n, clause in enumerate(clauses):
        place: Place = ("clauses", n)
        kind = t(f"campaign.clause_name.{clause['kind']}")
        steps = [("up", n > 0), ("down", n < len(clauses) - 1), ("remove", len(clauses) > 1)]
        yield Group(
            title=t("desk.edit.clause", id=clause["id"], kind=kind),
            fields=tuple(_fields(plain, clause, place, _is_new(clauses, n, in_force))),
            parts=tuple(_parts(plain, clause, place)),
            place=named(place),
            steps=tuple((f"{step} {named(place)}", step) for step, may in steps if may),
        )


def _fields(plain: Plain, clause: Plain, place: Place, is_new: bool) -> Iterator[FormField]:
    kind = ClauseKind(clause["kind"])
    if is_new:
        yield field((*place, "id"), clause["id"])
    if "trigger" in clause:
        yield from trigger_fields(clause["trigger"], (*place, "trigger"))
    if kind is ClauseKind.LADDER:
        yield from _ladder_fields(clause, place)
    if kind in (ClauseKind.SHARE, ClauseKind.STAGE):
        yield field((*place, "months"), clause.get("months", 1), "number")
    if kind is ClauseKind.STAGE:
        yield field((*place, "at_least"), clause.get("at_least"))
    if "amount" in clause:
        yield from _prize_fields(plain, clause["amount"], (*place, "amount"))
    yield field((*place, "cooling_days"), clause.get("cooling_days", 30), "number")
    if kind in (ClauseKind.BASE, ClauseKind.WELCOME):
        at_once = clause.get("at_once_percent")
        yield field((*place, "at_once_percent"), at_once, "number", optional=True)
    yield field((*place, "first_n"), clause.get("first_n"), "number", optional=True)
    rest = {name: value for name, value in clause.items() if name not in _DRAWN}
    yield from leaves(rest, place)


def _ladder_fields(clause: Plain, place: Place) -> Iterator[FormField]:
    spans = tuple((span.value, t(f"desk.span.{span.value}")) for span in Span)
    yield _choice((*place, "per"), clause.get("per", Span.CAMPAIGN.value), spans, "choice")
    for name in ("highest_only", "rounds"):
        yes = (("false", t("desk.no")), ("true", t("desk.yes")))
        yield _choice((*place, name), str(clause.get(name, False)).lower(), yes, "yes")


def trigger_fields(
    trigger: Plain | None, place: Place, choices: tuple[tuple[str, str], ...] = ()
) -> Iterator[FormField]:
    """Which trigger, and its terms; `choices` beside the triggers."""
    kinds = choices + tuple(
        (kind.value, field_name(kind.value, request_locale())) for kind in TriggerKind
    )
    kind = trigger_kind(trigger) if trigger is not None else None
    yield _shape(place, kind.value if kind else "", kinds)
    if trigger is None or kind is None:
        return
    for name in TERMS[kind]:
        value, way = trigger[kind].get(name), (*place, kind.value, name)
        shown = "text" if name == "at_least" else "number"
        yield field(way, value, shown, optional=name == "within_days" and kind in MAY_LACK)


def _prize_fields(
    plain: Plain, reward: Any, place: Place, kinds: Collection[PrizeKind] = tuple(PrizeKind)
) -> Iterator[FormField]:
    """Which kind of reward, and what it says; the options of a pick are a part of their own."""
    kind = prize_kind(reward)
    if kind is None:
        yield from leaves(reward, place)
        return
    may = [k for k in kinds if k is kind or k not in LISTS or plain.get(LISTS[k])]
    yield _shape(place, kind.value, tuple((k.value, t(f"desk.prize.{k.value}")) for k in may))
    if kind in (PrizeKind.CASH, PrizeKind.POINTS):
        yield field(place, reward, label=t("desk.edit.amount"))
    elif kind is PrizeKind.PICK:
        yield field((*place, "within_days"), reward.get("within_days", 30), "number")
    else:
        yield from _named_fields(plain, reward, place, kind)


def _named_fields(
    plain: Plain, reward: Plain, place: Place, kind: PrizeKind
) -> Iterator[FormField]:
    listed = [str(each.get("id", "")) for each in plain.get(LISTS[kind], [])]
    name = {PrizeKind.GIFT: "gift", PrizeKind.PRIVILEGE: "privilege"}.get(kind, "to")
    if kind is PrizeKind.DONATION:
        yield field((*place, "donate"), reward.get("donate"))
    here = str(reward.get(name, ""))
    known = listed if here in listed else [here, *listed]
    yield _choice((*place, name), here, tuple((each, each) for each in known), "choice")
    if kind is PrizeKind.PRIVILEGE:
        yield field((*place, "times"), reward.get("times"), "number", optional=True)


def _parts(plain: Plain, clause: Plain, place: Place) -> Iterator[Part]:
    """The lists inside a clause."""
    if "amount" in clause:
        yield from _options(plain, clause["amount"], (*place, "amount"))
    match ClauseKind(clause["kind"]):
        case ClauseKind.LADDER:
            rows = [
                Group(
                    t("desk.edit.step", n=n + 1),
                    (
                        field((*here, "at"), step.get("at"), "number"),
                        *_prize_fields(plain, step.get("amount"), (*here, "amount")),
                    ),
                    tuple(_options(plain, step.get("amount"), (*here, "amount"))),
                )
                for n, step, here in _entries(clause, place, "steps")
            ]
            yield _part((*place, "steps"), rows, fewest=1)
        case ClauseKind.SHARE:
            rows = [
                Group(
                    t("desk.edit.band", n=n + 1),
                    tuple(field((*here, name), band.get(name)) for name in ("at_least", "amount")),
                )
                for n, band, here in _entries(clause, place, "bands")
            ]
            yield _part((*place, "bands"), rows, fewest=1)
        case ClauseKind.BASE | ClauseKind.WELCOME:
            rows = [
                Group(t("desk.edit.multiplier", n=n + 1), tuple(_multiplier(each, here)))
                for n, each, here in _entries(clause, place, "multipliers")
            ]
            yield _part((*place, "multipliers"), rows)
        case _:
            return


def _multiplier(each: Plain, place: Place) -> Iterator[FormField]:
    yield field((*place, "percent"), each.get("percent"), "number")
    yield field((*place, "segment"), each.get("segment"), optional=True)
    for name in ("starts", "ends"):
        yield field((*place, name), each.get(name), "date", optional=True)
    days = tuple((day.value, t(f"campaign.weekday.{day.value}")) for day in Weekday)
    shown = field((*place, "weekdays"), " ".join(each.get("weekdays", [])), "days", optional=True)
    yield FormField(shown.name, shown.label, shown.value, "days", True, choices=days)


def _options(plain: Plain, reward: Any, place: Place) -> Iterator[Part]:
    """What may be picked, where a reward is a pick."""
    if prize_kind(reward) is not PrizeKind.PICK:
        return
    kinds = [kind for kind in PrizeKind if kind is not PrizeKind.PICK]
    rows = [
        Group(t("desk.edit.option", n=n + 1), tuple(_prize_fields(plain, each, here, kinds)))
        for n, each, here in _entries(reward, place, "pick")
    ]
    yield _part((*place, "pick"), rows, FEWEST_OPTIONS, MOST_OPTIONS)


def prize_groups(plain: Plain, in_force: Collection[str]) -> Iterator[Group]:
    """The gifts, privileges and causes that rewards may name. `in_force`: ids that stay."""
    parts = []
    for kind, name in LISTS.items():
        rows = [
            Group(
                t("desk.edit.clause", kind=t(f"desk.prize.{kind.value}"), id=each.get("id")),
                tuple(_listed(each, here, _is_new(plain[name], n, in_force))),
            )
            for n, each, here in _entries(plain, (), name)
        ]
        parts.append(_part((name,), rows))
    yield Group(t("desk.group.prizes"), parts=tuple(parts), note=t("desk.group.prizes.note"))


def _is_new(listed: list[Plain], n: int, in_force: Collection[str]) -> bool:
    """Whether an entry has no name that stays: of two of one name, the second has none."""
    name = listed[n].get("id")
    return name not in in_force or any(each.get("id") == name for each in listed[:n])


def _listed(each: Plain, place: Place, is_new: bool) -> Iterator[FormField]:
    if is_new:
        yield field((*place, "id"), each.get("id"))
    for language in _LANGUAGES:
        label = f"{t('desk.edit.name')} · {t(f'layout.language.{language}')}"
        yield field((*place, "name", language), each["name"].get(language), label=label)
    if place[0] == "gifts":
        yield field((*place, "stock"), each.get("stock"), "number")


def budget_parts(plain: Plain) -> Iterator[Part]:
    """The budgets, one for each unit."""
    for name in ("budget", "daily_budget", "claim_reserve"):
        rows = [
            Group("", (field(here, each),))
            for _, each, here in _entries(plain["limits"], ("limits",), name)
        ]
        yield _part(("limits", name), rows)


def _part(place: Place, rows: list[Group], fewest: int = 0, most: int = 40) -> Part:
    """A list whose entries can be taken out down to the fewest, and added up to the most."""
    way, name = named(place), str(place[-1])
    may_go = len(rows) > fewest
    with_steps = tuple(
        Group(
            row.title, row.fields, row.parts, f"{way}[{n}]",
            ((f"remove {way}[{n}]", "remove"),) if may_go else (),
        )
        for n, row in enumerate(rows)
    )  # fmt: skip
    add = f"add {way}" if len(rows) < most else ""
    return Part(t(f"desk.part.{name}"), with_steps, add, t(f"desk.part.{name}.add"))


def _entries(holder: Plain, place: Place, name: str) -> Iterator[tuple[int, Any, Place]]:
    for n, each in enumerate(holder.get(name, [])):
        yield n, each, (*place, name, n)


def _shape(place: Place, kind: str, kinds: tuple[tuple[str, str], ...]) -> FormField:
    label = field_name(str([step for step in place if isinstance(step, str)][-1]), request_locale())
    return FormField(named(place) + SHAPE, label, kind, "shape", True, choices=kinds)


def _choice(place: Place, value: str, choices: tuple[tuple[str, str], ...], kind: str) -> FormField:
    shown = field(place, value, kind)
    return FormField(shown.name, shown.label, value, kind, choices=choices)


def leaves(value: Any, place: Place) -> Iterator[FormField]:
    """What has no field of its own, as it stands: a text or a number each."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*place, name))
    elif isinstance(value, list):
        for n, each in enumerate(value):
            yield from leaves(each, (*place, n))
    elif value is not None and not isinstance(value, bool):
        parts = [
            str(part + 1) if isinstance(part, int) else field_name(part, request_locale())
            for part in place[2:]
        ]
        kind = "number" if isinstance(value, int) else "text"
        yield field(place, value, kind, label=" · ".join(parts))
