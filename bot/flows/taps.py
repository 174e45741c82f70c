"""Buttons: what a tap means, and the one pair of functions that writes and reads it.

The data of a button is `<version>:<verb>:<argument>:…`, at most 64 bytes. Messages live for
years in a chat, so buttons of an older version, and whatever else cannot be read, end in
`OldKeyboard`, which is answered with the current menu.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

VERSION = "1"
MOST_BYTES = 64
_Choice = TypeVar("_Choice", bound=StrEnum)


class Verb(StrEnum):
    """What a button asks for. Arguments stand beside each."""

    OPEN = "open"
    """screen"""
    AGREE = "agree"
    DECLINE = "decline"
    PAGE = "page"
    """number of the page of /progress"""
    REFRESH = "refresh"
    """number of the page of /progress"""
    POSTER = "poster"
    STATEMENT = "stmt"
    """way, moment (base 36), rank, seal: the rewards older or newer than that one"""
    PDF = "pdf"
    PICK = "pick"
    """entry that granted the choice, option from 1, then `yes`: does it"""
    NICKNAME = "nick"
    LANGUAGE = "lang"
    """locale"""
    SWITCH = "switch"
    """choice, on or off, screen to show again"""
    CLEAR_GREETING = "nogreet"
    UNBIND = "unbind"
    """nothing: asks; `yes`: does it"""
    SEND_CODE = "code"
    CLAIM_WHEN = "when"
    """nonce of the claim, roughly when"""
    CLAIM_HOW = "how"
    """nonce of the claim, way"""
    CLAIM_BARE = "nopic"
    """nonce of the claim: without a picture"""
    CLAIM_FILE = "file"
    """nonce of the claim"""
    CLAIM_AGAIN = "again"
    """nonce of the claim: from the first question"""
    PICTURE = "pic"
    """case number: send its picture once more"""
    APPEAL = "appeal"
    """case number: asks; and `yes`: files it"""
    OPINION = "opine"
    """case number, opinion: how the claim was handled"""
    CANCEL = "cancel"
    FAQ = "faq"
    """topic"""
    EXPORT = "export"
    ERASE = "erase"
    """nothing: asks; nonce: does it"""
    WITHDRAW = "withdraw"
    """nothing: asks; `yes`: does it"""
    INVITEE = "invitee"
    """nothing: begins; wish, nonce of the proven number"""


class OldKeyboard(Exception):
    """A button that we no longer, or never, made."""


@dataclass(frozen=True)
class Tap:
    """A button as it was read."""

    verb: Verb
    args: tuple[str, ...] = ()

    def word(self, place: int) -> str:
        """An argument; empty when there is none."""
        return self.args[place] if place < len(self.args) else ""

    def number(self, place: int) -> int:
        """An argument that is a small number, else OldKeyboard."""
        word = self.word(place)
        if not word.isascii() or not word.isdigit() or len(word) > 6:
            raise OldKeyboard
        return int(word)

    def row(self, place: int) -> int:
        """An argument that is a row's id, else OldKeyboard."""
        word = self.word(place)
        if not word.isascii() or not word.isdigit() or len(word) > 18:
            raise OldKeyboard
        return int(word)

    def choice(self, place: int, kind: type[_Choice]) -> _Choice:
        """An argument that is one of an enum's values, else OldKeyboard."""
        try:
            return kind(self.word(place))
        except ValueError:
            raise OldKeyboard from None


def encode(verb: Verb, *args: str | int) -> str:
    """The data of a button. ValueError when it does not fit."""
    words = [str(arg) for arg in args]
    data = ":".join([VERSION, verb.value, *words])
    if any(":" in word for word in words) or len(data.encode()) > MOST_BYTES:
        raise ValueError(f"a button cannot hold {data!r}")
    return data


def decode(data: str) -> Tap:
    """What a button says, else OldKeyboard."""
    version, *words = data.split(":")
    if version != VERSION or not words:
        raise OldKeyboard
    try:
        return Tap(Verb(words[0]), tuple(words[1:]))
    except ValueError:
        raise OldKeyboard from None
