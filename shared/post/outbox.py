"""The outbox: messages owed, written in the transaction of their cause, sent after it.

A row's body is JSON, encrypted: `{"reply": …}` is already worded, `{"notice": kind,
"params": …}` is worded at the edge in the reader's language. SMS rows hold `to` and `text`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    String,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column, keyring_of
from shared.base.sealing import SEALED

KEEP_BODIES = timedelta(days=30)
CLAIM_TERM = timedelta(seconds=60)
MOST_TRIES = 8
_PURPOSE = "outbox"
FORGOTTEN = "forgotten"
"""The problem of a message that nobody waits for: its reader was erased, or it is a month old."""


class Channel(StrEnum):
    TELEGRAM = "telegram"
    SMS = "sms"


class Urgency(IntEnum):
    """Answers go before pushes."""

    ANSWER = 0
    PUSH = 1


class Outbox(Base):
    """One message to one reader. Open while neither sent nor failed."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_open", "channel", "sent_at", "failed_at", "not_before"),)

    id: Mapped[int] = id_column()
    channel: Mapped[str] = mapped_column(String(10))
    chat_id: Mapped[int | None] = mapped_column(Id, index=True)
    urgency: Mapped[int] = mapped_column(Integer)
    once: Mapped[str | None] = mapped_column(String(160), unique=True)
    """What makes this message the same message; a second one is not written."""
    owner: Mapped[str | None] = mapped_column(String(64), index=True)
    """Of an SMS: keyed hash of whose it is, by which it is found when they are erased; as long
    as the body."""
    body: Mapped[bytes | None] = mapped_column(LargeBinary, info={SEALED: _PURPOSE})
    created_at: Mapped[datetime] = mapped_column(Utc)
    not_before: Mapped[datetime] = mapped_column(Utc)
    taken_until: Mapped[datetime | None] = mapped_column(Utc)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Utc)
    failed_at: Mapped[datetime | None] = mapped_column(Utc)
    problem: Mapped[str | None] = mapped_column(String(120))


_TABLE = Outbox.metadata.tables[Outbox.__tablename__]
_WRITE = insert(_TABLE).returning(_TABLE.c.id, sort_by_parameter_order=True)  # a hot path


def send_later(
    session: Session,
    channel: Channel,
    body: dict[str, Any],
    now: datetime,
    *,
    chat_id: int | None = None,
    urgency: Urgency = Urgency.PUSH,
    once: str | None = None,
    not_before: datetime | None = None,
) -> int | None:
    """Owe a message; its row's id, or None when `once` is already owed or sent."""
    if once is not None and session.scalar(select(Outbox.id).where(Outbox.once == once)):
        return None
    row = _row(session, channel, body, now, chat_id, urgency)
    row |= {"once": once, "not_before": max(now, not_before or now)}
    return int(session.execute(_WRITE, row).scalar_one())


@dataclass(frozen=True)
class Message:
    """One message to a chat, to be owed with others. `once`: as in `send_later`."""

    channel: Channel
    chat_id: int
    body: dict[str, Any]
    once: str | None = None


def send_all_later(session: Session, messages: Sequence[Message], now: datetime) -> int:
    """Owe many messages; those whose `once` is owed or sent are left out; how many were written."""
    asked = {message.once for message in messages} - {None}
    known = (
        set(session.scalars(select(Outbox.once).where(Outbox.once.in_(asked)))) if asked else set()
    )
    rows = []
    for message in messages:
        if message.once is None or message.once not in known:
            known.add(message.once)
            row = _row(session, message.channel, message.body, now, message.chat_id, Urgency.PUSH)
            rows.append(row | {"once": message.once})
    if rows:
        session.execute(_WRITE, rows)
    return len(rows)


def send_answers(
    session: Session,
    channel: Channel,
    answers: Sequence[tuple[int, dict[str, Any]]],
    now: datetime,
    taken_until: datetime,
) -> list[int]:
    """Owe answers, each (chat id, body), that the caller sends itself right after the commit.

    After `taken_until` anybody may. The rows' ids stand in the answers' order.
    """
    rows = [
        _row(session, channel, body, now, chat_id, Urgency.ANSWER) | {"taken_until": taken_until}
        for chat_id, body in answers
    ]
    return list(session.execute(_WRITE, rows).scalars()) if rows else []


def _row(
    session: Session,
    channel: Channel,
    body: dict[str, Any],
    now: datetime,
    chat_id: int | None,
    urgency: Urgency,
) -> dict[str, Any]:
    keyring = keyring_of(session)
    sealed = keyring.seal(json.dumps(body, ensure_ascii=False).encode(), _PURPOSE)
    return {
        "channel": channel.value,
        "chat_id": chat_id,
        "owner": keyring.blind("owner", body["to"]) if channel is Channel.SMS else None,
        "urgency": urgency.value,
        "body": sealed,
        "created_at": now,
        "not_before": now,
        "tries": 0,
    }


def read_body(session: Session, row: Outbox) -> dict[str, Any]:
    """The body of an open row."""
    assert row.body is not None
    body = json.loads(keyring_of(session).open(row.body, _PURPOSE))
    assert isinstance(body, dict)
    return body


def _due(channel: Channel, now: datetime) -> ColumnElement[bool]:
    return and_(
        Outbox.channel == channel.value,
        Outbox.sent_at.is_(None),
        Outbox.failed_at.is_(None),
        Outbox.not_before <= now,
        or_(Outbox.taken_until.is_(None), Outbox.taken_until <= now),
    )


def anything_due(session: Session, channel: Channel, now: datetime) -> bool:
    """Whether `take_due` would find a row: a look that locks nothing."""
    return session.scalar(select(Outbox.id).where(_due(channel, now)).limit(1)) is not None


def take_due(session: Session, channel: Channel, most: int, now: datetime) -> list[Outbox]:
    """Claim rows that are due, answers first; a sender that dies gives them back in a minute."""
    query = (
        select(Outbox)
        .where(_due(channel, now))
        .order_by(Outbox.urgency, Outbox.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.scalars(query))
    for row in rows:
        row.taken_until = now + CLAIM_TERM
    session.flush()
    return rows


def postpone(session: Session, row_ids: list[int], until: datetime) -> None:
    """The channel asked us to wait: no fault of the messages, so no try is counted."""
    session.execute(update(Outbox).where(Outbox.id.in_(row_ids)).values(not_before=until))


_SENT = (
    update(_TABLE)
    .where(_TABLE.c.id.in_(bindparam("ids", expanding=True)))
    .values(sent_at=bindparam("now"), taken_until=None)
)


def mark_all_sent(session: Session, row_ids: list[int], now: datetime) -> None:
    """The channel has them."""
    session.execute(_SENT, {"ids": row_ids, "now": now})


def mark_sent(session: Session, row_id: int, now: datetime) -> None:
    """The channel has it."""
    session.execute(update(Outbox).where(Outbox.id == row_id).values(sent_at=now, taken_until=None))


def forget_sms(session: Session, row_id: int) -> None:
    """The gateway has it, or never will: nothing here needs the number any more."""
    settled = or_(Outbox.sent_at.is_not(None), Outbox.failed_at.is_not(None))
    session.execute(
        update(Outbox).where(Outbox.id == row_id, settled).values(body=None, owner=None)
    )


def forget_number(session: Session, e164: str, now: datetime) -> None:
    """Send nothing more to a number, and keep nothing of what was to be sent."""
    owner = keyring_of(session).blind("owner", e164)
    mine = Outbox.owner == owner
    waits = and_(mine, Outbox.sent_at.is_(None), Outbox.failed_at.is_(None))
    session.execute(update(Outbox).where(waits).values(failed_at=now, problem=FORGOTTEN))
    session.execute(update(Outbox).where(mine).values(body=None, owner=None))


def forget_sent(session: Session, chat_ids: Collection[int]) -> None:
    """Empty what some chats were sent: it may name somebody who is erased."""
    done = or_(Outbox.sent_at.is_not(None), Outbox.failed_at.is_not(None))
    mine = and_(Outbox.chat_id.in_(chat_ids), Outbox.body.is_not(None))
    session.execute(update(Outbox).where(mine, done).values(body=None))


def forget_chat(session: Session, chat_id: int, now: datetime) -> None:
    """Empty what a chat was sent, and send no push that waits; answers now due go out."""
    mine = and_(Outbox.chat_id == chat_id, Outbox.body.is_not(None))
    waits = and_(Outbox.sent_at.is_(None), Outbox.failed_at.is_(None))
    pushes = and_(mine, waits, Outbox.urgency == Urgency.PUSH.value)
    session.execute(update(Outbox).where(pushes).values(failed_at=now, problem=FORGOTTEN))
    forget_sent(session, [chat_id])


def forget_chats(session: Session, chat_ids: Collection[int]) -> None:
    """These chats are no more; what they were sent was sent to nobody in particular."""
    mine = Outbox.chat_id.in_(chat_ids)
    session.execute(update(Outbox).where(mine).values(body=None, chat_id=None))


def mark_failed(
    session: Session, row_id: int, problem: str, now: datetime, *, retry_at: datetime | None
) -> None:
    """Try again at `retry_at`, or never (None, or too many tries)."""
    row = session.get(Outbox, row_id)
    if row is None:
        return
    row.tries += 1
    row.problem = problem[:120]
    row.taken_until = None
    if retry_at is None or row.tries >= MOST_TRIES:
        row.failed_at = now
    else:
        row.not_before = retry_at


def erase_old_bodies(session: Session, now: datetime) -> int:
    """Empty the bodies of what was sent or given up 30 days ago; what could not be sent for 30
    days is given up, as nobody waits for it any more."""
    stale = (
        Outbox.sent_at.is_(None),
        Outbox.failed_at.is_(None),
        Outbox.not_before < now - KEEP_BODIES,
        Outbox.created_at < now - KEEP_BODIES,
    )
    given_up = session.execute(
        update(Outbox).where(*stale).values(failed_at=now, problem=FORGOTTEN, body=None, owner=None)
    )
    settled = or_(Outbox.sent_at < now - KEEP_BODIES, Outbox.failed_at < now - KEEP_BODIES)
    erased = session.execute(
        update(Outbox).where(settled, Outbox.body.is_not(None)).values(body=None, owner=None)
    )
    return int(given_up.rowcount + erased.rowcount)  # type: ignore[attr-defined]
