"""One chat's queue: answers before pushes, and pushes that had to wait become one message."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.messages import Reply
from bot.pace import Bucket
from shared.post.outbox import Urgency

_MERGED_LENGTH = 3500
_MERGED_BUTTONS = 6


@dataclass(frozen=True)
class Owed:
    """An outbox row in hand: to whom, and its body as kept."""

    row_id: int
    chat_id: int
    address: str
    urgency: Urgency
    body: dict[str, Any]
    tries: int = 0
    alone: bool = False
    """Not to be merged: a merged message with it was refused."""


@dataclass(frozen=True)
class Parcel:
    """One message about to be sent, and the rows it settles."""

    rows: tuple[Owed, ...]
    reply: Reply
    on_picture: bool = False
    """The message it edits holds a picture."""


Worded = Callable[[Owed], Reply]


@dataclass
class Line:
    """Who waits in a chat, and since when nobody may be served."""

    bucket: Bucket
    waiting: dict[Urgency, deque[Owed]] = field(
        default_factory=lambda: {urgency: deque() for urgency in sorted(Urgency)}
    )
    being_served: tuple[Owed, ...] = ()
    quiet_until: float = 0.0
    """Of the monotonic clock."""
    task: asyncio.Task[None] | None = None

    def first(self) -> Owed | None:
        """Who is next."""
        return next((rows[0] for rows in self.waiting.values() if rows), None)

    def put_back(self, rows: Sequence[Owed]) -> None:
        """To the head of the line, in their order."""
        for owed in reversed(rows):
            self.waiting[owed.urgency].appendleft(owed)

    def everybody(self) -> list[Owed]:
        """All who wait."""
        return [owed for rows in self.waiting.values() for owed in rows]

    def send_away(self) -> list[Owed]:
        """Everybody leaves."""
        gone = self.everybody()
        for rows in self.waiting.values():
            rows.clear()
        return gone

    def next(self, worded: Worded, *, merge: bool) -> Parcel:
        """The next message, worded; `being_served` names its rows even when wording fails."""
        owed = self.first()
        assert owed is not None
        self.waiting[owed.urgency].popleft()
        self.being_served = (owed,)
        reply = worded(owed)
        if merge and owed.urgency is Urgency.PUSH and not owed.alone:
            reply = self._joined(reply, worded)
        return Parcel(self.being_served, reply, bool(owed.body.get("on_picture")))

    def _joined(self, reply: Reply, worded: Worded) -> Reply:
        pushes = self.waiting[Urgency.PUSH]
        while pushes and not pushes[0].alone:
            try:
                following = worded(pushes[0])
            except Exception:
                break  # it fails on its own when its turn comes
            both = _merged(reply, following)
            if both is None:
                break
            reply = both
            self.being_served += (pushes.popleft(),)
        return reply


def _merged(one: Reply, other: Reply) -> Reply | None:
    """Both in one message, each button once; None when they do not go together."""
    if not (_is_mergeable(one) and _is_mergeable(other)):
        return None
    text = f"{one.text}\n\n{other.text}"
    buttons = list(dict.fromkeys(b for row in (*one.rows, *other.rows) for b in row))
    if len(text) > _MERGED_LENGTH or len(buttons) > _MERGED_BUTTONS:
        return None
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    return replace(one, text=text, rows=rows)


def _is_mergeable(reply: Reply) -> bool:
    """Words and buttons, and nothing else."""
    return replace(reply, text="", rows=()) == Reply("")
