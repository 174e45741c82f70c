"""What the bot says of itself: commands, names, descriptions, menu button."""

import re
from typing import Any

from bot.sandbox.people import chat_of
from bot.sandbox.reading import Call
from bot.sandbox.refusals import bad_request
from bot.sandbox.state import Json, State
from bot.sandbox.world import World

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SCOPES = {
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
    "chat",
    "chat_administrators",
    "chat_member",
}
_LONGEST = {"name": 64, "description": 512, "short_description": 120}


def _language(call: Call) -> str:
    code = str(call.get("language_code", "") or "")
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad_request("invalid language code specified")
    return code


def _scope(world: World, call: Call) -> str:
    scope = call.get("scope") or {"type": "default"}
    if scope["type"] not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    if scope["type"].startswith("chat"):
        chat_id = scope.get("chat_id")
        if not isinstance(chat_id, int) or chat_of(world.state, chat_id) is None:
            raise bad_request("chat not found")
        return f"{scope['type']}:{chat_id}:{scope.get('user_id', '')}"
    return str(scope["type"])


def set_commands(world: World, call: Call) -> bool:
    """setMyCommands."""
    commands = call.values["commands"]
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        command["command"] = command["command"].removeprefix("/")
        if not _COMMAND.fullmatch(command["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    with world.state.writing():
        world.state.keep(f"commands:{_scope(world, call)}:{_language(call)}", commands)
        world.state.change()
    return True


def get_commands(world: World, call: Call) -> list[Json]:
    """getMyCommands."""
    found: list[Json] = world.state.fact(f"commands:{_scope(world, call)}:{_language(call)}", [])
    return found


def delete_commands(world: World, call: Call) -> bool:
    """deleteMyCommands."""
    with world.state.writing():
        world.state.keep(f"commands:{_scope(world, call)}:{_language(call)}", [])
        world.state.change()
    return True


def menu_for(state: State, chat_id: int, language_code: str) -> list[Json]:
    """The commands a person's client shows in the private chat: narrowest scope first."""
    language = language_code.partition("-")[0]
    for scope in (f"chat:{chat_id}:", "all_private_chats", "default"):
        for code in (language, ""):
            found: list[Json] | None = state.fact(f"commands:{scope}:{code}")
            if found:
                return found
    return []


def said_for(state: State, what: str, language_code: str) -> str:
    """Name or description a person's client shows."""
    language = language_code.partition("-")[0]
    return str(state.fact(f"{what}:{language}") or state.fact(f"{what}:") or "")


def set_words(world: World, call: Call, what: str) -> bool:
    """setMyName, setMyDescription, setMyShortDescription."""
    words = str(call.get(what, ""))
    if len(words) > _LONGEST[what]:
        raise bad_request(f"BOT_{'TITLE' if what == 'name' else 'ABOUT'}_INVALID: too long")
    language = _language(call)
    with world.state.writing():
        world.state.keep(f"{what}:{language}", words)
        world.state.change()
    return True


def get_words(world: World, call: Call, what: str) -> Json:
    """getMyName, getMyDescription, getMyShortDescription."""
    default = world.settings.bot_username if what == "name" else ""
    language = _language(call)
    words = world.state.fact(f"{what}:{language}") or world.state.fact(f"{what}:") or default
    return {what: words}


def set_menu_button(world: World, call: Call) -> bool:
    """setChatMenuButton."""
    button = call.get("menu_button") or {"type": "default"}
    if button["type"] not in ("commands", "web_app", "default"):
        raise bad_request("can't parse MenuButton: unsupported type specified")
    if button["type"] == "web_app" and not {"text", "web_app"} <= button.keys():
        raise bad_request("can't parse MenuButton: text and web_app are required")
    with world.state.writing():
        world.state.keep(f"menu:{call.get('chat_id', '')}", button)
    return True


def get_menu_button(world: World, call: Call) -> Any:
    """getChatMenuButton."""
    default = world.state.fact("menu:", {"type": "default"})
    return world.state.fact(f"menu:{call.get('chat_id', '')}", default)
