"""What Telegram itself shows of the bot: commands, name, descriptions, in each language.

Telegram knows two-letter languages only, so `zh` gets zh_Hans; who reads zh_Hant, or chose
another language than their client's, has a menu of their own chat.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram.error import TelegramError

from bot.flows.commands import COMMANDS, DESCRIPTION_KEY, NAME_KEY, SHORT_DESCRIPTION_KEY
from bot.telegram.door import Door
from bot.telegram.errors import seconds_to_wait
from shared.base.i18n import Locale, text
from shared.base.log import log
from shared.people.chats import Chat

LANGUAGES: tuple[tuple[str, Locale], ...] = (("", Locale.EN), ("zh", Locale.ZH_HANS))
"""Telegram's language codes; the empty one is for everybody else."""

_log = log("bot")


def commands(locale: Locale) -> list[BotCommand]:
    """The menu in a language."""
    return [BotCommand(command.name, text(locale, command.key)) for command in COMMANDS]


async def introduce(bot: Bot) -> None:
    """Set what is not yet set. Telegram limits these calls hard, so it is asked first."""
    for code, locale in LANGUAGES:
        for step in (_set_commands, _set_name, _set_description, _set_short_description):
            await _tried(step, bot, code, locale)


async def _tried(
    step: Callable[[Bot, str, Locale], Awaitable[None]], bot: Bot, code: str, locale: Locale
) -> None:
    """An old menu is no reason not to serve people."""
    try:
        await step(bot, code, locale)
    except TelegramError as error:
        _log.warning(
            "menu_not_set",
            step=step.__name__.lstrip("_"),
            language=locale.value,
            problem=type(error).__name__,
            wait=seconds_to_wait(error),
        )


async def _set_commands(bot: Bot, code: str, locale: Locale) -> None:
    scope = BotCommandScopeAllPrivateChats()
    wanted = commands(locale)
    if list(await bot.get_my_commands(scope, language_code=code or None)) != wanted:
        await bot.set_my_commands(wanted, scope, language_code=code or None)


async def _set_name(bot: Bot, code: str, locale: Locale) -> None:
    wanted = text(locale, NAME_KEY)
    if (await bot.get_my_name(language_code=code or None)).name != wanted:
        await bot.set_my_name(wanted, language_code=code or None)


async def _set_description(bot: Bot, code: str, locale: Locale) -> None:
    wanted = text(locale, DESCRIPTION_KEY)
    if (await bot.get_my_description(language_code=code or None)).description != wanted:
        await bot.set_my_description(wanted, language_code=code or None)


async def _set_short_description(bot: Bot, code: str, locale: Locale) -> None:
    wanted = text(locale, SHORT_DESCRIPTION_KEY)
    now = (await bot.get_my_short_description(language_code=code or None)).short_description
    if now != wanted:
        await bot.set_my_short_description(wanted, language_code=code or None)


class ChatMenus:
    """Menus of single chats, for those whose language Telegram cannot tell or does not know.

    What was last set is remembered for this run only; after a restart a chat that has its own
    language costs one call.
    """

    def __init__(self, bot: Bot, door: Door) -> None:
        self._bot, self._door = bot, door
        self._shown: dict[str, Locale] = {}

    def follow(self, chat: Chat, wanted: Locale) -> None:
        """Show a chat's commands in the language it is spoken to."""
        usual = _menu_of_client(chat.channel_language)
        if wanted is self._shown.get(chat.address, None if chat.language else usual):
            return
        self._shown[chat.address] = wanted
        scope = BotCommandScopeChat(int(chat.address))
        if wanted is usual:
            self._door.spend(self._bot.delete_my_commands(scope))
        else:
            self._door.spend(self._bot.set_my_commands(commands(wanted), scope))


def _menu_of_client(tag: str | None) -> Locale:
    """What Telegram shows to a client of this language."""
    return Locale.ZH_HANS if (tag or "").lower().startswith("zh") else Locale.EN
