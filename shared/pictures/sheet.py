"""A poster's sheet: what all posters of a campaign in one language share, drawn without a code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import ImageDraw

from shared.base.contrast import contrast_ratio
from shared.pictures import ornament
from shared.pictures.canvas import Canvas
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

WIDTH, HEIGHT = 1080, 1920
PANEL_TOP, PANEL_BOTTOM = 908, 1664
QR_TOP, QR_SIDE = PANEL_TOP + 12, 588
"""The QR code's square, quiet zone included, in the middle of the sheet."""
CODE_TOP, CODE_HIGH = QR_TOP + QR_SIDE - 20, 88
"""The line beneath it; its letters begin below the quiet zone."""
INK, CARD = "#1C2430", "#FFFFFF"

_QUIET, _LINE, _PAPER = "#5A6472", "#E4DFD6", "#FAF8F4"
_MARGIN, _WORDS_TOP = 88, 208
_INNER = WIDTH - 2 * _MARGIN
_TITLE_GAP, _OFFER_GAP, _INDENT = 44, 14, 42
_READABLE = 4.5
_LANGUAGES = ("zh-Hans", "zh-Hant", "en")


class Theme(StrEnum):
    """How a sheet is coloured."""

    PAPER = "paper"
    """Ink on paper, one red seal."""
    SEAL = "seal"
    """Paper on the seal's colour, for a festive season."""


@dataclass(frozen=True)
class Sheet:
    """What all posters of a campaign in one language share; texts come already worded.

    ValueError when a text is missing or holds a character that the font lacks, or when the seal's
    colour cannot be read on paper; whether the texts fit is seen when the sheet is drawn.
    """

    language: Language
    issuer: str
    title: str
    offers: tuple[str, ...]
    """One to four lines: what the friend gets and on what condition."""
    scan: str
    """What to do with the code, one line."""
    footnote: str
    """Limits and the whole cost, as the law wants them beside the offer."""
    eyebrow: str = ""
    theme: Theme = Theme.PAPER
    seal: str = "#B3261E"

    def __post_init__(self) -> None:
        if self.language not in _LANGUAGES:
            raise ValueError(f"{self.language!r} is none of {', '.join(_LANGUAGES)}")
        for name in ("issuer", "title", "scan", "footnote"):
            if not getattr(self, name).strip():
                raise ValueError(f"a poster needs its {name}")
        if not 1 <= len(self.offers) <= 4:
            raise ValueError(f"a poster has one to four offer lines, not {len(self.offers)}")
        words = "".join((self.issuer, self.title, *self.offers, self.scan, self.footnote))
        if lacking := missing_glyphs(words + self.eyebrow):
            raise ValueError(f"the poster's font cannot draw {lacking}")
        if contrast_ratio(self.seal, _PAPER) < _READABLE:
            raise ValueError(f"{self.seal} cannot be read on the poster's paper")


def drawn(sheet: Sheet) -> Canvas:
    """The sheet without a code. ValueError names the text that does not fit."""
    on_paper = sheet.theme is Theme.PAPER
    ground = _PAPER if on_paper else sheet.seal
    ink, quiet, accent = (INK, _QUIET, sheet.seal) if on_paper else (CARD, _PAPER, CARD)
    canvas = Canvas(WIDTH, HEIGHT, ground)
    _draw_rosette(canvas, _LINE if on_paper else CARD, ground, faint=not on_paper)
    _draw_issuer(canvas, sheet, accent, ink, ground)
    _draw_words(canvas, sheet, ink, accent, ground)
    _draw_panel(canvas, sheet, ground)
    _draw_footnote(canvas, sheet, quiet, ground)
    return canvas


def _draw_rosette(canvas: Canvas, ink: str, ground: str, faint: bool) -> None:
    x, y, radius = WIDTH - 60, 330, 640

    def curves(draw: ImageDraw.ImageDraw, scale: int) -> None:
        for curve in ornament.rosette(radius):
            points = [((x + dx) * scale, (y + dy) * scale) for dx, dy in curve]
            draw.line(points, fill=40 if faint else 255, width=round(1.25 * scale))

    canvas.shape(curves, (0, 0, WIDTH, PANEL_TOP), ink, ground)


def _draw_issuer(canvas: Canvas, sheet: Sheet, accent: str, ink: str, ground: str) -> None:
    side, top = 80, 88
    box = (_MARGIN - 4, top, side, side)
    canvas.shape(lambda draw, k: ornament.seal_ground(draw, side * k), box, accent, ground)
    canvas.shape(lambda draw, k: ornament.seal_glyph(draw, side * k), box, ground, accent)
    size = _fitting(sheet.issuer, (44, 40, 36, 32), _INNER - side - 20, sheet, "issuer")
    mask = mask_of(spaced(sheet.issuer), size, sheet.language)
    canvas.paint(mask, _MARGIN + side + 18, top + (side - mask.shape[0]) // 2, ink, ground)


@dataclass(frozen=True)
class _Block:
    """Title and offers in lines, at sizes at which they fit between the issuer and the panel."""

    title: list[str]
    title_size: int
    offers: list[list[str]]
    offer_size: int
    eyebrow: int
    """The height of the eyebrow; 0 without one."""

    @property
    def leading(self) -> int:
        return round(self.title_size * 1.28)

    @property
    def step(self) -> int:
        return round(self.offer_size * 1.46)

    @property
    def height(self) -> int:
        rows = sum(map(len, self.offers))
        offers = self.step * rows + _OFFER_GAP * (len(self.offers) - 1)
        return self.eyebrow + self.leading * len(self.title) + _TITLE_GAP + offers


def _block(sheet: Sheet, room: int) -> _Block:
    """The largest setting that fits."""
    for size, small in ((88, 46), (80, 44), (72, 42), (64, 38), (56, 34)):
        block = _Block(
            balanced(sheet.title, size, _INNER, sheet.language),
            size,
            [broken(offer, small, _INNER - _INDENT, sheet.language) for offer in sheet.offers],
            small,
            78 if sheet.eyebrow else 0,
        )
        narrow = fit(block.title, size, _INNER, sheet.language) and all(
            fit(lines, small, _INNER - _INDENT, sheet.language) for lines in block.offers
        )
        if narrow and len(block.title) <= 3 and block.height <= room:
            return block
    raise ValueError("title and offer lines together are too long for the poster")


def _draw_words(canvas: Canvas, sheet: Sheet, ink: str, accent: str, ground: str) -> None:
    room = PANEL_TOP - 56 - _WORDS_TOP
    block = _block(sheet, room)
    y = _WORDS_TOP + (room - block.height) // 2

    def write(line: str, size: int, x: int, step: int, colour: str, bold: float = 0) -> None:
        mask = mask_of(line, size, sheet.language, bold)
        canvas.paint(mask, x, y + (step - mask.shape[0]) // 2, colour, ground)

    if sheet.eyebrow:
        size = _fitting(sheet.eyebrow, (40, 36, 32), _INNER, sheet, "eyebrow")
        write(spaced(sheet.eyebrow), size, _MARGIN, 58, accent)
    y += block.eyebrow
    for line in block.title:
        write(line, block.title_size, _MARGIN - 2, block.leading, ink, bold=1)
        y += block.leading
    y += _TITLE_GAP
    for lines in block.offers:
        mark = np.full((16, 16), 255, dtype=np.uint8)
        canvas.paint(mark, _MARGIN, y + block.step // 2 - 8, accent, ground)
        for line in lines:
            write(line, block.offer_size, _MARGIN + _INDENT, block.step, ink)
            y += block.step
        y += _OFFER_GAP


def _draw_panel(canvas: Canvas, sheet: Sheet, ground: str) -> None:
    """The white card that holds the code, its hint beneath; the code itself comes later."""
    width, height = _INNER, PANEL_BOTTOM - PANEL_TOP
    for edge, colour, below in ((0, _LINE, ground), (2, CARD, _LINE)):
        canvas.shape(
            lambda draw, k, edge=edge: draw.rounded_rectangle(  # type: ignore[misc]
                (edge * k, edge * k, (width - edge) * k - 1, (height - edge) * k - 1),
                (28 - edge) * k,
                fill=255,
            ),
            (_MARGIN, PANEL_TOP, width, height),
            colour,
            below,
        )
    size = _fitting(sheet.scan, (36, 34, 32, 30, 28), width - 80, sheet, "scan line")
    mask = mask_of(spaced(sheet.scan), size, sheet.language)
    canvas.paint(mask, (WIDTH - mask.shape[1]) // 2, CODE_TOP + CODE_HIGH + 8, _QUIET, CARD)


def _draw_footnote(canvas: Canvas, sheet: Sheet, ink: str, ground: str) -> None:
    room = HEIGHT - 56 - PANEL_BOTTOM - 28
    for size in (28, 26, 24, 22):
        lines = broken(sheet.footnote, size, _INNER, sheet.language)
        step = round(size * 1.5)
        if len(lines) * step <= room and fit(lines, size, _INNER, sheet.language):
            break
    else:
        raise ValueError("the footnote is too long for the poster")
    y = HEIGHT - 56 - len(lines) * step
    for line in lines:
        canvas.paint(mask_of(line, size, sheet.language), _MARGIN, y, ink, ground)
        y += step


def _fitting(text: str, sizes: tuple[int, ...], width: float, sheet: Sheet, what: str) -> int:
    """The first size at which one line holds a text. ValueError when none does."""
    for size in sizes:
        if width_of(spaced(text), size, sheet.language) <= width:
            return size
    raise ValueError(f"the {what} is too long for the poster: {text}")
