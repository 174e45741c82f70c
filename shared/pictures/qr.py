"""QR codes as pictures. The `qrcode` package makes the codewords; placing and masking are numpy's.

Modules are identical to the package's own: it tries all eight masks cell by cell in Python,
which is nine tenths of its time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from qrcode import QRCode
from qrcode.exceptions import DataOverflowError
from qrcode.util import create_data

from shared.pictures.png import png, stretch

Level = Literal["L", "M", "Q", "H"]
Modules = NDArray[np.bool_]

LEVELS: dict[Level, int] = {"L": 1, "M": 0, "Q": 3, "H": 2}
QUIET_ZONE = 4
"""Light modules that a reader needs on every side."""

_FINDER_LIKE = (0b10111010000, 0b00001011101)


def qr_matrix(text: str, level: Level = "H") -> Modules:
    """The dark modules of the smallest QR code that holds `text`, without a quiet zone.

    ValueError when the text is empty or too long for any version, or the level is unknown.
    """
    if not text:
        raise ValueError("a QR code needs some text")
    if level not in LEVELS:
        raise ValueError(f"{level!r} is no error correction level; choose of {', '.join(LEVELS)}")
    qr = QRCode(error_correction=LEVELS[level])
    qr.add_data(text)
    try:
        version = qr.best_fit()
    except (DataOverflowError, ValueError):
        raise ValueError(f"{len(text)} characters do not fit a QR code of level {level}") from None
    words = np.array(create_data(version, LEVELS[level], qr.data_list), dtype=np.uint8)
    rows, columns = _way(version)
    bits = np.zeros(len(rows), dtype=np.bool_)
    written = np.unpackbits(words)[: len(rows)]
    bits[: len(written)] = written

    drafts = _masks(version).copy()
    drafts[:, rows, columns] ^= bits
    drafts |= _frame(version, level, None)[0]
    mask = int(np.argmin(penalties(drafts)))
    modules: Modules = drafts[mask].copy()
    dark, fixed = _frame(version, level, mask)
    modules[fixed] = dark[fixed]
    return modules


def qr_png(text: str, *, scale: int = 10, border: int = QUIET_ZONE, level: Level = "H") -> bytes:
    """A QR code as a 1-bit PNG, `scale` pixels a module, with its quiet zone.

    ValueError when the picture could not be read: a scale below 1, a border below 4.
    """
    if not 1 <= scale <= 64:
        raise ValueError(f"a scale of {scale} pixels a module is outside 1 to 64")
    if not QUIET_ZONE <= border <= 64:
        raise ValueError(f"a border of {border} modules is outside {QUIET_ZONE} to 64")
    light = np.pad(~qr_matrix(text, level), border, constant_values=True)
    side = len(light) * scale
    rows = np.packbits(light.repeat(scale, axis=1), axis=1).repeat(scale, axis=0)
    return png(side, side, stretch(rows), depth=1)


def penalties(drafts: Modules) -> NDArray[np.int64]:
    """How badly each of several module squares (count x n x n) would read: ISO 18004, 7.8.3."""
    count, n, _ = drafts.shape
    both = np.concatenate([drafts, drafts.transpose(0, 2, 1)])
    same = both[:, :, 1:] == both[:, :, :-1]
    pairs = same[:, :, :-1] & same[:, :, 1:]
    fives = pairs[:, :, :-2] & pairs[:, :, 2:]
    starts = fives.copy()
    starts[:, :, 1:] &= ~fives[:, :, :-1]
    runs = _total(fives, count) + 2 * _total(starts, count)

    across = same[:count]
    blocks = across[:, :-1] & across[:, 1:] & same[count:].transpose(0, 2, 1)[:, :, :-1]

    one = both.astype(np.uint16)
    two = one[:, :, :-1] << 1 | one[:, :, 1:]
    four = two[:, :, :-2] << 2 | two[:, :, 2:]
    eight = four[:, :, :-4] << 4 | four[:, :, 4:]
    eleven = eight[:, :, :-3] << 3 | two[:, :, 8:-1] << 1 | one[:, :, 10:]
    finders = (eleven == _FINDER_LIKE[0]) | (eleven == _FINDER_LIKE[1])

    share = drafts.sum(axis=(1, 2)) / (n * n)
    balance = (np.abs(share * 100 - 50) / 5).astype(np.int64)
    total = runs + 3 * blocks.sum(axis=(1, 2)) + 40 * _total(finders, count) + 10 * balance
    return np.asarray(total, dtype=np.int64)


def _total(found: Modules, count: int) -> NDArray[np.int64]:
    """Hits by draft, rows and columns together."""
    sums = found.sum(axis=(1, 2))
    return np.asarray(sums[:count] + sums[count:], dtype=np.int64)


@lru_cache(maxsize=64)
def _frame(version: int, level: Level, mask: int | None) -> tuple[Modules, Modules]:
    """The fixed modules of a version: which are dark, and which are fixed at all.

    Without a mask the format and version bits are light, as they are while masks are compared.
    """
    qr = QRCode(version=version, error_correction=LEVELS[level])
    n = qr.modules_count = version * 4 + 17
    qr.modules = [[None] * n for _ in range(n)]
    for row, column in ((0, 0), (n - 7, 0), (0, n - 7)):
        qr.setup_position_probe_pattern(row, column)
    qr.setup_position_adjust_pattern()
    qr.setup_timing_pattern()
    qr.setup_type_info(mask is None, mask or 0)
    if version >= 7:
        qr.setup_type_number(mask is None)
    dark = np.array([[module is True for module in row] for row in qr.modules])
    fixed = np.array([[module is not None for module in row] for row in qr.modules])
    dark.flags.writeable = fixed.flags.writeable = False
    return dark, fixed


@lru_cache(maxsize=40)
def _way(version: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the free modules in the order in which the bits are laid: two columns
    at a time from the right, up and down in turn, past the upright timing line."""
    free = ~_frame(version, "H", None)[1]
    n = len(free)
    rows: list[NDArray[np.intp]] = []
    columns: list[NDArray[np.intp]] = []
    for turn, right in enumerate(range(n - 1, 0, -2)):
        column = right - 1 if right <= 6 else right
        down = np.arange(n) if turn % 2 else np.arange(n)[::-1]
        row = down.repeat(2)
        both = np.tile([column, column - 1], n)
        keep = free[row, both]
        rows.append(row[keep])
        columns.append(both[keep])
    return np.concatenate(rows), np.concatenate(columns)


@lru_cache(maxsize=40)
def _masks(version: int) -> Modules:
    """The eight masks of a version, light where modules are fixed: 8 x n x n."""
    free = ~_frame(version, "H", None)[1]
    i, j = np.indices(free.shape)
    marks = [
        (i + j) % 2,
        i % 2,
        j % 3,
        (i + j) % 3,
        (i // 2 + j // 3) % 2,
        (i * j) % 2 + (i * j) % 3,
        ((i * j) % 2 + (i * j) % 3) % 2,
        ((i * j) % 3 + (i + j) % 2) % 2,
    ]
    return np.stack([(mark == 0) & free for mark in marks])
