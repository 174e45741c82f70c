"""What the bank changes about a member: the number, the status."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.people.chats import Chat, unbind
from shared.people.members import Member, MemberStatus, person_of
from shared.people.persons import phone_of, set_details
from shared.post.outbox import Channel, send_later
from shared.referrals.referrals import Referral
from shared.rewards.queue import wake
from shared.rewards.standing import KeyEvent


def change_phone(session: Session, member: Member, phone: str, now: datetime) -> bool:
    """A member's new number in E.164: chats bind again, as numbers are handed on to others.

    Whether it is another one. An erased member has none and gets none.
    """
    person = person_of(session, member)
    if person.key is None or phone_of(session, person) == phone:
        return False
    set_details(session, person, phone=phone)
    for chat in session.scalars(select(Chat).where(Chat.member_id == member.id)).all():
        unbind(chat)
        if chat.blocked_at is None:
            notice = {"notice": "chat.number_changed", "params": {}}
            send_later(session, Channel(chat.channel), notice, now, chat_id=chat.id)
    return True


def change_status(session: Session, member: Member, status: MemberStatus, at: datetime) -> bool:
    """A member's new status since `at`; what they are owed is looked at again."""
    if member.status == status:
        return False
    member.status, member.status_since = status.value, at
    if status is MemberStatus.ACTIVE:
        member.inactive_since = None
    else:
        member.inactive_since = member.inactive_since or at
    # Goodwill needs no friend.
    campaigns = (
        select(Referral.campaign_id)
        .where(Referral.member_id == member.id)
        .union(select(KeyEvent.campaign_id).where(KeyEvent.member_id == member.id))
    )
    for campaign_id in session.scalars(campaigns).all():
        wake(session, campaign_id, member.id, at)
    return True
