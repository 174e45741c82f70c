"""A picture to send where nobody has one at hand: a chat in which a friend tells of the card."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from shared.pictures.typeset import font

_SIZE = (720, 900)
_GROUND, _HEAD, _INK, _QUIET = "#ECE7DE", "#FFFFFF", "#1C2430", "#5A6472"
_LINES = (
    (False, "上周六我去静安支行办卡了"),
    (True, "太好了，用我的邀请码了吗"),
    (False, "柜台没问，我也忘了说"),
    (False, "昨天已经刷了第一笔"),
    (True, "那我去补登一下"),
)
"""Whether it is Alice's, and what she or Bob wrote."""


def sample_png() -> bytes:
    """The picture as a PNG."""
    picture = Image.new("RGB", _SIZE, _GROUND)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, _SIZE[0], 96), fill=_HEAD)
    draw.text((_SIZE[0] / 2, 50), "Bob", fill=_INK, font=font(34), anchor="mm")
    draw.text((_SIZE[0] / 2, 140), "昨天 19:42", fill=_QUIET, font=font(24), anchor="mm")
    top = 190
    for own, words in _LINES:
        wide = font(30).getlength(words) + 56
        left = _SIZE[0] - 32 - wide if own else 32
        fill = "#CFE6D8" if own else "#FFFFFF"
        draw.rounded_rectangle((left, top, left + wide, top + 84), 20, fill=fill)
        draw.text((left + 28, top + 42), words, fill=_INK, font=font(30), anchor="lm")
        top += 124
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
