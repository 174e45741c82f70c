"""Withholding: the tax on each line of a payout, with what its party was paid this month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base.clock import local_midnight, month_of
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, CampaignVersion
from shared.campaigns.tax import Per, TaxRule, withheld
from shared.ledger.balance import Account
from shared.rewards.payable import Standing, standings_in, versions_of
from shared.rewards.payouts import Batch, Line, LineState, PartKind
from shared.rewards.slips import parts_of


class TaxOffice:
    """The rule of each key's version, and what each party was paid this month already."""

    def __init__(
        self, session: Session, campaign: Campaign, found: Sequence[Standing], now: datetime
    ) -> None:
        rules = {
            row.number: row.rules.tax
            for row in session.scalars(
                select(CampaignVersion).where(CampaignVersion.campaign_id == campaign.id)
            )
        }
        self._rules = rules
        self._newest = max(rules)
        taxed = any(rule is not None for rule in rules.values())
        self._versions = versions_of(session, campaign.id) if taxed and found else {}
        monthly = any(rule is not None and rule.per is Per.MONTH for rule in rules.values())
        self._month = _month_so_far(session, campaign, now) if monthly else {}

    def rule_of(self, each: Standing) -> TaxRule | None:
        """The rule under which an amount is paid: that of the version that owes it."""
        if each.unit is not Unit.CNY:
            return None
        return self._rules[self._versions.get(each.key, self._newest)]

    def keep(self, party: str, gross: int, rule: TaxRule | None) -> int:
        """The tax on one line; it counts for the party's next."""
        if rule is None:
            return 0
        before, kept = self._month.get(party, (0, 0))
        tax = withheld(gross, before, rule, kept)
        paid = gross + (tax if rule.gross_up else 0)
        self._month[party] = before + paid, kept + tax
        return tax


def _month_so_far(
    session: Session, campaign: Campaign, now: datetime
) -> dict[str, tuple[int, int]]:
    """What each party was paid, gross, and what was withheld of it, this month of the campaign.

    Lines on their way count; what was reversed since does not.
    """
    year, month = map(int, month_of(now, campaign.zone).split("-"))
    lines = list(
        session.scalars(
            select(Line)
            .join(Batch, Batch.id == Line.batch_id)
            .where(Batch.campaign_id == campaign.id, Line.unit == Unit.CNY.value)
            .where(Batch.prepared_at >= local_midnight(date(year, month, 1), campaign.zone))
            .where(Line.state.in_([LineState.WAITING.value, LineState.PAID.value]))
        )
    )
    stands = {
        (each.key, each.account): each.amount
        for each in standings_in(session, campaign.id, [Account.PAID, Account.WITHHELD])
        if lines and each.unit is Unit.CNY
    }
    sums: dict[str, tuple[int, int]] = {}
    parts = parts_of(session, lines)
    for line in lines:
        for part in parts[line.id]:
            if part.kind is not PartKind.PAY:
                continue
            gross, tax = part.amount + part.borne, part.tax
            if line.state == LineState.PAID.value:
                tax = min(tax, stands.get((part.key, Account.WITHHELD), 0))
                gross = min(gross, stands.get((part.key, Account.PAID), 0) + tax)
            before = sums.get(line.party, (0, 0))
            sums[line.party] = before[0] + gross, before[1] + tax
    return sums
