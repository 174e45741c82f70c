"""Photos that people send: looked at with suspicion, drawn anew, so that nothing but what is to be
seen is kept.

What comes out is always a fresh JPEG of bounded size without a word in it: no place, no device,
no profile, no comment, nothing behind its end. Nothing is decoded before its size was read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import numpy as np
from PIL import Image, UnidentifiedImageError

from shared.base.errors import Refusal

MOST_BYTES = 10 * 1024 * 1024
"""Of a photo as it was sent."""
SIDE = 1600
"""The longest side of what is kept, in pixels."""
KEPT_BYTES = 700 * 1024
"""Of what is kept, at the most."""
_QUALITIES = (85, 70, 50)
_EXIF_ORIENTATION = 0x0112
_MOST_SCANS = 32
"""A JPEG that refines itself in thousands of scans costs minutes of decoding."""
_STRIP = 64
"""Rows of what is kept that are made at a time."""
_WHITE = (255, 255, 255)


class Format(StrEnum):
    """What is read at all, told by the first bytes and by nothing else."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"


MOST_PIXELS = {Format.JPEG: 25_000_000, Format.PNG: 16_000_000, Format.WEBP: 8_000_000}
"""What each decoder bears within 200 MB: a JPEG that refines itself keeps all its coefficients,
a WebP stands in memory four times. Of three colours; a fourth weighs as much as each of them."""

_TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def photo_jpeg(raw: bytes) -> bytes:
    """The picture in an upload as a fresh JPEG, upright, its longest side at most `SIDE`.

    Refusals: `photo.large` (most, in MB), `photo.kind` (neither JPEG, PNG nor WebP),
    `photo.pixels` (too many), `photo.broken` (cannot be read to its end).
    """
    with opened(raw) as picture:
        turn = _TURNED.get(_orientation(picture))
        small = _flat(picture, "RGB", SIDE)
    upright = small.transpose(turn) if turn is not None else small
    bare = Image.frombytes("RGB", upright.size, upright.tobytes())  # nothing comes along
    return _written(bare)


def photo_grey(raw: bytes, side: int) -> Image.Image:
    """The picture in an upload in shades of grey, its longest side at most `side`, to be read by
    a machine. Refusals as `photo_jpeg`."""
    with opened(raw) as picture:
        return _flat(picture, "L", side)


@contextmanager
def opened(raw: bytes) -> Iterator[Image.Image]:
    """The first picture in an upload, its size known to be bearable and nothing decoded yet.

    Whatever fails inside is a refusal: `photo.large`, `photo.kind`, `photo.pixels`,
    `photo.broken`.
    """
    if len(raw) > MOST_BYTES:
        raise Refusal("photo.large", most=MOST_BYTES // 2**20)
    kind = _format(raw)
    if kind is None:
        raise Refusal("photo.kind")
    if kind is Format.JPEG and raw.count(b"\xff\xda") > _MOST_SCANS:
        raise Refusal("photo.pixels")
    try:
        with Image.open(io.BytesIO(raw), formats=(kind.value,)) as picture:
            weight = max(3, len(picture.getbands())) / 3
            if picture.width * picture.height * weight > MOST_PIXELS[kind]:
                raise Refusal("photo.pixels")
            yield picture
    except (Image.DecompressionBombError, MemoryError):
        raise Refusal("photo.pixels") from None
    except UnidentifiedImageError:
        raise Refusal("photo.broken") from None
    except Refusal:
        raise
    except Exception as error:  # decoders fail in many ways; each is the upload's fault
        raise Refusal("photo.broken") from error


def _format(raw: bytes) -> Format | None:
    if raw.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
        return Format.WEBP
    return None


def _orientation(picture: Image.Image) -> int:
    """How the camera was held, where that can be read; else upright."""
    try:
        held = picture.getexif().get(_EXIF_ORIENTATION, 1)
        return int(held)
    except Exception:  # a broken note about a picture does not break the picture
        return 1


def _flat(picture: Image.Image, mode: str, side: int) -> Image.Image:
    """Decoded, in plain colours, on white where it is transparent, no side longer than `side`.

    A JPEG is decoded at the eighth that still holds `side`; everything is made plain in strips,
    so that it never stands twice in memory.
    """
    picture.draft(mode, (side, side))
    picture.load()
    width, height = picture.size
    by = max(1, max(width, height) // side)
    small = Image.new(mode, (-(-width // by), -(-height // by)))
    for top in range(0, height, by * _STRIP):
        strip = picture.crop((0, top, width, min(top + by * _STRIP, height)))
        small.paste(_plain(strip).convert(mode).reduce(by), (0, top // by))
    small.thumbnail((side, side))
    return small


def _plain(strip: Image.Image) -> Image.Image:
    """Eight bits a colour and nothing to be seen through."""
    if strip.mode.startswith("I"):
        return Image.fromarray((np.asarray(strip) >> 8).astype(np.uint8))
    if strip.mode in ("RGBA", "LA", "PA", "P") or "transparency" in strip.info:
        clear = strip.convert("RGBA")
        ground = Image.new("RGB", clear.size, _WHITE)
        ground.paste(clear.convert("RGB"), mask=clear.getchannel("A"))
        return ground
    return strip.convert("RGB")


def _written(picture: Image.Image) -> bytes:
    """As a JPEG of at most `KEPT_BYTES`: first coarser, then smaller."""
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality)
            if out.tell() <= KEPT_BYTES:
                return out.getvalue()
        picture = picture.reduce(2)
