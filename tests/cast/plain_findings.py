"""Who may say what about a friend, reckoned plainly, and which word stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from plain_payouts import Refused
from plain_rewards import Heard


@dataclass
class Asked:
    word: str
    by: str
    at: datetime
    number: int = 0
    """The product's."""


@dataclass
class Finders:
    """Requests about friends, by friend; one waits at a time."""

    books: Heard
    refs: dict[str, str]
    """Staff's own parties."""
    open: dict[int, Asked] = field(default_factory=dict)

    def other(self, friend: int, now: datetime) -> str:
        """The word that would be news."""
        return "fraud" if self.books.fraud_since(friend, now) is None else "cleared"

    def ask(self, friend: int, word: str, by: str, now: datetime) -> None:
        """`payout.authority`, `remedy.party`, `finding.stands`, `finding.none`, `remedy.asked`."""
        self._may(by)
        self._refuse_party(friend, by)
        if word != self.other(friend, now):
            raise Refused("finding.stands" if word == "fraud" else "finding.none")
        if friend in self.open:
            raise Refused("remedy.asked")
        self.open[friend] = Asked(word, by, now)

    def decide(self, friend: int, by: str, agree: bool, now: datetime) -> str:
        """What became of it. `payout.authority`, `remedy.maker`, `remedy.party`."""
        self._may(by)
        asked = self.open[friend]
        if asked.by == by:
            raise Refused("remedy.maker")
        self._refuse_party(friend, by)
        del self.open[friend]
        if not agree:
            return "refused"
        self.books.found[friend].append((asked.at, asked.word))
        self.books.wake(self.books.friends[friend].member, now)
        return "done"

    def _may(self, who: str) -> None:
        if who == "Mei":
            raise Refused("payout.authority")

    def _refuse_party(self, friend: int, who: str) -> None:
        if self.refs.get(who) == f"member:{self.books.friends[friend].member}":
            raise Refused("remedy.party")
