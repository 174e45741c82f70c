"""What goes in and out of a conversation, the same on every channel.

Texts are a small HTML subset (`<b>`, `<i>`, `<code>`); whatever comes from people is escaped
before it gets in. A channel that knows no markup strips it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What somebody did."""

    TEXT = "text"
    TAP = "tap"
    """A button below a message."""
    CONTACT = "contact"
    SHARE = "share"
    """Asked for something to share into another chat (inline mode)."""
    PICTURE = "picture"
    """A photo, or an image sent as a file."""
    OTHER = "other"
    """A sticker, a voice, a location, another file, …"""
    LEFT = "left"
    """Blocked the bot."""
    BACK = "back"
    """Unblocked it."""


@dataclass(frozen=True)
class Attached:
    """A picture that somebody sent, as the channel names it; nothing of it is here yet."""

    source: str
    """By which the channel gives it out."""
    size: int | None = None
    """In bytes, where the channel says so."""
    kind: str = "image/jpeg"
    """As the sender's client calls it; believed only to say no early."""


@dataclass(frozen=True)
class Incoming:
    """One thing that reached us. `sender` is the channel's own id of the person."""

    channel: str
    sender: str
    kind: Kind
    text: str = ""
    """The message, the data of the tapped button, or the inline query."""
    language: str | None = None
    message: str | None = None
    """The channel's id of the message whose button was tapped, to edit it."""
    message_has_picture: bool = False
    phone: str | None = None
    """Of a shared contact, as the channel gave it."""
    own_contact: bool = False
    """The contact is the sender's own, and was not forwarded."""
    in_group: bool = False
    picture: Attached | None = None
    album: str = ""
    """What several pictures sent at once have in common; each comes by itself."""


@dataclass(frozen=True)
class Button:
    """One button: exactly one of `data`, `url`, `copy`, `share` is set."""

    label: str
    data: str = ""
    """At most 64 bytes."""
    url: str = ""
    copy: str = ""
    share: str = ""
    """Opens the list of chats to share into, with this inline query."""


@dataclass(frozen=True)
class Picture:
    """A picture to be drawn when it is sent: what it is and what it shows."""

    kind: str
    """`invite_qr`, `poster` or `thanks`."""
    params: dict[str, str] = field(default_factory=dict)


class Drawn(StrEnum):
    """What a file is drawn from when it is sent."""

    AS_IT_IS = ""
    STATEMENT_PDF = "statement_pdf"
    """A statement's words (`statement_sheet.to_text`) become a PDF."""


@dataclass(frozen=True)
class Document:
    """A file for the reader. `content` is the file itself, or the words it is drawn from."""

    name: str
    content: str
    drawn: Drawn = Drawn.AS_IT_IS


@dataclass(frozen=True)
class Reply:
    """One message to send, or an edit of the one whose button was tapped."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    picture: Picture | None = None
    document: Document | None = None
    edits: str | None = None
    """The message to edit instead of sending a new one."""
    ask_contact: str = ""
    """The label of a keyboard button that shares the sender's own contact."""
    drop_keyboard: bool = False
    """Takes away the contact keyboard."""


@dataclass(frozen=True)
class Shareable:
    """One personal result of inline mode."""

    id: str
    title: str
    description: str
    text: str
    rows: tuple[tuple[Button, ...], ...] = ()


@dataclass(frozen=True)
class Response:
    """Everything one incoming thing leads to. `toast` answers a tap, `results` a share."""

    replies: tuple[Reply, ...] = ()
    toast: str = ""
    results: tuple[Shareable, ...] = ()


def to_json(reply: Reply) -> dict[str, Any]:
    """A reply as the outbox keeps it."""
    return vars(reply) | {
        "rows": [[vars(button) for button in row] for row in reply.rows],
        "picture": reply.picture and vars(reply.picture),
        "document": reply.document and vars(reply.document),
    }


def from_json(kept: dict[str, Any]) -> Reply:
    """A reply as the outbox kept it."""
    return Reply(
        text=kept["text"],
        rows=tuple(tuple(Button(**button) for button in row) for row in kept["rows"]),
        picture=Picture(**kept["picture"]) if kept["picture"] else None,
        document=_document(kept["document"]) if kept["document"] else None,
        edits=kept["edits"],
        ask_contact=kept["ask_contact"],
        drop_keyboard=kept["drop_keyboard"],
    )


def _document(kept: dict[str, Any]) -> Document:
    return Document(kept["name"], kept["content"], Drawn(kept.get("drawn", "")))
