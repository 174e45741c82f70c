"""The Bot API over HTTP: one door for every method, one envelope for every answer."""

import hmac
import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file

from bot.sandbox import media, people, polling, profile, queries, sending
from bot.sandbox.reading import Call, raw_parameters, read_call
from bot.sandbox.refusals import NOT_FOUND, UNAUTHORIZED, Refusal, bad_request, too_many
from bot.sandbox.schema import METHODS
from bot.sandbox.state import Json
from bot.sandbox.world import Fault, Recorded, World

Handler = Callable[[World, Call], Any]
_QUIET = {"getUpdates", "getMe", "sendChatAction"}


def _get_me(world: World, _: Call) -> Json:
    return world.bot() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def _get_file(world: World, call: Call) -> Json:
    return media.for_bot(world.state, call.values["file_id"])


def _get_chat(world: World, call: Call) -> Json:
    chat_id = call.values["chat_id"]
    chat = people.chat_of(world.state, chat_id) if isinstance(chat_id, int) else None
    if chat is None:
        raise bad_request("chat not found")
    return chat | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


def _yes(_world: World, _: Call) -> bool:
    return True


HANDLERS: dict[str, Handler] = {
    "getMe": _get_me,
    "logOut": _yes,
    "close": _yes,
    "getUpdates": polling.get_updates,
    "setWebhook": polling.set_webhook,
    "deleteWebhook": polling.delete_webhook,
    "getWebhookInfo": lambda world, _: polling.webhook_info(world),
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": sending.edit_text,
    "editMessageCaption": sending.edit_caption,
    "editMessageMedia": sending.edit_media,
    "editMessageReplyMarkup": sending.edit_markup,
    "deleteMessage": sending.delete_message,
    "answerCallbackQuery": queries.answer_callback,
    "answerInlineQuery": queries.answer_inline,
    "setMyCommands": profile.set_commands,
    "getMyCommands": profile.get_commands,
    "deleteMyCommands": profile.delete_commands,
    "setMyName": lambda world, call: profile.set_words(world, call, "name"),
    "getMyName": lambda world, call: profile.get_words(world, call, "name"),
    "setMyDescription": lambda world, call: profile.set_words(world, call, "description"),
    "getMyDescription": lambda world, call: profile.get_words(world, call, "description"),
    "setMyShortDescription": lambda world, call: profile.set_words(
        world, call, "short_description"
    ),
    "getMyShortDescription": lambda world, call: profile.get_words(
        world, call, "short_description"
    ),
    "setChatMenuButton": profile.set_menu_button,
    "getChatMenuButton": profile.get_menu_button,
    "getFile": _get_file,
    "getChat": _get_chat,
}
_BY_LOWER = {name.lower(): name for name in METHODS}


def api_blueprint(world: World) -> Blueprint:
    """`/bot<token>/<method>` and `/file/bot<token>/<path>`."""
    door = Blueprint("api", __name__)

    @door.route("/bot<token>/<method>", methods=["GET", "POST"])
    def call_method(token: str, method: str) -> tuple[Response, int]:
        try:
            return jsonify({"ok": True, "result": _called(world, token, method)}), 200
        except Refusal as refusal:
            return jsonify(refusal.envelope()), refusal.code

    @door.get("/file/bot<token>/<path:path>")
    def fetch_file(token: str, path: str) -> Response | tuple[Response, int]:
        if not _right_token(world, token):
            return jsonify(UNAUTHORIZED.envelope()), 401
        file = media.stored_at(world.state, path)
        if file is None:
            return jsonify(NOT_FOUND.envelope()), 404
        return send_file(io.BytesIO(file.content), mimetype=file.mime)

    return door


def _right_token(world: World, token: str) -> bool:
    return hmac.compare_digest(token.encode(), world.settings.token.encode())


def _called(world: World, token: str, method: str) -> Any:
    if not _right_token(world, token):
        raise UNAUTHORIZED
    raw, files = raw_parameters(request)
    name = _BY_LOWER.get(method.lower())
    names = {key: file.name for key, file in files.items()}
    world.recorder.append(Recorded(name or method, raw, names))
    if name is None:
        world.log("refused", f"{method}: no such method")
        raise NOT_FOUND
    try:
        _fail_if_told(world, name)
        result = HANDLERS[name](world, read_call(name, raw, files))
    except Refusal as refusal:
        world.log("refused", f"{name}: {refusal.code} {refusal.description}")
        raise
    if name not in _QUIET:
        world.log("call", _line(name, raw, names))
    return result


def _line(name: str, raw: Json, files: dict[str, str]) -> str:
    """A call in one line: no text of messages, only how much of it there is."""
    words: list[str] = [name]
    if "chat_id" in raw:
        words.append(f"chat {raw['chat_id']}")
    size = len(str(raw.get("text") or raw.get("caption") or ""))
    if size:
        words.append(f"{size} characters")
    if files:
        words.append(", ".join(files))
    if "reply_markup" in raw:
        words.append("with keyboard")
    return " · ".join(words)


def _fail_if_told(world: World, name: str) -> None:
    for fault in list(world.faults):
        if fault.method in (name, "*"):
            _use_up(world, fault)
            if fault.status == 429:
                raise too_many(fault.retry_after or 1)
            raise Refusal(fault.status, "Internal Server Error")


def _use_up(world: World, fault: Fault) -> None:
    fault.times -= 1
    if fault.times <= 0:
        world.faults.remove(fault)
