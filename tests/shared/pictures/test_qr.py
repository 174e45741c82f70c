"""QR codes: the same modules as the qrcode package, and read by an independent reader."""

from __future__ import annotations

import io

import numpy as np
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from qrcode import QRCode
from qrcode.util import lost_point

from shared.pictures import qr_matrix, qr_png
from shared.pictures.qr import LEVELS, Level, penalties

LINK = "https://jianka.example/i/K7Q2M9XD?utm_source=poster"
levels = st.sampled_from(sorted(LEVELS))
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.data_too_large])


def by_the_package(text: str, level: Level) -> list[list[bool]]:
    qr = QRCode(error_correction=LEVELS[level])
    qr.add_data(text)
    qr.make()
    return [[bool(module) for module in row] for row in qr.modules]


def read(picture: bytes) -> str:
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
    assert len(found) == 1
    return found[0].text


@given(text=st.text(min_size=1, max_size=120), level=levels)
@SLOW
def test_modules_are_the_packages_own_for_any_text(text: str, level: Level) -> None:
    assert qr_matrix(text, level).tolist() == by_the_package(text, level)


@given(
    text=st.text(alphabet="0123456789", min_size=1, max_size=300)
    | st.text(alphabet="ABCDEFGHJKMNPQRSTVWXYZ0123456789-:/.$", min_size=1, max_size=200),
    level=levels,
)
@SLOW
def test_modules_are_the_packages_own_for_digits_and_capitals(text: str, level: Level) -> None:
    assert qr_matrix(text, level).tolist() == by_the_package(text, level)


@pytest.mark.parametrize("length", [1, 17, 60, 121, 250, 510, 900, 1270])
def test_modules_are_the_packages_own_up_to_the_largest_codes(length: int) -> None:
    text = (LINK * 30)[:length]
    assert qr_matrix(text, "H").tolist() == by_the_package(text, "H")


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(21, 57), share=st.floats(0.05, 0.95))
@settings(max_examples=30, deadline=None)
def test_penalties_are_the_packages_own_for_any_square(seed: int, size: int, share: float) -> None:
    drafts = np.random.default_rng(seed).random((3, size, size)) < share
    assert penalties(drafts).tolist() == [lost_point(draft.tolist()) for draft in drafts]


@pytest.mark.parametrize("level", sorted(LEVELS))
@pytest.mark.parametrize(
    "text", [LINK, "您好，荐卡 K7Q2-M9XD", "7", "https://t.me/jianka_bot?start=i_K7Q2M9XD"]
)
def test_a_reader_reads_what_was_written(text: str, level: Level) -> None:
    assert read(qr_png(text, level=level)) == text


def test_the_picture_is_one_bit_deep_with_a_light_border_of_four_modules() -> None:
    picture = Image.open(io.BytesIO(qr_png(LINK, scale=7)))
    modules = len(qr_matrix(LINK))
    assert picture.mode == "1"
    assert picture.size == ((modules + 8) * 7,) * 2
    pixels = np.array(picture)
    inside = pixels[28:-28, 28:-28]
    assert pixels.sum() - inside.sum() == pixels.size - inside.size
    assert not inside[0, 0]


def test_every_module_of_the_picture_is_drawn_nothing_covers_the_middle() -> None:
    pixels = np.array(Image.open(io.BytesIO(qr_png(LINK, scale=3))))
    modules = qr_matrix(LINK)
    assert (pixels[12:-12, 12:-12] == ~modules.repeat(3, 0).repeat(3, 1)).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"text": ""}, "some text"),
        ({"text": "x" * 1300}, "1300 characters do not fit"),
        ({"text": "x", "level": "Z"}, "choose of L, M, Q, H"),
        ({"text": "x", "scale": 0}, "scale of 0"),
        ({"text": "x", "border": 3}, "border of 3"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        qr_png(**arguments)  # type: ignore[arg-type]
