"""Payouts reckoned plainly: lines, tax and netting over the plain books, without the product."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from plain_books import Books
from plain_rewards import SHANGHAI, Key
from plain_tax import shared_out, tax_of


class Refused(Exception):
    """The desk's rules say no; `args[0]` is the code."""


@dataclass
class Part:
    """One key in a line: `pay`, or `net` for what is taken back."""

    kind: str
    key: Key
    amount: int
    tax: int = 0
    borne: int = 0


@dataclass
class Line:
    party: str
    unit: str
    parts: list[Part]
    gross: int
    borne: int
    tax: int
    netted: int
    state: str = "waiting"

    @property
    def net(self) -> int:
        return self.gross + self.borne - self.tax - self.netted


@dataclass
class Batch:
    maker: str
    at: datetime
    lines: list[Line]
    state: str = "prepared"
    checker: str | None = None


@dataclass
class Desk:
    """Who may do what, and what became of each batch, by number."""

    books: Books
    refs: dict[str, str]
    """Staff's own parties: `Dai` → `member:1`."""
    batches: dict[int, Batch] = field(default_factory=dict)

    def draft(self, maker: str, now: datetime) -> list[Line]:
        """The lines that a batch would have. `payout.authority`, `payout.nothing`."""
        _hold_authority(maker)
        books = self.books
        busy = {member for member, at in books.tasks.items() if at <= now}
        taken = self.taken()
        groups: dict[tuple[int, str, str], dict[str, list[Key]]] = defaultdict(
            lambda: {"available": [], "recoverable": []}
        )
        for key in sorted(books.posted):
            member, unit = books.owner[key], books.unit[key]
            if member in busy or key in taken or self._close(maker, key):
                continue
            for account, keys in groups[member, key[0], unit].items():
                if books.posted[key].get(account):
                    keys.append(key)
        sums = self._this_month(now)
        lines = [
            self._line(party, unit, keys["available"], keys["recoverable"], sums)
            for (_, party, unit), keys in sorted(groups.items())
            if keys["available"]
        ]
        if not lines:
            raise Refused("payout.nothing")
        return lines

    def open(self, number: int, maker: str, lines: list[Line], now: datetime) -> None:
        self.batches[number] = Batch(maker, now, lines)

    def plain(self, staff: dict[str, int]) -> dict[int, tuple[object, ...]]:
        """Each batch with its people as the audit calls them, and its lines."""

        def actor(who: str | None) -> str | None:
            return f"staff:{staff[who]}" if who in staff else who

        return {
            number: (
                batch.state,
                actor(batch.maker),
                actor(batch.checker),
                [
                    (
                        line.party, line.unit, line.gross, line.borne, line.tax,
                        line.netted, line.net, line.state,
                    )
                    for line in batch.lines
                ],
            )
            for number, batch in self.batches.items()
        }  # fmt: skip

    def taken(self) -> set[Key]:
        """Keys in a line that waits."""
        return {part.key for _, line in self.waiting() for part in line.parts}

    def waiting(self) -> list[tuple[Batch, Line]]:
        return [
            (batch, line)
            for batch in self.batches.values()
            for line in batch.lines
            if line.state == "waiting"
        ]

    def _line(
        self,
        party: str,
        unit: str,
        pays: list[Key],
        backs: list[Key],
        sums: dict[str, tuple[int, int]],
    ) -> Line:
        posted = self.books.posted
        amounts = [posted[key]["available"] for key in pays]
        gross, tax, borne, rule = sum(amounts), 0, 0, self.books.scheme.tax
        if rule is not None and unit == "CNY":
            before, kept = sums.get(party, (0, 0)) if rule.monthly else (0, 0)
            tax = tax_of(gross, before, kept, rule)
            borne = tax if rule.gross_up else 0
            sums[party] = before + gross + borne, kept + tax
        taxes, extras = shared_out(tax, amounts), shared_out(borne, amounts)
        parts = [Part("pay", *each) for each in zip(pays, amounts, taxes, extras, strict=True)]
        room = gross + borne - tax
        for key in backs:
            if take := min(room, posted[key]["recoverable"]):
                parts.append(Part("net", key, take))
                room -= take
        netted = gross + borne - tax - room
        return Line(party, unit, parts, gross, borne, tax, netted)

    def _this_month(self, now: datetime) -> dict[str, tuple[int, int]]:
        """Money paid or on its way this month, gross, and the tax on it; what was taken back
        since is not counted."""
        sums: dict[str, tuple[int, int]] = {}
        month = now.astimezone(SHANGHAI).strftime("%Y-%m")
        for batch in self.batches.values():
            if batch.at.astimezone(SHANGHAI).strftime("%Y-%m") != month:
                continue
            for line in batch.lines:
                if line.unit != "CNY" or line.state not in ("waiting", "paid"):
                    continue
                for part in line.parts:
                    if part.kind == "pay":
                        gross, tax = part.amount + part.borne, part.tax
                        if line.state == "paid":
                            stands = self.books.posted[part.key]
                            tax = min(tax, stands.get("withheld", 0))
                            gross = min(gross, stands.get("paid", 0) + tax)
                        before = sums.get(line.party, (0, 0))
                        sums[line.party] = before[0] + gross, before[1] + tax
        return sums

    def confirm(self, number: int, by: str, now: datetime) -> None:
        """`payout.authority`, `.maker`, `.party`, `.state`."""
        _hold_authority(by)
        batch = self.batches[number]
        if batch.maker == by:
            raise Refused("payout.maker")
        if any(self._close(by, part.key) for line in batch.lines for part in line.parts):
            raise Refused("payout.party")
        _move(batch, "confirmed", "prepared")
        batch.checker = by
        self._withdraw_stale(batch)
        for line in batch.lines:
            if line.state == "waiting" and line.net == 0:
                self._paid(line, now)
        _end(batch)

    def export(self, number: int, by: str) -> list[int]:
        """Places of the lines that the bank gets. `payout.authority`, `.state`."""
        _hold_authority(by)
        batch = self.batches[number]
        if batch.state not in ("exported", "acknowledged"):
            _move(batch, "exported", "confirmed")
            self._withdraw_stale(batch)
            _end(batch)
        return [
            place
            for place, line in enumerate(batch.lines)
            if line.net > 0 and line.state != "withdrawn"
        ]

    def cancel(self, number: int) -> int:
        batch = self.batches[number]
        _move(batch, "cancelled", "prepared", "confirmed")
        free = [line for line in batch.lines if line.state == "waiting"]
        for line in free:
            line.state = "withdrawn"
        return len(free)

    def answer(self, number: int, said: dict[int, bool], now: datetime) -> dict[str, int]:
        """The bank's word on some lines: paid or not. What is refused changes nothing."""
        batch, came_to = self.batches[number], defaultdict(int)
        for place, paid in said.items():
            line = batch.lines[place]
            if line.net == 0 or line.state == "withdrawn":
                came_to["not_sent"] += 1
            elif line.state == "waiting":
                if batch.state != "exported":
                    came_to["not_sent"] += 1
                    continue
                came_to["paid" if paid else "failed"] += 1
                if paid:
                    self._paid(line, now)
                else:
                    line.state = "failed"
            else:
                same = (line.state == "paid") == paid
                came_to["repeated" if same else "other"] += 1
        if batch.state == "exported":
            _end(batch)
        return dict(came_to)

    def _withdraw_stale(self, batch: Batch) -> None:
        """The ledger no longer holds what a line would pay or take back."""
        accounts = {"pay": "available", "net": "recoverable"}
        for line in batch.lines:
            if line.state == "waiting" and any(
                self.books.posted[part.key].get(accounts[part.kind], 0) < part.amount
                for part in line.parts
            ):
                line.state = "withdrawn"

    def _paid(self, line: Line, now: datetime) -> None:
        line.state = "paid"
        for part in line.parts:
            life = self.books.lives[part.key]
            if part.kind == "net":
                life.recovered += part.amount
                continue
            life.gross += part.amount
            life.tax += part.tax
            life.borne += part.borne
        self.books.wake(self.books.owner[line.parts[0].key], now)

    def write_off(self, key: Key, by: tuple[str, str], now: datetime) -> int:
        """One asks and another gives up what a key stands to return. `payout.authority`,
        `remedy.party`, `.claimed`, `.nothing`, `.maker`."""
        asks, decides = by
        _hold_authority(asks)
        self._refuse_party(asks, key)
        if key in self.taken():
            raise Refused("remedy.claimed")
        _hold_authority(decides)
        if asks == decides:
            raise Refused("remedy.maker")
        self._refuse_party(decides, key)
        stands, life = self.books.posted[key], self.books.lives[key]
        if life.forgiven > stands.get("written_off", 0):  # agreed before, and not yet settled
            raise Refused("remedy.nothing")
        life.forgiven += stands["recoverable"]
        self.books.wake(self.books.owner[key], now)
        return stands["recoverable"]

    def _close(self, who: str, key: Key) -> bool:
        """Whether a key is their own or a friend's of theirs."""
        return self.refs.get(who) == f"member:{self.books.owner[key]}"

    def _refuse_party(self, who: str, key: Key) -> None:
        if self._close(who, key):
            raise Refused("remedy.party")

    def goodwill(self, key: Key, member: int, amount: int, now: datetime) -> None:
        """Two people give what no clause owes."""
        self.books.given[key] = "CNY", amount, now
        self.books.wake(member, now)


def _hold_authority(who: str) -> None:
    if who == "Mei":
        raise Refused("payout.authority")


def _move(batch: Batch, to: str, *since: str) -> None:
    if batch.state not in since:
        raise Refused("payout.state")
    batch.state = to


def _end(batch: Batch) -> None:
    if all(line.state != "waiting" for line in batch.lines):
        batch.state = "acknowledged"
