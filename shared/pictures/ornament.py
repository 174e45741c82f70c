"""The two drawn things on a poster: the seal, and the rosette of fine lines of a bank's paper."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, pi, sin

from PIL import ImageDraw

STROKES: tuple[tuple[tuple[float, float], ...], ...] = (
    ((10.5, 13.2), (37.5, 13.2)),
    ((18.7, 8.6), (18.7, 17.3)),
    ((29.3, 8.6), (29.3, 17.3)),
    ((9.6, 21.6), (38.4, 21.6)),
    ((21.3, 17.2), (19.8, 21.3), (17.6, 25.4), (14.6, 29.0), (9.4, 33.1)),
    ((16.2, 28.4), (16.2, 39.8)),
    ((22.6, 26.9), (34.8, 26.9), (28.8, 31.6)),
    ((28.8, 31.6), (28.8, 37.5), (28.3, 39.1), (26.9, 39.6), (24.9, 39.6)),
    ((20.8, 33.8), (38.8, 33.8)),
)
"""荐 on a grid of 48, as the web's seal draws it."""


def seal_ground(draw: ImageDraw.ImageDraw, side: float) -> None:
    """The seal's square, `side` pixels wide."""
    unit = side / 48
    draw.rounded_rectangle((2.5 * unit, 2.5 * unit, 45.5 * unit, 45.5 * unit), 4 * unit, fill=255)


def seal_glyph(draw: ImageDraw.ImageDraw, side: float) -> None:
    """The character cut into it."""
    unit = side / 48
    thick = 3.1 * unit
    for stroke in STROKES:
        points = [(x * unit, y * unit) for x, y in stroke]
        draw.line(points, fill=255, width=round(thick), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)


def rosette(
    radius: float, rings: int = 22, points: int = 720
) -> Iterator[list[tuple[float, float]]]:
    """Closed curves round (0, 0), as an engraving lathe turns them."""
    for ring in range(rings):
        depth = ring / (rings - 1)
        middle = radius * (0.34 + 0.5 * depth)
        swing = radius * (0.16 - 0.07 * depth)
        phase = depth * pi / 3
        yield [
            (
                (middle + swing * sin(9 * angle + phase)) * cos(angle + 0.35 * depth),
                (middle + swing * sin(9 * angle + phase)) * sin(angle + 0.35 * depth),
            )
            for angle in (2 * pi * step / points for step in range(points + 1))
        ]
