"""Inviting: a member's personal invite, what the friend will read on it, friends' nicknames."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.actions.notifying import notify_member
from shared.base.errors import Refusal
from shared.campaigns.advertising.check import check_copy
from shared.campaigns.advertising.rules import Explained
from shared.campaigns.campaigns import current_version, running_campaign
from shared.people.members import MemberStatus, get_member
from shared.post.audit import record
from shared.referrals.codes import new_code, read_code, show_code
from shared.referrals.referrals import Invite, Referral

LONGEST_GREETING = 60
LONGEST_NICKNAME = 12


@dataclass(frozen=True)
class InviteCard:
    """What a member shares. `code` as stored, `shown` as people read it."""

    invite_id: int
    code: str
    shown: str
    campaign_id: int
    version: int


def invite_for(session: Session, member_id: int, now: datetime) -> InviteCard:
    """The member's invite in the running campaign, made at the first asking.

    Refusals: `campaign.none`, `member.inactive`.
    """
    campaign = running_campaign(session, now)
    if campaign is None:
        raise Refusal("campaign.none")
    member = get_member(session, member_id)
    if member.status != MemberStatus.ACTIVE:
        raise Refusal("member.inactive")
    invite = invite_of(session, campaign.id, member_id)
    if invite is None:
        invite = _first_invite(session, campaign.id, member_id, now)
    return InviteCard(
        invite.id,
        invite.code,
        show_code(invite.code),
        campaign.id,
        current_version(session, campaign.id).number,
    )


def _first_invite(session: Session, campaign_id: int, member_id: int, now: datetime) -> Invite:
    invite = Invite(
        campaign_id=campaign_id, member_id=member_id, code=_free_code(session), created_at=now
    )
    try:
        with session.begin_nested():
            session.add(invite)
            session.flush()
    except IntegrityError:  # the chat and the counter asked at the same moment
        made = invite_of(session, campaign_id, member_id)
        if made is None:
            raise
        return made
    return invite


def _free_code(session: Session) -> str:
    while True:
        code = new_code()
        if session.scalar(select(Invite.id).where(Invite.code == code)) is None:
            return code


def invite_of(session: Session, campaign_id: int, member_id: int) -> Invite | None:
    """The invite a member already has in a campaign."""
    return session.scalar(
        select(Invite).where(Invite.campaign_id == campaign_id, Invite.member_id == member_id)
    )


def find_invite(session: Session, typed: str) -> Invite:
    """The invite of a code as somebody typed it. Refusals `invite.malformed`, `invite.unknown`."""
    invite = session.scalar(select(Invite).where(Invite.code == read_code(typed)))
    if invite is None:
        raise Refusal("invite.unknown")
    return invite


def link_of(public_url: str, code: str) -> str:
    """The address behind a code."""
    return f"{public_url}/i/{code}"


def set_greeting(session: Session, member_id: int, words: str, now: datetime) -> None:
    """What the friend reads under the member's invite; an empty text takes it away.

    Refusals: `greeting.long` (most), `greeting.words` (found), and those of
    `invite_for`.
    """
    plain = _one_line(words)
    if len(plain) > LONGEST_GREETING:
        raise Refusal("greeting.long", most=LONGEST_GREETING)
    flagged = check_copy(plain)
    if flagged:
        raise Refusal("greeting.words", found=Explained(flagged))
    card = invite_for(session, member_id, now)
    invite = session.get(Invite, card.invite_id)
    assert invite is not None
    invite.greeting = plain or None


def withdraw_greetings(
    session: Session, now: datetime, after: int = 0, most: int = 500
) -> tuple[int, int]:
    """Judge greetings by the rules as they are now, from the invite behind `after` on.

    One that breaks a rule is taken off the page, and its member told which words, why, and what
    to write. How many were, and the last invite looked at (0: none is left).
    """
    kept = select(Invite).where(Invite.greeting.is_not(None), Invite.id > after)
    invites = session.scalars(kept.order_by(Invite.id).limit(most)).all()
    withdrawn = 0
    for invite in invites:
        found = check_copy(invite.greeting or "")
        if not found:
            continue
        invite.greeting = None
        withdrawn += 1
        told = [[each.rule.value, each.words, list(each.channels)] for each in found]
        notify_member(
            session, invite.member_id, "greeting.withdrawn", {"found": told}, now, always=True
        )
        record(
            session, "worker", "greeting.withdrawn", f"invite:{invite.id}", now,
            rules=sorted({each.rule.value for each in found}),
        )  # fmt: skip
    return withdrawn, invites[-1].id if invites else 0


def greeting_of(session: Session, member_id: int, now: datetime) -> str:
    """The member's greeting in the running campaign; empty when there is none."""
    campaign = running_campaign(session, now)
    invite = invite_of(session, campaign.id, member_id) if campaign else None
    return (invite.greeting or "") if invite else ""


def name_friend(
    session: Session, member_id: int, campaign_id: int, ordinal: int, nickname: str
) -> None:
    """Give one's n-th friend a nickname, shown to this member only.

    Refusals: `friend.unknown`, `friend.nickname_long` (most).
    """
    plain = _one_line(nickname)
    if len(plain) > LONGEST_NICKNAME:
        raise Refusal("friend.nickname_long", most=LONGEST_NICKNAME)
    referral = session.scalar(
        select(Referral).where(
            Referral.campaign_id == campaign_id,
            Referral.member_id == member_id,
            Referral.ordinal == ordinal,
        )
    )
    if referral is None:
        raise Refusal("friend.unknown")
    referral.nickname = plain or None


def _one_line(words: str) -> str:
    visible = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", words))
    return " ".join(visible.split())
