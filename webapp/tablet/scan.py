"""A photographed invite: the code in a picture of its QR, read here (iPads cannot)."""

from __future__ import annotations

from urllib.parse import urlsplit

import zxingcpp
from PIL import Image
from werkzeug.datastructures import FileStorage

from shared.base.errors import Refusal
from shared.pictures.photo import photo_grey
from webapp.tablet.face import MOST_PICTURE_BYTES

_SIDE = 2000
_QR_ONLY = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


def typed_or_scanned(typed: str, picture: FileStorage | None) -> str:
    """What names the invite: a picture where one was taken, else what was typed.

    Refusals `scan.picture` (not a picture we read), `scan.large`, `scan.nothing` (no QR in it).
    """
    if picture is None or not picture.filename:
        return code_in(typed)
    return code_in(read_qr(picture.stream.read(MOST_PICTURE_BYTES + 1)))


def code_in(words: str) -> str:
    """The code in an invite's link, or the words as they are."""
    path = urlsplit(words.strip()[:300]).path if "/" in words else words.strip()[:40]
    return path.partition("/i/")[2].partition("/")[0] if "/i/" in path else path


def read_qr(raw: bytes) -> str:
    """The text of the QR code in a picture. Refusals as above."""
    if len(raw) > MOST_PICTURE_BYTES:
        raise Refusal("scan.large")
    found = zxingcpp.read_barcodes(_grey(raw), formats=_QR_ONLY)
    texts = [barcode.text for barcode in found if barcode.valid and barcode.text]
    if not texts:
        raise Refusal("scan.nothing")
    invites = [text for text in texts if "/i/" in text]
    return str((invites or texts)[0])


def _grey(raw: bytes) -> Image.Image:
    try:
        return photo_grey(raw, _SIDE)
    except Refusal as refusal:
        large = refusal.code in ("photo.large", "photo.pixels")
        raise Refusal("scan.large" if large else "scan.picture") from refusal
