"""The plain books: what came of each due at the limits, and where its amount stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from plain_rewards import ALONE, WAITS_FOR_INACTIVE, Heard, Key, Owed


@dataclass(frozen=True)
class Verdict:
    """What came of a due at the limits."""

    state: Literal["", "admitted", "refused", "capped"] = ""
    limit: str | None = None
    amount: int = 0
    asked: int = 0
    unit: str = "CNY"
    day: date = ALONE
    friend: int | None = None


@dataclass
class Life:
    """What happened to a key apart from the bank's facts."""

    gross: int = 0
    tax: int = 0
    borne: int = 0
    recovered: int = 0
    forgiven: int = 0
    expired: int = 0

    def kept(self, due: int) -> tuple[int, int, int]:
        """Gross, tax and borne of what was paid and may stay: no more than is due, nor than the
        party still has."""
        have = self.gross + self.borne - self.tax - self.recovered
        for gross in range(min(due, self.gross), 0, -1):
            tax, borne = self.tax * gross // self.gross, self.borne * gross // self.gross
            if gross + borne - tax <= have:
                return gross, tax, borne
        return 0, 0, 0


@dataclass
class Books(Heard):
    """What was posted when each member was settled last."""

    verdicts: dict[Key, Verdict] = field(default_factory=dict)
    owner: dict[Key, int] = field(default_factory=dict)
    unit: dict[Key, str] = field(default_factory=dict)
    posted: dict[Key, dict[str, int]] = field(default_factory=dict)
    lives: dict[Key, Life] = field(default_factory=lambda: defaultdict(Life))

    def settle(self, now: datetime) -> int:
        """Settle everybody whose time has come, longest waiting first; how many."""
        turn = sorted((at, member) for member, at in self.tasks.items() if at <= now)
        for _, member in turn:
            self._settle(member, now)
        return len(turn)

    def _settle(self, member: int, now: datetime) -> None:
        owed = self.owed(member, now)
        keys = owed.keys() | {key for key, whose in self.owner.items() if whose == member}

        def order(key: Key) -> tuple[bool, datetime, Key]:
            due = owed.get(key)
            amount, earned = (due.amount, due.earned) if due else (0, now)
            return self.verdicts.get(key, Verdict()).amount <= amount, earned, key

        for key in sorted(keys, key=order):
            due = owed.get(key)
            self.owner[key] = member
            if due is not None:
                self.unit[key] = due.unit
            verdict = self.verdicts[key] = self._judge(key, due)
            self.posted[key] = self._stands(key, due, verdict.amount, now)
            life, expired = self.lives[key], self.posted[key].get("expired", 0)
            life.expired = max(life.expired, expired)
        times = [
            said.at
            for friend, whose in self.friends.items()
            if whose.member == member and self.earning(friend)
            for said in self.told(friend)
        ]
        for key, due in owed.items():
            if due.amount and not due.held:
                times.append(due.release)
                if key[0] == f"member:{member}" and member in self.inactive:
                    times.append(due.release + WAITS_FOR_INACTIVE)
        del self.tasks[member]
        if later := [at for at in times if at > now]:
            self.tasks[member] = min(later)

    def _judge(self, key: Key, due: Owed | None) -> Verdict:
        old = self.verdicts.get(key, Verdict())
        if old.state == "refused":
            return old  # final
        if due is None:
            return replace(old, limit=None, amount=0, asked=0)
        wish = Verdict(
            "admitted",
            "monthly_cap" if due.capped else None,
            due.amount,
            due.amount,
            due.unit,
            due.day,
            due.friend,
        )
        if due.amount == 0:
            return replace(wish, state=old.state or "capped")
        before = old.state == "admitted"
        turned_away = old.limit not in (None, "monthly_cap") and old.asked > old.amount
        if before and turned_away and old.asked == due.amount:
            return old
        full = self._full(key, old, wish)
        if full is None:
            return wish
        if before:  # what it has stays, and where it has it
            day = old.day if old.amount else wish.day
            return replace(wish, limit=full, amount=old.amount, day=day)
        return replace(wish, state="refused", limit=full, amount=0)

    def _full(self, key: Key, old: Verdict, wish: Verdict) -> str | None:
        """The first limit that has no room for a wish."""
        if wish.day == ALONE:
            return None
        scheme = self.scheme
        others = [
            (each, verdict)
            for each, verdict in self.verdicts.items()
            if each != key and verdict.amount and verdict.day != ALONE
        ]
        of_unit = [(each, v) for each, v in others if v.unit == wish.unit]
        budget = scheme.budget if wish.unit == "CNY" else scheme.points
        more = wish.amount > old.amount
        if more and _over(sum(v.amount for _, v in of_unit) + wish.amount, budget):
            return f"budget:{wish.unit}"
        if wish.unit == "CNY":
            same = sum(v.amount for _, v in of_unit if v.day == wish.day)
            mine = old.amount if old.day == wish.day else 0
            if wish.amount > mine and _over(same + wish.amount, scheme.daily):
                return "daily:CNY"
        bases = sum(1 for each, _ in others if each[1] == "base")
        if key[1] == "base" and not old.amount and _over(bases + 1, scheme.first_base):
            return "first:base"
        friends = {v.friend for _, v in others} - {None}
        if wish.friend not in friends | {None} and not old.amount:  # noqa: SIM102
            if _over(len(friends) + 1, scheme.friends):
                return "friends"
        members = {each[0] for each, _ in others if each[0].startswith("member:")}
        if key[0].startswith("member:") and key[0] not in members and not old.amount:  # noqa: SIM102
            if _over(len(members) + 1, scheme.referrers):
                return "referrers"
        return None

    def _stands(self, key: Key, due: Owed | None, amount: int, now: datetime) -> dict[str, int]:
        """Where an amount stands, account by account; sums to zero."""
        life = self.lives[key]
        gross, tax, borne = life.kept(amount)
        net = gross + borne - tax
        back = max(0, life.gross + life.borne - life.tax - life.recovered - net)
        forgiven = min(life.forgiven, back)
        expired = min(life.expired, amount - gross)
        found = defaultdict(int)
        found["paid"], found["withheld"] = net, tax
        found["recoverable"], found["written_off"] = back - forgiven, forgiven
        found["expired"] = expired
        if due is not None:
            found[self._waits_in(key, due, now)] += amount - gross - expired
        found["funding"] = -sum(found.values())
        return {account: n for account, n in found.items() if n}

    def _waits_in(self, key: Key, due: Owed, now: datetime) -> str:
        if due.held or now < due.release:
            return "pending"
        since = self.inactive.get(self.owner[key]) if key[0].startswith("member:") else None
        if since is not None and since <= due.release:
            return "expired" if now >= due.release + WAITS_FOR_INACTIVE else "pending"
        return "available"


def _over(used: int, limit: int | None) -> bool:
    return limit is not None and used > limit
