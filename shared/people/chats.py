"""Chats: one person's conversation on one channel, whom it is bound to, and how surely."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from sqlalchemy import Integer, LargeBinary, String, UniqueConstraint, bindparam, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.direct import Direct, among
from shared.base.errors import Refusal
from shared.base.i18n import Locale, locale_from_tag
from shared.base.sealing import SEALED, Veiled
from shared.people.members import Member

BINDING_TERM = timedelta(minutes=5)
CHAT_TERM = timedelta(days=30)
"""Of a chat that speaks for nobody and agreed to nothing: somebody only looked in."""
SEEN_TO = timedelta(minutes=1)
"""How exactly we know when somebody was last seen: so not every message writes it."""


class Proof(IntEnum):
    """How surely we know that the chat is the member's: more opens more."""

    NONE = 0
    CONTACT = 1
    """The sender's own contact: invites and progress only (numbers are recycled)."""
    FULL = 2
    """A code by SMS or the branch's token: money, claims, export and erasure too."""


class Chat(Base):
    """`address` is the channel's own id of the person; at most one chat a member and channel."""

    __tablename__ = "chats"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[int] = id_column()
    channel: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(Veiled(64))
    member_id: Mapped[int | None] = mapped_column(Id, index=True)
    proof: Mapped[int] = mapped_column(Integer, default=Proof.NONE)
    language: Mapped[str | None] = mapped_column(String(10))
    """Chosen by the person."""
    channel_language: Mapped[str | None] = mapped_column(String(35))
    """The channel's own tag, as last seen."""
    bound_at: Mapped[datetime | None] = mapped_column(Utc)
    blocked_at: Mapped[datetime | None] = mapped_column(Utc)
    seen_at: Mapped[datetime] = mapped_column(Utc)


class Dialogue(Base):
    """Where a conversation stands; sealed, so a restart in the middle loses nothing."""

    __tablename__ = "dialogues"

    chat_id: Mapped[int] = mapped_column(Id, primary_key=True)
    state: Mapped[bytes] = mapped_column(LargeBinary, info={SEALED: "dialogue"})
    changed_at: Mapped[datetime] = mapped_column(Utc)


class BindingToken(Base):
    """`b_<token>`: binds a chat to a member once, within five minutes; made at the branch."""

    __tablename__ = "binding_tokens"

    id: Mapped[int] = id_column()
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    member_id: Mapped[int] = mapped_column(Id)
    staff_id: Mapped[int | None] = mapped_column(Id)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    used_at: Mapped[datetime | None] = mapped_column(Utc)


_AT = select(Chat).where(Chat.channel == bindparam("channel"), Chat.address == bindparam("address"))


def chat_at(session: Session, channel: str, address: str) -> Chat | None:
    """The chat of a sender, if it was made; asked often in one turn, so the session keeps it."""
    kept: dict[tuple[str, str], Chat | None] = session.info.setdefault("chats", {})
    chat = kept.get((channel, address))
    if chat is None or chat not in session:
        chat = session.scalar(_AT, {"channel": channel, "address": address})
        kept[channel, address] = chat
    return chat


def find_or_add_chat(
    session: Session, channel: str, address: str, channel_language: str | None, now: datetime
) -> Chat:
    """The chat of a sender, made at its first message."""
    chat = chat_at(session, channel, address)
    if chat is None:
        chat = Chat(channel=channel, address=address, proof=Proof.NONE, seen_at=now)
        session.add(chat)
    if now - chat.seen_at > SEEN_TO:
        chat.seen_at = now
    if chat.blocked_at is not None:
        chat.blocked_at = None
    if channel_language and chat.channel_language != channel_language[:35]:
        chat.channel_language = channel_language[:35]
    session.flush()
    return chat


def chat_of_member(session: Session, member_id: int, channel: str = "telegram") -> Chat | None:
    """The chat to which a member's pushes go, if they have one that listens."""
    return session.scalar(
        select(Chat).where(
            Chat.member_id == member_id, Chat.channel == channel, Chat.blocked_at.is_(None)
        )
    )


@dataclass(frozen=True)
class Listener:
    """A member's chat that listens. `pushes`: the member wants to be told unasked."""

    id: int
    channel: str
    pushes: bool


def listeners(
    session: Session, member_ids: Collection[int], channel: str = "telegram"
) -> dict[int, Listener]:
    """The chats of those of some members who have one that listens."""
    if not member_ids:
        return {}
    rows = _LISTENERS.read(session, members=member_ids, channel=channel)
    return {member_id: Listener(*listener) for member_id, *listener in rows}


_LISTENERS = Direct(
    select(Chat.member_id, Chat.id, Chat.channel, Member.pushes)
    .join(Member, Member.id == Chat.member_id)
    .where(
        among(Chat.member_id, "members"),
        Chat.channel == bindparam("channel"),
        Chat.blocked_at.is_(None),
    )
)


def bind(session: Session, chat: Chat, member_id: int, proof: Proof, now: datetime) -> Chat | None:
    """Bind a chat to a member. The newest chat wins; the one it replaces is returned."""
    old = session.scalar(
        select(Chat).where(
            Chat.member_id == member_id, Chat.channel == chat.channel, Chat.id != chat.id
        )
    )
    if old is not None:
        unbind(old)
    same = chat.member_id == member_id
    chat.proof = max(proof, Proof(chat.proof)) if same else proof
    chat.member_id = member_id
    chat.bound_at = now
    session.flush()
    return old


def unbind(chat: Chat) -> None:
    """The chat no longer speaks for anybody."""
    chat.member_id = None
    chat.proof = Proof.NONE
    chat.bound_at = None


def leave(chat: Chat, now: datetime) -> None:
    """The chat's person is erased: it goes as soon as nothing is owed to it any more."""
    unbind(chat)
    chat.seen_at = now - CHAT_TERM


def speaks(chat: Chat) -> bool:
    """Whether the chat itself says its language, so that the member's row need not be asked."""
    return bool(chat.language) or locale_from_tag(chat.channel_language) is not None


def language_of(chat: Chat, member_language: str | None) -> Locale:
    """Chosen by the person, else the channel's, else the member's row, else zh_Hans."""
    if chat.language:
        return Locale(chat.language)
    spoken = locale_from_tag(chat.channel_language)
    if spoken is None and member_language:
        spoken = Locale(member_language)
    return spoken or Locale.ZH_HANS


def hash_token(token: str) -> str:
    """What is kept of a random token of at least 128 bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_binding_token(session: Session, member_id: int, staff_id: int | None, now: datetime) -> str:
    """A one-use token for `b_<token>`; only its hash is kept."""
    token = secrets.token_urlsafe(18)
    session.add(
        BindingToken(
            token_hash=hash_token(token),
            member_id=member_id,
            staff_id=staff_id,
            expires_at=now + BINDING_TERM,
        )
    )
    return token


def use_binding_token(session: Session, token: str, now: datetime) -> int:
    """Spend a token: the member's id. Refusal `binding.token` when used, old or unknown."""
    row = session.scalar(select(BindingToken).where(BindingToken.token_hash == hash_token(token)))
    spent = session.execute(
        update(BindingToken)
        .where(
            BindingToken.token_hash == hash_token(token),
            BindingToken.used_at.is_(None),
            BindingToken.expires_at > now,
        )
        .values(used_at=now)
    )
    if row is None or spent.rowcount != 1:  # type: ignore[attr-defined]
        raise Refusal("binding.token")
    return row.member_id
