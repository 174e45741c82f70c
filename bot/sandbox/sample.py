"""A picture to send where nobody has one at hand: a chat in which a friend tells of the card."""

from __future__ import annotations

import io
from typing import cast

from PIL import Image, ImageDraw

from shared.base.i18n import Locale, text
from shared.pictures.typeset import Language, mask_of, width_of

_SIZE = (720, 900)
_GROUND, _HEAD, _INK, _QUIET = "#ECE7DE", "#FFFFFF", "#1C2430", "#5A6472"
_OWN, _HERS = "#CFE6D8", "#FFFFFF"
_LINES = (False, True, False, False, True)
"""Whether a line is Alice's; else it is Bob's."""


def sample_png(locale: Locale = Locale.ZH_HANS) -> bytes:
    """The picture as a PNG, in a language."""
    picture = Image.new("RGB", _SIZE, _GROUND)
    language = cast(Language, locale.lang)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, _SIZE[0], 96), fill=_HEAD)
    _write(picture, "Bob", 34, language, (_SIZE[0] // 2, 48), _INK)
    day = text(locale, "sandbox.sample.day")
    _write(picture, day, 24, language, (_SIZE[0] // 2, 140), _QUIET)
    for number, own in enumerate(_LINES):
        words, top = text(locale, f"sandbox.sample.{number + 1}"), 190 + number * 124
        wide = int(width_of(words, 30, language)) + 56
        left = _SIZE[0] - 32 - wide if own else 32
        box = (left, top, left + wide, top + 84)
        draw.rounded_rectangle(box, 20, fill=_OWN if own else _HERS)
        _write(picture, words, 30, language, (left + wide // 2, top + 42), _INK)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _write(
    picture: Image.Image, words: str, size: int, language: Language, at: tuple[int, int], ink: str
) -> None:
    """A line around a point."""
    mask = Image.fromarray(mask_of(words, size, language))
    picture.paste(ink, (at[0] - mask.width // 2, at[1] - mask.height // 2), mask)
