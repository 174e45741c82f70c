"""Messages of the chats and the updates that tell the bot of them."""

import json
from dataclasses import dataclass
from typing import Any

from bot.sandbox.state import Json, State, dumped

FIRST_UPDATE = 50_000_001
# Not sent unless asked for by name, as in the real API.
_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass(frozen=True)
class Letter:
    """One stored message. `body` is the Bot API's Message."""

    id: int
    chat: int
    inline_id: str | None
    body: Json
    deleted: bool
    seq: int


def post(state: State, chat: Json, body: Json, inline_id: str | None = None) -> Letter:
    """Adds a message to a chat; `body` lacks only its number and chat."""
    with state.writing():
        number = state.next("message")
        whole = {"message_id": number, "chat": chat} | body
        state.run(
            "INSERT INTO messages (id, chat, inline_id, body, seq) VALUES (?, ?, ?, ?, ?)",
            number,
            chat["id"],
            inline_id,
            dumped(whole),
            state.change(),
        )
    found = letter(state, chat["id"], number)
    assert found is not None
    return found


def letter(state: State, chat_id: int, number: int) -> Letter | None:
    """A message of a chat that is not deleted."""
    row = state.row(
        "SELECT * FROM messages WHERE chat = ? AND id = ? AND NOT deleted", chat_id, number
    )
    return _letter(row) if row else None


def inline_letter(state: State, inline_id: str) -> Letter | None:
    """A message that a person sent by inline mode."""
    row = state.row("SELECT * FROM messages WHERE inline_id = ? AND NOT deleted", inline_id)
    return _letter(row) if row else None


def letters(state: State, chat_id: int, since: int = 0) -> list[Letter]:
    """Messages of a chat that are new, edited or deleted since a change, oldest first."""
    return [
        _letter(row)
        for row in state.rows(
            "SELECT * FROM messages WHERE chat = ? AND seq > ? ORDER BY id", chat_id, since
        )
    ]


def rewrite(state: State, old: Letter, body: Json) -> Letter:
    """Puts a new body in the place of a message."""
    with state.writing():
        state.run(
            "UPDATE messages SET body = ?, seq = ? WHERE id = ?",
            dumped(body),
            state.change(),
            old.id,
        )
    return Letter(old.id, old.chat, old.inline_id, body, old.deleted, state.seq())


def strike(state: State, old: Letter) -> None:
    """Deletes a message."""
    with state.writing():
        state.run("UPDATE messages SET deleted = 1, seq = ? WHERE id = ?", state.change(), old.id)


def _letter(row: Any) -> Letter:
    return Letter(
        row["id"],
        row["chat"],
        row["inline_id"],
        json.loads(row["body"]),
        bool(row["deleted"]),
        row["seq"],
    )


def queue(state: State, kind: str, body: Json) -> int:
    """Queues an update for the bot and returns its number."""
    with state.writing():
        allowed = state.fact("allowed_updates", [])
        number = state.next("update", FIRST_UPDATE)
        if kind in allowed or (not allowed and kind not in _ON_REQUEST):
            state.run("INSERT INTO updates VALUES (?, ?, ?)", number, kind, dumped(body))
    return number


def queued(state: State, first: int, limit: int) -> list[Json]:
    """Updates from a number on, as the Bot API shows them."""
    return [
        {"update_id": row["id"], row["kind"]: json.loads(row["body"])}
        for row in state.rows(
            "SELECT * FROM updates WHERE id >= ? ORDER BY id LIMIT ?", first, limit
        )
    ]


def confirm(state: State, before: int) -> None:
    """Forgets the updates below a number."""
    if state.row("SELECT 1 FROM updates WHERE id < ?", before):
        with state.writing():
            state.run("DELETE FROM updates WHERE id < ?", before)


def waiting(state: State) -> int:
    """How many updates wait for the bot."""
    row = state.row("SELECT count(*) AS n FROM updates")
    return int(row["n"]) if row else 0
