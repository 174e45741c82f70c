"""PNG files put together by hand: whole ones, and ones of which only a band is compressed anew."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ADLER = 65521
_AS_IT_IS, _AS_ABOVE = 0, 2  # PNG filters: none, and the difference to the row above


class Colour(IntEnum):
    """The colour types of PNG that are written here."""

    GREY = 0
    PALETTE = 3


@dataclass(frozen=True)
class Stretch:
    """Rows compressed so that they can stand between others: raw deflate, byte-aligned."""

    deflated: bytes
    adler: int
    length: int


def stretch(rows: NDArray[np.uint8], level: int = 6) -> Stretch:
    """Compress packed rows (height x bytes a row). A row like the one above costs almost nothing.

    The first row never refers to a row outside, so stretches can be joined in any way.
    """
    height, width = rows.shape
    lines = np.empty((height, width + 1), dtype=np.uint8)
    lines[:, 0] = _AS_IT_IS
    lines[:, 1:] = rows
    if height > 1:
        same = np.flatnonzero((rows[1:] == rows[:-1]).all(axis=1)) + 1
        lines[same, 0] = _AS_ABOVE
        lines[same, 1:] = 0
    raw = lines.tobytes()
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = packer.compress(raw) + packer.flush(zlib.Z_FULL_FLUSH)
    return Stretch(deflated, zlib.adler32(raw), len(raw))


def png(
    width: int,
    height: int,
    *stretches: Stretch,
    depth: int = 8,
    colour: Colour = Colour.GREY,
    palette: bytes = b"",
) -> bytes:
    """One picture from its stretches, top to bottom; `palette` is RGB triples."""
    adler, data = 1, [b"\x78\x9c"]
    for part in stretches:
        adler = _joined(adler, part.adler, part.length)
        data.append(part.deflated)
    data += [b"\x03\x00", struct.pack(">I", adler)]  # an empty last block, the check sum
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", b"".join(data)), (b"IEND", b"")]
    if palette:
        chunks.insert(1, (b"PLTE", palette))
    return _SIGNATURE + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def _joined(one: int, other: int, length: int) -> int:
    """Adler-32 of two texts on end, from their sums and the length of the second."""
    a = (one & 0xFFFF) + (other & 0xFFFF) - 1
    b = (one >> 16) + (other >> 16) + length * ((one & 0xFFFF) - 1)
    return (b % _ADLER) << 16 | a % _ADLER
