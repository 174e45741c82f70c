"""Who is in the sandbox: the cast, their private chats, groups and memberships."""

import json
from dataclasses import dataclass

from bot.sandbox.state import Json, State, dumped

FIRST_USER = 700_000_001
FIRST_GROUP = 4_000_000_001


@dataclass(frozen=True)
class Person:
    """A person with a phone; `phone` in E.164, `language_code` as Telegram's clients send it."""

    first_name: str
    phone: str
    language_code: str = "zh-hans"
    username: str | None = None


@dataclass(frozen=True)
class User:
    """A person as stored; the private chat with the bot has the same number."""

    id: int
    body: Json
    phone: str
    blocked: bool
    seq: int

    def shown(self) -> Json:
        """What the device API says of a user."""
        return self.body | {"phone": self.phone, "blocked": self.blocked}


def add_user(state: State, person: Person) -> User:
    """Adds a person; the private chat with the bot opens with the first message."""
    with state.writing():
        user_id = state.next("user", FIRST_USER)
        body: Json = {
            "id": user_id,
            "is_bot": False,
            "first_name": person.first_name,
            "language_code": person.language_code,
        }
        if person.username:
            body["username"] = person.username
        state.run(
            "INSERT INTO users VALUES (?, ?, ?, 0, ?)",
            user_id,
            dumped(body),
            person.phone,
            state.change(),
        )
    found = user(state, user_id)
    assert found is not None
    return found


def user(state: State, user_id: int) -> User | None:
    """A person by number."""
    row = state.row("SELECT * FROM users WHERE id = ?", user_id)
    if row is None:
        return None
    return User(row["id"], json.loads(row["body"]), row["phone"], bool(row["blocked"]), row["seq"])


def users(state: State) -> list[User]:
    """Everybody, in the order of arrival."""
    found = [user(state, row["id"]) for row in state.rows("SELECT id FROM users ORDER BY id")]
    return [person for person in found if person is not None]


def change_user(
    state: State,
    person: User,
    *,
    language_code: str | None = None,
    phone: str | None = None,
    first_name: str | None = None,
    blocked: bool | None = None,
) -> User:
    """Changes what is given."""
    changes = {"language_code": language_code, "first_name": first_name}
    body = person.body | {key: value for key, value in changes.items() if value is not None}
    with state.writing():
        state.run(
            "UPDATE users SET body = ?, phone = ?, blocked = ?, seq = ? WHERE id = ?",
            dumped(body),
            person.phone if phone is None else phone,
            person.blocked if blocked is None else blocked,
            state.change(),
            person.id,
        )
    found = user(state, person.id)
    assert found is not None
    return found


def open_private_chat(state: State, person: User) -> Json:
    """The chat of a person with the bot, made when it is not there."""
    chat: Json = {"id": person.id, "type": "private", "first_name": person.body["first_name"]}
    if "username" in person.body:
        chat["username"] = person.body["username"]
    with state.writing():
        state.run(
            "INSERT INTO chats (id, body, seq) VALUES (?, ?, ?) ON CONFLICT (id) "
            "DO UPDATE SET body = excluded.body",
            person.id,
            dumped(chat),
            state.change(),
        )
    return chat


def open_group(state: State, title: str, members: list[int]) -> Json:
    """A new group with the bot and these members in it."""
    with state.writing():
        chat: Json = {
            "id": -state.next("group", FIRST_GROUP),
            "type": "group",
            "title": title,
            "all_members_are_administrators": False,
        }
        state.run(
            "INSERT INTO chats (id, body, seq) VALUES (?, ?, ?)",
            chat["id"],
            dumped(chat),
            state.change(),
        )
        for member in members:
            state.run("INSERT OR IGNORE INTO members VALUES (?, ?)", chat["id"], member)
    return chat


def chat_of(state: State, chat_id: int) -> Json | None:
    """A chat that the bot may know of."""
    row = state.row("SELECT body FROM chats WHERE id = ?", chat_id)
    if row is None:
        return None
    found: Json = json.loads(row["body"])
    return found
