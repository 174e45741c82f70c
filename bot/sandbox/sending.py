"""Sending, editing and deleting messages, as the Bot API does and refuses."""

import time
from typing import Any

from bot.sandbox import letters, people
from bot.sandbox.entities import formatted
from bot.sandbox.keyboards import check_markup
from bot.sandbox.letters import Letter
from bot.sandbox.media import document_of, photo_of
from bot.sandbox.reading import Call
from bot.sandbox.refusals import bad_request, forbidden
from bot.sandbox.runs import units
from bot.sandbox.state import Json, dumped
from bot.sandbox.world import World

TEXT_MOST = 4096
CAPTION_MOST = 1024
TYPING_SECONDS = 5.0
_SEND_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def reachable_chat(world: World, chat_id: int | str) -> Json:
    """The chat the bot writes to. Raises Refusal: not found, blocked."""
    chat = people.chat_of(world.state, chat_id) if isinstance(chat_id, int) else None
    if chat is None:
        raise bad_request("chat not found")
    if chat["type"] == "private":
        person = people.user(world.state, chat["id"])
        if person is not None and person.blocked:
            raise forbidden("bot was blocked by the user")
    return chat


def send_message(world: World, call: Call) -> Json:
    """sendMessage."""
    chat = reachable_chat(world, call.values["chat_id"])
    text, entities = _text(call.values["text"], call.get("parse_mode"), call.get("entities"))
    body: Json = {"text": text}
    if entities:
        body["entities"] = entities
    options = call.get("link_preview_options")
    if options:
        body["link_preview_options"] = options
    return _send(world, call, chat, body)


def send_photo(world: World, call: Call) -> Json:
    """sendPhoto."""
    chat = reachable_chat(world, call.values["chat_id"])
    body = _captioned(call.values, {})
    return _send(
        world, call, chat, {"photo": [photo_of(world.state, call, call.values["photo"])]} | body
    )


def send_document(world: World, call: Call) -> Json:
    """sendDocument."""
    chat = reachable_chat(world, call.values["chat_id"])
    body = _captioned(call.values, {})
    document = document_of(world.state, call, call.values["document"])
    return _send(world, call, chat, {"document": document} | body)


def send_chat_action(world: World, call: Call) -> bool:
    """sendChatAction: shows for five seconds or until the next message."""
    chat = reachable_chat(world, call.values["chat_id"])
    if call.values["action"] not in _SEND_ACTIONS:
        raise bad_request("wrong parameter action in request")
    with world.state.writing():
        world.state.run(
            "UPDATE chats SET typing_until = ?, seq = ? WHERE id = ?",
            time.time() + TYPING_SECONDS,
            world.state.change(),
            chat["id"],
        )
    return True


def _send(world: World, call: Call, chat: Json, content: Json) -> Json:
    markup = call.get("reply_markup")
    check_markup(markup)
    body: Json = {"from": world.bot(), "date": world.date()}
    reply = call.get("reply_parameters")
    if reply is not None:
        answered = letters.letter(world.state, chat["id"], reply["message_id"])
        if answered is not None:
            body["reply_to_message"] = _shallow(answered.body)
        elif not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
    body |= content
    with world.state.writing():
        if markup is not None and "inline_keyboard" in markup:
            body["reply_markup"] = markup
        elif markup is not None:
            _show_keyboard(world, chat, None if "remove_keyboard" in markup else markup)
        world.state.run("UPDATE chats SET typing_until = 0 WHERE id = ?", chat["id"])
        return letters.post(world.state, chat, body).body


def _show_keyboard(world: World, chat: Json, keyboard: Json | None) -> None:
    world.state.run(
        "UPDATE chats SET keyboard = ?, seq = ? WHERE id = ?",
        dumped(keyboard) if keyboard else None,
        world.state.change(),
        chat["id"],
    )


def _shallow(body: Json) -> Json:
    return {key: value for key, value in body.items() if key != "reply_to_message"}


def _text(text: str, parse_mode: str | None, entities: Any) -> tuple[str, list[Json]]:
    plain, found = formatted(text, parse_mode, entities)
    if not plain.strip():
        raise bad_request("message text is empty")
    if units(plain) > TEXT_MOST:
        raise bad_request("message is too long")
    return plain, found


def _captioned(values: Json, body: Json) -> Json:
    """Caption and its entities, where there is one."""
    caption, found = formatted(
        values.get("caption", ""), values.get("parse_mode"), values.get("caption_entities")
    )
    if units(caption) > CAPTION_MOST:
        raise bad_request("message caption is too long")
    if caption:
        body["caption"] = caption
    if found:
        body["caption_entities"] = found
    return body


def _editable(world: World, call: Call) -> Letter:
    inline_id = call.get("inline_message_id")
    if inline_id is not None:
        found = letters.inline_letter(world.state, inline_id)
        if found is None:
            raise bad_request("MESSAGE_ID_INVALID")
        return found
    for name in ("chat_id", "message_id"):
        if name not in call.values:
            raise bad_request("message identifier is not specified")
    chat = reachable_chat(world, call.values["chat_id"])
    found = letters.letter(world.state, chat["id"], call.values["message_id"])
    if found is None:
        raise bad_request("message to edit not found")
    if found.body.get("from", {}).get("id") != world.bot_id:
        raise bad_request("message can't be edited")
    return found


def edit_text(world: World, call: Call) -> Json | bool:
    """editMessageText; a keyboard that is not given goes away."""
    old = _editable(world, call)
    if "text" not in old.body:
        raise bad_request("there is no text in the message to edit")
    text, entities = _text(call.values["text"], call.get("parse_mode"), call.get("entities"))
    content: Json = {"text": text} | ({"entities": entities} if entities else {})
    return _edit(world, call, old, ("text", "entities"), content)


def edit_caption(world: World, call: Call) -> Json | bool:
    """editMessageCaption."""
    old = _editable(world, call)
    if not {"photo", "document"} & old.body.keys():
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, call, old, ("caption", "caption_entities"), _captioned(call.values, {}))


def edit_media(world: World, call: Call) -> Json | bool:
    """editMessageMedia: another picture or file with its caption."""
    old = _editable(world, call)
    media = call.values["media"]
    content = _captioned(media, {})
    if media["type"] == "photo":
        content["photo"] = [photo_of(world.state, call, media["media"])]
    else:
        content["document"] = document_of(world.state, call, media["media"])
    replaced = ("text", "entities", "photo", "document", "caption", "caption_entities")
    return _edit(world, call, old, replaced, content)


def edit_markup(world: World, call: Call) -> Json | bool:
    """editMessageReplyMarkup."""
    return _edit(world, call, _editable(world, call), (), {})


def _edit(
    world: World, call: Call, old: Letter, replaced: tuple[str, ...], content: Json
) -> Json | bool:
    markup = call.get("reply_markup")
    check_markup(markup)
    gone = {*replaced, "reply_markup", "edit_date"}
    body = {key: value for key, value in old.body.items() if key not in gone} | content
    if markup is not None and markup["inline_keyboard"]:
        body["reply_markup"] = markup
    if body == {key: value for key, value in old.body.items() if key != "edit_date"}:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    body["edit_date"] = world.date()
    fresh = letters.rewrite(world.state, old, body)
    return True if old.inline_id and "inline_message_id" in call.values else fresh.body


def delete_message(world: World, call: Call) -> bool:
    """deleteMessage."""
    chat = reachable_chat(world, call.values["chat_id"])
    found = letters.letter(world.state, chat["id"], call.values["message_id"])
    if found is None:
        raise bad_request("message to delete not found")
    if chat["type"] != "private" and found.body["from"]["id"] != world.bot_id:
        raise bad_request("message can't be deleted")
    letters.strike(world.state, found)
    return True
