"""Sweeping: every night, members whose friend may have been missed are invited to claim, once.

What is looked for is a registration that was begun under a member's invite and never finished,
and an application under that number that counts for nobody. So that the invitation tells
nothing of the bank, some members without such an application are invited as well: who planted
a stranger's number cannot read from a message that the stranger applied.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from shared.actions.notifying import notify_member
from shared.applications.facts import Application, FactRow, Kind
from shared.base.database import Database, keyring_of
from shared.campaigns.campaigns import Campaign, Life, current_version
from shared.campaigns.rules import Rules
from shared.claims.claims import Claim
from shared.claims.sweeps import ClaimSweep
from shared.people.members import may_invite
from shared.post.audit import record
from shared.referrals.referrals import CreditRow, Invite, Registration

AFTER_HOUR = 2
"""By the campaign's clock."""
TOLD_AT_HOUR = 10
"""Nobody is woken by it."""
QUIET = timedelta(days=3)
"""How long a registration lies unfinished before anybody is asked about it."""
COVER = 4
"""One in so many members without an application behind it is invited too."""
MOST = 500


def sweep(database: Database, now: datetime) -> int:
    """Sweep every campaign that was not swept this night; how many members were invited."""
    with database.reading() as session:
        due = [campaign.id for campaign in _campaigns(session) if _is_due(session, campaign, now)]
    invited = 0
    for campaign_id in due:
        try:
            with database.transaction() as session:
                invited += sweep_campaign(session, campaign_id, now)
        except IntegrityError:
            continue  # another worker was faster: this night is theirs
    return invited


def _campaigns(session: Session) -> list[Campaign]:
    lives = (Life.RUNNING.value, Life.CLOSING.value)
    return list(session.scalars(select(Campaign).where(Campaign.life.in_(lives))))


def _is_due(session: Session, campaign: Campaign, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(campaign.zone))
    if local.hour < AFTER_HOUR:
        return False
    return session.get(ClaimSweep, (campaign.id, local.date())) is None


def sweep_campaign(session: Session, campaign_id: int, now: datetime) -> int:
    """Invite the likely members of one campaign; how many. IntegrityError: it was done."""
    campaign = session.get_one(Campaign, campaign_id)
    local = now.astimezone(ZoneInfo(campaign.zone))
    night = ClaimSweep(campaign_id=campaign_id, night=local.date(), at=now, invited=0)
    session.add(night)
    session.flush()
    told_at = max(local, local.replace(hour=TOLD_AT_HOUR, minute=0, second=0, microsecond=0))
    for member_id in likely_members(session, campaign_id, now):
        night.invited += notify_member(
            session, member_id, "claim.missed", {}, now,
            once=f"missed:{campaign_id}:{member_id}", not_before=told_at,
        )  # fmt: skip
    if night.invited:
        subject = f"campaign:{campaign_id}"
        record(session, "worker", "claims.swept", subject, now, invited=night.invited)
    return night.invited


def likely_members(session: Session, campaign_id: int, now: datetime) -> list[int]:
    """Whose friend may have been missed, each once."""
    rules = current_version(session, campaign_id).rules
    keyring = keyring_of(session)
    found: dict[int, None] = {}
    for registration_id, member_id, applied in _unfinished(session, campaign_id, rules, now):
        covered = int(keyring.blind("sweep", str(registration_id))[:4], 16) % COVER == 0
        if (applied or covered) and may_invite(session, member_id):
            found[member_id] = None
    return list(found)


def _unfinished(
    session: Session, campaign_id: int, rules: Rules, now: datetime
) -> list[tuple[int, int, bool]]:
    """Registrations that were never finished, whose number counts for nobody: their id, whose
    invite, and whether the bank has an application that they may have led to.

    Of several members with one number the last one before is the likely one.
    """
    later, proven = aliased(Registration), aliased(Registration)
    same = Registration.phone_blind
    applied = _application().exists()
    rows = session.execute(
        select(Registration.id, Invite.member_id, applied)
        .join(Invite, Invite.id == Registration.invite_id)
        .where(
            Registration.campaign_id == campaign_id,
            Registration.proven_at.is_(None),
            same.is_not(None),
            Registration.started_at <= now - QUIET,
            Registration.started_at > now - timedelta(days=rules.claims.window_days),
            ~exists().where(proven.phone_blind == same, proven.proven_at.is_not(None)),
            ~exists().where(
                later.phone_blind == same,
                later.campaign_id == campaign_id,
                or_(
                    later.started_at > Registration.started_at,
                    and_(later.started_at == Registration.started_at, later.id > Registration.id),
                ),
            ),
            ~exists().where(Claim.phone_blind == same, Claim.campaign_id == campaign_id),
        )
        .order_by(Registration.id.desc())
        .limit(MOST)
    )
    return [(number, member, bool(there)) for number, member, there in rows]


def _application() -> Select[int]:
    """An application under the registration's number, after it, that counts for nobody."""
    credited = (
        select(CreditRow.id)
        .join(Application, Application.id == CreditRow.application_id)
        .where(
            Application.application_ref == FactRow.application_ref,
            CreditRow.superseded_at.is_(None),
        )
    )
    return select(FactRow.id).where(
        FactRow.phone_blind == Registration.phone_blind,
        FactRow.kind == Kind.SUBMITTED,
        FactRow.at >= Registration.started_at,
        ~credited.exists(),
    )
