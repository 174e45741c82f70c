"""A member's statement as a PDF on A4: words in, bytes out, no database.

The font is subset into the file. Lines are broken by `typeset`, so that Chinese turns where it may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.resources import as_file
from typing import cast

from fpdf import FPDF
from fpdf.enums import RenderStyle, TextMode
from fpdf.fonts import TTFFont

from shared.pictures import ornament
from shared.pictures.simplified import simplify
from shared.pictures.statement_sheet import StatementSheet
from shared.pictures.typeset import FONT, THIN, Language, broken, missing_glyphs, spaced, width_of

_INK, _QUIET, _LINE, _PAPER, _SEAL = "#1C2430", "#5A6472", "#E4DFD6", "#FAF8F4", "#B3261E"
_WIDTH, _HEIGHT, _MARGIN = 595.28, 841.89, 48.0
"""A4 in points."""
_INNER = _WIDTH - 2 * _MARGIN
_BOTTOM = _HEIGHT - 60
_FINE = 10
"""Widths are measured at ten times the size, as Pillow's fonts come in whole pixels."""
_COLUMNS = (88.0, 118.0, 113.0, 64.0, 48.0, 68.28)
_SUM_COLUMNS = (79.28, 84.0, 84.0, 84.0, 84.0, 84.0)
_GAP = 7.0


def statement_pdf(sheet: StatementSheet, made: datetime) -> bytes:
    """The statement as a PDF. `made` stands in the file's properties only."""
    paper = _Paper(sheet, made)
    paper.head()
    paper.sums()
    paper.entries()
    paper.notes()
    return paper.finished()


class _Paper:
    """A document under way and where on its page the next thing goes."""

    def __init__(self, sheet: StatementSheet, made: datetime) -> None:
        self.sheet = sheet
        self.language = cast(Language, sheet.language)
        self.pdf = FPDF(unit="pt", format="A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_title(f"{sheet.title} – {sheet.issuer}")
        self.pdf.set_author(sheet.issuer)
        self.pdf.set_lang(sheet.language)
        self.pdf.set_creation_date(made)
        self.pdf.set_producer("Jianka")
        with as_file(FONT) as path:
            self.pdf.add_font("text", fname=str(path))
        if sheet.language == "zh-Hans":
            simplify(cast(TTFFont, self.pdf.fonts["text"]))
        self.y = 0.0
        self._turn()

    # the page

    def _turn(self) -> None:
        self.pdf.add_page()
        self._fill(0, 0, _WIDTH, _HEIGHT, _PAPER)
        self.y = _MARGIN

    def _room(self, height: float, heads: Callable[[], None] | None = None) -> None:
        """Turn the page when so much does not fit any more; `heads` are repeated on it."""
        if self.y + height > _BOTTOM:
            self._turn()
            if heads is not None:
                heads()

    def finished(self) -> bytes:
        """Page numbers, then the bytes."""
        of = self.pdf.pages_count
        for n in range(1, of + 1):
            self.pdf.page = n
            self.pdf.set_font("text", size=1)  # this page's own last size may be another
            self._rule(_HEIGHT - 46)
            self._write(_MARGIN, _HEIGHT - 32, 7.5, self.sheet.issuer, _QUIET)
            page = self.sheet.page.format(n=n, of=of)
            self._write(_WIDTH - _MARGIN, _HEIGHT - 32, 7.5, page, _QUIET, right=True)
        self.pdf.page = of
        return bytes(self.pdf.output())

    # what stands on it

    def head(self) -> None:
        """Seal and issuer, the title, whose it is and as of when."""
        self._rosette(_WIDTH - 30, 40, 190)
        self._seal(_MARGIN - 1, self.y, 30)
        self._write(_MARGIN + 38, self.y + 20, 13, self.sheet.issuer)
        self.y += 66
        self._write(_MARGIN, self.y, 23, self.sheet.title, bold=0.35)
        self.y += 22
        for line in (self.sheet.member, self.sheet.as_of, self.sheet.chain):
            self._write(_MARGIN, self.y, 9, line, _QUIET)
            self.y += 15
        self.y += 14

    def sums(self) -> None:
        """A row a unit: where what was granted stands."""
        if not self.sheet.sums:
            return
        self._title(self.sheet.sums_title)
        self._heads(self.sheet.sum_heads, _SUM_COLUMNS, 1)
        for each in self.sheet.sums:
            self._row((each.unit, *each.amounts), _SUM_COLUMNS, 1, None)
        self.y += 22

    def entries(self) -> None:
        """Every grant, newest first."""
        self._title(self.sheet.title_of_entries)
        if not self.sheet.entries:
            self._write(_MARGIN, self.y + 8, 9.5, self.sheet.nothing, _QUIET)
            self.y += 32
            return

        def heads() -> None:
            self._heads(self.sheet.heads, _COLUMNS, 3)

        heads()
        for each in self.sheet.entries:
            what = f"{each.what}\n{each.why}" if each.why else each.what
            cells = (each.earned, what, each.status, each.gross, each.tax, each.net)
            self._row(cells, _COLUMNS, 3, heads, _INK if each.live else _QUIET)
        self.y += 22

    def notes(self) -> None:
        """The clauses in words, and the small print."""
        self._room(60)
        self._title(self.sheet.notes_title)
        self.y += 4
        for n, note in enumerate(self.sheet.notes, 1):
            lines = self._broken(note, 8.5, _INNER - 16)
            self._room(len(lines) * 13.5)
            self._write(_MARGIN, self.y + 8, 8.5, f"{n}.", _QUIET)
            for line in lines:
                self._write(_MARGIN + 16, self.y + 8, 8.5, line, _QUIET)
                self.y += 13.5
            self.y += 2

    # parts

    def _title(self, words: str) -> None:
        self._room(70)
        self._fill(_MARGIN, self.y - 7.5, 2.5, 11, _SEAL)
        self._write(_MARGIN + 9, self.y + 2, 11.5, words, bold=0.2)
        self.y += 14

    def _heads(self, heads: Sequence[str], columns: Sequence[float], right_from: int) -> None:
        rows = [
            self._broken(head, 8, width - _GAP) for head, width in zip(heads, columns, strict=True)
        ]
        self._cells(rows, columns, right_from, 8, 11, _QUIET)
        self._rule(self.y + 2, _INK, 0.7)
        self.y += 4

    def _row(
        self,
        cells: Sequence[str],
        columns: Sequence[float],
        right_from: int,
        heads: Callable[[], None] | None,
        ink: str = _INK,
    ) -> None:
        rows = [
            self._broken(cell, 9, width - _GAP) for cell, width in zip(cells, columns, strict=True)
        ]
        self._room(max(map(len, rows)) * 13 + 9, heads)
        self._cells(rows, columns, right_from, 9, 13, ink)
        self._rule(self.y + 3)
        self.y += 4

    def _cells(
        self,
        rows: Sequence[Sequence[str]],
        columns: Sequence[float],
        right_from: int,
        size: float,
        leading: float,
        ink: str,
    ) -> None:
        x = _MARGIN
        for place, (lines, width) in enumerate(zip(rows, columns, strict=True)):
            right = place >= right_from
            for n, line in enumerate(lines):
                base = self.y + (n + 1) * leading
                self._write(x + width if right else x, base, size, line, ink, right=right)
            x += width
        self.y += max(map(len, rows)) * leading + 2

    def _broken(self, text: str, size: float, width: float) -> list[str]:
        for sign in missing_glyphs(text):  # a nickname may hold an emoji
            text = text.replace(sign, "")
        return broken(text, round(size * _FINE), width * _FINE, self.language)

    # ink

    def _write(
        self,
        x: float,
        base: float,
        size: float,
        text: str,
        ink: str = _INK,
        *,
        right: bool = False,
        bold: float = 0,
    ) -> None:
        text = spaced(text)
        if right:
            x -= width_of(text, round(size * _FINE), self.language) / _FINE
        self.pdf.set_font("text", size=size)
        self.pdf.set_text_color(ink)
        if not bold:
            self._set(x, base, size, text)
            return
        with self.pdf.local_context(
            text_mode=TextMode.FILL_STROKE, line_width=bold, draw_color=ink
        ):
            self._set(x, base, size, text)

    def _set(self, x: float, base: float, size: float, text: str) -> None:
        """Set a line piece by piece: the font has no thin space, which Pillow makes for itself."""
        for piece in text.split(THIN):
            if piece:
                self.pdf.text(x, base, piece)
            x += width_of(piece + THIN, round(size * _FINE), self.language) / _FINE

    def _fill(self, x: float, y: float, width: float, height: float, ink: str) -> None:
        self.pdf.set_fill_color(ink)
        self.pdf.rect(x, y, width, height, style=RenderStyle.F)

    def _rule(self, y: float, ink: str = _LINE, thick: float = 0.5) -> None:
        self.pdf.set_draw_color(ink)
        self.pdf.set_line_width(thick)
        self.pdf.line(_MARGIN, y, _WIDTH - _MARGIN, y)

    def _seal(self, x: float, y: float, side: float) -> None:
        unit = side / 48
        self.pdf.set_fill_color(_SEAL)
        self.pdf.rect(
            x + 2.5 * unit, y + 2.5 * unit, 43 * unit, 43 * unit,
            style=RenderStyle.F, round_corners=True, corner_radius=4 * unit,
        )  # fmt: skip
        self.pdf.set_draw_color(_PAPER)
        self.pdf.set_fill_color(_PAPER)
        thick = 3.1 * unit
        self.pdf.set_line_width(thick)
        for stroke in ornament.STROKES:
            points = [(x + px * unit, y + py * unit) for px, py in stroke]
            self.pdf.polyline(points)
            for px, py in points:  # round ends and joints
                self.pdf.circle(px, py, thick / 2, style=RenderStyle.F)

    def _rosette(self, x: float, y: float, radius: float) -> None:
        self.pdf.set_draw_color(_LINE)
        self.pdf.set_line_width(0.35)
        for curve in ornament.rosette(radius, rings=12, points=240):
            self.pdf.polyline([(x + dx, y + dy) for dx, dy in curve])
