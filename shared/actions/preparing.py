"""Preparing a payout: what stands available in a campaign becomes a batch of lines, a line for
each party and unit, less tax and less what the party owes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.assessing import risk_rules_of
from shared.actions.withholding import TaxOffice
from shared.applications.facts import Application, FactRow, Kind
from shared.base.errors import Refusal
from shared.base.money import Unit, split
from shared.campaigns.campaigns import Campaign, Life
from shared.campaigns.risk import RiskMode
from shared.campaigns.tax import TaxRule
from shared.ledger.balance import Account
from shared.people.members import Member
from shared.people.staff import Role, Staff
from shared.post.audit import record
from shared.referrals.referrals import CreditRow
from shared.rewards.payouts import (
    Batch,
    Line,
    LineState,
    Part,
    PartKind,
    Standing,
    State,
    open_keys,
    standings_in,
    unsettled,
)
from shared.risk.looks import unlooked

PAYERS = frozenset({Role.DESK.value, Role.MANAGER.value})
"""Whose role prepares, confirms and sees payouts in full."""
_NAMED_BY_CLAUSE = frozenset({Unit.GIFT, Unit.PRIVILEGE, Unit.DONATION})
"""Units of which only the clause says what is given."""


@dataclass(frozen=True)
class Payee:
    """By which references the bank knows a party."""

    customer_ref: str | None = None
    application_ref: str | None = None

    @property
    def known(self) -> bool:
        """Whether the bank could pay them at all."""
        return bool(self.customer_ref or self.application_ref)


@dataclass(frozen=True)
class Total:
    """Sums of lines in one unit. `net = gross + borne - tax - netted`."""

    lines: int = 0
    gross: int = 0
    borne: int = 0
    tax: int = 0
    netted: int = 0
    net: int = 0

    def plus(self, line: Line) -> Total:
        """With one line more."""
        return Total(
            self.lines + 1,
            self.gross + line.gross,
            self.borne + line.borne,
            self.tax + line.tax,
            self.netted + line.netted,
            self.net + line.net,
        )


@dataclass(frozen=True)
class Prepared:
    """A batch's number, its sums, and how many members wait for the next one."""

    number: int
    totals: dict[Unit, Total]
    unsettled: int


@dataclass(frozen=True)
class _Draft:
    """One line to be: whose, what it pays and what it nets, under which tax rule."""

    pays: tuple[Standing, ...]
    nets: tuple[tuple[Standing, int], ...]
    tax: int
    borne: int

    @property
    def gross(self) -> int:
        return sum(each.amount for each in self.pays)

    @property
    def netted(self) -> int:
        return sum(amount for _, amount in self.nets)


def prepare(session: Session, campaign_id: int, maker: Staff | str, now: datetime) -> Prepared:
    """Collect all that stands available in a campaign into a new batch.

    `maker`: an employee, whose own rewards wait for another's batch, or the operator of the
    command line. Members of whom the ledger does not yet say all that was heard wait as well,
    and those of whom the risk checks have a referral to look at.
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
    own = maker.customer_ref if isinstance(maker, Staff) else None
    found = [
        each
        for each in found
        if (payee := payees[each.key.party]).known and (own is None or payee.customer_ref != own)
    ]
    drafts = list(_drafts(found, TaxOffice(session, campaign, found, now)))
    if not drafts:
        raise Refusal("payout.nothing", slug=campaign.slug)
    actor = actor_of(maker)
    batch = Batch(
        campaign_id=campaign_id, state=State.PREPARED.value, prepared_by=actor, prepared_at=now
    )
    session.add(batch)
    session.flush()
    totals = _write(session, batch, drafts, payees)
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


def totals_of(lines: Iterable[Line]) -> dict[Unit, Total]:
    """Sums by unit."""
    totals: dict[Unit, Total] = {}
    for line in lines:
        unit = Unit(line.unit)
        totals[unit] = totals.get(unit, Total()).plus(line)
    return totals


def payees_of(session: Session, parties: Collection[str]) -> dict[str, Payee]:
    """The bank's references of members and friends."""
    ids: dict[str, list[int]] = defaultdict(list)
    for party in sorted(parties):
        kind, _, number = party.partition(":")
        if kind in ("member", "friend"):
            ids[kind].append(int(number))
    found = {party: Payee() for party in parties}
    for some in chunks(ids["member"]):
        for member in session.scalars(select(Member).where(Member.id.in_(some))):
            found[f"member:{member.id}"] = Payee(customer_ref=member.customer_ref)
    for some in chunks(ids["friend"]):
        query = (
            select(CreditRow.referral_id, Application.application_ref, FactRow.customer_ref)
            .join(Application, Application.id == CreditRow.application_id)
            .join(FactRow, FactRow.application_ref == Application.application_ref)
            .where(CreditRow.referral_id.in_(some), CreditRow.superseded_at.is_(None))
            .where(FactRow.kind == Kind.APPROVED)
            .order_by(FactRow.at.desc(), FactRow.event.desc())
        )
        for referral, application_ref, customer_ref in session.execute(query):
            found[f"friend:{referral}"] = Payee(customer_ref, application_ref)
    return found


def chunks(ids: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    """As many at a time as a database takes in one question."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _drafts(found: Iterable[Standing], office: TaxOffice) -> Iterator[_Draft]:
    """Lines to be, in the order of party, unit and item; what is owed back is netted first."""
    owed: dict[tuple[str, Unit, str], list[Standing]] = defaultdict(list)
    back: dict[tuple[str, Unit, str], list[Standing]] = defaultdict(list)
    for each in found:
        item = each.key.clause if each.unit in _NAMED_BY_CLAUSE else ""
        side = owed if each.account is Account.AVAILABLE else back
        side[each.key.party, each.unit, item].append(each)
    for place in sorted(owed, key=lambda place: (owed[place][0].member, place)):
        debts = back[place]
        for rule, pays in _by_rule(owed[place], office):
            gross = sum(each.amount for each in pays)
            tax = office.keep(place[0], gross, rule)
            borne = tax if rule is not None and rule.gross_up else 0
            nets, debts = _net(debts, gross + borne - tax)
            yield _Draft(tuple(pays), nets, tax, borne)


def _by_rule(
    pays: Iterable[Standing], office: TaxOffice
) -> list[tuple[TaxRule | None, list[Standing]]]:
    groups: dict[TaxRule | None, list[Standing]] = {}
    for each in pays:
        groups.setdefault(office.rule_of(each), []).append(each)
    return list(groups.items())


def _net(
    debts: Sequence[Standing], most: int
) -> tuple[tuple[tuple[Standing, int], ...], list[Standing]]:
    """What is taken of each debt, `most` in all; and what is left of them."""
    taken, left = [], []
    for debt in debts:
        amount = min(debt.amount, most)
        most -= amount
        if amount:
            taken.append((debt, amount))
        if rest := debt.amount - amount:
            left.append(replace(debt, amount=rest))
    return tuple(taken), left


def _write(
    session: Session, batch: Batch, drafts: Sequence[_Draft], payees: dict[str, Payee]
) -> dict[Unit, Total]:
    lines = [
        _line(batch, ordinal, draft, payees[draft.pays[0].key.party])
        for ordinal, draft in enumerate(drafts, 1)
    ]
    session.add_all(lines)
    session.flush()
    for line, draft in zip(lines, drafts, strict=True):
        session.add_all(_parts(line.id, draft))
    session.flush()
    return totals_of(lines)


def _line(batch: Batch, ordinal: int, draft: _Draft, payee: Payee) -> Line:
    first = draft.pays[0]
    return Line(
        batch_id=batch.id,
        ordinal=ordinal,
        reference=f"JK{batch.id:06d}-{ordinal:05d}",
        campaign_id=batch.campaign_id,
        member_id=first.member,
        party=first.key.party,
        customer_ref=payee.customer_ref,
        application_ref=payee.application_ref,
        unit=first.unit.value,
        item=first.key.clause if first.unit in _NAMED_BY_CLAUSE else "",
        gross=draft.gross,
        borne=draft.borne,
        tax=draft.tax,
        netted=draft.netted,
        net=draft.gross + draft.borne - draft.tax - draft.netted,
        state=LineState.WAITING.value,
    )


def _parts(line_id: int, draft: _Draft) -> Iterator[Part]:
    """Tax is shared among the keys by their amounts, to the fen."""
    weights = [each.amount for each in draft.pays]
    taxes, borne = split(draft.tax, weights), split(draft.borne, weights)
    for each, tax, more in zip(draft.pays, taxes, borne, strict=True):
        yield _part(line_id, PartKind.PAY, each, each.amount, tax, more)
    for each, amount in draft.nets:
        yield _part(line_id, PartKind.NET, each, amount, 0, 0)


def _part(line_id: int, kind: PartKind, each: Standing, amount: int, tax: int, borne: int) -> Part:
    return Part(
        line_id=line_id,
        kind=kind.value,
        campaign_id=each.key.campaign,
        party=each.key.party,
        clause=each.key.clause,
        occasion=each.key.occasion,
        unit=each.unit.value,
        amount=amount,
        tax=tax,
        borne=borne,
        open=True,
    )
