"""Pictures: QR codes, posters, thank-you cards and statements. Bytes out, no database."""

from shared.pictures.poster import Poster, poster_png
from shared.pictures.qr import qr_matrix, qr_png
from shared.pictures.sheet import Sheet, Theme
from shared.pictures.thanks import Thanks, thanks_png
from shared.pictures.typeset import missing_glyphs

__all__ = [
    "Poster",
    "Sheet",
    "Thanks",
    "Theme",
    "missing_glyphs",
    "poster_png",
    "qr_matrix",
    "qr_png",
    "thanks_png",
]
