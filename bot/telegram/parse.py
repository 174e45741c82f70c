"""From Telegram's update to what somebody did; None for what is none of our business."""

from __future__ import annotations

from dataclasses import replace

from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberUpdated,
    InlineQuery,
    MaybeInaccessibleMessage,
    Message,
    Update,
    User,
)
from telegram.ext import filters

from bot.messages import Attached, Incoming, Kind
from shared.post.outbox import Channel

ALLOWED_UPDATES = ("message", "callback_query", "inline_query", "my_chat_member")
"""What we ask Telegram for; edits, channel posts and the rest never reach us."""

_STATUS = {ChatMember.BANNED: Kind.LEFT, ChatMember.MEMBER: Kind.BACK}


def parse(update: Update, bot_username: str) -> Incoming | None:
    """What the sender did. Other bots, channels, service notes and edits are nobody's doing."""
    sender = update.effective_user
    if sender is None or sender.is_bot:
        return None
    if update.message is not None:
        return _message(update, update.message, sender, bot_username)
    if update.callback_query is not None:
        return _tap(update.callback_query, sender)
    if update.inline_query is not None:
        return _share(update.inline_query, sender)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member, sender)
    return None


def chat_key(update: Update) -> str:
    """Whose updates must be heard in their order: the chat's, else the person's."""
    place = update.effective_chat or update.effective_user
    return str(place.id) if place is not None else ""


def _message(update: Update, message: Message, sender: User, bot_username: str) -> Incoming | None:
    in_group = message.chat.type != Chat.PRIVATE
    if message.text is None and filters.StatusUpdate.ALL.check_update(update):
        return None
    if in_group and not _is_for_us(message.text or "", bot_username):
        return None
    if message.contact is not None:
        own = message.contact.user_id == sender.id and message.forward_origin is None
        return _incoming(sender, Kind.CONTACT, phone=message.contact.phone_number, own_contact=own)
    if message.text is None:
        return _attachment(message, sender)
    return _incoming(
        sender, Kind.TEXT, text=_without_name(message.text, bot_username), in_group=in_group
    )


def _attachment(message: Message, sender: User) -> Incoming:
    """A photo or an image file; else something else. Of a photo's sizes the largest."""
    album = message.media_group_id or ""
    picture = None
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        picture = Attached(largest.file_id, largest.file_size)
    elif message.document is not None and message.animation is None:
        file = message.document
        if (file.mime_type or "").startswith("image/"):
            picture = Attached(file.file_id, file.file_size, file.mime_type or "")
    kind = Kind.PICTURE if picture is not None else Kind.OTHER
    return replace(_incoming(sender, kind), picture=picture, album=album)


def _is_for_us(text: str, bot_username: str) -> bool:
    """In a group: a command to nobody or to us, or our name; the rest is their talk."""
    command = text.split(maxsplit=1)[0] if text.startswith("/") else ""
    if command:
        return "@" not in command or command.lower().endswith(f"@{bot_username.lower()}")
    return f"@{bot_username.lower()}" in text.lower()


def _without_name(text: str, bot_username: str) -> str:
    """`/invite@our_bot now` is `/invite now`."""
    if not text.startswith("/"):
        return text
    command, space, rest = text.partition(" ")
    name, at, addressee = command.partition("@")
    return name + space + rest if at and addressee.lower() == bot_username.lower() else text


def _tap(query: CallbackQuery, sender: User) -> Incoming:
    message = query.message
    return _incoming(
        sender,
        Kind.TAP,
        text=query.data or "",
        message=_editable(message),
        message_has_picture=isinstance(message, Message) and bool(message.photo),
        in_group=message is not None and message.chat.type != Chat.PRIVATE,
    )


def _editable(message: MaybeInaccessibleMessage | None) -> str | None:
    """A message too old for Telegram to show is answered by a new one."""
    return str(message.message_id) if message is not None and message.is_accessible else None


def _share(query: InlineQuery, sender: User) -> Incoming:
    return _incoming(sender, Kind.SHARE, text=query.query)


def _membership(change: ChatMemberUpdated, sender: User) -> Incoming | None:
    kind = _STATUS.get(change.new_chat_member.status)
    if kind is None or change.chat.type != Chat.PRIVATE:
        return None
    return _incoming(sender, kind)


def _incoming(
    sender: User,
    kind: Kind,
    *,
    text: str = "",
    message: str | None = None,
    message_has_picture: bool = False,
    phone: str | None = None,
    own_contact: bool = False,
    in_group: bool = False,
) -> Incoming:
    return Incoming(
        channel=Channel.TELEGRAM.value,
        sender=str(sender.id),
        kind=kind,
        text=text,
        language=sender.language_code,
        message=message,
        message_has_picture=message_has_picture,
        phone=phone,
        own_contact=own_contact,
        in_group=in_group,
    )
