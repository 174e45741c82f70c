"""The rules by name, and what a finding is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from shared.base.i18n import Locale, text


class Rule(StrEnum):
    """What a text can be flagged for; each has its explanation and suggestion (`copy.<rule>.…`)."""

    SUPERLATIVE = "superlative"
    """The most, the best: Advertising Law, article 9 (3)."""
    RANKING = "ranking"
    """First, leading, king of cards."""
    EXCLUSIVE = "exclusive"
    """The only one, never seen before."""
    ABSOLUTE = "absolute"
    """National-grade, perfect, a hundred per cent."""
    APPROVAL = "approval"
    """A promise of a card or a limit, or of no checks."""
    RETURNS = "returns"
    """A promise of gain, or of no risk: article 25."""
    FREE = "free"
    """Free for ever, at no cost at all."""
    TERMS = "terms"
    """An amount or a waiver with neither condition nor term nor a word on where they stand."""
    RATE = "rate"
    """A rate for a day, a month or an instalment without its annual rate."""
    BORROWING = "borrowing"
    """Invites to borrow or to spend what one has not."""
    MISUSE = "misuse"
    """Offers what is against the law or the card's contract."""
    MINORS = "minors"
    """Turns to students or minors."""
    ENDORSEMENT = "endorsement"
    """Borrows the name of the state or a regulator: article 9 (1) and (2)."""
    URGENCY = "urgency"
    """Frightens with a last chance that is none."""
    COMPARISON = "comparison"
    """Disparages others: article 13."""
    SHARE_REWARD = "share_reward"
    """Pays for the act of sharing."""
    SHARE_DEMAND = "share_demand"
    """Asks for sharing before one may go on."""
    SHARE_PRESSURE = "share_pressure"
    """Shames or frightens into sharing."""


class Channel(StrEnum):
    """A platform whose own rules on sharing are broken as well."""

    WECHAT = "wechat"
    TELEGRAM = "telegram"


@dataclass(frozen=True)
class Finding:
    """One breach: the rule, and the words as they stand in the text from `start` to `end`."""

    rule: Rule
    words: str
    start: int
    end: int
    channels: tuple[Channel, ...] = ()

    def why(self, locale: Locale) -> str:
        """What is wrong with the words, in the reader's language."""
        platforms = [text(locale, f"copy.channel.{channel.value}") for channel in self.channels]
        joined = text(locale, "copy.channel.and").join(platforms)
        return text(locale, f"copy.{self.rule.value}.why", platforms=joined)

    def instead(self, locale: Locale) -> str:
        """What could be written, in the reader's language."""
        return text(locale, f"copy.{self.rule.value}.instead")

    def told(self, locale: Locale) -> str:
        """The words, what is wrong with them and what could be written, in one line."""
        return text(
            locale,
            "copy.told",
            words=self.words,
            why=self.why(locale),
            instead=self.instead(locale),
        )


@dataclass(frozen=True)
class Explained:
    """Findings as a refusal tells them: a line for each rule, three at the most."""

    found: tuple[Finding, ...]

    def told(self, locale: Locale) -> str:
        """The lines, in the reader's language."""
        first = {each.rule: each for each in reversed(self.found)}
        told = sorted(first.values(), key=lambda each: each.start)
        return "\n".join(each.told(locale) for each in told[:_MOST_TOLD])


_MOST_TOLD = 3


@dataclass(frozen=True)
class Ban:
    """Words that break a rule, as a pattern over a folded text.

    `unless_before` is looked for at the end of what goes before in the same clause,
    `unless_around` in the words from the hit to the end of its sentence, `unless_sentence` in all
    of it.
    """

    rule: Rule
    pattern: str
    unless_before: str = ""
    unless_around: str = ""
    unless_sentence: str = ""
    warns: bool = False
    """A sentence that forbids or warns may name it: `do not …`, `… is against the law`."""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Word boundaries are those of Latin words: Han characters border on them."""
    return re.compile(pattern, re.ASCII)
