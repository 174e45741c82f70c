"""Talk: conversations as conversations. People say, tap and see; the worker works in between.

Everything goes through the database and the real `respond`; nothing is kept in between, so
`restarts()` can stand anywhere. Every message that appears is checked for what any message
must be: whole markup, few lines, few buttons, short data, one sign at most.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser

from sqlalchemy import select
from story import ALICE, PUBLIC_URL, Story

from bot.conversation import respond
from bot.flows.turn import Place
from bot.messages import (
    Attached,
    Button,
    Incoming,
    Kind,
    Reply,
    Response,
    Shareable,
    from_json,
    to_json,
)
from bot.notices import word_notice
from shared.base.database import Database, open_database
from shared.base.i18n import Locale, catalogue, locale_from_tag, text
from shared.people.chats import Chat
from shared.post.outbox import Outbox, mark_sent, read_body

PLACE = Place(PUBLIC_URL, "JiankaBot", "荐卡银行", demo=True)
TAGS = {Locale.ZH_HANS: "zh-hans", Locale.ZH_HANT: "zh-hant", Locale.EN: "en"}
MOST_LINES = 13
"""Six friends and what stands around them; everything else is shorter."""
_LONG = ("faq.terms.question", "privacy.erase_ask", "start.consent.telegram")


@dataclass
class Message:
    """One message in somebody's chat, as it reads now."""

    id: str
    reply: Reply

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.reply.rows for button in row]


class Talk:
    """The story with the people in it. The clock stands still but for `later`."""

    def __init__(self, database: Database, now: datetime, campaign: str = "") -> None:
        self.story = Story(database, now, campaign)
        self.people: list[Person] = []

    def alice(self, locale: Locale = Locale.ZH_HANS) -> Person:
        """The member, bound by her own contact."""
        return self.person("1001", locale, ALICE)

    def person(self, sender: str, locale: Locale = Locale.ZH_HANS, phone: str = "") -> Person:
        """Somebody with a chat client in a language."""
        one = Person(self, sender, TAGS[locale], phone)
        self.people.append(one)
        return one

    @property
    def database(self) -> Database:
        return self.story.database

    def later(self, **time: float) -> None:
        """Time passes, and the worker does what became due."""
        self.story.later(**time)
        self.work()

    def work(self) -> None:
        """The worker works and the pushes arrive."""
        self.story.work()
        self.deliver()

    def restarts(self) -> None:
        """The bot is started anew: nothing but the database is left."""
        before = self.story.database
        url = before.engine.url.render_as_string(hide_password=False)
        self.story.database = open_database(url, before.keyring)

    def deliver(self) -> None:
        """What the outbox owes to chats arrives there."""
        owed = (
            select(Outbox, Chat)
            .join(Chat, Chat.id == Outbox.chat_id)
            .where(
                Outbox.sent_at.is_(None),
                Outbox.failed_at.is_(None),
                Outbox.not_before <= self.story.now,
            )
            .order_by(Outbox.id)
        )
        with self.database.reading() as session:
            if session.execute(owed).first() is None:
                return
        with self.database.transaction() as session:
            for row, chat in session.execute(owed).all():
                body = read_body(session, row)
                reply = word_notice(
                    session,
                    chat,
                    body["notice"],
                    body["params"],
                    self.story.now,
                    issuer=PLACE.issuer,
                )
                mark_sent(session, row.id, self.story.now)
                for person in self.people:
                    if person.sender == chat.address:
                        person.receives(reply)

    def registers(self, phone: str, *, progress: bool = False) -> None:
        """A friend registers by Alice's invite."""
        self.story.registers(phone, progress=progress)
        self.work()

    def bank(self, kind: str, /, **data: object) -> None:
        """The bank reports something and the worker hears it."""
        self.story.bank(kind, **data)
        self.deliver()

    def spends(self, application: str, phone: str, days: float = 1) -> None:
        """A friend's whole way at the bank: applied, approved, activated, ¥300 spent."""
        self.bank("application.submitted", application_id=application, phone=phone)
        self.later(days=days)
        customer = f"N{application}"
        self.bank("application.approved", application_id=application, customer_ref=customer)
        self.bank("card.activated", customer_ref=customer)
        self.bank(
            "transaction.posted",
            customer_ref=customer,
            transaction_id=f"T{application}",
            amount=30000,
            currency="CNY",
            kind="purchase",
        )


@dataclass
class Person:
    """Somebody in front of their chat."""

    talk: Talk
    sender: str
    language: str
    phone: str = ""
    messages: list[Message] = field(default_factory=list)
    fresh: list[Message] = field(default_factory=list)
    """What appeared or changed since the person last did something."""
    toast: str = ""
    keyboard: str = ""
    """The label of the contact button, while it shows."""

    @property
    def locale(self) -> Locale:
        """The language this person is spoken to at the moment."""
        with self.talk.database.reading() as session:
            chat = session.scalar(select(Chat).where(Chat.address == self.sender))
            if chat is not None and chat.language:
                return Locale(chat.language)
        return locale_from_tag(self.language) or Locale.ZH_HANS

    # what people do

    def says(self, words: str) -> Person:
        """Types a message."""
        return self._does(Kind.TEXT, words)

    def taps(self, label: str) -> Person:
        """Taps the newest button with this label (or the catalogue key of a label)."""
        message, button = self._button(self._words(label))
        return self.taps_data(button.data, message)

    def taps_data(self, data: str, message: Message | None = None) -> Person:
        """Taps a button that holds this, in that message (or one long gone)."""
        picture = message is not None and message.reply.picture is not None
        return self._does(
            Kind.TAP,
            data,
            message=message.id if message else "1",
            message_has_picture=picture,
        )

    def shares_contact(self, phone: str = "", *, own: bool = True) -> Person:
        """Shares a contact: the own one by the button, or somebody else's."""
        return self._does(Kind.CONTACT, phone=(phone or self.phone), own_contact=own)

    def sends_sticker(self) -> Person:
        """Sends something that is neither text nor button."""
        return self._does(Kind.OTHER)

    def sends_picture(
        self,
        source: str = "AgAC-a-photo",
        *,
        size: int | None = 60_000,
        kind: str = "image/jpeg",
        album: str = "",
    ) -> Person:
        """Sends a photo, or an image as a file."""
        return self._does(Kind.PICTURE, picture=Attached(source, size, kind), album=album)

    def blocks(self) -> Person:
        """Blocks the bot."""
        return self._does(Kind.LEFT)

    def types_inline(self, query: str = "") -> tuple[Shareable, ...]:
        """Types the bot's name in another chat: what is offered there."""
        return self._hear(
            Incoming("telegram", self.sender, Kind.SHARE, query, self.language)
        ).results

    def in_group(self, words: str) -> Response:
        """Says something in a group; the answer that the group sees."""
        return self._hear(
            Incoming("telegram", self.sender, Kind.TEXT, words, self.language, in_group=True)
        )

    # what people see

    def sees(self, *parts: str) -> Person:
        """Each part stands in what appeared since the last act (or is the toast)."""
        for part in parts:
            words = self._words(part)
            assert words in self.screen() or words in self.toast, (
                f"{words!r} is not in:\n{self.screen()}\n[{self.toast}]"
            )
        return self

    def sees_not(self, *parts: str) -> Person:
        """None of the parts stands in what appeared since the last act."""
        for part in parts:
            assert self._words(part) not in self.screen(), f"{part!r} is in:\n{self.screen()}"
        return self

    def screen(self) -> str:
        """The texts that appeared since the last act, with their buttons' labels."""
        lines = []
        for message in self.fresh:
            lines.append(message.reply.text)
            lines += [
                " ".join(f"[ {button.label} ]" for button in row) for row in message.reply.rows
            ]
            if message.reply.ask_contact:
                lines.append(f"[[ {message.reply.ask_contact} ]]")
        return "\n".join(lines)

    def words(self, key: str, /, **params: object) -> str:
        """The words of a key in this person's language."""
        return text(self.locale, key, **params)

    @property
    def last(self) -> Message:
        """The newest message."""
        return self.messages[-1]

    # how it works

    def receives(self, reply: Reply) -> None:
        """A message appears, or one of those before changes."""
        check(from_json(to_json(reply)), self.locale)
        if reply.ask_contact:
            self.keyboard = reply.ask_contact
        if reply.drop_keyboard:
            self.keyboard = ""
        if reply.edits is not None:
            for message in self.messages:
                if message.id == reply.edits:
                    message.reply = reply
                    self.fresh.append(message)
                    return
        self.messages.append(Message(str(len(self.messages) + 100), reply))
        self.fresh.append(self.messages[-1])

    def _does(self, kind: Kind, words: str = "", **more: object) -> Person:
        incoming = Incoming(
            "telegram",
            self.sender,
            kind,
            words,
            self.language,
            **more,  # type: ignore[arg-type]
        )
        response = self._hear(incoming)
        self.fresh, self.toast = [], response.toast
        for reply in response.replies:
            self.receives(reply)
        self.talk.deliver()
        return self

    def _hear(self, incoming: Incoming) -> Response:
        with self.talk.database.transaction() as session:
            return respond(session, incoming, PLACE, self.talk.story.now)

    def _words(self, label: str) -> str:
        known = catalogue(self.locale).get(label)
        return known if isinstance(known, str) else label

    def _button(self, label: str) -> tuple[Message, Button]:
        for message in reversed(self.messages):
            for button in message.buttons:
                if button.label == label and button.data:
                    return message, button
        labels = [button.label for message in self.messages[-3:] for button in message.buttons]
        raise AssertionError(f"no button {label!r}, only {labels}")


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag in ("b", "i", "code"), f"<{tag}> is not in the subset"
        assert not attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_entityref(self, name: str) -> None:
        assert name in ("amp", "lt", "gt"), f"&{name};"

    def handle_data(self, data: str) -> None:
        assert "<" not in data
        assert "&" not in data


def check(reply: Reply, locale: Locale) -> None:
    """What every message must be, whoever reads it."""
    markup = _Markup()
    markup.feed(reply.text)
    markup.close()
    assert not markup.open, f"<{markup.open}> stays open in {reply.text!r}"
    assert reply.text.strip()
    assert len(reply.text) <= (1024 if reply.picture or reply.document else 4096)
    assert "{" not in reply.text, f"a placeholder is left in {reply.text!r}"
    titles = [str(catalogue(locale)[key]).splitlines()[0].split("{")[0] for key in _LONG]
    if not any(reply.text.startswith(("<b>" + title, title)) for title in titles):
        assert reply.text.count("\n") < MOST_LINES, reply.text
    signs = [c for c in reply.text if unicodedata.category(c) == "So" and ord(c) > 0x2BFF]
    assert len(signs) <= 1, f"{signs} in one message"
    _check_buttons(reply)


def _check_buttons(reply: Reply) -> None:
    assert len(reply.rows) <= 3
    assert not (reply.rows and (reply.ask_contact or reply.drop_keyboard))
    for row in reply.rows:
        assert 1 <= len(row) <= 3
        for button in row:
            ways = [button.data, button.url, button.copy, button.share]
            assert sum(bool(way) for way in ways) == 1, f"{button} does not do one thing"
            assert 0 < len(button.label) <= 40
            assert len(button.data.encode()) <= 64
            assert len(button.copy) <= 256
