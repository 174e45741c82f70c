"""The plain words of a version, the same in chat, on the landing page and in the terms."""

from __future__ import annotations

from shared.base import i18n
from shared.base.i18n import Locale, text
from shared.base.money import Unit
from shared.campaigns.campaigns import CampaignLimit, CampaignVersion
from shared.campaigns.rules import (
    BaseClause,
    LadderClause,
    LimitId,
    Money,
    Party,
    Programme,
    Trigger,
    TriggerKind,
    WelcomeClause,
)
from shared.campaigns.tax import TaxRule


def offer_lines(
    version: CampaignVersion, locale: Locale, reader: Party = Party.REFERRER
) -> list[str]:
    """Every clause of a version, a line each; what the reader earns comes first."""
    clauses = sorted(version.rules.clauses, key=lambda clause: clause.to is not reader)
    return [clause_words(clause, locale, reader) for clause in clauses]


def terms_lines(
    version: CampaignVersion,
    limits: dict[LimitId, CampaignLimit],
    locale: Locale,
    reader: Party = Party.REFERRER,
) -> list[str]:
    """The complete terms: clauses, what qualifies, limits, and when a reward is taken back."""
    rules = version.rules
    lines = offer_lines(version, locale, reader)
    qualifies = trigger_words(rules.qualifying, locale, reader)
    lines.append(text(locale, "campaign.qualifies", trigger=qualifies))
    lines += [limit_words(row, rules, locale) for _, row in sorted(limits.items())]
    lines.append(text(locale, "campaign.claw_back", days=rules.claw_back_days))
    if rules.tax is not None:
        lines.append(tax_words(rules.tax, locale))
    return lines


def tax_words(rule: TaxRule, locale: Locale) -> str:
    """What is withheld from cash, and who bears it."""
    bearer = "issuer" if rule.gross_up else "party"
    return text(
        locale,
        f"campaign.tax.{rule.per.value}.{rule.taxed.value}.{bearer}",
        threshold=i18n.money(locale, rule.exempt, Unit.CNY),
        rate=rule.rate,
    )


def clause_words(
    clause: BaseClause | WelcomeClause | LadderClause,
    locale: Locale,
    reader: Party = Party.REFERRER,
) -> str:
    """One clause in one sentence, as its reader is addressed."""
    key = f"campaign.clause.{clause.kind}.{reader.value}"
    if isinstance(clause, LadderClause):
        steps = [
            text(locale, "campaign.step", n=step.at, amount=_money(step.amount, locale))
            for step in clause.steps
        ]
        words = text(locale, key, steps=text(locale, "campaign.step.and").join(steps))
    else:
        trigger = trigger_words(clause.trigger, locale, reader)
        words = text(locale, key, trigger=trigger, amount=_money(clause.amount, locale))
    if clause.first_n is not None:
        words = text(locale, "campaign.first_n", words=words, n=i18n.number(locale, clause.first_n))
    if clause.cooling_days == 0:
        return text(locale, "campaign.cooling.none", words=words)
    return text(locale, "campaign.cooling.days", words=words, days=clause.cooling_days)


def trigger_words(trigger: Trigger, locale: Locale, reader: Party = Party.REFERRER) -> str:
    """What must happen, as its reader is addressed."""
    dated = trigger.within_days is not None and trigger.kind is not TriggerKind.FIRST_PURCHASE
    name = f"{trigger.kind.value}_within" if dated else trigger.kind.value
    amount = _money(trigger.at_least, locale) if trigger.at_least is not None else ""
    key = f"campaign.trigger.{name}.{reader.value}"
    return text(locale, key, days=trigger.within_days, amount=amount)


def limit_words(row: CampaignLimit, rules: Programme, locale: Locale) -> str:
    """One limit as the terms state it."""
    kind, _, about = row.limit_id.partition(":")
    assert row.amount is not None
    clause = rules.clause(about) if kind == "first" else None
    return text(
        locale,
        f"campaign.limit.{kind}",
        amount=i18n.money(locale, row.amount, row.unit) if row.unit else "",
        n=i18n.number(locale, row.amount),
        clause=text(locale, f"campaign.clause_name.{clause.kind}") if clause else about,
    )


def reached_words(limit_id: LimitId, locale: Locale, amount: int | None = None) -> str:
    """What a member reads when a limit kept a reward back. `amount` (fen) fills the cap's."""
    kind = limit_id.partition(":")[0]
    written = i18n.money(locale, amount, Unit.CNY) if amount is not None else ""
    return text(locale, f"campaign.reached.{kind}", amount=written)


def _money(money: Money, locale: Locale) -> str:
    return i18n.money(locale, money.amount, money.unit)
