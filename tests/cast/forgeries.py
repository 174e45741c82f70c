"""Forgeries: what somebody makes of a genuine word, from a seed; and what must stay as it is."""

from __future__ import annotations

import base64
import hashlib
import random
import string
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import select

from shared.base.database import Database
from shared.migrations.tables import metadata

BY_DAY, BY_NIGHT = 25, 250
"""Of each kind."""
_ALIKE = {
    "a": "а", "A": "Α", "c": "с", "e": "е", "o": "о", "O": "О", "0": "О", "1": "l", "l": "1",
    "i": "і", "p": "р", "x": "х", "-": "‐", "3": "З", "8": "８", "9": "⁹", "2": "²", "5": "٥",
    "6": "б", "4": "４", "7": "７", "b": "Ь", "d": "ԁ", "f": "ｆ",
}  # fmt: skip
"""Characters that a reader takes for these."""


class Forger:
    """Makes words that nobody was given out of genuine ones."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._ways: tuple[Callable[[str], str], ...] = (
            self._flipped, self._cut, self._longer, self._swapped_case, self._alike,
            self._other_place, self._reversed, self._hidden, self._made_up, self._encoded,
        )  # fmt: skip

    def forge(
        self, genuine: Sequence[str], foreign: Sequence[str], many: int, given: Collection[str]
    ) -> list[str]:
        """So many different words: what is foreign first, then genuine ones bent in every way.

        `given`: what was really given out, and is not a forgery.
        """
        odd = ["", " ", "0", "null", "../" * 9, "%00", "'; --", "b_", "x" * 300, "９" * 40]
        found: dict[str, None] = dict.fromkeys([*odd, *self._some(foreign, many // 2)])
        place = 0
        while len(found) - sum(each in found for each in given) < many:
            way = self._ways[place % len(self._ways)]
            found.setdefault(way(self.chance.choice(genuine)))
            place += 1
        kept = [each for each in found if each not in given]
        self.chance.shuffle(kept)
        return kept

    def bend(self, word: str) -> str:
        """A genuine word bent in one of the ways; another one for certain."""
        while (bent := self.chance.choice(self._ways)(word)) == word:
            pass
        return bent

    def _some(self, foreign: Sequence[str], most: int) -> list[str]:
        return self.chance.sample(foreign, min(most, len(foreign)))

    def _at(self, word: str) -> int:
        return self.chance.randrange(len(word))

    def _flipped(self, word: str) -> str:
        at = self._at(word)
        return word[:at] + chr(ord(word[at]) ^ 1 << self.chance.randrange(7)) + word[at + 1 :]

    def _cut(self, word: str) -> str:
        at = self._at(word)
        return word[:at] if self.chance.random() < 0.5 else word[at + 1 :]

    def _longer(self, word: str) -> str:
        more = "".join(self.chance.choices(string.ascii_letters + string.digits, k=3))
        return word + more * self.chance.choice((1, 1, 2, 200)) if more else word

    def _swapped_case(self, word: str) -> str:
        return "".join(c.swapcase() if self.chance.random() < 0.5 else c for c in word)

    def _alike(self, word: str) -> str:
        places = [at for at, c in enumerate(word) if c in _ALIKE]
        if not places:
            return self._flipped(word)
        at = self.chance.choice(places)
        return word[:at] + _ALIKE[word[at]] + word[at + 1 :]

    def _other_place(self, word: str) -> str:
        at, other = self._at(word), self._at(word)
        letters = list(word)
        letters[at], letters[other] = letters[other], letters[at]
        return "".join(letters)

    def _reversed(self, word: str) -> str:
        at = self._at(word)
        return word[at:] + word[:at]

    def _hidden(self, word: str) -> str:
        at = self._at(word)
        return (
            word[:at] + self.chance.choice(("\u200b", "\u202e", "\x07", "%", "\u0301")) + word[at:]
        )

    def _made_up(self, word: str) -> str:
        return "".join(self.chance.choices(sorted(set(word)), k=len(word)))

    def _encoded(self, word: str) -> str:
        ways = (
            lambda: base64.b64encode(word.encode()).decode(),
            lambda: word.encode().hex(),
            lambda: hashlib.sha256(word.encode()).hexdigest(),
            lambda: "".join(f"%{byte:02x}" for byte in word.encode()),
        )
        return self.chance.choice(ways)()


def truths(database: Database, besides: Collection[str] = ()) -> dict[str, str]:
    """Every table by name: a digest of all its rows; but for some that may change."""
    with database.reading() as session:
        return {
            table.name: hashlib.sha256(
                repr(sorted(repr(tuple(row)) for row in session.execute(select(table)))).encode()
            ).hexdigest()
            for table in metadata.sorted_tables
            if table.name not in besides
        }
