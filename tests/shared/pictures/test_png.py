"""PNG files put together from stretches are what a strict reader takes for one picture."""

from __future__ import annotations

import io
import zlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.pictures.png import Colour, png, stretch


def body(picture: bytes) -> bytes:
    """The compressed data between the chunk's length and name and its check sum."""
    at = picture.index(b"IDAT")
    return picture[at + 4 : at + 4 + int.from_bytes(picture[at - 4 : at], "big")]


@given(
    seed=st.integers(0, 2**32 - 1),
    width=st.integers(1, 40),
    heights=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    again=st.integers(1, 4),
)
@settings(max_examples=60, deadline=None)
def test_joined_stretches_give_back_every_row(
    seed: int, width: int, heights: list[int], again: int
) -> None:
    random = np.random.default_rng(seed)
    parts = [
        random.integers(0, 256, (height, width), dtype=np.uint8).repeat(again, axis=0)
        for height in heights
    ]
    picture = png(width, sum(map(len, parts)), *map(stretch, parts))
    assert (np.array(Image.open(io.BytesIO(picture))) == np.concatenate(parts)).all()
    assert len(zlib.decompress(body(picture))) == sum(part.size + len(part) for part in parts)


def test_a_palette_gives_the_numbers_their_colours() -> None:
    rows = np.array([[0, 1], [1, 0]], dtype=np.uint8)
    picture = png(2, 2, stretch(rows), colour=Colour.PALETTE, palette=b"\xb3\x26\x1e\xff\xff\xff")
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    assert image.getpixel((0, 0)) == (0xB3, 0x26, 0x1E)
    assert image.getpixel((1, 0)) == (255, 255, 255)


def test_every_chunk_carries_its_check_sum() -> None:
    picture = png(8, 1, stretch(np.array([[0b10101010]], dtype=np.uint8)), depth=1)
    Image.open(io.BytesIO(picture)).verify()
    spoilt = picture.replace(b"IHDR\x00\x00\x00\x08", b"IHDR\x00\x00\x00\x09")
    assert zlib.crc32(spoilt[12:29]) != int.from_bytes(spoilt[29:33], "big")
    assert zlib.crc32(picture[12:29]) == int.from_bytes(picture[29:33], "big")
