"""A campaign file while a form writes it: clauses, prizes and limits of every kind, added with
sensible values, taken out, put in another order, or turned into another kind.

All of it works on the file's plain content, lists and mappings as people write them. What is not
touched stays as it is, whether anybody here knows it or not.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from copy import deepcopy
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from shared.base.money import Unit
from shared.campaigns.conditions import TriggerKind
from shared.campaigns.prizes import Money

Plain = dict[str, Any]
Place = tuple[str | int, ...]
COOLING = 30
TERMS: dict[TriggerKind, tuple[str, ...]] = {
    TriggerKind.APPROVED: (),
    TriggerKind.ACTIVATED: ("within_days",),
    TriggerKind.FIRST_PURCHASE: ("at_least", "within_days"),
    TriggerKind.TOTAL_SPEND: ("at_least", "within_days"),
    TriggerKind.HELD: ("days",),
    TriggerKind.WALLET_LINKED: ("within_days",),
}
"""What each trigger says besides its name."""
MAY_LACK = frozenset({TriggerKind.ACTIVATED, TriggerKind.WALLET_LINKED})
"""Triggers that need no `within_days`."""
_USUAL = {"at_least": "¥300", "within_days": 90, "days": 180}
_PURCHASE = {"first_purchase": {"at_least": "¥300", "within_days": 90}}
_STEP = re.compile(r"[^.\[\]]+")


class ClauseKind(StrEnum):
    """What a clause may be."""

    BASE = "base"
    WELCOME = "welcome"
    LADDER = "ladder"
    SHARE = "share"
    STAGE = "stage"


class PrizeKind(StrEnum):
    """What a reward may be, by how it is written."""

    CASH = "cash"
    POINTS = "points"
    GIFT = "gift"
    PRIVILEGE = "privilege"
    DONATION = "donation"
    PICK = "pick"


LISTS = {PrizeKind.GIFT: "gifts", PrizeKind.PRIVILEGE: "privileges", PrizeKind.DONATION: "causes"}
"""Where the file names what such a reward gives."""
_NAMED = {"gift": PrizeKind.GIFT, "privilege": PrizeKind.PRIVILEGE, "donate": PrizeKind.DONATION}


def place_of(name: str) -> Place:
    """`clauses[0].steps[1].at` as a way into the file."""
    return tuple(int(part) if part.isdecimal() else part for part in _STEP.findall(name))


def at(plain: Plain, place: Place) -> Any:
    """What stands at a place. LookupError when nothing does."""
    found: Any = plain
    for step in place:
        try:
            found = found[step]
        except TypeError:
            raise LookupError(step) from None
    return found


def add(plain: Plain, place: Place, kind: str, taken: Collection[str] = ()) -> Place:
    """One more entry at the end of a list, which may not be there yet; where it stands.

    `kind`: of a clause. `taken`: names that earlier versions gave to something. LookupError for
    a place that has no such list.
    """
    *way, name = place
    holder = at(plain, tuple(way))
    if not isinstance(holder, dict):
        raise LookupError(name)
    listed = holder.setdefault(name, [])
    if name == "clauses":
        made: Any = new_clause(ClauseKind(kind), plain, taken)
    else:
        made = _NEW[str(name)](plain, listed, taken)
    listed.append(made)
    return (*place, len(listed) - 1)


def remove(plain: Plain, place: Place) -> None:
    """Take an entry out of its list; a list that is empty then goes as well, but for clauses."""
    *way, name, number = place
    holder = at(plain, tuple(way))
    del holder[name][number]
    if not holder[name] and name != "clauses":
        del holder[name]


def move(plain: Plain, place: Place, by: int) -> Place:
    """Move an entry of a list up (-1) or down (1); where it stands then."""
    *way, number = place
    listed = at(plain, tuple(way))
    assert isinstance(number, int)
    to = min(max(number + by, 0), len(listed) - 1)
    listed.insert(to, listed.pop(number))
    return (*way, to)


def new_clause(kind: ClauseKind, plain: Plain, taken: Collection[str] = ()) -> Plain:
    """A clause that could stand as it is, under a name of its own."""
    ids = {str(each.get("id")) for each in plain.get("clauses", [])} | set(taken)
    head: Plain = {"id": _free(kind.value, ids), "kind": kind.value}
    claw_back = plain.get("claw_back_days", 90)
    cooling = min(COOLING, claw_back) if isinstance(claw_back, int) else COOLING
    return head | _body(kind, plain) | {"cooling_days": cooling}


def _body(kind: ClauseKind, plain: Plain) -> Plain:
    match kind:
        case ClauseKind.BASE | ClauseKind.WELCOME:
            return {"trigger": _qualifying(plain), "amount": "¥50"}
        case ClauseKind.LADDER:
            steps = [{"at": 3, "amount": "500 points"}, {"at": 5, "amount": "1000 points"}]
            return {"steps": steps, "per": "campaign"}
        case ClauseKind.SHARE:
            bands = [
                {"at_least": "¥1000", "amount": "100 points"},
                {"at_least": "¥3000", "amount": "300 points"},
            ]
            return {"months": 12, "bands": bands}
        case ClauseKind.STAGE:
            return {"months": 1, "at_least": "¥1000", "amount": "¥20"}


def _qualifying(plain: Plain) -> Any:
    """What makes a friend count, as new clauses usually ask for the same."""
    if plain.get("qualifies"):
        return deepcopy(plain["qualifies"])
    triggers = (c.get("trigger") for c in plain.get("clauses", []) if c.get("kind") == "base")
    return deepcopy(next(triggers, None) or _PURCHASE)


def spelled_out(trigger: Any) -> Plain:
    """A trigger as its name with its terms, however short it was written."""
    return {trigger: {}} if isinstance(trigger, str) else {k: v or {} for k, v in trigger.items()}


def trigger_kind(trigger: Plain) -> TriggerKind:
    """Which one a trigger is that is spelled out."""
    return TriggerKind(next(iter(trigger)))


def retriggered(trigger: Plain, kind: TriggerKind) -> Plain:
    """Another trigger, with the terms that it shares with the one before."""
    before = trigger[trigger_kind(trigger)]
    terms = {name: before.get(name, _USUAL[name]) for name in TERMS[kind]}
    if kind in MAY_LACK and "within_days" not in before:
        terms.pop("within_days")
    return {kind.value: terms}


def prize_kind(reward: Any) -> PrizeKind | None:
    """Which kind a reward is; None for one written in no way that people use."""
    if isinstance(reward, dict):
        if "pick" in reward:
            return PrizeKind.PICK
        return next((kind for name, kind in _NAMED.items() if name in reward), None)
    try:
        points = Money.model_validate(reward).unit is Unit.POINTS
    except ValidationError:
        points = str(reward).rstrip().endswith("points")
    return PrizeKind.POINTS if points else PrizeKind.CASH


def reprized(reward: Any, kind: PrizeKind, plain: Plain) -> Any:
    """Another kind of reward. A pick keeps what was there as an option, and the other way round."""
    if prize_kind(reward) is kind:
        return reward
    options = reward["pick"] if prize_kind(reward) is PrizeKind.PICK else [reward]
    kept = next((each for each in options if prize_kind(each) is kind), None)
    if kept is not None:
        return kept
    if kind is PrizeKind.PICK:
        other = PrizeKind.POINTS if prize_kind(reward) is PrizeKind.CASH else PrizeKind.CASH
        return {"pick": [reward, _new_prize(other, plain)], "within_days": 30}
    return _new_prize(kind, plain)


def _new_prize(kind: PrizeKind, plain: Plain) -> Any:
    listed = plain.get(LISTS.get(kind, ""), [])
    first = str(listed[0].get("id", "")) if listed else ""
    return {
        PrizeKind.CASH: "¥50",
        PrizeKind.POINTS: "500 points",
        PrizeKind.GIFT: {"gift": first},
        PrizeKind.PRIVILEGE: {"privilege": first},
        PrizeKind.DONATION: {"donate": "¥20", "to": first},
    }[kind]


def _next_step(_plain: Plain, listed: list[Any], _taken: Collection[str]) -> Plain:
    last = listed[-1] if listed else {"at": 0, "amount": "500 points"}
    friends = last.get("at")
    return {
        "at": friends + 1 if isinstance(friends, int) else 1,
        "amount": _doubled(last.get("amount")),
    }


def _next_band(_plain: Plain, listed: list[Any], _taken: Collection[str]) -> Plain:
    last = listed[-1] if listed else {"at_least": "¥500", "amount": "50 points"}
    return {name: _doubled(last.get(name)) for name in ("at_least", "amount")}


def _doubled(amount: Any) -> Any:
    """Twice a sum of money or points, as rungs and bands rise; anything else as it is."""
    try:
        money = Money.model_validate(amount)
    except ValidationError:
        return deepcopy(amount)
    twice = money.amount * 2
    if money.unit is Unit.POINTS:
        return f"{twice} points"
    return f"¥{twice // 100}" + (f".{twice % 100:02d}" if twice % 100 else "")


def _named(kind: str) -> Any:
    def new(_plain: Plain, listed: list[Any], taken: Collection[str]) -> Plain:
        ids = {str(each.get("id")) for each in listed} | set(taken)
        words = {"zh_Hans": "", "zh_Hant": "", "en": ""}
        made: Plain = {"id": _free(kind, ids), "name": words}
        return made | ({"stock": 100} if kind == "gift" else {})

    return new


_NEW = {
    "steps": _next_step,
    "bands": _next_band,
    "multipliers": lambda *_: {"percent": 200, "weekdays": ["sat", "sun"]},
    "pick": lambda *_: "¥50",
    "gifts": _named("gift"),
    "privileges": _named("privilege"),
    "causes": _named("cause"),
    "budget": lambda *_: "¥100,000",
    "daily_budget": lambda *_: "¥10,000",
    "claim_reserve": lambda *_: "¥10,000",
}
"""What the next entry of each list begins as."""


def _free(name: str, taken: Collection[str]) -> str:
    """The name, or the first of name_2, name_3, … that nothing has."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
