"""QR codes and posters beside the straightforward way."""

from __future__ import annotations

import io
from collections.abc import Callable
from time import perf_counter, process_time

import qrcode
from pairs import Row, Run, compare
from PIL import Image
from qrcode.constants import ERROR_CORRECT_H

from shared.pictures import Poster, Sheet, poster_png
from shared.pictures.qr import qr_png

_LINK = "https://cards.example.com/i/K7Q2M9XD?ch=poster&utm_source=card"
_CODE = "K7Q2-M9XD"
_SHEET = Sheet(
    language="zh-Hans",
    issuer="青山银行",
    title="首刷满 ¥300，您和朋友各得 ¥100",
    offers=("新客办卡并在 30 天内首刷满 ¥300", "首年免年费，次年刷满 6 次免年费"),
    scan="微信或相机扫码，约 1 分钟填完",
    footnote="名额 2,000 位。次年起未达标年费 ¥200；分期年化利率（单利）10.8%～18.2%。",
)


def qr_row(pairs: int, times: int) -> Row:
    """A code of 60 characters at level H as a PNG, beside the qrcode package's own drawing."""
    return compare(
        "QR code (for information)",
        lambda: _repeat(lambda: _png(_package_image()), times),
        lambda: _repeat(lambda: qr_png(_LINK), times),
        pairs,
        unit="pictures/s",
    )


def poster_row(pairs: int, times: int) -> Row:
    """A member's poster, beside pasting a code onto the finished picture and saving all of it."""
    template = Image.open(io.BytesIO(poster_png(Poster(_SHEET, _LINK, _CODE)))).convert("RGB")

    def pasted() -> bytes:
        picture = template.copy()
        picture.paste(_package_image(), (300, 900))
        return _png(picture)

    return compare(
        "Poster 1080 x 1920 (for information)",
        lambda: _repeat(pasted, times),
        lambda: _repeat(lambda: poster_png(Poster(_SHEET, _LINK, _CODE)), times),
        pairs,
        unit="pictures/s",
    )


def _package_image() -> Image.Image:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_H)
    code.add_data(_LINK)
    code.make(fit=True)
    drawn: Image.Image = code.make_image().get_image()
    return drawn


def _png(image: Image.Image) -> bytes:
    held = io.BytesIO()
    image.save(held, "PNG")
    return held.getvalue()


def _repeat(draw: Callable[[], bytes], times: int) -> Run:
    draw()
    begin, cpu = perf_counter(), process_time()
    for _ in range(times):
        draw()
    return Run(times, perf_counter() - begin, process_time() - cpu)
