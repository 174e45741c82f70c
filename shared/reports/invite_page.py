"""What a friend's browser may know of an invite before anything else is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from shared.base.database import Utc, keyring_of
from shared.base.direct import Direct, Line, line_of
from shared.base.errors import Refusal
from shared.base.privacy import Keyring, mask_name
from shared.campaigns.campaigns import Campaign, CampaignVersion, Life
from shared.people.members import Member, MemberStatus
from shared.people.persons import Person
from shared.referrals.codes import read_code
from shared.referrals.referrals import GREETING, Invite


class PageState(StrEnum):
    OPEN = "open"
    NOT_YET = "not_yet"
    PAUSED = "paused"
    ENDED = "ended"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class InvitePage:
    """The page's state, and what of the inviter it shows. Ids are 0 when nothing was found."""

    state: PageState
    code: str = ""
    invite_id: int = 0
    member_id: int = 0
    campaign_id: int = 0
    version: int = 0
    shown_name: str = ""
    """The inviter's masked name, only if they chose so."""
    greeting: str = ""


_FIND = Direct(
    select(
        Invite.id,
        Invite.member_id,
        Invite.campaign_id,
        Invite.greeting,
        Campaign.life,
        Campaign.starts_at <= bindparam("now", type_=Utc),
        Campaign.ends_at <= bindparam("now", type_=Utc),
        Member.status,
        Member.show_name,
        Person.key,
        Person.name,
        select(func.max(CampaignVersion.number))
        .where(CampaignVersion.campaign_id == Invite.campaign_id)
        .scalar_subquery(),
    )
    .join(Campaign, Campaign.id == Invite.campaign_id)
    .join(Member, Member.id == Invite.member_id)
    .join(Person, Person.id == Member.person_id)
    .where(Invite.code == bindparam("code"))
)


def invite_page(session: Session, typed: str, now: datetime) -> InvitePage:
    """Read a code as it stands in an address or was typed; never raises for a bad one."""
    return find_page(line_of(session), keyring_of(session), typed, now)


def find_page(line: Line, keyring: Keyring, typed: str, now: datetime) -> InvitePage:
    """The same by one direct statement, for the page's hot path."""
    try:
        code = read_code(typed)
    except Refusal:
        return InvitePage(PageState.MALFORMED)
    found = _FIND.first(line, {"code": code, "now": now})
    if found is None:
        return InvitePage(PageState.UNKNOWN, code=code)
    (invite_id, member_id, campaign_id, greeting, life, begun, over) = found[:7]
    (status, show_name, key, name, version) = found[7:]
    state = _state(life, begun=begun, over=over)
    if state is PageState.OPEN and status != MemberStatus.ACTIVE:
        state = PageState.ENDED
    shown = ""
    if show_name and key is not None and name is not None:
        shown = mask_name(keyring.person_open(bytes(key), bytes(name), "name"))
    return InvitePage(
        state,
        code=code,
        invite_id=invite_id,
        member_id=member_id,
        campaign_id=campaign_id,
        version=version,
        shown_name=shown,
        greeting=keyring.open(bytes(greeting), GREETING).decode() if greeting else "",
    )


def _state(life: str, *, begun: bool, over: bool) -> PageState:
    """Whether a campaign takes registrations now, and if not, why."""
    if life == Life.PAUSED:
        return PageState.PAUSED
    if life in (Life.DRAFT, Life.REVIEWED, Life.WARM_UP):
        return PageState.NOT_YET
    if life in (Life.CLOSING, Life.CLOSED) or over:
        return PageState.ENDED
    return PageState.OPEN if begun else PageState.NOT_YET
