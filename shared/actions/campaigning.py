"""Campaigns by people: a life that moves by two, stops by one; rules that two agree on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.approvals import (
    Approval,
    ApprovalKind,
    approval_of,
    check_right,
    propose,
    take,
)
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.campaigns.advertising.places import Flagged, flagged_texts
from shared.campaigns.campaigns import (
    TRANSITIONS,
    Campaign,
    Life,
    campaign_by_slug,
    get_campaign,
    move,
    rules_of,
)
from shared.campaigns.changes import place_words
from shared.campaigns.export import campaign_yaml, file_yaml
from shared.campaigns.file import CampaignFile, apply_campaign, read_campaign
from shared.campaigns.problems import CampaignFileError
from shared.campaigns.publishing import check_texts, is_published
from shared.campaigns.rules import Rules
from shared.people.staff import Staff

_DAY = timedelta(days=1)
_LONGEST_MONTH = 31


@dataclass(frozen=True)
class Carried:
    """What a confirmed proposal did. `version`: the number that holds now, 0 for a move."""

    approval: Approval
    campaign_id: int
    version: int = 0


@dataclass(frozen=True)
class _Place:
    """Where a flagged text stands, told in the reader's words."""

    flagged: Flagged

    def told(self, locale: Locale) -> str:
        return place_words(self.flagged.path, locale)


def next_lives(campaign: Campaign) -> tuple[Life, ...]:
    """Where a campaign may go from here, in the order of its life."""
    here = Life(campaign.life)
    open_to = TRANSITIONS[here]
    if here is Life.PAUSED:
        open_to = frozenset({Life(campaign.paused_from or here.value)})
    return tuple(life for life in Life if life in open_to)


def pause(session: Session, staff: Staff, campaign_id: int, now: datetime) -> None:
    """Stop at once: one person is enough. Refusals `desk.read_only`, `campaign.move`."""
    check_right(staff)
    move(session, _locked(session, campaign_id), Life.PAUSED, f"staff:{staff.id}", now)


def propose_move(
    session: Session, staff: Staff, campaign_id: int, to: Life, now: datetime
) -> Approval:
    """Ask for a step of a campaign's life; a second person confirms it.

    Refusals: `desk.read_only`; `campaign.move` for a step the life does not have;
    `campaign.copy` and `campaign.budget` on the way to review; `campaign.terms` when a
    campaign would close before its longest term; `approval.waits` when the same is asked.
    """
    check_right(staff)
    campaign = _locked(session, campaign_id)
    if to not in next_lives(campaign):
        raise Refusal("campaign.move", before=campaign.life, after=to.value)
    _check_step(session, campaign, to, now)
    body = {"before": campaign.life, "to": to.value}
    _only_one(session, campaign_id, ApprovalKind.MOVE)
    return propose(session, staff, ApprovalKind.MOVE, campaign_id, body, now)


def propose_version(session: Session, staff: Staff, source: str, now: datetime) -> Approval:
    """Ask for new rules, texts, dates or limits; `source` is a campaign file.

    CampaignFileError for a bad file, and for texts that may not be published where the campaign
    is past its review. Refusals: `desk.read_only`, `campaign.same` when nothing
    would change, `campaign.zone` and `campaign.ended`, `approval.waits`.
    """
    check_right(staff)
    file = read_campaign(source)
    campaign = campaign_by_slug(session, file.slug)
    check_draft(session, campaign, file, source, now)
    if campaign is not None:
        _locked(session, campaign.id)
        _only_one(session, campaign.id, ApprovalKind.VERSION)
    body = {
        "source": file_yaml(file),
        "base": stamp(session, campaign, now),
        "slug": file.slug,
        "zone": file.zone,
    }
    campaign_id = campaign.id if campaign is not None else None
    return propose(session, staff, ApprovalKind.VERSION, campaign_id, body, now)


def check_draft(
    session: Session, campaign: Campaign | None, file: CampaignFile, source: str, now: datetime
) -> None:
    """Whether a checked file may be proposed. CampaignFileError, refusals as `propose_version`."""
    if campaign is None:
        return
    if campaign.life == Life.CLOSED:
        raise Refusal("campaign.ended")
    if campaign.zone != file.zone:
        raise Refusal("campaign.zone", zone=campaign.zone)
    if file_yaml(read_campaign(campaign_yaml(session, campaign, now))) == file_yaml(file):
        raise Refusal("campaign.same")
    if is_published(campaign):
        check_texts(session, campaign, file, source)


def confirm(session: Session, staff: Staff, approval_id: int, now: datetime) -> Carried:
    """Confirm what another person proposed, and do it.

    Refusals of `take`; `approval.stale` when the campaign has changed since; for a move
    everything that `propose_move` says.
    """
    asked = approval_of(session, approval_id)
    if asked.campaign_id is not None:
        _locked(session, asked.campaign_id)
    approval = take(session, staff, approval_id, now)
    if approval.kind == ApprovalKind.MOVE:
        return _carry_move(session, staff, approval, now)
    return _carry_version(session, staff, approval, now)


def stamp(session: Session, campaign: Campaign | None, now: datetime) -> str:
    """What a proposal is based on: changes with rules, dates and limits, not with the life."""
    if campaign is None:
        return ""
    file = read_campaign(campaign_yaml(session, campaign, now))
    return hashlib.sha256(file_yaml(file).encode()).hexdigest()


def _carry_move(session: Session, staff: Staff, approval: Approval, now: datetime) -> Carried:
    assert approval.campaign_id is not None
    campaign = get_campaign(session, approval.campaign_id)
    to = Life(approval.body["to"])
    if campaign.life != approval.body["before"]:
        raise Refusal("approval.stale")
    _check_step(session, campaign, to, now)
    move(session, campaign, to, f"staff:{staff.id}", now)
    return Carried(approval, campaign.id)


def _carry_version(session: Session, staff: Staff, approval: Approval, now: datetime) -> Carried:
    campaign = campaign_by_slug(session, approval.body["slug"])
    if stamp(session, campaign, now) != approval.body["base"]:
        raise Refusal("approval.stale")
    try:
        applied = apply_campaign(session, approval.body["source"], now, f"staff:{staff.id}")
    except CampaignFileError:  # what a file may say has changed since it was checked
        raise Refusal("approval.stale") from None
    return Carried(approval, applied.campaign_id, applied.version)


def _check_step(session: Session, campaign: Campaign, to: Life, now: datetime) -> None:
    file = read_campaign(campaign_yaml(session, campaign, now))
    if to is Life.REVIEWED:
        flagged = flagged_texts(file)
        if flagged:
            first = flagged[0]
            raise Refusal("campaign.copy", n=len(flagged), place=_Place(first), found=first)
        if not file.limits.budget:
            raise Refusal("campaign.budget")
    if to is Life.CLOSED:
        left = closes_from(session, campaign) - now
        if left > timedelta(0):
            raise Refusal("campaign.terms", days=math.ceil(left / _DAY))


def closes_from(session: Session, campaign: Campaign) -> datetime:
    """The first moment at which nothing can be earned, taken back or claimed any more.

    From the end of registrations (closing, or the last day): the form's grace, the days for an
    application, the longest trigger, then the longer of cooling and claw-back, claims (with a
    supervisor's override) and their appeals. The longest of every version counts, as friends keep
    the one they registered under.
    """
    end = min(campaign.ends_at, campaign.life_since)
    return end + max(map(_longest, rules_of(session, campaign.id).values()))


def _longest(rules: Rules) -> timedelta:
    """How long after the end of registrations a version may still matter."""
    plain = rules.model_dump(mode="json")
    triggers = max(_named(plain, ("within_days", "days")), default=0)
    triggers = max(triggers, _LONGEST_MONTH * max(_named(plain, ("months",)), default=0))
    cooling = max(_named(plain, ("cooling_days",)), default=0)
    days = rules.attribution_days + triggers + max(cooling, rules.claw_back_days)
    claims = max(rules.claims.window_days, rules.claims.override_days) + rules.claims.appeal_days
    return timedelta(hours=rules.form_grace_hours) + (days + claims) * _DAY


def _named(value: Any, names: tuple[str, ...]) -> Iterator[int]:
    """Every whole number that stands under one of the names, however deep."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in names and isinstance(each, int):
                yield each
            yield from _named(each, names)
    elif isinstance(value, list):
        for each in value:
            yield from _named(each, names)


def _only_one(session: Session, campaign_id: int, kind: ApprovalKind) -> None:
    waiting = session.scalar(
        select(Approval.id).where(
            Approval.campaign_id == campaign_id,
            Approval.kind == kind.value,
            Approval.state == "open",
        )
    )
    if waiting is not None:
        raise Refusal("approval.waits", number=waiting)


def _locked(session: Session, campaign_id: int) -> Campaign:
    """The campaign, kept from others who would move it until the end."""
    get_campaign(session, campaign_id)
    return session.scalars(
        select(Campaign)
        .where(Campaign.id == campaign_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
