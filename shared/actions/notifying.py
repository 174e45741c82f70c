"""Notifying: a notice is owed to a member's chat, in the transaction of its cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from shared.base.privacy import mask_name
from shared.people import consents
from shared.people.chats import chat_of_member
from shared.people.consents import Purpose
from shared.people.members import get_member
from shared.people.persons import Person, name_of
from shared.post.outbox import Channel, send_later
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
) -> bool:
    """Owe a member a notice, worded at the edge; whether one was written.

    Members without a chat, and those who switched pushes off, find the same in /progress;
    `always` is for what concerns the binding itself and the member's own claims.
    """
    member = get_member(session, member_id)
    if not member.pushes and not always:
        return False
    chat = chat_of_member(session, member_id)
    if chat is None:
        return False
    body = {"notice": notice, "params": params}
    return bool(send_later(session, Channel(chat.channel), body, now, chat_id=chat.id, once=once))


def friend_label(session: Session, referral: Referral) -> str:
    """How the member sees this friend: nickname, masked name by consent, or nothing (ordinal)."""
    if referral.nickname:
        return referral.nickname
    if referral.person_id is None:
        return ""
    if not consents.holds(session, Purpose.MASKED_NAME, person_id=referral.person_id):
        return ""
    person = session.get(Person, referral.person_id)
    name = name_of(session, person) if person else ""
    return mask_name(name) if name else ""
