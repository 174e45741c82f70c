"""A picture in palette numbers: every ink on every ground is a ramp, so nothing is quantised."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Mask = NDArray[np.uint8]
STEPS = 15
"""Shades between a ground (0) and an ink on it."""

_FINE = 4  # shapes are drawn this much larger and then reduced, for smooth edges


class Canvas:
    """Pixels as palette numbers, and the palette as it grows; at most sixteen pairs of colours."""

    def __init__(self, width: int, height: int, ground: str) -> None:
        self._ramps: dict[tuple[str, str], int] = {}
        self._colours: list[tuple[int, int, int]] = []
        self.pixels: Mask = np.full((height, width), self.ramp(ground, ground), dtype=np.uint8)

    @property
    def palette(self) -> bytes:
        """RGB triples."""
        return bytes(part for colour in self._colours for part in colour)

    def ramp(self, ink: str, ground: str) -> int:
        """The palette number of `ground`; `ink` stands STEPS further, shades between."""
        if (ink, ground) not in self._ramps:
            first = len(self._colours)
            assert first + STEPS < 256, "the palette is full"
            top, base = _rgb(ink), _rgb(ground)
            self._ramps[ink, ground] = first
            self._colours += [
                (_mix(top[0], base[0], k), _mix(top[1], base[1], k), _mix(top[2], base[2], k))
                for k in range(STEPS + 1)
            ]
        return self._ramps[ink, ground]

    def paint(self, mask: Mask, x: int, y: int, ink: str, ground: str) -> None:
        """Lay ink (0 to 255 a pixel) over a ground at a place; what falls outside is cut off."""
        height, width = self.pixels.shape
        left, top = max(-x, 0), max(-y, 0)
        mask = mask[top : max(height - y, 0), left : max(width - x, 0)]
        x, y = x + left, y + top
        lay(self.pixels[y : y + mask.shape[0], x : x + mask.shape[1]], mask, self.ramp(ink, ground))

    def shape(
        self,
        draw: Callable[[ImageDraw.ImageDraw, int], None],
        box: tuple[int, int, int, int],
        ink: str,
        ground: str,
    ) -> None:
        """Paint what `draw` draws (white on black, in coordinates times the given scale)."""
        x, y, width, height = box
        large = Image.new("L", (width * _FINE, height * _FINE))
        draw(ImageDraw.Draw(large), _FINE)
        self.paint(np.asarray(large.reduce(_FINE)), x, y, ink, ground)


def lay(pixels: Mask, mask: Mask, ramp: int) -> None:
    """Put a mask's shades of a ramp onto pixels of the same size, in place."""
    shade = (mask.astype(np.uint16) * STEPS + 127) // 255
    inked = shade > 0
    pixels[inked] = (ramp + shade[inked]).astype(np.uint8)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(top: int, base: int, step: int) -> int:
    return round(base + (top - base) * step / STEPS)
