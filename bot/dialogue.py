"""Where a conversation stands: kept in the database, sealed, so that a restart loses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from shared.base.database import keyring_of
from shared.base.direct import Direct, line_of
from shared.people.chats import Dialogue

TERM = timedelta(hours=24)
"""A conversation left alone for a day is over."""
OVER = "over"
"""The step of a conversation that asks nothing more but remembers how it ended."""
_PURPOSE = "dialogue"


class Flow(StrEnum):
    """What a conversation is about."""

    START = "start"
    PROVE = "prove"
    CLAIM = "claim"
    PICTURE = "picture"
    APPEAL = "appeal"
    NICKNAME = "nickname"
    GREETING = "greeting"
    PRIVACY = "privacy"
    INVITEE = "invitee"
    STATEMENT = "statement"
    CHOOSE = "choose"


@dataclass(frozen=True)
class State:
    """One flow, the step it waits at, and what was said so far."""

    flow: Flow
    step: str
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """Whether the next message is an answer to this."""
        return self.step != OVER

    def packed(self) -> str:
        """As text, to be carried inside another state."""
        return json.dumps([self.flow, self.step, dict(self.data)], ensure_ascii=False)


def unpacked(text: str) -> State:
    """The state that `packed` wrote."""
    flow, step, data = json.loads(text)
    return State(Flow(flow), step, data)


def load(session: Session, chat_id: int, now: datetime) -> State | None:
    """Where the chat's conversation stands, locked until this transaction ends.

    The lock makes the second of two taps wait and then see what the first one did.
    """
    row = session.get(Dialogue, chat_id, with_for_update=True)
    if row is None or now - row.changed_at > TERM:
        return None
    return unpacked(keyring_of(session).open(row.state, _PURPOSE).decode())


def save(session: Session, chat_id: int, state: State, now: datetime) -> None:
    """The conversation stands here now."""
    sealed = keyring_of(session).seal(state.packed().encode(), _PURPOSE)
    row = session.get(Dialogue, chat_id)
    if row is None:
        session.add(Dialogue(chat_id=chat_id, state=sealed, changed_at=now))
    else:
        row.state, row.changed_at = sealed, now
    session.flush()


_IS_OPEN = Direct(select(Dialogue.chat_id).where(Dialogue.chat_id == bindparam("chat")))


def clear(session: Session, chat_id: int) -> None:
    """No conversation is open."""
    session.flush()
    if _IS_OPEN.first(line_of(session), {"chat": chat_id}) is not None:
        session.delete(session.get_one(Dialogue, chat_id))
        session.flush()
