"""The words in which the inventory speaks of a table, and how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum


class About(StrEnum):
    """Whom a table's rows are about."""

    NOBODY = "nobody"
    """The house's own: campaigns, limits, leases."""
    STAFF = "staff"
    """The bank's own people, as long as they work here."""
    MEMBER = "member"
    FRIEND = "friend"
    CHAT = "chat"
    PERSON = "person"
    """A member, a friend or an employee."""


class Nature(StrEnum):
    """What a column holds."""

    PLAIN = "plain"
    """Codes, amounts, moments, texts of the house: nothing personal."""
    OURS = "ours"
    """Our own numbers: they name nobody without the row they point to."""
    RANDOM = "random"
    """Random words, or hashes of such."""
    BANKS = "banks"
    """References by which the bank alone knows somebody."""
    TOLD = "told"
    """What somebody chose, or the bank said of them, in codes."""
    KEYED = "keyed"
    """Keyed hashes of numbers, devices, addresses: equal ones match, nothing reads back."""
    PERSONS = "persons"
    """Sealed under the person's own key: gone with it."""
    SEALED = "sealed"
    """Sealed under the master keys, or veiled."""


PERSONAL = (Nature.BANKS, Nature.TOLD, Nature.KEYED, Nature.PERSONS, Nature.SEALED)
READABLE = (Nature.BANKS, Nature.TOLD, Nature.PERSONS, Nature.SEALED)
"""What a copy can tell; of a keyed hash nobody can say what it is of."""
TIMED = (Nature.KEYED, Nature.PERSONS, Nature.SEALED)
"""What has a term, or a reason to be kept while something lasts."""
WHILE = "while "
"""How such a reason begins; anything else in `until` is a step of housekeeping."""


class Goes(StrEnum):
    """What erasure does to a person's rows."""

    STAY = "stay"
    """They stay; `emptied` names what is taken out of them."""
    AT_ONCE = "at once"
    SOON = "soon"
    """With the next housekeeping: the last answer still has to reach them."""


@dataclass(frozen=True)
class Kept:
    """One table. Columns stand in texts, a space between; `*` is every column not named."""

    about: About
    plain: str = ""
    ours: str = ""
    random: str = ""
    banks: str = ""
    told: str = ""
    keyed: str = ""
    persons: str = ""
    sealed: str = ""
    emptied: str = ""
    """By erasure."""
    goes: Goes = Goes.STAY
    stays: Mapping[str, str] = field(default_factory=dict)
    """Personal, and not erased: why."""
    copied: str = ""
    """Into the person's own copy, in this order; `column:name` under another name."""
    withheld: Mapping[str, str] = field(default_factory=dict)
    """Readable, and not in the copy: why."""
    until: Mapping[str, str] = field(default_factory=dict)
    """The step of housekeeping that takes it away after its term, or `while …`."""

    def natures(self) -> Iterator[tuple[str, Nature]]:
        """Every column and what it holds."""
        for each in fields(self):
            if each.name in list(Nature):
                for column in getattr(self, each.name).split():
                    yield column, Nature(each.name)

    def names_in_copy(self) -> dict[str, str]:
        """The columns of the copy and what they are called there."""
        pairs = (word.partition(":") for word in self.copied.split())
        return {column: name or column for column, _, name in pairs}

    def why_stays(self, column: str) -> str:
        """Why erasure leaves a column as it is; empty when it does not."""
        return self.stays.get(column, self.stays.get("*", ""))

    def why_withheld(self, column: str) -> str:
        """Why the copy leaves a column out; empty when it does not."""
        return self.withheld.get(column, self.withheld.get("*", ""))

    def kept_until(self, column: str) -> str:
        """The step that takes a column away, or while what it is kept."""
        return self.until.get(column, self.until.get("*", ""))
