"""The product and the plain books side by side: each act is done by both, and what they say, and
what stands afterwards, is the same. Which acts, the state machine decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dying import Died, Mortal
from hypothesis.stateful import RuleBasedStateMachine
from ledger_truths import hold_truths
from plain_books import Books
from plain_findings import Finders
from plain_payouts import Desk, Refused
from plain_rewards import Friend, Key, Said
from reward_world import World, phone_of

from shared.base.errors import Refusal

OPERATOR = "operator:test"


class SideBySide(RuleBasedStateMachine):
    """What the bank says waits in `bag` until it is posted; `doom`: the next act dies after so
    many statements."""

    def __init__(self, mortal: Mortal, reached: Counter[str]) -> None:
        super().__init__()
        self.mortal, self.reached = mortal, reached
        self.doom: int | None = None
        self.seen: set[str] = set()
        self.told: list[Said] = []
        self.bag: list[Said] = []
        self.phones: dict[int, str] = {}
        self.moments: set[datetime] = set()

    def begin(self, world: World) -> None:
        """On a world put back to its beginning."""
        self.world, self.now = world, world.begin
        world.again()
        self.books = Books(world.scheme, members=list(world.first))
        self.refs = dict(zip(world.first, ("C-Dai", "C-Ben"), strict=True))
        own = {"Dai": f"member:{world.first[0]}"}
        self.desk, self.finders = Desk(self.books, own), Finders(self.books, own)

    # One act at a time, by both.

    def enrols(self) -> None:
        ref = f"C-{len(self.refs)}"
        member = self.act(lambda: self.world.enrol(ref, self.now))
        if member is not None:
            self.books.members.append(member)
            self.refs[member] = ref

    def registers(self, member: int) -> int | None:
        """The new friend; an hour goes by."""
        phone = phone_of(len(self.phones))
        friend = self.act(lambda: self.world.register(member, phone, self.now))
        if friend is not None:
            self.books.friends[friend] = Friend(member, self.now)
            self.phones[friend] = phone
            self.now += timedelta(hours=1)
        return friend

    def says(self, kind: str, friend: int, ago: timedelta = timedelta(0), **more: Any) -> None:
        """No two things happen at one moment: what is simultaneous, nobody can put in order."""
        at = self.now - ago
        while at in self.moments:
            at += timedelta(seconds=1)
        self.moments.add(at)
        said = Said(f"e{len(self.told)}", kind, at, friend, **more)
        self.told.append(said)
        self.bag.append(said)

    def hears(self) -> None:
        """The bank posts, again where it got no answer, and the worker hears."""
        if self.bag:
            bag = self.bag
            if self.act(lambda: self.world.post(bag, self.now), lambda: self.books.store(bag)):
                self.bag = []
        if self.books.inbox:
            self.act(lambda: self.world.hear(self.now), lambda: self.books.hear(self.now))

    def settles(self) -> None:
        if self.busy():
            self.act(lambda: self.world.settle(self.now), lambda: self.books.settle(self.now))
        self.compare()

    def busy(self) -> bool:
        """Whether somebody's time to be settled has come."""
        return any(at <= self.now for at in self.books.tasks.values())

    def prepares(self, by: str) -> int | None:
        """The number of the new batch; None when there is none."""
        made = self.act(
            lambda: self.world.till.prepare(self.now, by).number,
            lambda: self.desk.draft(by, self.now),
            same=False,
        )
        if made is None:
            return None
        number, lines = made
        self.desk.open(number, by, lines, self.now)
        self.compare_batches()
        return int(number)

    def confirms(self, number: int, by: str) -> None:
        self.act(
            lambda: self.world.confirm(number, by, self.now),
            lambda: self.desk.confirm(number, by, self.now),
        )
        self.compare_batches()

    def exports(self, number: int, by: str) -> None:
        self.act(
            lambda: self.world.export(number, by, self.now), lambda: self.desk.export(number, by)
        )
        self.compare_batches()

    def cancels(self, number: int) -> None:
        self.act(lambda: self.world.till.cancel(number, self.now), lambda: self.desk.cancel(number))
        self.compare_batches()

    def answers(self, number: int, said: list[bool | None]) -> None:
        """Line after line: paid, failed, or not a word (None)."""
        lines = range(len(self.desk.batches[number].lines))
        answers = {i: word for i in lines if (word := said[i % len(said)]) is not None}
        self.act(
            lambda: self.world.answer(number, answers, self.now),
            lambda: self.desk.answer(number, answers, self.now),
        )
        self.compare_batches()

    def writes_off(self, key: Key, by: tuple[str, str]) -> None:
        self.act(
            lambda: self.world.write_off(key, self.books.unit[key], by, self.now),
            lambda: self.desk.write_off(key, by, self.now),
        )

    def gives(self, member: int, fen: int) -> None:
        key = self.act(lambda: self.world.goodwill(member, fen, self.now))
        if key is not None:
            self.desk.goodwill(key, member, fen, self.now)

    def asks_about(self, friend: int, word: str, by: str) -> None:
        asked = self.act(
            lambda: self.world.ask_about(friend, word, by, self.now),
            lambda: self.finders.ask(friend, word, by, self.now),
            same=False,
        )
        if asked is not None:
            self.finders.open[friend].number, _ = asked

    def decides_about(self, friend: int, by: str, agree: bool) -> None:
        asked = self.finders.open[friend]
        said = self.act(
            lambda: self.world.decide_about(asked.number, by, agree, self.now),
            lambda: self.finders.decide(friend, by, agree, self.now),
        )
        if said is not None:
            self.seen.add(f"{asked.word} {said}")

    # Holding one against the other.

    def act(
        self,
        product: Callable[[], Any],
        plain: Callable[[], Any] | None = None,
        *,
        same: bool = True,
    ) -> Any:
        """Both do it and say the same; what they say (both, where it need not be the same).

        None: refused by both; or the product died, and nothing was done.
        """
        if self.doom is not None:
            return self._dies(product)
        said, expected = outcome(product), outcome(plain) if plain is not None else None
        if isinstance(said, Refused) or isinstance(expected, Refused):
            assert str(said) == str(expected)
            self.seen.add(str(said))
            return None
        if plain is None:
            return said
        assert not same or said == expected
        return said if same else (said, expected)

    def _dies(self, product: Callable[[], Any]) -> None:
        assert self.doom is not None
        doom, self.doom = self.doom, None
        try:
            with self.mortal.dying(doom):
                said = outcome(product)
        except Died:
            self.seen.add("died")
        else:
            assert isinstance(said, Refused)  # before it could die

    def compare(self) -> None:
        """Every balance, every verdict, everybody's next time."""
        books = self.books
        assert self.world.posted() == {key: each for key, each in books.posted.items() if each}
        assert self.world.verdicts() == {
            key: (each.state, each.limit, each.amount, each.asked)
            for key, each in books.verdicts.items()
        }
        assert self.world.tasks() == books.tasks
        for each in books.posted.values():
            self.seen.update(each)
        for verdict in books.verdicts.values():
            self.seen.add(f"{verdict.state} by {verdict.limit}")

    def compare_batches(self) -> None:
        """Every batch and its people, every line."""
        assert self.world.batches() == self.desk.plain(self.world.till.staff)
        for batch in self.desk.batches.values():
            self.seen.update(f"line {line.state}" for line in batch.lines)
            self.seen.update("netted" for line in batch.lines if line.netted)

    def rest(self) -> None:
        """Everything is heard and settled, and the ledger's truths hold without any model."""
        self.hears()
        self.settles()
        hold_truths(self.world, self.now)
        self.reached.update(self.seen)


def outcome(act: Callable[[], Any]) -> Any:
    """What an act comes to, refusals in the plain books' way."""
    try:
        return act()
    except Refusal as refusal:
        return Refused(refusal.code)
    except Refused as refused:
        return refused
