"""A chart as SVG: stacked columns, another column beside each, and running totals below them.

Words come ready from the caller. Labels stand at what they name, so there is no legend, and
what is compared differs in form (filled or outlined, whole or dashed), not in colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

PAPER, CARD, INK, QUIET, LINE = "#FAF8F4", "#FFFFFF", "#1C2430", "#5A6472", "#E4DFD6"
SEAL, JADE, AMBER = "#B3261E", "#1F6F5C", "#8A5A00"
FILLS = (JADE, "#C9A25B", QUIET, "#7FB5A6", AMBER, "#B4BAC2")
"""Of stacked parts, from the ground up: jade, amber and quiet ink, each in two tints."""
_DARK = {
    PAPER: "#12161C", CARD: "#1A2029", INK: "#ECE8E1", QUIET: "#9AA3AF", LINE: "#2B333F",
    SEAL: "#FF7A6B", JADE: "#62C9AE", AMBER: "#E5B454",
    "#C9A25B": "#8F6F2E", "#7FB5A6": "#3E8F7D", "#B4BAC2": "#5A6472",
}  # fmt: skip
"""Each colour's twin on a dark page."""
_FONT = "system-ui, -apple-system, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
_WIDTH, _HEIGHT = 1120, 720
_LEFT, _RIGHT = 96, 848
"""Columns stand between; labels to the right."""
_TOP, _FLOOR = 112, 372
"""Of the columns."""
_UPPER, _BOTTOM = 474, 664
"""Of the running totals."""
_GAP = 19
"""Between the lines of neighbouring labels."""


@dataclass(frozen=True)
class Part:
    """One part of every column, from the ground up."""

    label: str
    amounts: tuple[int, ...]


@dataclass(frozen=True)
class Running:
    """A running total: (place from 0 to 1 along the columns, amount), ascending."""

    label: str
    points: tuple[tuple[float, int], ...]
    dashed: bool = False


@dataclass(frozen=True)
class Mark:
    """A moment of note on the running totals."""

    label: str
    place: float


@dataclass(frozen=True)
class Chart:
    """Everything there is to see, in words and numbers."""

    lang: str
    title: str
    subtitle: str
    months: tuple[str, ...]
    parts: tuple[Part, ...]
    beside: Part
    """The outlined column beside each stack."""
    running_title: str
    running: tuple[Running, ...]
    level: tuple[str, int] | None
    """A line that the running totals may reach, with its label."""
    marks: tuple[Mark, ...]
    write: Callable[[int], str]
    """An amount as a label."""


def draw(chart: Chart) -> str:
    """The chart as a document of its own."""
    body = [
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{PAPER}"/>',
        _text(32, 44, chart.title, size=20, weight=600),
        _text(32, 70, chart.subtitle, fill=QUIET),
        *_columns(chart),
        _text(32, _UPPER - 36, chart.running_title, size=16, weight=600),
        *_running(chart),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" lang="{escape(chart.lang)}" '
        f'font-family="{_FONT}" font-size="14" style="font-variant-numeric: tabular-nums">'
        f"<title>{escape(chart.title)}</title>{''.join(body)}</svg>\n"
    )


def in_the_dark(drawn: str) -> str:
    """A chart that was drawn, in the colours of a dark page."""
    return re.sub("|".join(_DARK), lambda found: _DARK[found[0]], drawn)


def _columns(chart: Chart) -> Iterator[str]:
    totals = [sum(part.amounts[k] for part in chart.parts) for k in range(len(chart.months))]
    scale = _Scale(max([*totals, *chart.beside.amounts, 1]), _TOP, _FLOOR)
    yield from scale.grid(chart.write)
    room = (_RIGHT - _LEFT) / len(chart.months)
    width = min(44.0, room * 0.34)
    every = -(-88 * len(chart.months) // (_RIGHT - _LEFT))  # labels that would touch are left out
    tops = [0] * len(chart.months)
    ends: list[_End] = []
    for number, part in enumerate(chart.parts):
        style = f'fill="{FILLS[number % len(FILLS)]}"'
        for k, amount in enumerate(part.amounts):
            x = _LEFT + room * (k + 0.5) - width
            high, low = scale.y(tops[k] + amount), scale.y(tops[k])
            if amount:
                yield _rect(x, high, width - 1, low - high, style)
            tops[k] += amount
        ends.append(_End((high + low) / 2, part.label, _swatch(style), bool(part.amounts[-1])))
    for k, amount in enumerate(chart.beside.amounts):
        x = _LEFT + room * (k + 0.5) + 2
        top = scale.y(amount)
        if amount:
            yield _rect(x, top, width - 3, _FLOOR - top, _OUTLINED)
        if k % -(-56 * len(chart.months) // (_RIGHT - _LEFT)) == 0:
            yield _text(x - 2, _FLOOR + 22, chart.months[k], fill=QUIET, anchor="middle")
        if totals[k] and (every == 1 or totals[k] == max(totals)):
            centre, label = x - 2 - width / 2, chart.write(totals[k])
            yield _text(centre, scale.y(totals[k]) - 7, label, anchor="middle", weight=600)
    last = scale.y(chart.beside.amounts[-1])
    ends.append(_End(last - 8, chart.beside.label, _swatch(_OUTLINED), False))
    yield from _labels(ends, _RIGHT - room * 0.5, _TOP - 6, _FLOOR)


def _running(chart: Chart) -> Iterator[str]:
    reached = max((line.points[-1][1] for line in chart.running if line.points), default=0)
    shown = chart.level if chart.level is not None and chart.level[1] <= 2 * reached else None
    scale = _Scale(max(reached, shown[1] if shown else 0, 1), _UPPER, _BOTTOM)
    yield from scale.grid(chart.write)
    ends: list[_End] = []
    for line in chart.running:
        if not line.points:
            continue
        steps = [f"M{_place(line.points[0][0])},{_BOTTOM}"]
        for place, amount in line.points:
            steps.append(f"H{_place(place)}V{scale.y(amount):.1f}")
        steps.append(f"H{_RIGHT}")
        style = _DASHED if line.dashed else _WHOLE
        yield f'<path d="{"".join(steps)}" fill="none" {style} stroke-linejoin="round"/>'
        ends.append(_End(scale.y(line.points[-1][1]), line.label, _sample(style), True))
    if shown:
        y = scale.y(shown[1])
        yield _line(_LEFT, y, _RIGHT, y, SEAL, 'stroke-width="1.5"')
        ends.append(_End(y, shown[0], _sample(f'stroke="{SEAL}" stroke-width="1.5"'), True))
    for mark in chart.marks:
        x = _place(mark.place)
        yield _line(x, _UPPER - 14, x, _BOTTOM, SEAL, 'stroke-dasharray="2 4"')
        anchor, side = ("end", -8.0) if mark.place > 0.6 else ("start", 8.0)
        yield _text(x + side, _UPPER - 8, mark.label, fill=SEAL, anchor=anchor)
    yield from _labels(ends, _RIGHT, _UPPER, _BOTTOM)
    if chart.level is not None and shown is None:
        yield _text(_WIDTH - 32, _UPPER - 36, chart.level[0], fill=SEAL, anchor="end")


@dataclass(frozen=True)
class _End:
    """What a label to the right belongs to: its height, and a small piece of it."""

    y: float
    label: str
    piece: str
    """Drawn at the origin, 16 wide."""
    leader: bool
    """Whether a fine line leads from the label to what it names."""


_OUTLINED = f'fill="{CARD}" stroke="{INK}" stroke-width="1.5"'
_WHOLE = f'stroke="{JADE}" stroke-width="2"'
_DASHED = f'stroke="{INK}" stroke-width="2" stroke-dasharray="6 4"'


def _swatch(style: str) -> str:
    return _rect(2, -6, 12, 12, style)


def _sample(style: str) -> str:
    return f'<path d="M0,0H16" {style}/>'


def _labels(ends: Sequence[_End], start: float, top: float, bottom: float) -> Iterator[str]:
    """Labels to the right, each as near to the height of what it names as the others allow."""
    ordered = list(reversed(ends))  # of equals, the upper part first
    ordered.sort(key=lambda end: end.y)
    at = [end.y for end in ordered]
    for k in range(len(at)):
        at[k] = max(at[k], at[k - 1] + _GAP if k else top)
    for k in reversed(range(len(at))):
        at[k] = min(at[k], at[k + 1] - _GAP if k + 1 < len(at) else bottom)
    for end, y in zip(ordered, at, strict=True):
        if end.leader:
            yield (
                f'<path d="M{start:.1f},{end.y:.1f}H{_RIGHT + 6}L{_RIGHT + 18},{y:.1f}" '
                f'fill="none" stroke="{QUIET}" stroke-width="0.75"/>'
            )
        yield f'<g transform="translate({_RIGHT + 24},{y:.1f})">{end.piece}</g>'
        yield _text(_RIGHT + 48, y + 5, end.label)


class _Scale:
    """Amounts to heights, with a few round lines."""

    def __init__(self, most: int, top: float, floor: float) -> None:
        self._top, self._floor = top, floor
        self._step = _round_step(most)
        self._most = -(-most // self._step) * self._step

    def y(self, amount: int) -> float:
        """The height of an amount."""
        return self._floor - (self._floor - self._top) * amount / self._most

    def grid(self, write: Callable[[int], str]) -> Iterator[str]:
        """Lines at round amounts."""
        for amount in range(0, self._most + 1, self._step):
            y = self.y(amount)
            yield _line(_LEFT, y, _RIGHT, y, QUIET if amount == 0 else LINE)
            yield _text(_LEFT - 10, y + 5, write(amount), fill=QUIET, anchor="end")


def _round_step(most: int) -> int:
    """A round step of which three to five make `most`."""
    step = 1
    while True:
        for times in (1, 2, 5):
            if most <= 4 * step * times:
                return step * times
        step *= 10


def _place(place: float) -> float:
    return round(_LEFT + (_RIGHT - _LEFT) * place, 1)


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 14,
    weight: int = 400,
    fill: str = INK,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{fill}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def _rect(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {style}/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, style: str = "") -> str:
    return f'<path d="M{x1:.1f},{y1:.1f}L{x2:.1f},{y2:.1f}" stroke="{colour}" {style}/>'
