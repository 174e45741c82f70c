"""One turn of a conversation: what came, from which chat, and how to answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from html import escape

from sqlalchemy.orm import Session

from bot import dialogue
from bot.dialogue import State
from bot.flows.taps import Verb, encode
from bot.messages import Button, Document, Incoming, Kind, Reply, Response
from shared.base import i18n
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.people.chats import Chat, Proof

Row = tuple[Button, ...]


@dataclass(frozen=True)
class Place:
    """Where the bot stands: its web address (no slash at the end), its name, whose it is."""

    public_url: str
    bot_username: str
    issuer: str
    demo: bool = False

    @property
    def chat_url(self) -> str:
        """The address that opens a private chat with the bot."""
        return f"https://t.me/{self.bot_username}"


class Screen(StrEnum):
    """What a command, a word or a button can open."""

    START = "start"
    INVITE = "invite"
    PROGRESS = "progress"
    REWARDS = "rewards"
    CHOICES = "choices"
    CLAIM = "claim"
    CLAIMS = "claims"
    LEADERBOARD = "leaderboard"
    HELP = "help"
    LANGUAGE = "language"
    SETTINGS = "settings"
    GREETING = "greeting"
    PRIVACY = "privacy"
    CANCEL = "cancel"


class Safe(str):
    """Words that are already markup: not escaped again."""

    __slots__ = ()


@dataclass(frozen=True)
class Turn:
    """Everything a flow needs. `session` is the caller's open transaction; `now` is UTC."""

    session: Session
    incoming: Incoming
    place: Place
    now: datetime
    chat: Chat
    locale: Locale
    as_new: bool = False
    """Send a new message even where the tapped one could be edited."""

    @property
    def proven(self) -> bool:
        """Whether the chat is surely the member's: claims, money, personal data."""
        return self.chat.proof >= Proof.FULL

    @property
    def member_id(self) -> int:
        """Whom the chat speaks for; screens that need it are opened for bound chats only."""
        assert self.chat.member_id is not None
        return self.chat.member_id

    def say(self, key: str, /, **params: object) -> Safe:
        """The words of a key as markup; parameters that are not `Safe` are escaped."""
        return markup(self.locale, key, **params)

    def label(self, key: str, /, **params: object) -> str:
        """The words of a key as plain text, for buttons and toasts."""
        return i18n.text(self.locale, key, **params)

    def refusal(self, refusal: Refusal) -> Safe:
        """What a refusal says, as markup."""
        return Safe(escape(i18n.refusal_text(self.locale, refusal), quote=False))

    def button(self, key: str, verb: Verb, *args: str | int, **params: object) -> Button:
        """A button with the label of a key."""
        return Button(self.label(key, **params), data=encode(verb, *args))

    def opens(self, key: str, screen: Screen) -> Button:
        """A button that opens a screen."""
        return self.button(key, Verb.OPEN, screen.value)

    def state(self) -> State | None:
        """Where the conversation stands."""
        return dialogue.load(self.session, self.chat.id, self.now)

    def waiting(self) -> State | None:
        """The question that the next message answers, if there is one."""
        state = self.state()
        return state if state is not None and state.waits else None

    def wait(self, state: State) -> None:
        """The next message answers this."""
        dialogue.save(self.session, self.chat.id, state, self.now)

    def done(self) -> None:
        """No conversation is open any more."""
        dialogue.clear(self.session, self.chat.id)

    def send(self, text: str, *rows: Row, document: Document | None = None) -> Response:
        """Answer with a new message."""
        return Response((Reply(text, rows=kept(rows), document=document),))

    def show(self, text: str, *rows: Row, toast: str = "") -> Response:
        """Answer a tap by editing its message where that can be, else with a new message."""
        edits = None
        can_edit = self.incoming.kind is Kind.TAP and not self.incoming.message_has_picture
        if can_edit and not self.as_new:
            edits = self.incoming.message
        return Response((Reply(text, rows=kept(rows), edits=edits),), toast=toast)

    def after_setting(self) -> tuple[Row, ...]:
        """Where one goes after a setting was changed."""
        return (
            (
                self.opens("button.settings", Screen.SETTINGS),
                self.opens("button.invite", Screen.INVITE),
            ),
        )

    def in_language(self, locale: Locale) -> Turn:
        """The same turn in another language."""
        return replace(self, locale=locale)

    def anew(self) -> Turn:
        """The same turn, answered by a new message."""
        return replace(self, as_new=True)


@dataclass(frozen=True)
class Onward:
    """Say this, then go on: open a screen, or ask again where a conversation stood."""

    said: Response
    to: Screen | State


def markup(locale: Locale, key: str, /, **params: object) -> Safe:
    """The words of a key as markup; text parameters that are not `Safe` are escaped."""
    safe = {
        name: escape(value, quote=False)
        if isinstance(value, str) and not isinstance(value, Safe)
        else value
        for name, value in params.items()
    }
    return Safe(i18n.text(locale, key, **safe))


def kept(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows that hold a button."""
    return tuple(row for row in rows if row)


def both(first: Response, second: Response) -> Response:
    """Two answers, one after the other."""
    return Response(
        first.replies + second.replies, first.toast or second.toast, first.results + second.results
    )
