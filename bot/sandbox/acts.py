"""What people do on their phones: each act becomes a message and an update for the bot."""

import secrets
from dataclasses import dataclass
from typing import Any

from bot.sandbox import letters, people, queries
from bot.sandbox.entities import found_in
from bot.sandbox.letters import Letter
from bot.sandbox.media import DOCUMENT_BYTES, keep_document, keep_photo
from bot.sandbox.people import User
from bot.sandbox.queries import Query
from bot.sandbox.reading import Upload
from bot.sandbox.sample import sample_png
from bot.sandbox.state import Json
from bot.sandbox.world import World
from shared.base.i18n import Locale, locale_from_tag


class NotPossible(Exception):
    """A person cannot do this, for instance tap a button that is not there."""


@dataclass(frozen=True)
class Actor:
    """A person acting in a chat."""

    user: User
    chat: Json


def actor(world: World, user_id: int, chat_id: int | None = None) -> Actor:
    """A person in their private chat or in a group. Raises NotPossible."""
    user = people.user(world.state, user_id)
    if user is None:
        raise NotPossible("no such person")
    if chat_id is None or chat_id == user_id:
        return Actor(user, people.open_private_chat(world.state, user))
    chat = people.chat_of(world.state, chat_id)
    if chat is None:
        raise NotPossible("no such chat")
    return Actor(user, chat)


def say(world: World, who: Actor, text: str) -> Letter:
    """Sends text."""
    content: Json = {"text": text}
    entities = found_in(text)
    if entities:
        content["entities"] = entities
    return _send(world, who, content)


def share_contact(world: World, who: Actor) -> Letter:
    """Shares the person's own contact, as the request_contact button does."""
    contact = _contact(who.user)
    with world.state.writing():
        _fold_keyboard(world, who)
        return _send(world, who, {"contact": contact})


def _fold_keyboard(world: World, who: Actor) -> None:
    row = world.state.row(
        "SELECT keyboard FROM chats WHERE id = ? AND keyboard LIKE '%\"one_time_keyboard\":true%'",
        who.chat["id"],
    )
    if row:
        world.state.run("UPDATE chats SET keyboard = NULL WHERE id = ?", who.chat["id"])


def share_foreign_contact(
    world: World, who: Actor, name: str, phone: str, user_id: int | None = None
) -> Letter:
    """Shares somebody else's contact."""
    contact: Json = {"phone_number": phone.lstrip("+"), "first_name": name}
    if user_id is not None:
        contact["user_id"] = user_id
    return _send(world, who, {"contact": contact})


def forward_contact(world: World, who: Actor, owner: User) -> Letter:
    """Forwards a contact that its owner once shared."""
    origin = {"type": "user", "date": world.date(), "sender_user": owner.body}
    return _send(world, who, {"contact": _contact(owner), "forward_origin": origin})


def _contact(user: User) -> Json:
    # Telegram's clients leave the plus away.
    return {
        "phone_number": user.phone.lstrip("+"),
        "first_name": user.body["first_name"],
        "user_id": user.id,
    }


def send_sticker(world: World, who: Actor) -> Letter:
    """Sends a sticker."""
    number = secrets.token_hex(6)
    sticker = {
        "file_id": "CAAC" + number,
        "file_unique_id": "AgAD" + number,
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "👍",
    }
    return _send(world, who, {"sticker": sticker})


def send_photo(
    world: World, who: Actor, content: bytes | None, caption: str = "", album: str = ""
) -> Letter:
    """Sends a photo; a drawn one where none is given. Raises NotPossible for what is none."""
    try:
        body: Json = {"photo": keep_photo(world.state, content or _sample(who.user))}
    except ValueError as error:
        raise NotPossible("no client sends this as a photo") from error
    return _send(world, who, body | _besides(caption, album))


def _sample(user: User) -> bytes:
    return sample_png(locale_from_tag(user.body.get("language_code")) or Locale.ZH_HANS)


def send_document(
    world: World, who: Actor, file: Upload, caption: str = "", album: str = ""
) -> Letter:
    """Sends a file as it is."""
    if not file.content or len(file.content) > DOCUMENT_BYTES:
        raise NotPossible("no client sends this")
    body: Json = {"document": keep_document(world.state, file)}
    return _send(world, who, body | _besides(caption, album))


def _besides(caption: str, album: str) -> Json:
    """What goes with a picture or file where it is given."""
    given = {"caption": caption, "media_group_id": album}
    return {key: value for key, value in given.items() if value}


def _send(world: World, who: Actor, content: Json) -> Letter:
    body = {"from": who.user.body, "date": world.date()} | content
    with world.state.writing():
        if who.user.blocked:
            block(world, who.user, blocked=False)
        sent = letters.post(world.state, who.chat, body)
        if who.chat["type"] == "private" or _meant_for_bot(world, content):
            number = letters.queue(world.state, "message", sent.body)
            world.log("update", f"{number} · message · {_sort(content)} · chat {who.chat['id']}")
    return sent


def _sort(content: Json) -> str:
    kinds = ("text", "contact", "sticker", "photo", "document")
    return next(key for key in kinds if key in content)


def _meant_for_bot(world: World, content: Json) -> bool:
    """In groups the bot's privacy mode lets commands and mentions of it through."""
    text = str(content.get("text", ""))
    name = f"@{world.settings.bot_username}"
    for entity in content.get("entities", ()):
        piece = text.encode("utf-16-le")[
            entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2
        ].decode("utf-16-le")
        if entity["type"] == "bot_command" and ("@" not in piece or piece.endswith(name)):
            return True
        if entity["type"] == "mention" and piece == name:
            return True
    return False


def tap(world: World, who: Actor, message_id: int, data: str | None, label: str | None) -> Query:
    """Taps an inline button, named by its callback data or its words. Raises NotPossible."""
    message = letters.letter(world.state, who.chat["id"], message_id)
    if message is None:
        raise NotPossible("no such message")
    rows = message.body.get("reply_markup", {}).get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if "callback_data" in button and (
            button["callback_data"] == data or button["text"] == label
        ):
            return press(world, who, message.body, button["callback_data"])
    raise NotPossible("no such button")


def press(world: World, who: Actor, message: Json, data: str) -> Query:
    """A callback query with this data, even one of a keyboard that is gone by now."""
    with world.state.writing():
        query = queries.ask(world.state, "callback", who.user.id, {"data": data})
        body: Json = {
            "id": query.id,
            "from": who.user.body,
            "chat_instance": str(who.chat["id"]),
            "message": message,
            "data": data,
        }
        number = letters.queue(world.state, "callback_query", body)
        world.log("update", f"{number} · callback_query · {data} · chat {who.chat['id']}")
    return query


def ask_inline(world: World, who: Actor, text: str, offset: str = "") -> Query | Json:
    """Asks inline mode; the cached answer where Telegram's servers would have one."""
    kept = queries.remembered(world, who.user.id, text) if not offset else None
    if kept is not None:
        return kept
    with world.state.writing():
        query = queries.ask(world.state, "inline", who.user.id, {"query": text})
        body = {"id": query.id, "from": who.user.body, "query": text, "offset": offset}
        number = letters.queue(world.state, "inline_query", body | {"chat_type": "private"})
        world.log("update", f"{number} · inline_query · person {who.user.id}")
    return query


def choose(world: World, who: Actor, text: str, result: Json, to: User | None) -> Letter:
    """Sends an inline result to another person, or into the chat itself."""
    inline_id = "BAAA" + secrets.token_urlsafe(12)
    chat = who.chat if to is None else _between(who.user, to)
    via = {"from": who.user.body, "date": world.date(), "via_bot": world.bot()}
    with world.state.writing():
        sent = letters.post(world.state, chat, via | result["sends"], inline_id)
        chosen: Json = {"result_id": result["id"], "from": who.user.body, "query": text}
        if "reply_markup" in result["sends"]:
            chosen["inline_message_id"] = inline_id
        number = letters.queue(world.state, "chosen_inline_result", chosen)
        world.log("update", f"{number} · chosen_inline_result · {result['id']}")
    return sent


def _between(one: User, other: User) -> Json:
    """The chat of two persons, which the bot does not know of."""
    low, high = sorted((one.id, other.id))
    return {
        "id": -(low * 10**4 + high % 10**4),
        "type": "private",
        "first_name": other.body["first_name"],
    }


def letters_between(world: World, one: User, other: User, since: int) -> list[Letter]:
    """Messages of the chat of two persons."""
    chat: int = _between(one, other)["id"]
    return letters.letters(world.state, chat, since)


def block(world: World, user: User, *, blocked: bool) -> User:
    """Blocks or unblocks the bot and tells it so."""
    if user.blocked == blocked:
        return user
    with world.state.writing():
        changed = people.change_user(world.state, user, blocked=blocked)
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        _tell_membership(world, user, people.open_private_chat(world.state, user), before, after)
    return changed


def found_group(world: World, title: str, members: list[User]) -> Json:
    """A group that the first member adds the bot to."""
    with world.state.writing():
        chat = people.open_group(world.state, title, [user.id for user in members])
        _tell_membership(world, members[0], chat, "left", "member")
    return chat


def _tell_membership(world: World, user: User, chat: Json, before: str, after: str) -> None:
    body: Json = {
        "chat": chat,
        "from": user.body,
        "date": world.date(),
        "old_chat_member": _membership(world, before),
        "new_chat_member": _membership(world, after),
    }
    number = letters.queue(world.state, "my_chat_member", body)
    world.log("update", f"{number} · my_chat_member · {after} · chat {chat['id']}")


def _membership(world: World, status: str) -> Json:
    found: dict[str, Any] = {"status": status, "user": world.bot()}
    if status == "kicked":
        found["until_date"] = 0
    return found


def clear_chat(world: World, user: User) -> None:
    """Clears a person's chat on their phone, as for a newly bought one."""
    with world.state.writing():
        world.state.run(
            "UPDATE messages SET deleted = 1, seq = ? WHERE chat = ? AND NOT deleted",
            world.state.change(),
            user.id,
        )
        world.state.run("UPDATE chats SET keyboard = NULL WHERE id = ?", user.id)
