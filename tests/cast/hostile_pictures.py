"""Hostile uploads: what somebody may send in place of a photo, made from a seed.

Each has a name and whether there is a picture to be kept in it; what must not outlive the
redrawing stands in `MARKS`.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

MARKS = (
    b"<script", b"<svg", b"<html", b"<?php", b"PK\x03\x04", b"%PDF", b"__HALT_COMPILER", b"onload",
    b"MZ\x90", b"Exif", b"http://ns.adobe.com", b"ICC_PROFILE", b"JavaScript", b"CANARY",
)  # fmt: skip
SCRIPT = b"<html><script>alert('CANARY')</script><svg onload=alert(1)>"
MOST = 10 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """One upload. `picture`: it holds one that can be kept; None: either is right."""

    name: str
    raw: bytes
    picture: bool | None


def uploads(seed: int) -> list[Upload]:
    """All of them, each another."""
    chance = random.Random(seed)
    makers = (
        _honest, _turned, _exif, _noted, _polyglots, _not_pictures, _lying, _truncated,
        _bombs, _chunk_bombs, _frames, _odd_modes, _profiles, _damaged, _too_many_bytes,
    )  # fmt: skip
    return [each for maker in makers for each in maker(chance)]


def drawn(
    chance: random.Random, size: tuple[int, int] = (96, 64), mode: str = "RGB"
) -> Image.Image:
    """A picture with something on it."""
    noise = np.random.default_rng(chance.randrange(2**32)).integers(0, 255, (4, 6, 4), np.uint8)
    return Image.fromarray(noise, "RGBA").convert("RGB").resize(size).convert(mode)


def saved(picture: Image.Image, kind: str, **more: object) -> bytes:
    """As a file."""
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of whatever its chunks are."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IEND", b"")


def segment(marker: int, data: bytes) -> bytes:
    """One segment of a JPEG."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def noted(jpeg: bytes, *segments: bytes) -> bytes:
    """A JPEG with more segments at its beginning."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP of whatever its chunks are."""
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _honest(chance: random.Random) -> Iterator[Upload]:
    for kind in ("JPEG", "PNG", "WEBP"):
        yield Upload(f"honest {kind}", saved(drawn(chance), kind), True)
    yield Upload("progressive", saved(drawn(chance), "JPEG", progressive=True), True)
    yield Upload("one pixel", saved(drawn(chance, (1, 1)), "PNG"), True)
    yield Upload("a line", saved(drawn(chance, (9000, 1)), "PNG"), True)
    yield Upload("a pole", saved(drawn(chance, (1, 9000)), "WEBP"), True)
    yield Upload("large", saved(drawn(chance, (2400, 1800)), "JPEG"), True)


def _turned(chance: random.Random) -> Iterator[Upload]:
    picture = drawn(chance)
    for turn in range(10):
        exif = Image.Exif()
        exif[0x0112] = turn
        yield Upload(f"orientation {turn}", saved(picture, "JPEG", exif=exif), True)
    for kind in ("PNG", "WEBP"):
        exif = Image.Exif()
        exif[0x0112] = 6
        yield Upload(f"turned {kind}", saved(picture, kind, exif=exif), True)


def _exif(chance: random.Random) -> Iterator[Upload]:
    picture = drawn(chance)
    place = Image.Exif()
    place.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 3.0), 3: "E", 4: (121.0, 28.0, 9.0)})
    place[0x010F], place[0x9286] = "CANARY phone", b"ASCII\0\0\0" + SCRIPT
    place[0x010E] = SCRIPT.decode()
    for kind in ("JPEG", "PNG", "WEBP"):
        yield Upload(f"EXIF with place and script {kind}", saved(picture, kind, exif=place), True)
    plain = saved(picture, "JPEG")
    for name, exif in {
        "empty": b"", "no header": b"CANARY", "cut": b"MM\0*\0", "far": b"MM\0*\xff\xff\xff\xf0",
        "loop": b"MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x08\0\0\0\x08",
        "many": b"MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\3\0\0\0\1\0\6\0\0" * 4000,
        "words for a number": b"MM\0*\0\0\0\x08\0\1\x01\x12\0\2\0\0\0\3six\0\0\0\0\0",
        "huge count": b"II*\0\x08\0\0\0\1\0\x12\x01\3\0\xff\xff\xff\xff\6\0\0\0\0\0\0\0",
        "noise": chance.randbytes(3000),
    }.items():  # fmt: skip
        raw = noted(plain, segment(0xE1, b"Exif\0\0" + exif))
        yield Upload(f"EXIF {name}", raw, True)


def _noted(chance: random.Random) -> Iterator[Upload]:
    plain = saved(drawn(chance), "JPEG")
    yield Upload("comment", saved(drawn(chance), "JPEG", comment=SCRIPT), True)
    yield Upload(
        "XMP", noted(plain, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SCRIPT)), True
    )
    for number in range(0xE2, 0xF0):
        tail = b"Adobe" if number == 0xEE else b""
        yield Upload(f"APP{number - 0xE0}", noted(plain, segment(number, tail + SCRIPT)), None)
    for kind in (b"tEXt", b"iTXt", b"eXIf", b"prVt"):
        raw = saved(drawn(chance), "PNG")
        raw = raw[:33] + chunk(kind, b"CANARY\0" + SCRIPT) + raw[33:]
        yield Upload(f"PNG {kind.decode()}", raw, None)
    for name in (b"XMP ", b"EXIF", b"ICCP", b"evil"):
        raw = saved(drawn(chance), "WEBP")
        yield Upload(
            f"WebP {name.decode()}", raw + name + struct.pack("<I", 60) + SCRIPT[:60], None
        )


def _polyglots(chance: random.Random) -> Iterator[Upload]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as inside:
        inside.writestr(zipfile.ZipInfo("CANARY.js"), "alert(1)")
    tails = {
        "HTML": SCRIPT, "script": b"*/=alert('CANARY');/*", "ZIP": archive.getvalue(),
        "PDF": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
        "PHAR": b"<?php __HALT_COMPILER(); ?>\r\n" + b"\0" * 40, "PHP": b"<?php system($_GET[0]);",
        "program": b"MZ\x90\0" + b"\0" * 200, "second JPEG": saved(drawn(chance), "JPEG"),
    }  # fmt: skip
    for kind in ("JPEG", "PNG", "WEBP"):
        for name, tail in tails.items():
            yield Upload(f"{kind} and {name}", saved(drawn(chance), kind) + tail, True)
    for name, head in tails.items():
        if name != "second JPEG":
            yield Upload(f"{name} and JPEG", head + saved(drawn(chance), "JPEG"), False)
    yield Upload("script in JPEG's first", b"\xff\xd8\xff\xe0" + SCRIPT, False)
    yield Upload("GIF comment", b"GIF89a/*" + b"\0" * 20 + b"*/=alert('CANARY')//", False)


def _not_pictures(chance: random.Random) -> Iterator[Upload]:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>CANARY</script></svg>"
    for name, raw in {
        "nothing": b"", "a byte": b"\xff", "three bytes": b"\xff\xd8\xff", "SVG": svg,
        "SVG with XML": b"<?xml version='1.0'?>" + svg, "SVGZ": zlib.compress(svg, wbits=31),
        "entities": b"<!DOCTYPE x [<!ENTITY a '" + b"a" * 99 + b"'>]><svg>&a;</svg>",
        "HTML": SCRIPT, "words": "您好".encode(), "noise": chance.randbytes(5000),
        "zeros": bytes(100_000),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(CANARY) run",
        "video": b"\0\0\0\x18ftypmp42" + b"\0" * 500, "HEIC": b"\0\0\0\x18ftypheic" + b"\0" * 500,
        "ImageMagick": b"push graphic-context\nfill 'url(https://x\"|id\")'\npop graphic-context",
        "ImageTragick": b"viewbox 0 0 9 9\nimage over 0,0 0,0 'ephemeral:/tmp/CANARY'",
    }.items():  # fmt: skip
        yield Upload(name, raw, False)
    for kind in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "DDS", "JPEG2000"):
        yield Upload(f"a {kind}", saved(drawn(chance, (64, 64)), kind), False)


def _lying(chance: random.Random) -> Iterator[Upload]:
    for sign, kind in ((b"\xff\xd8\xff", "PNG"), (b"\x89PNG\r\n\x1a\n", "JPEG"), (b"RIFF", "GIF")):
        yield Upload(f"{kind} under another sign", sign + saved(drawn(chance), kind), False)
    yield Upload("RIFF of sound", b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 30, False)
    yield Upload("WebP of nothing", riff((b"VP8 ", b"")), False)
    yield Upload("PNG without pixels", png(10, 10), False)
    yield Upload("PNG of no size", png(0, 0, chunk(b"IDAT", zlib.compress(b""))), False)
    yield Upload("PNG of odd depth", png(4, 4, chunk(b"IDAT", zlib.compress(b"")), depth=7), False)


def _truncated(chance: random.Random) -> Iterator[Upload]:
    for kind in ("JPEG", "PNG", "WEBP"):
        noise = Image.fromarray(
            np.random.default_rng(chance.randrange(2**32)).integers(0, 255, (60, 80, 3), np.uint8)
        )
        raw = saved(noise, kind)
        for tenth in (0.02, 0.1, 0.3, 0.5, 0.7, 0.95):
            yield Upload(f"{kind} cut at {tenth:.0%}", raw[: int(len(raw) * tenth)], False)


def _bombs(chance: random.Random) -> Iterator[Upload]:
    for side in (6_000, 20_000, 65_535, 2**31 - 1):
        few = zlib.compress(b"\0" * 10_000)
        yield Upload(f"PNG of {side}²", png(side, side, chunk(b"IDAT", few)), False)
    blank = chunk(b"IDAT", zlib.compress(bytes(5_001 * 4_000), 1))
    yield Upload("PNG that is as large as it says", png(5_000, 4_000, blank, colour=0), False)
    plain = saved(drawn(chance), "JPEG")
    at = plain.index(b"\xff\xc0") + 5
    for width, height in ((65_535, 65_535), (65_500, 400), (5_001, 5_001), (0, 0)):
        raw = plain[:at] + struct.pack(">HH", height, width) + plain[at + 4 :]
        yield Upload(f"JPEG of {width}×{height}", raw, False)
    scans = saved(drawn(chance), "JPEG", progressive=True)
    first = scans.index(b"\xff\xda")
    yield Upload("JPEG of 1,000 scans", scans[:first] + scans[first:-2] * 1_000 + scans[-2:], False)
    for side in (2_900, 16_384):
        size = struct.pack("<I", side - 1 | side - 1 << 14)
        raw = riff((b"VP8L", b"\x2f" + size + b"\x88\x88\x08" + b"\0" * 20))
        yield Upload(f"WebP of {side}²", raw, False)
    head = struct.pack("<I", 0x10) + b"\xff\xff\xff" * 2
    yield Upload("WebP that says 16777216²", riff((b"VP8X", head), (b"VP8 ", b"\0" * 40)), False)
    yield Upload("GIF of 65535²", b"GIF89a\xff\xff\xff\xff\x80\0\0" + b"\0" * 30, False)


def _chunk_bombs(chance: random.Random) -> Iterator[Upload]:
    large = zlib.compress(bytes(80_000_000), 1)
    some = zlib.compress(bytes(900_000), 1)
    raw = saved(drawn(chance), "PNG")
    for kind, head in {
        b"zTXt": b"CANARY\0\0", b"iCCP": b"CANARY\0\0", b"iTXt": b"CANARY\0\1\0\0\0",
    }.items():  # fmt: skip
        yield Upload(
            f"{kind.decode()} of 80 MB", raw[:33] + chunk(kind, head + large) + raw[33:], None
        )
        many = chunk(kind, head + some) * 200
        yield Upload(f"200 {kind.decode()}", raw[:33] + many + raw[33:], None)
    yield Upload("a long name", raw[:33] + chunk(b"tEXt", b"A" * 5_000_000) + raw[33:], None)
    claims = struct.pack(">I", 2**31 - 1) + b"tEXt" + b"CANARY"
    yield Upload("a chunk of 2 GB", raw[:33] + claims + raw[33:], None)


def _frames(chance: random.Random) -> Iterator[Upload]:
    frames = [drawn(chance, (32, 32)) for _ in range(40)]
    for kind, last in (("PNG", 40), ("WEBP", 40), ("MPO", 3), ("GIF", 3)):
        moving = saved(frames[0], kind, save_all=True, append_images=frames[1:last])
        yield Upload(f"moving {kind}", moving, kind != "GIF")
    raw = saved(drawn(chance), "PNG")
    for count in (0, 1, 2**31 - 1, 2**32 - 1):
        frame = chunk(b"acTL", struct.pack(">II", count, 0))
        yield Upload(f"PNG of {count} frames", raw[:33] + frame + raw[33:], None)


def _odd_modes(chance: random.Random) -> Iterator[Upload]:
    yield Upload("CMYK", saved(drawn(chance, mode="CMYK"), "JPEG"), True)
    yield Upload("grey JPEG", saved(drawn(chance, mode="L"), "JPEG"), True)
    for mode in ("1", "L", "LA", "P", "RGBA"):
        yield Upload(f"PNG {mode}", saved(drawn(chance, mode=mode), "PNG"), True)
    deep = Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16)
    yield Upload("16 bits of grey", saved(deep, "PNG"), True)
    rows = zlib.compress((b"\0" + chance.randbytes(16 * 6)) * 16)
    yield Upload("16 bits a colour", png(16, 16, chunk(b"IDAT", rows), depth=16), True)
    rows = zlib.compress((b"\0" + chance.randbytes(16)) * 16)
    for name, seen in (("short", b"\0\x80"), ("long", bytes(400)), ("none", b"")):
        palette = chunk(b"PLTE", chance.randbytes(3 * 200))
        raw = png(16, 16, palette, chunk(b"tRNS", seen), chunk(b"IDAT", rows), colour=3)
        yield Upload(f"palette with {name} transparency", raw, None)
    raw = png(16, 16, chunk(b"IDAT", rows), colour=3)
    yield Upload("palette that is not there", raw, None)
    seen = chunk(b"tRNS", b"\0\1\0\2\0\3")
    raw = png(16, 16, seen, chunk(b"IDAT", zlib.compress((b"\0" + bytes(48)) * 16)))
    yield Upload("a colour that is seen through", raw, True)


def _profiles(chance: random.Random) -> Iterator[Upload]:
    for kind in ("JPEG", "PNG", "WEBP"):
        for name, profile in (("noise", chance.randbytes(4000)), ("script", SCRIPT * 20)):
            raw = saved(drawn(chance), kind, icc_profile=profile)
            yield Upload(f"profile of {name} {kind}", raw, True)
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 3]) + SCRIPT) for n in (9, 1, 1, 0)]
    yield Upload("profile in wrong parts", noted(saved(drawn(chance), "JPEG"), *parts), True)


def _damaged(chance: random.Random) -> Iterator[Upload]:
    for kind in ("JPEG", "PNG", "WEBP"):
        raw = saved(drawn(chance, (200, 160)), kind)
        for number in range(8):
            broken = bytearray(raw)
            for _ in range(1 + number * 3):
                broken[chance.randrange(12, len(broken))] = chance.randrange(256)
            yield Upload(f"{kind} with {1 + number * 3} wrong bytes", bytes(broken), None)


def _too_many_bytes(chance: random.Random) -> Iterator[Upload]:
    raw = saved(drawn(chance), "JPEG")
    yield Upload("10 MB", raw + b"\0" * (MOST - len(raw)), True)
    yield Upload("10 MB and a byte", raw + b"\0" * (MOST + 1 - len(raw)), False)
    yield Upload("12 MB of zeros", b"\0" * (12 * 2**20), False)
