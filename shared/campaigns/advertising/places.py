"""Where a campaign speaks to the public, and which of it may not be said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pydantic import BaseModel

from shared.base.i18n import Locale
from shared.campaigns.advertising.check import check_copy
from shared.campaigns.advertising.rules import Finding
from shared.campaigns.prizes import Words
from shared.campaigns.problems import Path
from shared.campaigns.rules import Rules

_THINGS = ("products", "gifts", "privileges", "causes")
"""Lists of names; their terms stand in the clauses that give them."""
_SPOKEN = ("segment",)
"""What the plain words of a clause name as it stands."""


@dataclass(frozen=True)
class Flagged:
    """A breach in a campaign file: the path of the text (`offer`, `en`), and what is wrong."""

    path: Path
    finding: Finding

    def told(self, locale: Locale) -> str:
        """The words, why they may not stand, and what could."""
        return self.finding.told(locale)


def outward_texts(rules: Rules) -> Iterator[tuple[Path, str]]:
    """Every text of a campaign that the public reads, with its place; none is listed by hand."""
    yield from _walked(rules, ())


def flagged_texts(rules: Rules, known: Rules | None = None) -> tuple[Flagged, ...]:
    """Every breach in a campaign's texts, in the file's order; what `known` says is passed over."""
    before = dict(outward_texts(known)) if known is not None else {}
    return tuple(
        Flagged(path, finding)
        for path, words in outward_texts(rules)
        if before.get(path) != words
        for finding in _checked(words, path[0] in _THINGS)
    )


def _walked(value: object, at: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Words):
        for locale in Locale:
            yield (*at, locale.value), value.of(locale)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if name in _SPOKEN and isinstance(inner, str):
                yield (*at, name), inner
            else:
                yield from _walked(inner, (*at, name))
    elif isinstance(value, (tuple, list)):
        for place, each in enumerate(value):
            yield from _walked(each, (*at, place))


@lru_cache(maxsize=512)
def _checked(words: str, names_a_thing: bool) -> tuple[Finding, ...]:
    """The check, kept for the texts that a form shows again and again."""
    return check_copy(words, names_a_thing=names_a_thing)
