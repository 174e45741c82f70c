"""The commands, in the order of the menu, and what the bot says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.turn import Screen

NAME_KEY = "bot.name"
"""At most 64 characters, for the profile."""
SHORT_DESCRIPTION_KEY = "bot.short_description"
"""At most 120 characters, below the name and in shared links."""
DESCRIPTION_KEY = "bot.description"
"""At most 512 characters, in the empty chat."""


@dataclass(frozen=True)
class Command:
    """A command of the menu. `name` without its slash; `key` names its description."""

    name: str
    key: str
    screen: Screen


COMMANDS: tuple[Command, ...] = (
    Command("start", "bot.command.start", Screen.START),
    Command("invite", "bot.command.invite", Screen.INVITE),
    Command("progress", "bot.command.progress", Screen.PROGRESS),
    Command("claim", "bot.command.claim", Screen.CLAIM),
    Command("leaderboard", "bot.command.leaderboard", Screen.LEADERBOARD),
    Command("help", "bot.command.help", Screen.HELP),
    Command("language", "bot.command.language", Screen.LANGUAGE),
    Command("settings", "bot.command.settings", Screen.SETTINGS),
    Command("privacy", "bot.command.privacy", Screen.PRIVACY),
)
UNLISTED: tuple[Command, ...] = (Command("cancel", "bot.command.cancel", Screen.CANCEL),)
"""Understood, but not in the menu."""

_SCREENS = {command.name: command.screen for command in (*COMMANDS, *UNLISTED)}


@dataclass(frozen=True)
class Typed:
    """A command as somebody typed it; `screen` is None for one that we do not know."""

    screen: Screen | None
    payload: str


def read_command(text: str, bot_username: str) -> Typed | None:
    """`/name@bot payload` → what it opens. None for no command, or one for another bot."""
    words = text.strip().split(maxsplit=1)
    if not words or not words[0].startswith("/") or len(words[0]) < 2:
        return None
    name, _, addressed = words[0][1:].partition("@")
    if addressed and addressed.lower() != bot_username.lower():
        return None
    payload = words[1].strip() if len(words) > 1 else ""
    return Typed(_SCREENS.get(name.lower()), payload)
