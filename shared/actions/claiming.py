"""Claiming: a member names a friend who was missed, and the claim is kept.

Nothing is looked up about the number here: whoever it belongs to, the same is done and said in
the same time. The worker looks at the claim a moment later (`judging`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.actions.claim_rules import version_of_day
from shared.base.database import keyring_of
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Campaign, CampaignVersion, shown_campaign
from shared.claims import claims, pictures
from shared.claims.claims import Claim, How, Named, Reason, State, When
from shared.claims.pictures import Sent
from shared.people.members import get_member, person_of
from shared.people.persons import Person, phone_blind, tail_blind
from shared.people.phone import read_phone, slips
from shared.post.audit import record
from shared.referrals.codes import read_code
from shared.referrals.referrals import Invite, Registration, Visit
from shared.referrals.scan_receipts import visit_of_receipt

TAIL = 4
"""Digits of a number that people remember."""


@dataclass(frozen=True)
class ClaimForm:
    """What a member says: the friend's number or its last four digits, the code of the friend's
    registration, or the scan receipt of the friend's visit."""

    member_id: int
    how: How
    when: When
    phone: str = ""
    code: str = ""
    tail: str = ""
    receipt: str = ""
    picture: Sent | None = None
    """What people may look at besides; it decides nothing here."""


@dataclass(frozen=True)
class Filed:
    """The case number, and by when it is decided."""

    number: str
    due_at: datetime


@dataclass(frozen=True)
class Friend:
    """Whom a form names, as it is kept."""

    named: Named
    blind: str = ""
    """Empty while the number is not known."""
    slips: tuple[str, ...] = ()
    last_four: str = ""
    registration_id: int | None = None
    visit_id: int | None = None


def file_claim(session: Session, form: ClaimForm, now: datetime) -> Filed:
    """File a claim; the worker credits it within seconds when the records speak for themselves.

    Refusals: `campaign.none`, `claim.limit` and `claim.limit_month` (most), `claim.own`,
    `claim.same` (number; the same friend or receipt), `claim.code` (nobody registered under it
    in this campaign),
    `claim.tail`, `phone.…`, `invite.malformed`, `receipt.malformed`, `receipt.unknown` (not of this
    member's invite).
    """
    campaign = shown_campaign(session, now)
    if campaign is None:
        raise Refusal("campaign.none")
    member = get_member(session, form.member_id)
    session.refresh(member, with_for_update=True)  # two at once would each find room for one
    current = version_of_day(session, campaign.id, now)
    friend = _friend(session, form, campaign.id)
    if friend.blind and friend.blind == person_of(session, member).phone_blind:
        raise Refusal("claim.own")
    _hold_limits(session, campaign, member.id, friend, current, now)
    terms = current.rules.claims
    due_at = now + timedelta(hours=max(terms.decision_hours, terms.answer_hours))
    number = claims.new_number(session)
    claim = Claim(
        number=number,
        campaign_id=campaign.id,
        member_id=member.id,
        version=current.number,
        named=friend.named.value,
        phone_blind=friend.blind or keyring_of(session).blind("claim", number),
        slips=list(friend.slips) or None,
        last_four=friend.last_four,
        registration_id=friend.registration_id,
        visit_id=friend.visit_id,
        how=form.how.value,
        roughly=form.when.value,
        state=State.FILED.value,
        filed_at=now,
        judge_at=now,
        due_at=due_at,
        escalate_at=due_at - timedelta(hours=terms.escalate_hours),
    )
    claims.file(session, claim, now)
    if form.picture is not None:
        pictures.want(session, claim.id, person_of(session, member), form.picture, now)
    record(session, f"member:{member.id}", "claim.filed", f"claim:{claim.id}", now)
    return Filed(claim.number, claim.due_at)


def _friend(session: Session, form: ClaimForm, campaign_id: int) -> Friend:
    if form.receipt:
        return _by_receipt(session, form, campaign_id)
    if form.code:
        registration = session.scalar(
            select(Registration).where(
                Registration.receipt == read_code(form.code),
                Registration.campaign_id == campaign_id,
            )
        )
        if registration is None or registration.phone_blind is None:
            raise Refusal("claim.code")
        return _registered(Named.CODE, registration)
    if form.tail:
        return _by_tail(session, form, campaign_id)
    return by_number(session, Named.NUMBER, read_phone(form.phone))


def by_number(session: Session, named: Named, phone: str) -> Friend:
    """A friend by their whole number (E.164), hashed with its one-slip neighbours."""
    near = tuple(phone_blind(session, each) for each in slips(phone))
    return Friend(named, phone_blind(session, phone), near, phone[-TAIL:])


def _registered(
    named: Named, registration: Registration, last_four: str = "", visit_id: int | None = None
) -> Friend:
    blind = registration.phone_blind or ""
    return Friend(named, blind, (), last_four, registration.id, visit_id)


def _by_tail(session: Session, form: ClaimForm, campaign_id: int) -> Friend:
    """The one registration under the claimant's own invite whose number ends so, if there is
    one; nobody is told whether there was."""
    tail = form.tail
    if len(tail) != TAIL or not tail.isascii() or not tail.isdigit():
        raise Refusal("claim.tail")
    found = session.scalars(
        select(Registration)
        .join(Invite, Invite.id == Registration.invite_id)
        .join(Person, Person.id == Registration.person_id)
        .where(
            Registration.campaign_id == campaign_id,
            Invite.member_id == form.member_id,
            Person.tail_blind == tail_blind(session, tail),
            Registration.phone_blind.is_not(None),
        )
        .order_by(Registration.id)
    ).all()
    if len({registration.phone_blind for registration in found}) != 1:
        return Friend(Named.TAIL, last_four=tail)
    return _registered(Named.TAIL, found[-1], tail)


def _by_receipt(session: Session, form: ClaimForm, campaign_id: int) -> Friend:
    """The visit, and the number that was left at it, if one was."""
    visit = visit_of_receipt(session, form.receipt)
    invite = session.get(Invite, visit.invite_id)
    if invite is None or (invite.member_id, invite.campaign_id) != (form.member_id, campaign_id):
        raise Refusal("receipt.unknown")
    registration = _at_visit(session, visit)
    if registration is None:
        return Friend(Named.RECEIPT, visit_id=visit.id)
    return _registered(Named.RECEIPT, registration, visit_id=visit.id)


def _at_visit(session: Session, visit: Visit) -> Registration | None:
    found = session.scalars(
        select(Registration).where(
            Registration.invite_id == visit.invite_id,
            Registration.visit_id == visit.id,
            Registration.phone_blind.is_not(None),
        )
    ).all()
    proven = [registration for registration in found if registration.proven_at is not None]
    one = proven or found
    return one[0] if len({registration.phone_blind for registration in one}) == 1 else None


def _hold_limits(
    session: Session,
    campaign: Campaign,
    member_id: int,
    friend: Friend,
    current: CampaignVersion,
    now: datetime,
) -> None:
    same = _filed_before(session, campaign.id, member_id, friend)
    if same is not None:
        raise Refusal("claim.same", number=same)
    terms = current.rules.claims
    if claims.claims_filed(session, campaign.id, member_id) >= terms.most_per_member:
        raise Refusal("claim.limit", most=terms.most_per_member)
    local = now.astimezone(ZoneInfo(campaign.zone))
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    filed = claims.claims_filed(session, campaign.id, member_id, month)
    if filed >= terms.most_per_month:
        raise Refusal("claim.limit_month", most=terms.most_per_month)


def _filed_before(session: Session, campaign_id: int, member_id: int, friend: Friend) -> str | None:
    """The number of the member's claim for the same friend, or on the same scan receipt; silence
    allows another one."""
    known = [Claim.phone_blind == friend.blind] if friend.blind else []
    known += [Claim.visit_id == friend.visit_id] if friend.visit_id is not None else []
    if not known:
        return None
    return session.scalar(
        select(Claim.number)
        .where(
            Claim.campaign_id == campaign_id,
            Claim.member_id == member_id,
            Claim.reason.is_(None) | (Claim.reason != Reason.SILENT.value),
            or_(*known),
        )
        .limit(1)
    )
