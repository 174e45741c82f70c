"""Share posters, 1080 x 1920: one sheet a campaign and language, each member's code laid in.

A sheet is drawn and compressed once; for a member only the band with the QR code is drawn and
compressed anew, and the PNG is put together from the three stretches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from shared.pictures.canvas import STEPS, Mask, lay
from shared.pictures.png import Colour, Stretch, png, stretch
from shared.pictures.qr import QUIET_ZONE, qr_matrix
from shared.pictures.sheet import (
    CARD,
    CODE_HIGH,
    CODE_TOP,
    HEIGHT,
    INK,
    QR_SIDE,
    QR_TOP,
    WIDTH,
    Sheet,
    drawn,
)
from shared.pictures.typeset import mask_of, width_of

_CODE_SIZE, _CODE_TRACK = 60, 5
_FINEST = 6
"""Pixels a module needs, so that a poster seen on a phone can be read by another."""
_CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


@dataclass(frozen=True)
class Poster:
    """One member's poster: the sheet, the address in the QR code, the code people read out."""

    sheet: Sheet
    link: str
    code: str
    """As it is shown: `K7Q2-M9XD`."""

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"{self.code!r} is not a code like K7Q2-M9XD")


@dataclass(frozen=True)
class _Printed:
    """A sheet ready for codes: compressed above and below the band, plain pixels within."""

    above: Stretch
    below: Stretch
    band: Mask
    palette: bytes
    ink: int
    """Where the ramp from card to ink begins."""


def poster_png(poster: Poster) -> bytes:
    """The poster as a palette PNG of 1080 x 1920 pixels. ValueError when something does not fit."""
    printed = _printed(poster.sheet)
    band = printed.band.copy()
    _lay_qr(band, poster.link, printed.ink)
    _lay_code(band, poster.code, printed.ink)
    return png(
        WIDTH,
        HEIGHT,
        printed.above,
        stretch(band, level=3),
        printed.below,
        colour=Colour.PALETTE,
        palette=printed.palette,
    )


def _lay_qr(band: Mask, link: str, ink: int) -> None:
    modules = qr_matrix(link)
    scale = QR_SIDE // (len(modules) + 2 * QUIET_ZONE)
    if scale < _FINEST:
        raise ValueError(f"a link of {len(link)} characters makes too fine a QR code")
    dark = modules.repeat(scale, axis=0).repeat(scale, axis=1)
    side = len(dark)
    top, left = (QR_SIDE - side) // 2, (WIDTH - side) // 2
    band[top : top + side, left : left + side] = ink + dark * np.uint8(STEPS)


def _lay_code(band: Mask, code: str, ink: int) -> None:
    figures = [_figure(char) for char in code]
    x = (WIDTH - sum(step for _, step in figures) + _CODE_TRACK) // 2
    top = CODE_TOP - QR_TOP
    for mask, step in figures:
        lay(band[top : top + mask.shape[0], x : x + mask.shape[1]], mask, ink)
        x += step


@lru_cache(maxsize=64)
def _figure(char: str) -> tuple[Mask, int]:
    """One character of a code, which is drawn again and again, and how far the next one stands."""
    mask = mask_of(char, _CODE_SIZE, "en")[:CODE_HIGH]
    return mask, round(width_of(char, _CODE_SIZE, "en")) + _CODE_TRACK


@lru_cache(maxsize=32)
def _printed(sheet: Sheet) -> _Printed:
    canvas = drawn(sheet)
    ink = canvas.ramp(INK, CARD)
    top, bottom = QR_TOP, CODE_TOP + CODE_HIGH
    return _Printed(
        stretch(canvas.pixels[:top], level=9),
        stretch(canvas.pixels[bottom:], level=9),
        canvas.pixels[top:bottom].copy(),
        canvas.palette,
        ink,
    )
