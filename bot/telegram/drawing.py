"""Pictures and files as bytes, drawn when their message is sent."""

from __future__ import annotations

from typing import cast

from bot.messages import Document, Drawn, Picture
from shared.base.clock import system_clock
from shared.pictures import Poster, Sheet, Thanks, Theme, poster_png, qr_png, thanks_png
from shared.pictures.statement_sheet import from_text
from shared.pictures.typeset import Language


def draw(shown: Picture | Document) -> bytes:
    """A picture as a PNG, a file as it is or drawn. ValueError for what cannot be drawn."""
    if isinstance(shown, Picture):
        return _picture(shown)
    if shown.drawn is Drawn.STATEMENT_PDF:
        # The PDF library takes a fifth of the bot's start, and few statements are asked for.
        from shared.pictures.statement_pdf import statement_pdf

        return statement_pdf(from_text(shown.content), system_clock())
    return shown.content.encode()


def _picture(picture: Picture) -> bytes:
    match picture.kind:
        case "invite_qr":
            return qr_png(picture.params["link"])
        case "poster":
            return poster_png(_poster(picture.params))
        case "thanks":
            return thanks_png(_thanks(picture.params))
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


def _thanks(params: dict[str, str]) -> Thanks:
    return Thanks(
        language=cast(Language, params["language"]),
        **{name: params[name] for name in ("issuer", "eyebrow", "to", "words", "more", "day")},
    )
