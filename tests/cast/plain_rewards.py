"""Rewards reckoned plainly: dictionaries and one sum after another, not a line of the product's.

The state machine holds the product against this. Amounts are fen or points, moments are aware,
a key is (party, clause, occasion) in the ledger's own words.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone

Key = tuple[str, str, str]

DAY = timedelta(days=1)
SHANGHAI = timezone(timedelta(hours=8))
LEAST, WITHIN, CLAW_BACK, ATTRIBUTION = 300_00, 40 * DAY, 60 * DAY, 30 * DAY
BASE, WELCOME = 100_00, 50_00
STEPS = {1: ("POINTS", 500), 2: ("CNY", 30_00), 3: ("POINTS", 3000)}
COOLING = {"base": 5 * DAY, "welcome": 3 * DAY, "ladder": 7 * DAY}
WAITS_FOR_INACTIVE = 30 * DAY
ALONE = date.min
"""The day of what draws on no limit."""


@dataclass(frozen=True)
class Tax:
    """What is kept back: beyond `threshold` fen, `rate` hundredths of a percent."""

    threshold: int
    rate: int
    monthly: bool = False
    gross_up: bool = False
    all_of_it: bool = False


@dataclass(frozen=True)
class Scheme:
    """The limits of a campaign; None: there is none."""

    cap: int | None = None
    budget: int | None = None
    points: int | None = None
    daily: int | None = None
    """Money a day, by the day of earning."""
    first_base: int | None = None
    friends: int | None = None
    referrers: int | None = None
    tax: Tax | None = None


@dataclass(frozen=True)
class Said:
    """One event of the bank: about a friend (a referral), or a member's status."""

    id: str
    kind: str
    at: datetime
    friend: int = 0
    amount: int = 0
    about: str = ""
    """The transaction; of `submitted` the number, of `status` the customer."""
    existing: bool | None = None
    member: int = 0
    status: str = ""

    @property
    def direct(self) -> bool:
        """Whether it names the application; else it names the customer."""
        return self.kind in ("submitted", "approved")


@dataclass(frozen=True)
class Friend:
    member: int
    registered: datetime


@dataclass(frozen=True)
class Owed:
    """What the facts owe for one key, the member's monthly cap applied."""

    unit: str
    amount: int
    earned: datetime
    release: datetime
    held: bool = False
    friend: int | None = None
    """Whose place it takes among the first friends."""
    capped: bool = False
    free: bool = False
    """It draws on no limit."""

    @property
    def day(self) -> date:
        return ALONE if self.free else self.earned.astimezone(SHANGHAI).date()


@dataclass
class Heard:
    """Everything that was heard, whom it woke, and what it owes."""

    scheme: Scheme
    members: list[int] = field(default_factory=list)
    statuses: dict[int, str] = field(default_factory=dict)
    inactive: dict[int, datetime] = field(default_factory=dict)
    friends: dict[int, Friend] = field(default_factory=dict)
    inbox: list[Said] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    heard: dict[int, list[Said]] = field(default_factory=lambda: defaultdict(list))
    credited: set[int] = field(default_factory=set)
    tasks: dict[int, datetime] = field(default_factory=dict)
    given: dict[Key, tuple[str, int, datetime]] = field(default_factory=dict)
    """Goodwill: unit, amount and moment."""
    found: dict[int, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    """What two people said of a friend, when the first of them did, in the order of deciding."""

    # Hearing.

    def store(self, events: list[Said]) -> list[str]:
        """What the bank sends is kept once, in the order it came."""
        answers = []
        for said in events:
            answers.append("repeated" if said.id in self.known else "stored")
            if said.id not in self.known:
                self.known.add(said.id)
                self.inbox.append(said)
        return answers

    def hear(self, now: datetime) -> int:
        """Everything in the inbox counts from now on, and wakes whom it concerns."""
        batch, self.inbox = self.inbox, []
        for said in batch:
            if said.kind == "status":
                self._status(said)
            else:
                self.heard[said.friend].append(said)
        for friend in {said.friend for said in batch if said.kind != "status"}:
            told, since = self.heard[friend], self.friends[friend].registered
            if any(s.kind == "submitted" and since <= s.at < since + ATTRIBUTION for s in told):
                self.credited.add(friend)
            direct = any(said.direct for said in batch if said.friend == friend)
            if friend in self.credited and (direct or self._approval(friend) is not None):
                self.wake(self.friends[friend].member, now)
        return len(batch)

    def _status(self, said: Said) -> None:
        """Who was not active before is so since then, whatever the bank calls it now."""
        if said.status == self.statuses.get(said.member, "active"):
            return
        self.statuses[said.member] = said.status
        if said.status == "active":
            self.inactive.pop(said.member)
        else:
            self.inactive.setdefault(said.member, said.at)
        invited = any(friend.member == said.member for friend in self.friends.values())
        if invited or any(key[0] == f"member:{said.member}" for key in self.given):
            self.wake(said.member, said.at)

    def wake(self, member: int, at: datetime) -> None:
        self.tasks[member] = min(at, self.tasks.get(member, at))

    def _approval(self, friend: int) -> Said | None:
        found = [said for said in self.heard[friend] if said.kind == "approved"]
        return min(found, key=lambda said: said.at, default=None)

    def told(self, friend: int) -> list[Said]:
        """A friend's facts in time's order; those that name the customer from the approval on."""
        approval = self._approval(friend)
        found = [
            said
            for said in self.heard[friend]
            if said.direct or (approval is not None and said.at >= approval.at)
        ]
        return sorted(found, key=lambda said: said.at)

    # Owing.

    def qualified(self, friend: int, now: datetime) -> datetime | None:
        """When a friend's purchase met the rule, and it stands."""
        told = [said for said in self.told(friend) if said.at <= now]
        approval = next((said.at for said in told if said.kind == "approved"), None)
        if approval is None or not self.earning(friend) or _existing(told):
            return None
        for bought in told:
            if bought.kind != "purchase" or not approval <= bought.at < approval + WITHIN:
                continue
            back = sum(
                said.amount
                for said in told
                if said.kind == "reversal"
                and said.about == bought.about
                and said.at < bought.at + CLAW_BACK
            )
            if bought.amount - back >= LEAST:
                until = bought.at + CLAW_BACK
                closed = any(said.kind == "closed" and said.at < until for said in told)
                since = self.fraud_since(friend, now)
                fraud = since is not None and since < until
                return None if closed or fraud else bought.at
        return None

    def fraud_since(self, friend: int, now: datetime) -> datetime | None:
        """When the first person spoke, if the last word said by then is fraud."""
        words = sorted((w for w in self.found[friend] if w[0] <= now), key=lambda word: word[0])
        return words[-1][0] if words and words[-1][1] == "fraud" else None

    def earning(self, friend: int) -> bool:
        """Credited, and by the bank's last word no customer before."""
        return friend in self.credited and not _existing(self.told(friend))

    def flagged(self, friend: int, now: datetime) -> bool:
        words = [s.kind for s in self.told(friend) if s.at <= now and s.kind in _FLAGS]
        return bool(words) and words[-1] == "flagged"

    def owed(self, member: int, now: datetime) -> dict[Key, Owed]:
        """What the facts owe a member and their friends by a moment."""
        mine = f"member:{member}"
        done = sorted(
            (at, friend)
            for friend, whose in self.friends.items()
            if whose.member == member and (at := self.qualified(friend, now)) is not None
        )
        found: dict[Key, Owed] = {}
        held = False
        for rank, (at, friend) in enumerate(done, 1):
            flag = self.flagged(friend, now)
            held = held or flag
            what = f"referral:{friend}"
            base, welcome = (at + COOLING[clause] for clause in ("base", "welcome"))
            found[mine, "base", what] = Owed("CNY", BASE, at, base, flag, friend)
            found[f"friend:{friend}", "welcome", what] = Owed(
                "CNY", WELCOME, at, welcome, flag, friend
            )
            if rank in STEPS:
                unit, amount = STEPS[rank]
                step = Owed(unit, amount, at, at + COOLING["ladder"], held)
                found[mine, "ladder", f"step:{rank}"] = step
        found = self._capped(mine, found)
        for key, (unit, amount, at) in self.given.items():
            if key[0] == mine:
                found[key] = Owed(unit, amount, at, at, free=True)
        return found

    def _capped(self, mine: str, owed: dict[Key, Owed]) -> dict[Key, Owed]:
        """In the order of earning, a month's money up to the cap."""
        months: dict[tuple[int, int], int] = defaultdict(int)
        found = {}
        for key, due in sorted(owed.items(), key=lambda each: (each[1].earned, each[0])):
            found[key] = due
            if self.scheme.cap is None or key[0] != mine or due.unit != "CNY":
                continue
            month = due.day.year, due.day.month
            amount = min(due.amount, self.scheme.cap - months[month])
            months[month] += amount
            if amount < due.amount:
                found[key] = replace(due, amount=amount, capped=True)
        return found


_FLAGS = ("flagged", "cleared")


def _existing(told: list[Said]) -> bool:
    words = [said.existing for said in told if said.existing is not None]
    return bool(words) and bool(words[-1])
