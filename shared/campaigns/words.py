"""The plain words of a version, the same in chat, on the landing page and in the terms."""

from __future__ import annotations

from shared.base import i18n
from shared.base.i18n import Locale, text
from shared.base.money import Unit
from shared.campaigns.campaigns import CampaignLimit, CampaignVersion
from shared.campaigns.clauses import (
    BaseClause,
    Clause,
    LadderClause,
    Multiplier,
    Party,
    ShareClause,
    Span,
    StageClause,
    WelcomeClause,
)
from shared.campaigns.conditions import SPENDING, Trigger
from shared.campaigns.prizes import Money, Prize, Reward
from shared.campaigns.rules import LimitId, Programme, is_about
from shared.campaigns.tax import TaxRule


def offer_lines(
    version: CampaignVersion, locale: Locale, reader: Party = Party.REFERRER
) -> list[str]:
    """Every clause of a version, a line each; what the reader earns comes first."""
    clauses = sorted(version.rules.clauses, key=lambda clause: clause.to is not reader)
    return [clause_words(clause, version.rules, locale, reader) for clause in clauses]


def terms_lines(
    version: CampaignVersion,
    limits: dict[LimitId, CampaignLimit],
    locale: Locale,
    reader: Party = Party.REFERRER,
) -> list[str]:
    """The complete terms: clauses, what qualifies, limits, when a reward is taken back; to a
    member also what can be claimed."""
    rules = version.rules
    lines = offer_lines(version, locale, reader)
    qualifies = trigger_words(rules.qualifying, locale, reader)
    lines.append(text(locale, "campaign.qualifies", trigger=qualifies))
    bind = sorted(limit_id for limit_id in limits if is_about(limit_id, rules))
    lines += [limit_words(limits[limit_id], rules, locale) for limit_id in bind]
    lines.append(text(locale, "campaign.claw_back", days=rules.claw_back_days))
    if rules.tax is not None:
        lines.append(tax_words(rules.tax, locale))
    if reader is Party.REFERRER:
        claims = rules.claims
        most = min(claims.most_per_month, claims.most_per_member)
        lines.append(text(locale, "campaign.claims", days=claims.window_days, n=most))
    return lines


def claims_clause(version: CampaignVersion, limits: dict[LimitId, CampaignLimit]) -> int:
    """The number under which a member's terms speak of claims: the last."""
    return len(terms_lines(version, limits, Locale.EN))


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
    clause: Clause, rules: Programme, locale: Locale, reader: Party = Party.REFERRER
) -> str:
    """One clause in one sentence, as its reader is addressed."""
    words = _BODIES[clause.kind](clause, rules, locale, reader)
    if isinstance(clause, (BaseClause, WelcomeClause)):
        words = _multiplied(words, clause.multipliers, locale)
    if clause.first_n is not None:
        words = text(locale, "campaign.first_n", words=words, n=i18n.number(locale, clause.first_n))
    at_once = getattr(clause, "at_once_percent", 0)
    if clause.cooling_days == 0:
        return text(locale, "campaign.cooling.none", words=words)
    name = "campaign.cooling.part" if at_once else "campaign.cooling.days"
    return text(locale, name, words=words, days=clause.cooling_days, percent=at_once)


def _per_friend(clause: Clause, rules: Programme, locale: Locale, reader: Party) -> str:
    assert isinstance(clause, (BaseClause, WelcomeClause))
    return text(
        locale,
        f"campaign.clause.{clause.kind}.{reader.value}",
        trigger=trigger_words(clause.trigger, locale, reader),
        amount=prize_words(clause.amount, rules, locale),
    )


def _ladder(clause: Clause, rules: Programme, locale: Locale, reader: Party) -> str:
    assert isinstance(clause, LadderClause)
    steps = [
        text(locale, "campaign.step", n=step.at, amount=prize_words(step.amount, rules, locale))
        for step in clause.steps
    ]
    kind = "ladder" if clause.per is Span.CAMPAIGN else "ladder_month"
    joined = text(locale, "campaign.step.and").join(steps)
    words = text(locale, f"campaign.clause.{kind}.{reader.value}", steps=joined)
    if clause.highest_only:
        words = text(locale, "campaign.ladder.highest", words=words)
    if clause.rounds:
        words = text(locale, "campaign.ladder.rounds", words=words, n=clause.steps[-1].at)
    return words


def _share(clause: Clause, rules: Programme, locale: Locale, reader: Party) -> str:  # noqa: ARG001
    assert isinstance(clause, ShareClause)
    bands = [
        text(
            locale,
            "campaign.band",
            spent=_money(band.at_least, locale),
            amount=_money(band.amount, locale),
        )
        for band in clause.bands
    ]
    key = f"campaign.clause.share.{reader.value}"
    joined = text(locale, "campaign.step.and").join(bands)
    return text(locale, key, months=clause.months, bands=joined)


def _stage(clause: Clause, rules: Programme, locale: Locale, reader: Party) -> str:
    assert isinstance(clause, StageClause)
    name = "campaign.clause.stage" if clause.months == 1 else "campaign.clause.stage_months"
    return text(
        locale,
        f"{name}.{reader.value}",
        months=clause.months,
        spent=_money(clause.at_least, locale),
        amount=prize_words(clause.amount, rules, locale),
    )


_BODIES = {
    "base": _per_friend,
    "welcome": _per_friend,
    "ladder": _ladder,
    "share": _share,
    "stage": _stage,
}
"""How each kind of clause reads."""


def _multiplied(words: str, multipliers: tuple[Multiplier, ...], locale: Locale) -> str:
    for each in multipliers:
        when = []
        if each.segment is not None:
            when.append(text(locale, "campaign.when.segment", segment=each.segment))
        if each.starts is not None and each.ends is not None:
            starts, ends = (
                i18n.full_day(locale, each.starts, "UTC"),
                i18n.full_day(locale, each.ends, "UTC"),
            )
            when.append(text(locale, "campaign.when.season", starts=starts, ends=ends))
        if each.weekdays:
            days = [text(locale, f"campaign.weekday.{day.value}") for day in each.weekdays]
            joined = text(locale, "campaign.step.and").join(days)
            when.append(text(locale, "campaign.when.weekdays", days=joined))
        times = f"{each.percent / 100:g}"
        joined = text(locale, "campaign.when.and").join(when)
        words = text(locale, "campaign.multiplied", words=words, when=joined, times=times)
    return words


def prize_words(prize: Prize, rules: Programme, locale: Locale) -> str:
    """A prize as a sentence names it: `¥100`, a gift by its name, `¥50 or a mug, as you pick`."""
    if isinstance(prize, Reward) and prize.options:
        options = [prize_words(each, rules, locale) for each in prize.options]
        joined = text(locale, "campaign.prize.or").join(options)
        return text(locale, "campaign.prize.pick", options=joined, days=prize.within_days)
    named = rules.named(prize)
    if named is None:
        return i18n.money(locale, prize.amount, prize.unit)
    return named_words(prize.unit, prize.amount, named.of(locale), locale)


def named_words(unit: Unit, amount: int, name: str, locale: Locale) -> str:
    """So much of a gift, a privilege or for a cause, by its name."""
    written = i18n.money(locale, amount, Unit.CNY)
    return text(locale, f"campaign.prize.{unit.value.lower()}", name=name, n=amount, amount=written)


def trigger_words(trigger: Trigger, locale: Locale, reader: Party = Party.REFERRER) -> str:
    """What must happen, as its reader is addressed."""
    dated = trigger.within_days is not None and trigger.kind not in SPENDING
    name = f"{trigger.kind.value}_within" if dated else trigger.kind.value
    amount = _money(trigger.at_least, locale) if trigger.at_least is not None else ""
    key = f"campaign.trigger.{name}.{reader.value}"
    return text(locale, key, days=trigger.within_days or trigger.days, amount=amount)


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
        gift=next((gift.name.of(locale) for gift in rules.gifts if gift.id == about), about),
    )


def reached_words(limit_id: LimitId, locale: Locale, amount: int | None = None) -> str:
    """What a member reads when a limit kept a reward back. `amount` (fen) fills the cap's."""
    kind = limit_id.partition(":")[0]
    written = i18n.money(locale, amount, Unit.CNY) if amount is not None else ""
    return text(locale, f"campaign.reached.{kind}", amount=written)


def _money(money: Money, locale: Locale) -> str:
    return i18n.money(locale, money.amount, money.unit)
