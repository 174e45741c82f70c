"""From a reply to the Bot API call that shows it: which method, which parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputFile,
    InputMediaPhoto,
    InputTextMessageContent,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.constants import MessageLimit, ParseMode

from bot.messages import Button, Document, Picture, Reply, Shareable

Draw = Callable[[Picture | Document], bytes]
"""A picture or file as bytes."""
Rows = tuple[tuple[Button, ...], ...]
Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True)
class Call:
    """One call: the name of the client's method and its keyword arguments."""

    method: str
    params: dict[str, Any]


def compose(reply: Reply, address: str, *, on_picture: bool, draw: Draw) -> tuple[Call, ...]:
    """The calls that show a reply, in order; usually one.

    `on_picture`: the message to edit holds a picture. ValueError when a picture cannot be drawn.
    """
    if reply.edits is not None and _fits_an_edit(reply):
        return (_edit(reply, address, reply.edits, on_picture, draw),)
    if reply.picture is None and reply.document is None:
        return (_message(reply, address),)
    if len(reply.text) > MessageLimit.CAPTION_LENGTH:
        words = replace(reply, picture=None, document=None)
        return (_file(reply, address, draw, captioned=False), _message(words, address))
    return (_file(reply, address, draw, captioned=True),)


def anew(reply: Reply) -> Reply:
    """The same reply as a new message."""
    return replace(reply, edits=None)


def compose_results(results: tuple[Shareable, ...]) -> list[InlineQueryResultArticle]:
    """What may be shared into another chat; its links show their preview, made for friends."""
    return [
        InlineQueryResultArticle(
            id=result.id,
            title=result.title,
            description=result.description,
            input_message_content=InputTextMessageContent(result.text, parse_mode=ParseMode.HTML),
            reply_markup=_inline(result.rows),
        )
        for result in results
    ]


def _fits_an_edit(reply: Reply) -> bool:
    """Files and reply keyboards only come with a new message."""
    return not (reply.document or reply.ask_contact or reply.drop_keyboard)


def _edit(reply: Reply, address: str, message: str, on_picture: bool, draw: Draw) -> Call:
    where = {"chat_id": int(address), "message_id": int(message)}
    markup = {"reply_markup": _inline(reply.rows)}
    if reply.picture is not None:
        media = InputMediaPhoto(
            draw(reply.picture), reply.text, parse_mode=ParseMode.HTML, filename=_PNG
        )
        return Call("edit_message_media", where | markup | {"media": media})
    if on_picture:
        words = {"caption": reply.text, "parse_mode": ParseMode.HTML}
        return Call("edit_message_caption", where | markup | words)
    words = {"text": reply.text, "parse_mode": ParseMode.HTML}
    preview = {"link_preview_options": _NO_PREVIEW}
    return Call("edit_message_text", where | markup | words | preview)


def _message(reply: Reply, address: str) -> Call:
    return Call(
        "send_message",
        {
            "chat_id": int(address),
            "text": reply.text,
            "parse_mode": ParseMode.HTML,
            "link_preview_options": _NO_PREVIEW,
            "reply_markup": _markup(reply),
        },
    )


_PNG = "jianka.png"


def _file(reply: Reply, address: str, draw: Draw, *, captioned: bool) -> Call:
    params: dict[str, Any] = {"chat_id": int(address)}
    if captioned:
        params |= {
            "caption": reply.text,
            "parse_mode": ParseMode.HTML,
            "reply_markup": _markup(reply),
        }
    if reply.picture is not None:
        return Call("send_photo", params | {"photo": InputFile(draw(reply.picture), _PNG)})
    assert reply.document is not None
    file = InputFile(draw(reply.document), reply.document.name)
    return Call("send_document", params | {"document": file})


def _markup(reply: Reply) -> Markup:
    if reply.rows:
        return _inline(reply.rows)
    if reply.ask_contact:
        button = KeyboardButton(reply.ask_contact, request_contact=True)
        return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)
    return ReplyKeyboardRemove() if reply.drop_keyboard else None


def _inline(rows: Rows) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in rows])


def _button(button: Button) -> InlineKeyboardButton:
    if button.data:
        return InlineKeyboardButton(button.label, callback_data=button.data)
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url)
    if button.copy:
        return InlineKeyboardButton(button.label, copy_text=CopyTextButton(button.copy))
    return InlineKeyboardButton(button.label, switch_inline_query=button.share)
