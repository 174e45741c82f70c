"""Setting text in pictures: the font, lines that break where Chinese may, glyphs it lacks."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, features

Language = Literal["zh-Hans", "zh-Hant", "en"]

FONT = files("cvttf_NotoSansCJK_Medium") / "NotoSansCJKtc-Medium.otf"
"""Noto Sans CJK Medium: Traditional forms, Simplified ones by language. No emoji."""
_SHAPES = features.check("raqm")  # without it the font's own forms (Traditional) are drawn
_NEVER = "\U0010ffff"  # a code point that no font draws

THIN = "\u2009"
_HAN = "\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff"
_BESIDE = re.compile(rf"(?<=[{_HAN}]) ?(?=[A-Za-z0-9¥$€£])|(?<=[A-Za-z0-9%]) ?(?=[{_HAN}])")
_PIECES = re.compile(rf"[!-~¥€£·{THIN}\u00a0-\u024f–—…]+|\s+|.", re.DOTALL)
_CLOSING = "，。、；：！？）》」』】〕％%…—～·"
_OPENING = "（《「『【〔"


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Noto Sans CJK Medium at a size in pixels."""
    with as_file(FONT) as path:
        return ImageFont.truetype(str(path), size)


def spaced(text: str) -> str:
    """Thin spaces where Chinese meets Latin letters or digits, as a typesetter would."""
    return _BESIDE.sub(THIN, text)


def width_of(text: str, size: int, language: Language) -> float:
    """The advance of a line in pixels."""
    return font(size).getlength(text, language=_tag(language))


def mask_of(text: str, size: int, language: Language, bold: float = 0) -> NDArray[np.uint8]:
    """A line's ink, 0 to 255; the rows span the font's ascent and descent."""
    face = font(size)
    up, down = face.getmetrics()
    wide = int(np.ceil(width_of(text, size, language))) + 2 * int(bold + 1)
    image = Image.new("L", (max(wide, 1), up + down))
    ImageDraw.Draw(image).text(
        (int(bold + 1), up),
        text,
        fill=255,
        font=face,
        anchor="ls",
        language=_tag(language),
        stroke_width=bold,
    )
    return np.asarray(image)


def broken(text: str, size: int, width: float, language: Language) -> list[str]:
    """Lines no wider than `width`: none begins with closing punctuation, none cuts a number."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _unbreakable(spaced(paragraph)):
            if line and width_of((line + piece).rstrip(), size, language) > width:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        lines.append(line.rstrip())
    return lines


def balanced(text: str, size: int, width: float, language: Language) -> list[str]:
    """Like `broken`, in lines of about one length; at its commas where that takes no more lines."""
    lines = broken(text, size, width, language)
    phrases = [p for p in re.split(r"(?<=[，；：,;:]) *", spaced(text)) if p]
    if 1 < len(phrases) <= len(lines):
        wide = max(width_of(phrase, size, language) for phrase in phrases)
        if wide <= width:
            return phrases
    narrow = int(width)
    while narrow > width / 2 and len(broken(text, size, narrow - size // 2, language)) == len(
        lines
    ):
        narrow -= size // 2
    return broken(text, size, narrow, language)


def fit(lines: list[str], size: int, width: float, language: Language) -> bool:
    """Whether no line is wider than `width`; one long word can be."""
    return all(width_of(line, size, language) <= width for line in lines)


def missing_glyphs(text: str) -> str:
    """The characters of `text` that the font cannot draw (an emoji, say), each once, in order."""
    return "".join(dict.fromkeys(char for char in text if _is_missing(char)))


@lru_cache(maxsize=4096)
def _is_missing(char: str) -> bool:
    if char.isspace() or char == THIN:
        return False
    face = font(24)
    drawn = face.getmask(char)
    never = face.getmask(_NEVER)
    return bool(drawn.size == never.size and bytes(drawn) == bytes(never))


def _unbreakable(text: str) -> list[str]:
    """Pieces between which a line may turn."""
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        sticks = pieces and (piece[0] in _CLOSING or pieces[-1][-1] in _OPENING)
        if sticks:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _tag(language: Language) -> str | None:
    return language if _SHAPES else None
