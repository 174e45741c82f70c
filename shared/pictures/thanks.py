"""Thank-you cards, 1080 x 1350: sent when a step of the ladder is reached, good to be shared.

They name nobody but the member, masked, and no amount: what is shared is the thanks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from shared.pictures import ornament
from shared.pictures.canvas import Canvas
from shared.pictures.png import Colour, png, stretch
from shared.pictures.typeset import (
    Language,
    balanced,
    broken,
    fit,
    mask_of,
    missing_glyphs,
    spaced,
    width_of,
)

WIDTH, HEIGHT = 1080, 1350
_INK, _QUIET, _LINE, _PAPER, _SEAL = "#1C2430", "#5A6472", "#E4DFD6", "#FAF8F4", "#B3261E"
_MARGIN = 96
_INNER = WIDTH - 2 * _MARGIN
_FRAME = 40


@dataclass(frozen=True)
class Thanks:
    """One card; texts come already worded. ValueError for a character that the font lacks."""

    language: Language
    issuer: str
    eyebrow: str
    to: str
    """Whom it thanks: the member's masked name."""
    words: str
    more: str
    day: str

    def __post_init__(self) -> None:
        every = "".join((self.issuer, self.eyebrow, self.to, self.words, self.more, self.day))
        if lacking := missing_glyphs(every):
            raise ValueError(f"the card's font cannot draw {lacking}")


def thanks_png(card: Thanks) -> bytes:
    """The card as a palette PNG of 1080 x 1350 pixels. ValueError when a text does not fit."""
    canvas = Canvas(WIDTH, HEIGHT, _PAPER)
    _frame(canvas)
    _rosette(canvas)
    _seal(canvas, _MARGIN, 108, 92)
    _write(canvas, card, card.issuer, 44, _MARGIN + 112, 154)
    _write(canvas, card, card.eyebrow, 36, _MARGIN, 420, _SEAL)
    _write(canvas, card, card.to, 46, _MARGIN, 508)
    size, lines = _title(card)
    y = 620
    for line in lines:
        _write(canvas, card, line, size, _MARGIN - 2, y, bold=1)
        y += round(size * 1.32)
    y += 20
    for line in broken(card.more, 38, _INNER, card.language):
        _write(canvas, card, line, 38, _MARGIN, y, _QUIET)
        y += 58
    rule = np.full((3, 120), 255, dtype=np.uint8)
    canvas.paint(rule, _MARGIN, HEIGHT - 210, _SEAL, _PAPER)
    _write(canvas, card, card.day, 34, _MARGIN, HEIGHT - 150, _QUIET)
    return png(
        WIDTH,
        HEIGHT,
        stretch(canvas.pixels, level=9),
        colour=Colour.PALETTE,
        palette=canvas.palette,
    )


def _title(card: Thanks) -> tuple[int, list[str]]:
    """The words as large as three lines allow."""
    for size in (88, 80, 72, 64, 56):
        lines = balanced(card.words, size, _INNER, card.language)
        if len(lines) <= 3 and fit(lines, size, _INNER, card.language):
            return size, lines
    raise ValueError(f"too long for the card: {card.words}")


def _write(
    canvas: Canvas,
    card: Thanks,
    text: str,
    size: int,
    x: int,
    middle: int,
    ink: str = _INK,
    bold: float = 0,
) -> None:
    """One line round a height; smaller when it is too long."""
    text = spaced(text)
    while size > 24 and x + width_of(text, size, card.language) > WIDTH - _MARGIN + 4:
        size -= 2
    mask = mask_of(text, size, card.language, bold)
    canvas.paint(mask, x, middle - mask.shape[0] // 2, ink, _PAPER)


def _frame(canvas: Canvas) -> None:
    for inset, thick in ((_FRAME, 3), (_FRAME + 10, 1)):
        wide, high = WIDTH - 2 * inset, HEIGHT - 2 * inset
        across = np.full((thick, wide), 255, dtype=np.uint8)
        down = np.full((high, thick), 255, dtype=np.uint8)
        for y in (inset, HEIGHT - inset - thick):
            canvas.paint(across, inset, y, _LINE, _PAPER)
        for x in (inset, WIDTH - inset - thick):
            canvas.paint(down, x, inset, _LINE, _PAPER)


def _rosette(canvas: Canvas) -> None:
    inset = _FRAME + 12
    side = WIDTH - 2 * inset

    def curves(draw: ImageDraw.ImageDraw, scale: int) -> None:
        for curve in ornament.rosette(470):
            points = [((side - 130 + dx) * scale, (150 + dy) * scale) for dx, dy in curve]
            draw.line(points, fill=255, width=round(1.25 * scale))

    canvas.shape(curves, (inset, inset, side, 640), _LINE, _PAPER)


def _seal(canvas: Canvas, x: int, y: int, side: int) -> None:
    box = (x - 4, y, side, side)
    canvas.shape(lambda draw, k: ornament.seal_ground(draw, side * k), box, _SEAL, _PAPER)
    canvas.shape(lambda draw, k: ornament.seal_glyph(draw, side * k), box, _PAPER, _SEAL)
