"""The room in shared limits, and what is decided on it; pure.

The verdict is a row that stands: a refusal is final, a place is never taken from one member
for another heard of later. A due that does not fit wholly is refused; one that shrinks gives
back; one that grows beyond the room stays at its old amount with the reason.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.base.money import Unit
from shared.campaigns.rules import MONTHLY_CAP, LimitId, counts_amounts, rule_of
from shared.ledger.balance import Key
from shared.rewards.owed import Draw, Due


class Verdict(StrEnum):
    """What came of a due at the shared limits."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    """Final."""
    CAPPED = "capped"
    """The member's monthly cap left nothing to admit so far."""


class Holding(NamedTuple):
    """What a key holds of the shared limits, and why not more."""

    verdict: Verdict | None = None
    limit: LimitId | None = None
    unit: Unit = Unit.CNY
    amount: int = 0
    asked: int = 0
    draws: tuple[Draw, ...] = ()


NOTHING = Holding()


class Room:
    """What is left of the shared limits while some members are settled."""

    def __init__(
        self,
        limits: Mapping[LimitId, int],
        used: Mapping[LimitId, int],
        holdings: Mapping[Key, Holding],
    ) -> None:
        self._limits = limits
        self.used = Counter(used)
        self._before = dict(used)
        self._taken: dict[LimitId, int] = defaultdict(int)
        self._full = False
        self._places: dict[Place, int] = defaultdict(int)
        for key, holding in holdings.items():
            for limit, holder, _ in holding.draws if holding.amount else ():
                if not counts_amounts(limit):
                    self._places[limit, holder or _own(key)] += 1

    def take(self, key: Key, old: Holding, new: Holding) -> LimitId | None:
        """Take `new` instead of `old` where it fits; else the first limit it would overstep."""
        used, moved = self._difference(key, old, new)
        for limit, more in used.items():
            if more > 0:
                rule = rule_of(limit)
                most = self._limits.get(rule)
                if most is not None and self.used[limit] + more > most:
                    self._full = True
                    return rule
        self._move(used, moved)
        return None

    def swap(self, key: Key, old: Holding, new: Holding) -> None:
        """Give back the old holding and take the new one, whether it fits or not."""
        self._move(*self._difference(key, old, new))

    def moves_to(self, limits: Mapping[LimitId, int], used: Mapping[LimitId, int]) -> bool:
        """Stand on other limits and counters, when everything here would come out the same on
        them; whether it does.

        It does when nothing was turned away and all that was taken fits at once, whatever was
        given back in between.
        """
        if self._full or any(
            used.get(limit, 0) + more > limits.get(rule_of(limit), sys.maxsize)
            for limit, more in self._taken.items()
        ):
            return False
        for limit in self.used.keys() | used.keys():
            self.used[limit] += used.get(limit, 0) - self._before.get(limit, 0)
        self._limits, self._before = limits, dict(used)
        return True

    def touched(self) -> list[LimitId]:
        """The limits whose use changed."""
        return sorted(limit for limit, n in self.used.items() if n != self._before.get(limit))

    def _move(self, used: Mapping[LimitId, int], moved: Mapping[Place, int]) -> None:
        for limit, more in used.items():
            self.used[limit] += more
            if more > 0:
                self._taken[limit] += more
        for place, more in moved.items():
            self._places[place] += more

    def _difference(
        self, key: Key, old: Holding, new: Holding
    ) -> tuple[dict[LimitId, int], dict[Place, int]]:
        """What each limit would give more: budgets first, then the places in their order. And
        how many more would hold each place."""
        used: dict[LimitId, int] = {}
        moved: dict[Place, int] = {}
        for holding, sign in ((old, -1), (new, 1)):
            if not holding.amount:
                continue
            for limit, holder, amount in holding.draws:
                if counts_amounts(limit):
                    used[limit] = used.get(limit, 0) + sign * (amount or holding.amount)
                else:
                    place = (limit, holder or _own(key))
                    moved[place] = moved.get(place, 0) + sign
        for place in sorted(moved):
            held = self._places[place]
            more = (held + moved[place] > 0) - (held > 0)
            used[place[0]] = used.get(place[0], 0) + more
        return used, moved


Place = tuple[LimitId, str]
"""A limit that counts, and whose place it is."""


def _own(key: Key) -> str:
    """The holder of a place that no other due shares."""
    return f"{key.party}/{key.clause}/{key.occasion}"


def decide(room: Room, key: Key, due: Due | None, old: Holding) -> Holding:
    """The verdict on a due (None: nothing owed any more), taking and giving back room."""
    if old.verdict is Verdict.REFUSED:
        return old
    if due is None:
        new = old._replace(limit=None, amount=0, asked=0)
    else:
        new = Holding(Verdict.ADMITTED, due.why.limit, due.unit, due.amount, due.amount, due.draws)
        if due.amount == 0:
            new = new._replace(verdict=old.verdict or Verdict.CAPPED)
        elif new == old or (_turned_away(old) and old.asked == due.amount):
            return old
        elif obstacle := room.take(key, old, new):
            new = _kept_small(new, old, obstacle)
        else:
            return new
    room.swap(key, old, new)
    return new


def _turned_away(holding: Holding) -> bool:
    """Whether it was admitted, and a shared limit said no to what it asked for last."""
    return (
        holding.verdict is Verdict.ADMITTED
        and holding.limit not in (None, MONTHLY_CAP)
        and holding.asked > holding.amount
    )


def _kept_small(wish: Holding, old: Holding, obstacle: LimitId) -> Holding:
    """What comes of a wish that a limit is in the way of.

    What stays goes on holding what it held: the day it is earned on now may have no room.
    """
    if old.verdict is not Verdict.ADMITTED:
        return wish._replace(verdict=Verdict.REFUSED, limit=obstacle, amount=0)
    kept = old.amount if old.unit is wish.unit else 0
    return wish._replace(limit=obstacle, amount=kept, draws=old.draws if kept else wish.draws)
