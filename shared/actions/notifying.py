"""Notifying: a notice is owed to a member's chat, in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from shared.base.privacy import mask_name
from shared.people import consents
from shared.people.chats import chat_of_member, listeners
from shared.people.consents import Purpose
from shared.people.members import get_member
from shared.people.persons import name_of, persons_by_id
from shared.post.outbox import Channel, Message, send_all_later, send_later
from shared.referrals.referrals import Referral


def notify_member(
    session: Session,
    member_id: int,
    notice: str,
    params: dict[str, Any],
    now: datetime,
    *,
    once: str | None = None,
    always: bool = False,
    not_before: datetime | None = None,
) -> bool:
    """Owe a member a notice, worded at the edge; whether one was written.

    Members without a chat, and those who switched pushes off, find the same in /progress;
    `always` is for what concerns the binding itself and the member's own claims. It is not sent
    before `not_before`.
    """
    member = get_member(session, member_id)
    if not member.pushes and not always:
        return False
    chat = chat_of_member(session, member_id)
    if chat is None:
        return False
    body = {"notice": notice, "params": params}
    sent = send_later(
        session, Channel(chat.channel), body, now,
        chat_id=chat.id, once=once, not_before=not_before,
    )  # fmt: skip
    return bool(sent)


@dataclass(frozen=True)
class Notice:
    """One notice to one member. `once`: what makes it the same notice."""

    member: int
    kind: str
    params: dict[str, Any]
    once: str | None = None


def notify_members(session: Session, notices: Sequence[Notice], now: datetime) -> int:
    """Owe many notices, as `notify_member` does one: three statements; how many were written."""
    reach = listeners(session, {notice.member for notice in notices})
    messages = []
    for notice in notices:
        chat = reach.get(notice.member)
        if chat is not None and chat.pushes:
            body = {"notice": notice.kind, "params": notice.params}
            messages.append(Message(Channel(chat.channel), chat.id, body, notice.once))
    return send_all_later(session, messages, now)


def friend_label(session: Session, referral: Referral) -> str:
    """How the member sees this friend: nickname, masked name by consent, or nothing (ordinal)."""
    return friend_labels(session, [referral])[referral.id]


def friend_labels(session: Session, referrals: Collection[Referral]) -> dict[int, str]:
    """The same for many friends by referral, in two questions."""
    unnamed = {r.person_id for r in referrals if r.person_id is not None and not r.nickname}
    agreed = consents.holders(session, Purpose.MASKED_NAME, unnamed)
    names = {person.id: name_of(session, person) for person in persons_by_id(session, agreed)}
    masked = {person_id: mask_name(name) for person_id, name in names.items() if name}
    return {r.id: r.nickname or masked.get(r.person_id or 0, "") for r in referrals}
