"""Pictures and files as bytes, drawn when their message is sent."""

from __future__ import annotations

from typing import cast

from bot.messages import Picture
from shared.pictures import Poster, Sheet, Theme, poster_png, qr_png
from shared.pictures.typeset import Language


def draw(picture: Picture) -> bytes:
    """The picture as a PNG. ValueError when its kind is unknown or something does not fit."""
    match picture.kind:
        case "invite_qr":
            return qr_png(picture.params["link"])
        case "poster":
            return poster_png(_poster(picture.params))
    raise ValueError(f"no picture of kind {picture.kind!r}")


def _poster(params: dict[str, str]) -> Poster:
    sheet = Sheet(
        language=cast(Language, params["language"]),
        issuer=params["issuer"],
        title=params["title"],
        offers=tuple(params["offers"].splitlines()),
        scan=params["scan"],
        footnote=params["footnote"],
        eyebrow=params.get("eyebrow", ""),
        theme=Theme(params.get("theme", Theme.PAPER)),
        seal=params.get("seal", Sheet.seal),
    )
    return Poster(sheet, params["link"], params["code"])
