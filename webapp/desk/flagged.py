"""Texts that may not be published, as the desk shows them."""

from __future__ import annotations

from dataclasses import dataclass

from shared.campaigns.advertising.places import flagged_texts
from shared.campaigns.changes import place_words
from shared.campaigns.rules import Rules
from webapp.words import request_locale


@dataclass(frozen=True)
class FlaggedRow:
    """One breach in the reader's language: where it stands, the words, why, what to write."""

    place: str
    words: str
    why: str
    instead: str


def flagged_rows(rules: Rules) -> list[FlaggedRow]:
    """Every breach in a campaign's texts, in the file's order."""
    locale = request_locale()
    return [
        FlaggedRow(
            place_words(each.path, locale),
            each.finding.words,
            each.finding.why(locale),
            each.finding.instead(locale),
        )
        for each in flagged_texts(rules)
    ]
