"""Contrast of two colours, as WCAG 2.2 defines it."""

from __future__ import annotations

import re

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def _luminance(colour: str) -> float:
    if not _HEX.fullmatch(colour):
        raise ValueError(f"{colour!r} is not a colour like #B3261E")
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast_ratio(one: str, other: str) -> float:
    """The ratio 1 … 21 between two `#rrggbb` colours. ValueError for anything else."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable_on(colour: str, ground: str, ratio: float = 4.5) -> str:
    """The nearest tint (on a dark ground) or shade (on a light one) of `colour` with that contrast.

    For an issuer's colour in the dark theme. ValueError when not even white or black has it.
    """
    end = max(("#FFFFFF", "#000000"), key=lambda pole: contrast_ratio(pole, ground))
    for share in range(0, 101, 2):
        parts = ((int(colour[i : i + 2], 16), int(end[i : i + 2], 16)) for i in (1, 3, 5))
        mixed = "#" + "".join(
            f"{(own * (100 - share) + pole * share) // 100:02X}" for own, pole in parts
        )
        if contrast_ratio(mixed, ground) >= ratio:
            return mixed
    raise ValueError(f"nothing has a contrast of {ratio}:1 with {ground}")
