"""Answering: the bank's answer to a payout, line by line. Never paid twice: a line is answered
once, in the transaction that says so in the lives of its keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.kinship import circle_of
from shared.actions.notifying import Notice, notify_members
from shared.actions.preparing import actor_of, chunks, hold_authority, lock_campaign
from shared.base.direct import among
from shared.base.money import Unit
from shared.campaigns.campaigns import terms_of
from shared.campaigns.rules import Terms
from shared.people.staff import Staff
from shared.post.audit import record
from shared.reports.payout_file import Answer
from shared.rewards.payments import Payment, pay_all
from shared.rewards.payouts import Batch, Line, LineState, PartKind, State, move
from shared.rewards.queue import wake_all
from shared.rewards.slips import SLIPS, Piece, Slip, close, parts_of
from shared.rewards.standing import Happening

_MONEY = frozenset({Unit.CNY, Unit.DONATION})
_HAPPENED = {PartKind.PAY: Happening.PAID, PartKind.NET: Happening.RECOVERED}
_TOLD_AT_ONCE = 1000


@dataclass
class Answered:
    """What came of the bank's answers. `refused`: (line, reference, why not)."""

    paid: int = 0
    failed: int = 0
    repeated: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)


def take_answers(
    session: Session, answers: Sequence[Answer], who: Staff | str, now: datetime
) -> Answered:
    """Take some lines of the bank's answer. The same answer again changes nothing.

    `who`: an employee of the desk or a manager, or the operator. Refused and listed, for a person
    to look at: `unknown` reference, `not_sent` (the bank should not have it), `other` (answered
    differently before), `amount` (not what was asked), `party` (paid to the employee or somebody
    close to them: called failed, it would be paid again). Refusal `payout.authority`.
    """
    barred: Collection[str] = ()
    if isinstance(who, Staff):
        hold_authority(who)
        barred = circle_of(session, who).customers
    lines = _lines_by_reference(session, answers)
    sent = _sent(session, lines.values())
    came_to, paid = Answered(), []
    failed: list[tuple[Slip, str]] = []
    news: dict[int, Answer] = {}
    for answer in answers:
        line = lines.get(answer.reference)
        before = news.get(line.id) if line is not None else None
        own = line is not None and line.customer_ref in barred
        if why := "party" if own else _obstacle(sent, line, before, answer):
            came_to.refused.append((answer.line, answer.reference, why))
            continue
        assert line is not None
        if before is not None or line.state != LineState.WAITING.value:
            came_to.repeated += 1
            continue
        news[line.id] = answer
        if answer.paid:
            paid.append(line)
        else:
            failed.append((line, answer.reason))
    complete(session, paid, now)
    _fail(session, failed, now)
    came_to.paid, came_to.failed = len(paid), len(failed)
    for batch_id in sorted({lines[answer.reference].batch_id for answer in news.values()}):
        acknowledge(session, session.get_one(Batch, batch_id), now)
    record(
        session, actor_of(who), "payout.answered", "payout", now,
        paid=came_to.paid, failed=came_to.failed,
        repeated=came_to.repeated, refused=len(came_to.refused),
    )  # fmt: skip
    return came_to


def _obstacle(
    sent: Collection[int], line: Slip | None, before: Answer | None, answer: Answer
) -> str | None:
    """Why an answer is not taken. `sent`: the batches that the bank has and has not ended."""
    if line is None:
        return "unknown"
    if line.net == 0 or line.state == LineState.WITHDRAWN.value:
        return "not_sent"
    asked = line.net if Unit(line.unit) in _MONEY else line.net * 100
    if answer.paid and answer.hundredths not in (None, asked):
        return "amount"
    if line.state == LineState.WAITING.value and before is None:
        return None if line.batch_id in sent else "not_sent"
    paid = before.paid if before is not None else line.state == LineState.PAID.value
    return None if paid == answer.paid else "other"


def _lines_by_reference(session: Session, answers: Iterable[Answer]) -> dict[str, Slip]:
    """The lines meant, locked behind their campaigns and batches."""
    named = {"named": sorted({answer.reference for answer in answers})}
    of = among(Line.reference, "named")
    campaigns = session.scalars(select(Line.campaign_id).where(of).distinct(), named)
    for campaign_id in sorted(campaigns):
        lock_campaign(session, campaign_id)
    slips = (Slip(*row) for row in session.execute(SLIPS.where(of), named))
    return {slip.reference: slip for slip in slips}


def _sent(session: Session, lines: Iterable[Slip]) -> set[int]:
    """Which of their batches the bank has."""
    of = Batch.id.in_({line.batch_id for line in lines})
    return set(session.scalars(select(Batch.id).where(of, Batch.state == State.EXPORTED.value)))


def complete(session: Session, lines: Sequence[Slip], now: datetime) -> None:
    """Paid: the keys' lives say so, and settling moves the ledger."""
    close(session, lines, LineState.PAID, None, now)
    pay_all(session, _payments(lines, parts_of(session, lines)), now)
    _tell(session, lines, "payout.paid", now)
    wake_all(session, {(line.campaign_id, line.member_id) for line in lines}, now)


def _payments(lines: Iterable[Slip], parts: Mapping[int, Iterable[Piece]]) -> Iterator[Payment]:
    for line in lines:
        for part in parts[line.id]:
            kind, member = _HAPPENED[part.kind], line.member_id
            amounts = part.amount, part.tax, part.borne
            yield Payment(part.key, member, kind, part.unit, *amounts)


def _fail(session: Session, lines: Sequence[tuple[Slip, str]], now: datetime) -> None:
    """Not paid: the amount never left `available`, and the next batch may take it."""
    reasons: dict[str, list[Slip]] = defaultdict(list)
    for line, reason in lines:
        reasons[reason].append(line)
    for reason, some in reasons.items():
        close(session, some, LineState.FAILED, reason, now)
    _tell(session, [line for line, _ in lines], "payout.failed", now)


def _tell(session: Session, lines: Sequence[Slip], notice: str, now: datetime) -> None:
    """Members hear of their own lines; a friend has no chat with us."""
    own = [line for line in lines if line.party.startswith("member:")]
    terms = {
        campaign_id: terms_of(session, campaign_id)
        for campaign_id in {line.campaign_id for line in own if line.item}
    }
    for some in chunks(own, _TOLD_AT_ONCE):
        notify_members(session, [_notice(line, notice, terms) for line in some], now)


def _notice(line: Slip, notice: str, terms: Mapping[int, Terms]) -> Notice:
    params: dict[str, Any] = {
        "unit": line.unit,
        "amount": line.net,
        "tax": line.tax,
        "borne": line.borne,
        "netted": line.netted,
    }
    if line.item:
        rules = terms[line.campaign_id].holding(line.item)
        prize = rules.only(line.item, Unit(line.unit))
        if prize is not None and (named := rules.named(prize)) is not None:
            params["names"] = named.model_dump()
    return Notice(line.member_id, notice, params, once=f"{notice}:{line.reference}")


def acknowledge(session: Session, batch: Batch, now: datetime) -> None:
    """The batch ends when no line waits any more."""
    session.flush()
    waits = select(Line.id).where(Line.batch_id == batch.id, Line.state == LineState.WAITING.value)
    if session.scalar(waits.limit(1)) is None:
        move(batch, State.ACKNOWLEDGED, now)
