"""Photos that people send: whatever comes in, a bare JPEG comes out or a refusal does."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import hostile_pictures
import numpy as np
import pytest
from hostile_pictures import MARKS, MOST, saved, uploads
from PIL import Image

from shared.base.errors import Refusal
from shared.pictures.photo import KEPT_BYTES, MOST_PIXELS, SIDE, Format, photo_grey, photo_jpeg

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

SEED = 7
ALL = uploads(SEED)
MOST_MEMORY = 200 * 1024
"""KB beyond what the program holds without any upload."""
CHILD = """
import json, resource, sys
sys.path.insert(0, sys.argv[1])
from hostile_pictures import uploads
from shared.base.errors import Refusal
from shared.pictures.photo import photo_jpeg
given = uploads(int(sys.argv[2]))
if sys.argv[3] == "all":
    given.sort(key=lambda upload: len(upload.raw))
    for upload in given:
        try:
            photo_jpeg(upload.raw)
        except Refusal:
            pass
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""


def parts_of(jpeg: bytes) -> list[tuple[int, bytes]]:
    """The segments before the scan, and behind it only pixels up to the very end."""
    assert jpeg[:2] == b"\xff\xd8"
    at, found = 2, []
    while jpeg[at + 1] != 0xDA:
        size = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        found.append((jpeg[at + 1], jpeg[at + 4 : at + 2 + size]))
        at += 2 + size
    pixels = jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]
    assert pixels[-2:] == b"\xff\xd9"
    assert all(pixels[n + 1] == 0 for n in range(len(pixels) - 2) if pixels[n] == 0xFF)
    return found


def bare(jpeg: bytes) -> bool:
    """Whether nothing but a picture is in it: JFIF's own head, tables, pixels, the end."""
    for marker, data in parts_of(jpeg):
        head = marker == 0xE0 and data[:5] == b"JFIF\0" and len(data) == 14
        if not head and marker not in (0xDB, 0xC0, 0xC4):
            return False
    return not any(mark in jpeg for mark in MARKS)


def test_there_are_at_least_a_hundred_and_fifty_hostile_uploads() -> None:
    assert len({upload.raw for upload in ALL if not upload.name.startswith("honest")}) >= 150
    assert len({upload.name for upload in ALL}) == len(ALL)
    assert [upload.raw for upload in uploads(SEED)] == [upload.raw for upload in ALL]


def outcome(raw: bytes) -> tuple[bytes, str]:
    """What is kept, else why nothing is."""
    try:
        return photo_jpeg(raw), ""
    except Refusal as refusal:
        return b"", refusal.code


REFUSED = {"photo.large", "photo.kind", "photo.pixels", "photo.broken"}


@pytest.mark.parametrize("seed", [SEED, pytest.param(8, marks=pytest.mark.nightly)])
def test_every_upload_ends_as_a_bare_jpeg_or_as_a_refusal(seed: int) -> None:
    kept = 0
    for upload in ALL if seed == SEED else uploads(seed):
        jpeg, code = outcome(upload.raw)
        assert upload.picture in (None, bool(jpeg)), (upload.name, code)
        if not jpeg:
            assert code in REFUSED, upload.name
            continue
        kept += 1
        assert bare(jpeg), upload.name
        with Image.open(io.BytesIO(jpeg)) as picture:
            assert (picture.format, picture.mode) == ("JPEG", "RGB")
            assert max(picture.size) <= SIDE
            picture.load()
    assert kept > 80


def test_all_of_them_take_less_than_two_hundred_megabytes() -> None:
    cast = str(Path(hostile_pictures.__file__).parent)
    used = []
    for which in ("none", "all"):
        told = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CHILD, cast, str(SEED), which],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        used.append(json.loads(told.stdout))
    assert used[1] - used[0] < MOST_MEMORY


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("10 MB and a byte", "photo.large"), ("SVG", "photo.kind"), ("moving GIF", "photo.kind"),
        ("PNG of 20000²", "photo.pixels"), ("PNG that is as large as it says", "photo.pixels"),
        ("WebP of 16384²", "photo.pixels"), ("JPEG of 1,000 scans", "photo.pixels"),
        ("JPEG of 5001×5001", "photo.pixels"), ("PNG without pixels", "photo.broken"),
        ("JPEG cut at 70%", "photo.broken"), ("nothing", "photo.kind"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_for_its_own_reason(name: str, code: str) -> None:
    upload = next(each for each in ALL if each.name == name)
    for read in (photo_jpeg, lambda raw: photo_grey(raw, 2000)):
        with pytest.raises(Refusal) as refusal:
            read(upload.raw)
        assert refusal.value.code == code


def corners(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Red stands left above, green right above."""
    picture = Image.new("RGB", size, "white")
    picture.paste("red", (0, 0, 20, 20))
    picture.paste("lime", (size[0] - 20, 0, size[0], 20))
    return picture


@pytest.mark.parametrize(
    ("turn", "red", "size"),
    [
        (1, "left above", (60, 40)), (2, "right above", (60, 40)), (3, "right below", (60, 40)),
        (4, "left below", (60, 40)), (5, "left above", (40, 60)), (6, "right above", (40, 60)),
        (7, "right below", (40, 60)), (8, "left below", (40, 60)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_stands_as_the_camera_was_held(
    turn: int, red: str, size: tuple[int, int], kind: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    jpeg = photo_jpeg(saved(corners(), kind, exif=exif, quality=95))
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == size
        across, down = red.split()
        at = (8 if across == "left" else size[0] - 8, 8 if down == "above" else size[1] - 8)
        red_is, green_is, blue_is = picture.getpixel(at)  # type: ignore[misc]
    assert red_is > 200
    assert green_is < 60
    assert blue_is < 60


def test_what_is_seen_through_stands_on_white() -> None:
    clear = Image.new("RGBA", (30, 30), (0, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (0, 0, 15, 30))
    for kind in ("PNG", "WEBP"):
        with Image.open(io.BytesIO(photo_jpeg(saved(clear, kind, lossless=True)))) as picture:
            assert min(picture.getpixel((24, 15))) > 240  # type: ignore[type-var,arg-type]


def test_sixteen_bits_keep_their_shades() -> None:
    deep = Image.fromarray(np.full((20, 20), 0x8000, dtype=np.uint16))
    with Image.open(io.BytesIO(photo_jpeg(saved(deep, "PNG")))) as picture:
        assert abs(picture.getpixel((10, 10))[0] - 0x80) < 3  # type: ignore[index]


@pytest.mark.parametrize("size", [(3001, 2000), (1601, 80), (50, 4803), (1600, 1600)])
def test_a_large_one_is_made_small_and_keeps_its_shape(size: tuple[int, int]) -> None:
    grey = photo_grey(saved(corners((size[0], size[1])), "PNG"), SIDE)
    with Image.open(io.BytesIO(photo_jpeg(saved(corners(size), "PNG")))) as picture:
        assert max(picture.size) <= SIDE
        assert picture.size == grey.size
        share = size[0] / size[1]
        assert abs(picture.width / picture.height / share - 1) < 0.05


def test_noise_is_kept_small_too() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (1600, 1600, 3), np.uint8)
    jpeg = photo_jpeg(saved(Image.fromarray(noise), "JPEG", quality=90))
    assert len(jpeg) <= KEPT_BYTES
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.width >= SIDE // 2


def test_the_limits_stand_well_below_a_bomb() -> None:
    assert Image.MAX_IMAGE_PIXELS is not None
    assert max(MOST_PIXELS.values()) * 3 < Image.MAX_IMAGE_PIXELS
    assert set(MOST_PIXELS) == set(Format)
    assert MOST == 10 * 1024 * 1024
