"""Preparing a payout: what stands available in a campaign becomes a batch of lines, a line for
each party and unit, less tax and less what the party owes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.assessing import risk_rules_of
from shared.actions.kinship import circle_of
from shared.actions.payout_lines import Payee, drafted, write_lines
from shared.actions.withholding import TaxOffice
from shared.applications.facts import Application, FactRow, Kind
from shared.base.direct import among
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, Life
from shared.campaigns.risk import RiskMode
from shared.ledger.balance import Account
from shared.people.members import Member
from shared.people.staff import Role, Staff
from shared.post.audit import record
from shared.referrals.referrals import CreditRow
from shared.rewards.payable import open_keys, standings_in, unsettled
from shared.rewards.payouts import Batch, State
from shared.rewards.slips import Total
from shared.risk.looks import unlooked

PAYERS = frozenset({Role.DESK.value, Role.MANAGER.value})
"""Whose role prepares, confirms and sees payouts in full."""
_KNOWN_AT_ONCE = 10_000
Each = TypeVar("Each")


@dataclass(frozen=True)
class Prepared:
    """A batch's number, its sums, and how many members wait for the next one."""

    number: int
    totals: dict[Unit, Total]
    unsettled: int


def prepare(session: Session, campaign_id: int, maker: Staff | str, now: datetime) -> Prepared:
    """Collect all that stands available in a campaign into a new batch.

    `maker`: an employee, whose own rewards and those of who is close to them wait for another's
    batch, or the operator of the command line. Members of whom the ledger does not yet say all
    that was heard wait as well, and those of whom the risk checks have a referral to look at.
    Refusals: `payout.paused`, `payout.nothing`, `payout.authority`.
    """
    campaign = lock_campaign(session, campaign_id)
    if campaign.life == Life.PAUSED:
        raise Refusal("payout.paused", slug=campaign.slug)
    if isinstance(maker, Staff):
        hold_authority(maker)
    busy = unsettled(session, campaign_id, now)  # before the positions: settled since is in them
    if risk_rules_of(session, campaign_id).mode is RiskMode.HOLD:
        busy |= unlooked(session, campaign_id)
    held = open_keys(session, campaign_id)
    found = [
        each
        for each in standings_in(session, campaign_id, [Account.AVAILABLE, Account.RECOVERABLE])
        if each.member not in busy
        and (each.key, each.unit) not in held
        and each.unit is not Unit.CHOICE
    ]
    payees = payees_of(session, {each.key.party for each in found})
    theirs = circle_of(session, maker).customers if isinstance(maker, Staff) else frozenset()
    found = [
        each
        for each in found
        if (payee := payees[each.key.party]).known and payee.customer_ref not in theirs
    ]
    drafts = list(drafted(found, TaxOffice(session, campaign, found, now)))
    if not drafts:
        raise Refusal("payout.nothing", slug=campaign.slug)
    actor = actor_of(maker)
    batch = Batch(
        campaign_id=campaign_id, state=State.PREPARED.value, prepared_by=actor, prepared_at=now
    )
    session.add(batch)
    session.flush()
    totals = write_lines(session, batch, drafts, payees)
    record(
        session, actor, "payout.prepared", f"payout:{batch.id}", now,
        totals=plain_totals(totals), unsettled=len(busy),
    )  # fmt: skip
    return Prepared(batch.id, totals, len(busy))


def lock_campaign(session: Session, campaign_id: int) -> Campaign:
    """The campaign, with every other act on its payouts waiting until the end."""
    return session.get_one(Campaign, campaign_id, with_for_update=True, populate_existing=True)


def actor_of(who: Staff | str) -> str:
    """As the audit calls them."""
    return f"staff:{who.id}" if isinstance(who, Staff) else who


def hold_authority(staff: Staff) -> None:
    """Payouts are the desk's and the managers' business. Refusal `payout.authority`."""
    if not staff.active or staff.role not in PAYERS:
        raise Refusal("payout.authority")


def plain_totals(totals: dict[Unit, Total]) -> dict[str, dict[str, int]]:
    """For the audit."""
    return {unit.value: dict(vars(total)) for unit, total in sorted(totals.items())}


def payees_of(session: Session, parties: Collection[str]) -> dict[str, Payee]:
    """The bank's references of members and friends."""
    ids: dict[str, list[int]] = defaultdict(list)
    for party in sorted(parties):
        kind, _, number = party.partition(":")
        if kind in ("member", "friend"):
            ids[kind].append(int(number))
    found = {party: Payee() for party in parties}
    members = select(Member.id, Member.customer_ref).where(among(Member.id, "some"))
    for some in chunks(ids["member"], _KNOWN_AT_ONCE):
        for member, reference in session.execute(members, {"some": some}):
            found[f"member:{member}"] = Payee(customer_ref=reference)
    for some in chunks(ids["friend"], _KNOWN_AT_ONCE):
        query = (
            select(CreditRow.referral_id, Application.application_ref, FactRow.customer_ref)
            .join(Application, Application.id == CreditRow.application_id)
            .join(FactRow, FactRow.application_ref == Application.application_ref)
            .where(among(CreditRow.referral_id, "some"), CreditRow.superseded_at.is_(None))
            .where(FactRow.kind == Kind.APPROVED)
            .order_by(FactRow.at.desc(), FactRow.event.desc())
        )
        for referral, application_ref, customer_ref in session.execute(query, {"some": some}):
            found[f"friend:{referral}"] = Payee(customer_ref, application_ref)
    return found


def chunks(many: Sequence[Each], size: int = 500) -> Iterator[Sequence[Each]]:
    """As many at a time as a database takes in one question."""
    for start in range(0, len(many), size):
        yield many[start : start + size]
