"""Plain words: `进度`, `invite`, `奖励什么时候到账` are understood like commands.

What is listened for stands in the catalogues (`hear.<place>`, separated by `|`), every
language at once: people mix them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from bot.flows.help import Topic
from bot.flows.turn import Screen
from shared.base.i18n import Locale, text

LONGEST = 40
"""Longer texts are stories, not requests."""

_SCREENS = (
    Screen.START,
    Screen.INVITE,
    Screen.PROGRESS,
    Screen.REWARDS,
    Screen.CHOICES,
    Screen.CLAIM,
    Screen.LEADERBOARD,
    Screen.HELP,
    Screen.LANGUAGE,
    Screen.SETTINGS,
    Screen.PRIVACY,
    Screen.CANCEL,
)
_SEPARATORS = re.compile(r"[\s\W_]+")


@cache
def _phrases() -> list[tuple[str, Screen | Topic]]:
    places: list[tuple[str, Screen | Topic]] = [(f"hear.{one}", one) for one in _SCREENS]
    places += [(f"hear.faq.{topic}", topic) for topic in Topic]
    found = {
        _plain(phrase): place
        for key, place in places
        for locale in Locale
        for phrase in text(locale, key).split("|")
    }
    return sorted(found.items(), key=lambda pair: -len(pair[0]))


def _plain(words: str) -> str:
    folded = unicodedata.normalize("NFKC", words).casefold()
    return f" {_SEPARATORS.sub(' ', folded).strip()} "


def understand(typed: str) -> Screen | Topic | None:
    """What a short text asks for: the longest phrase in it wins. None when nothing is known.

    Cancelling is understood only where nothing else was said.
    """
    if len(typed) > LONGEST:
        return None
    words = _plain(typed)
    for phrase, place in _phrases():
        if place is Screen.CANCEL and phrase != words:
            continue
        if phrase in words or (not phrase.isascii() and phrase.strip() in words):
            return place
    return None
