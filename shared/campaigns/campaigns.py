"""Campaigns: their life, their immutable versions and their dated limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Id, Utc, id_column
from shared.base.direct import Direct
from shared.base.errors import Refusal
from shared.campaigns.rules import MONTHLY_CAP, Cap, LimitId, Rules, Terms
from shared.post.audit import record


class Life(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    WARM_UP = "warm_up"
    RUNNING = "running"
    CLOSING = "closing"
    """No new referrals; open ones still earn."""
    CLOSED = "closed"
    PAUSED = "paused"
    """Facts go on being recorded, nothing is posted."""


TRANSITIONS: dict[Life, frozenset[Life]] = {
    Life.DRAFT: frozenset({Life.REVIEWED}),
    Life.REVIEWED: frozenset({Life.DRAFT, Life.WARM_UP, Life.RUNNING}),
    Life.WARM_UP: frozenset({Life.RUNNING, Life.PAUSED}),
    Life.RUNNING: frozenset({Life.CLOSING, Life.PAUSED}),
    Life.CLOSING: frozenset({Life.CLOSED, Life.PAUSED}),
    Life.PAUSED: frozenset({Life.WARM_UP, Life.RUNNING, Life.CLOSING}),
    Life.CLOSED: frozenset(),
}
"""A paused campaign resumes where it stood, nowhere else."""


class Campaign(Base):
    """One campaign. Its rules are in its versions; a referral keeps the one it began under."""

    __tablename__ = "campaigns"

    id: Mapped[int] = id_column()
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    zone: Mapped[str] = mapped_column(String(60))
    life: Mapped[str] = mapped_column(String(10))
    life_since: Mapped[datetime] = mapped_column(Utc)
    paused_from: Mapped[str | None] = mapped_column(String(10))
    starts_at: Mapped[datetime] = mapped_column(Utc)
    ends_at: Mapped[datetime] = mapped_column(Utc)
    """The first moment after the campaign."""
    created_at: Mapped[datetime] = mapped_column(Utc)


class CampaignVersion(Base):
    """The rules and texts as of one number. The database refuses to change a row."""

    __tablename__ = "campaign_versions"
    __table_args__ = (UniqueConstraint("campaign_id", "number"),)

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id)
    number: Mapped[int] = mapped_column(Integer)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Utc)

    @property
    def rules(self) -> Rules:
        """The body, read; kept by its digest."""
        return _read(self.digest, _Body(lambda: self.body))


class CampaignLimit(Base):
    """A limit of the campaign from a moment on. `amount` null: the limit was lifted."""

    __tablename__ = "campaign_limits"
    __table_args__ = (Index("ix_campaign_limits", "campaign_id", "limit_id", "from_at"),)

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(Id)
    limit_id: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str | None] = mapped_column(String(10))
    """Null: the limit counts places."""
    amount: Mapped[int | None] = mapped_column(BigInteger)
    from_at: Mapped[datetime] = mapped_column(Utc)


class _Body:
    """Where a body is had from; hashes alike, so that its digest alone is the key of the cache."""

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self.read = read

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Body)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _read(digest: str, body: _Body) -> Rules:  # noqa: ARG001 (the key)
    return Rules.model_validate(body.read())


def move(session: Session, campaign: Campaign, to: Life, actor: str, now: datetime) -> None:
    """Change a campaign's life and write it down. Refusal `campaign.move` for a wrong step."""
    before = Life(campaign.life)
    strays = before is Life.PAUSED and to != campaign.paused_from
    if to not in TRANSITIONS[before] or strays:
        raise Refusal("campaign.move", before=before.value, after=to.value)
    campaign.paused_from = before.value if to is Life.PAUSED else None
    campaign.life, campaign.life_since = to.value, now
    record(
        session,
        actor,
        "campaign.move",
        f"campaign:{campaign.id}",
        now,
        before=before.value,
        after=to.value,
    )
    session.flush()


def get_campaign(session: Session, campaign_id: int) -> Campaign:
    """A campaign by id; LookupError when there is none."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise LookupError(f"campaign {campaign_id}")
    return campaign


def life_of(session: Session, campaign_id: int) -> Life:
    """Where a campaign stands; LookupError when there is none."""
    for (life,) in _LIFE.read(session, campaign=campaign_id):
        return Life(life)
    raise LookupError(f"campaign {campaign_id}")


_LIFE = Direct(select(Campaign.life).where(Campaign.id == bindparam("campaign")))


def campaign_by_slug(session: Session, slug: str) -> Campaign | None:
    """A campaign by the name of its file."""
    return session.scalar(select(Campaign).where(Campaign.slug == slug))


def running_campaign(session: Session, now: datetime) -> Campaign | None:
    """The campaign that runs now; of several, the one that started last."""
    return _latest(session, now, [Life.RUNNING])


def shown_campaign(session: Session, now: datetime) -> Campaign | None:
    """The campaign a member may follow now: running, else paused or closing."""
    return running_campaign(session, now) or _latest(session, now, [Life.PAUSED, Life.CLOSING])


def _latest(session: Session, now: datetime, lives: list[Life]) -> Campaign | None:
    return session.scalar(
        select(Campaign)
        .where(Campaign.life.in_([life.value for life in lives]), Campaign.starts_at <= now)
        .order_by(Campaign.starts_at.desc(), Campaign.id.desc())
        .limit(1)
    )


def open_for_registration(campaign: Campaign, now: datetime) -> bool:
    """Whether a friend may begin to register now."""
    return campaign.life == Life.RUNNING and campaign.starts_at <= now < campaign.ends_at


def open_to_finish(
    session: Session, campaign: Campaign, started_at: datetime, now: datetime
) -> bool:
    """Whether a friend who began at `started_at` may still finish the form: open, or ended
    (by its date or by closing) less than the grace hours ago and begun before that."""
    if open_for_registration(campaign, now):
        return True
    if campaign.life not in (Life.RUNNING, Life.CLOSING):
        return False
    ended = campaign.ends_at
    if campaign.life == Life.CLOSING:
        ended = min(ended, campaign.life_since)
    grace = timedelta(hours=current_version(session, campaign.id).rules.form_grace_hours)
    return campaign.starts_at <= started_at < ended <= now < ended + grace


def current_version(session: Session, campaign_id: int) -> CampaignVersion:
    """The newest version; LookupError for a campaign without one."""
    found = session.scalar(
        select(CampaignVersion)
        .where(CampaignVersion.campaign_id == campaign_id)
        .order_by(CampaignVersion.number.desc())
        .limit(1)
    )
    if found is None:
        raise LookupError(f"campaign {campaign_id} has no version")
    return found


def version(session: Session, campaign_id: int, number: int) -> CampaignVersion:
    """One version by its number; LookupError when there is none."""
    found = session.scalar(
        select(CampaignVersion).where(
            CampaignVersion.campaign_id == campaign_id, CampaignVersion.number == number
        )
    )
    if found is None:
        raise LookupError(f"campaign {campaign_id} version {number}")
    return found


def limit_at(
    session: Session, campaign_id: int, limit_id: LimitId, now: datetime
) -> CampaignLimit | None:
    """The row of a limit in force at a moment; None when there is no such limit then."""
    row = session.scalar(
        select(CampaignLimit)
        .where(
            CampaignLimit.campaign_id == campaign_id,
            CampaignLimit.limit_id == limit_id,
            CampaignLimit.from_at <= now,
        )
        .order_by(CampaignLimit.from_at.desc(), CampaignLimit.id.desc())
        .limit(1)
    )
    return row if row is not None and row.amount is not None else None


def limits_at(session: Session, campaign_id: int, now: datetime) -> dict[LimitId, CampaignLimit]:
    """Every limit in force at a moment."""
    rows = session.scalars(
        select(CampaignLimit)
        .where(CampaignLimit.campaign_id == campaign_id, CampaignLimit.from_at <= now)
        .order_by(CampaignLimit.from_at, CampaignLimit.id)
    )
    last = {row.limit_id: row for row in rows}
    return {limit_id: row for limit_id, row in last.items() if row.amount is not None}


def rules_of(session: Session, campaign_id: int) -> dict[int, Rules]:
    """The rules of every version by number."""

    def body(number: int) -> _Body:
        return _Body(lambda: version(session, campaign_id, number).body)

    rows = _DIGESTS.read(session, campaign=campaign_id)
    return {number: _read(digest, body(number)) for number, digest in rows}


_DIGESTS = Direct(
    select(CampaignVersion.number, CampaignVersion.digest).where(
        CampaignVersion.campaign_id == bindparam("campaign")
    )
)


def room_at(session: Session, campaign_id: int, now: datetime) -> dict[LimitId, int]:
    """How much every limit in force at a moment lets through."""
    last = dict(_LIMITS.read(session, campaign=campaign_id, now=now))
    return {limit_id: amount for limit_id, amount in last.items() if amount is not None}


_LIMITS = Direct(
    select(CampaignLimit.limit_id, CampaignLimit.amount)
    .where(
        CampaignLimit.campaign_id == bindparam("campaign"),
        CampaignLimit.from_at <= bindparam("now"),
    )
    .order_by(CampaignLimit.from_at, CampaignLimit.id)
)


def terms_of(session: Session, campaign_id: int) -> Terms:
    """The programmes of every version by number, and the campaign's caps through time."""
    zone = next(iter(_ZONE.read(session, campaign=campaign_id)), None)
    if zone is None:
        raise LookupError(f"campaign {campaign_id}")
    return Terms(
        campaign=campaign_id,
        zone=zone[0],
        versions=rules_of(session, campaign_id),
        caps=tuple(Cap(*row) for row in _CAPS.read(session, campaign=campaign_id)),
    )


_ZONE = Direct(select(Campaign.zone).where(Campaign.id == bindparam("campaign")))
_CAPS = Direct(
    select(CampaignLimit.from_at, CampaignLimit.amount)
    .where(
        CampaignLimit.campaign_id == bindparam("campaign"), CampaignLimit.limit_id == MONTHLY_CAP
    )
    .order_by(CampaignLimit.from_at, CampaignLimit.id)
)
