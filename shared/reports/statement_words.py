"""A statement in words: the same for the chat's lines and for the PDF, in one language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base import i18n
from shared.base.i18n import Locale, text
from shared.base.money import Unit
from shared.base.privacy import mask_name
from shared.campaigns import words
from shared.campaigns.campaigns import CampaignVersion, shown_campaign
from shared.people.members import get_member, person_of
from shared.people.persons import name_of
from shared.pictures.statement_sheet import Entry, StatementSheet, Sum
from shared.reports.statement import Total, as_of, statement, totals
from shared.reports.statement_lines import Line, Status

MOST_IN_PDF = 1000
"""Grants on one PDF; a longer history says so and names the branch."""
_ZONE = "Asia/Shanghai"
_NOTHING = "–"


def clause_words(locale: Locale, line: Line) -> str:
    """The clause as the terms name it."""
    if line.clause:
        return text(locale, f"campaign.clause_name.{line.clause}")
    return text(locale, "statement.goodwill" if line.goodwill else "statement.other")


def what_words(locale: Locale, line: Line) -> str:
    """What a grant is for: `推荐奖励 · 王同事`, `阶梯奖励 · 满 3 位好友`."""
    what = clause_words(locale, line)
    if line.friend is not None:
        who = line.friend.label or text(locale, "friend.ordinal", n=line.friend.ordinal)
        what = text(locale, "statement.what.friend", clause=what, who=who)
    elif line.step:
        what = text(locale, "statement.what.step", clause=what, n=line.step)
    if line.month:
        month = i18n.month(locale, date.fromisoformat(f"{line.month}-01"))
        what = text(locale, "statement.what.month", what=what, month=month)
    return text(locale, "statement.what.at_once", what=what) if line.at_once else what


def status_words(locale: Locale, line: Line) -> str:
    """Where a grant stands, since or until when, and what became of the rest of it."""
    told = [_stands(locale, line)]
    if line.tax:
        tax = i18n.money(locale, line.tax, line.unit)
        net = i18n.money(locale, line.net, line.unit)
        told.append(text(locale, "statement.taxed", tax=tax, net=net))
    if 0 < line.back < line.gross:
        back = i18n.money(locale, line.back, line.unit)
        told.append(text(locale, "statement.part_back", amount=back))
    if line.limit and line.status is not Status.LIMIT:
        told.append(text(locale, "statement.limited", reason=limit_words(locale, line)))
    return text(locale, "statement.and").join(told)


def _stands(locale: Locale, line: Line) -> str:
    key = f"statement.status.{line.status.value}"
    at = line.available if line.status in (Status.PENDING, Status.AVAILABLE) else line.ended
    if line.status is Status.AVAILABLE and line.unit is Unit.CHOICE:
        key += ".choice"
    if line.status is Status.PAID and line.unit is Unit.DONATION:
        key += ".donation"
    if at is None and line.status is not Status.LIMIT:
        key += ".undated"
    return text(
        locale,
        key,
        day=i18n.day(locale, at, line.zone) if at is not None else "",
        clause=clause_words(locale, line),
        reason=limit_words(locale, line),
    )


def limit_words(locale: Locale, line: Line) -> str:
    """Which limit kept something back, in a few words; empty when none did."""
    if not line.limit:
        return ""
    kind = line.limit.partition(":")[0]
    if line.cap is not None:
        return text(locale, "statement.cap", amount=i18n.money(locale, line.cap, Unit.CNY))
    short = f"progress.limit.{kind}"
    known = short in i18n.catalogue(locale)
    return text(locale, short) if known else words.reached_words(line.limit, locale)


def sheet_for(
    session: Session, member_id: int, locale: Locale, issuer: str, now: datetime
) -> StatementSheet:
    """A member's whole statement as of `now`, every word chosen, ready to be drawn."""
    page = statement(session, member_id, now, most=MOST_IN_PDF)
    shown = shown_campaign(session, now)
    zone = page.lines[0].zone if page.lines else shown.zone if shown is not None else _ZONE
    name = name_of(session, person_of(session, get_member(session, member_id)))
    seen = as_of(session)
    local = i18n.moment_with_year(locale, now, zone)
    where = i18n.zone_name(locale, zone)
    chain = (
        text(locale, "statement.pdf.chain", entry=seen.entry, hash=seen.hash[:12])
        if seen.entry
        else text(locale, "statement.pdf.no_chain")
    )
    notes = [text(locale, "statement.pdf.cut", n=MOST_IN_PDF)] if page.older else []
    return StatementSheet(
        language=locale.lang,
        issuer=issuer,
        title=text(locale, "statement.pdf.title"),
        member=text(locale, "statement.pdf.member", name=mask_name(name)),
        as_of=text(locale, "statement.pdf.as_of", moment=local, zone=where),
        chain=chain,
        sums_title=text(locale, "statement.pdf.sums"),
        sum_heads=tuple(text(locale, f"statement.pdf.sum.{head}") for head in _SUMS),
        sums=tuple(_sum(locale, total) for total in totals(session, member_id)),
        title_of_entries=text(locale, "statement.pdf.entries"),
        heads=tuple(text(locale, f"statement.pdf.head.{head}") for head in _HEADS),
        entries=tuple(_entry(locale, line) for line in page.lines),
        nothing=text(locale, "statement.none"),
        notes_title=text(locale, "statement.pdf.notes"),
        notes=(*notes, *_clauses(session, locale, page.lines), *_small_print(locale)),
        page=text(locale, "statement.pdf.page", n="{n}", of="{of}"),
    )


_SUMS = ("unit", "pending", "available", "paid", "tax", "recoverable")
_HEADS = ("earned", "what", "status", "gross", "tax", "net")


def _sum(locale: Locale, total: Total) -> Sum:
    amounts = (total.pending, total.available, total.paid, total.tax, total.recoverable)
    return Sum(
        text(locale, f"statement.unit.{total.unit.value}"),
        tuple(_amount(locale, amount, total.unit) for amount in amounts),
    )


def _entry(locale: Locale, line: Line) -> Entry:
    status = status_words(locale, line)
    why = text(locale, "statement.pdf.version", version=line.version) if line.clause else ""
    return Entry(
        earned=i18n.full_day(locale, line.earned, line.zone),
        what=what_words(locale, line),
        why=why,
        status=status[:1].upper() + status[1:],
        gross=_amount(locale, line.gross, line.unit),
        tax=_amount(locale, line.tax, line.unit),
        net=_amount(locale, line.net, line.unit),
        live=line.status not in (Status.TAKEN_BACK, Status.LIMIT, Status.EXPIRED),
    )


def _amount(locale: Locale, amount: int, unit: Unit) -> str:
    return i18n.money(locale, amount, unit) if amount else _NOTHING


def _clauses(session: Session, locale: Locale, lines: Iterable[Line]) -> Sequence[str]:
    """Each clause that something was granted under, once, as its version's terms word it."""
    used = sorted({(line.key.campaign, line.version, line.key.clause) for line in lines})
    campaigns = {campaign for campaign, _, _ in used}
    rows = session.scalars(
        select(CampaignVersion).where(CampaignVersion.campaign_id.in_(campaigns))
    )
    rules = {(row.campaign_id, row.number): row.rules for row in rows}
    told = []
    for campaign, version, clause_id in used:
        found = rules.get((campaign, version))
        clause = found.clause(clause_id) if found is not None else None
        if found is None or clause is None:
            continue
        told.append(
            text(
                locale,
                "statement.pdf.clause",
                campaign=found.name.of(locale),
                version=version,
                clause=text(locale, f"campaign.clause_name.{clause.kind}"),
                words=words.clause_words(clause, found, locale),
            )
        )
    return told


def _small_print(locale: Locale) -> tuple[str, ...]:
    return tuple(text(locale, f"statement.pdf.small.{name}") for name in ("tax", "limits", "help"))
