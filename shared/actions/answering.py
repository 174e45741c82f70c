"""Answering: the bank's answer to a payout, line by line. Never paid twice: a line is answered
once, in the transaction that says so in the lives of its keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.notifying import notify_member
from shared.actions.preparing import lock_campaign
from shared.base.money import Unit
from shared.campaigns.campaigns import terms_of
from shared.post.audit import record
from shared.reports.payout_file import Answer
from shared.rewards.payouts import (
    Batch,
    Line,
    LineState,
    Part,
    PartKind,
    State,
    close,
    move,
    parts_of,
)
from shared.rewards.queue import wake
from shared.rewards.standing import Happening, happen

_MONEY = frozenset({Unit.CNY, Unit.DONATION})


@dataclass
class Answered:
    """What came of the bank's answers. `refused`: (line, reference, why not)."""

    paid: int = 0
    failed: int = 0
    repeated: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)


def take_answers(
    session: Session, answers: Sequence[Answer], actor: str, now: datetime
) -> Answered:
    """Take some lines of the bank's answer. The same answer again changes nothing.

    Refused and listed, for a person to look at: `unknown` reference, `not_sent` (the bank
    should not have it), `other` (answered differently before), `amount` (not what was asked).
    """
    lines = _lines_by_reference(session, answers)
    came_to, paid = Answered(), []
    failed: list[tuple[Line, str]] = []
    news: dict[int, Answer] = {}
    for answer in answers:
        line = lines.get(answer.reference)
        before = news.get(line.id) if line is not None else None
        if why := _obstacle(session, line, before, answer):
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
        session, actor, "payout.answered", "payout", now,
        paid=came_to.paid, failed=came_to.failed,
        repeated=came_to.repeated, refused=len(came_to.refused),
    )  # fmt: skip
    return came_to


def _obstacle(
    session: Session, line: Line | None, before: Answer | None, answer: Answer
) -> str | None:
    if line is None:
        return "unknown"
    if line.net == 0 or line.state == LineState.WITHDRAWN.value:
        return "not_sent"
    asked = line.net if Unit(line.unit) in _MONEY else line.net * 100
    if answer.paid and answer.hundredths not in (None, asked):
        return "amount"
    if line.state == LineState.WAITING.value and before is None:
        sent = session.get_one(Batch, line.batch_id).state == State.EXPORTED.value
        return None if sent else "not_sent"
    paid = before.paid if before is not None else line.state == LineState.PAID.value
    return None if paid == answer.paid else "other"


def _lines_by_reference(session: Session, answers: Iterable[Answer]) -> dict[str, Line]:
    """The lines meant, locked behind their campaigns and batches."""
    named = sorted({answer.reference for answer in answers})
    of = Line.reference.in_(named)
    for campaign_id in sorted(session.scalars(select(Line.campaign_id).where(of).distinct())):
        lock_campaign(session, campaign_id)
    query = select(Line).where(of).order_by(Line.id).execution_options(populate_existing=True)
    return {line.reference: line for line in session.scalars(query)}


def complete(session: Session, lines: Sequence[Line], now: datetime) -> None:
    """Paid: the keys' lives say so, and settling moves the ledger."""
    parts = parts_of(session, lines)
    for line in lines:
        close(line, parts[line.id], LineState.PAID, None, now)
        for part in parts[line.id]:
            _happen(session, line, part, now)
        _tell(session, line, "payout.paid", now)
    _wake(session, lines, now)


def _happen(session: Session, line: Line, part: Part, now: datetime) -> None:
    pays = part.kind == PartKind.PAY.value
    happen(
        session,
        part.key,
        line.member_id,
        Happening.PAID if pays else Happening.RECOVERED,
        now,
        unit=Unit(part.unit),
        amount=part.amount,
        tax=part.tax,
        borne=part.borne,
    )


def _fail(session: Session, lines: Sequence[tuple[Line, str]], now: datetime) -> None:
    """Not paid: the amount never left `available`, and the next batch may take it."""
    parts = parts_of(session, [line for line, _ in lines])
    for line, reason in lines:
        close(line, parts[line.id], LineState.FAILED, reason, now)
        _tell(session, line, "payout.failed", now)
    session.flush()


def _tell(session: Session, line: Line, notice: str, now: datetime) -> None:
    """The member hears of their own lines; a friend has no chat with us."""
    if not line.party.startswith("member:"):
        return
    params: dict[str, Any] = {
        "unit": line.unit,
        "amount": line.net,
        "tax": line.tax,
        "borne": line.borne,
        "netted": line.netted,
    }
    rules = terms_of(session, line.campaign_id).newest
    prize = rules.only(line.item, Unit(line.unit)) if line.item else None
    if prize is not None and (named := rules.named(prize)) is not None:
        params["names"] = named.model_dump()
    notify_member(session, line.member_id, notice, params, now, once=f"{notice}:{line.reference}")


def _wake(session: Session, lines: Iterable[Line], now: datetime) -> None:
    for campaign_id, member_id in sorted({(line.campaign_id, line.member_id) for line in lines}):
        wake(session, campaign_id, member_id, now)


def acknowledge(session: Session, batch: Batch, now: datetime) -> None:
    """The batch ends when no line waits any more."""
    session.flush()
    waits = select(Line.id).where(Line.batch_id == batch.id, Line.state == LineState.WAITING.value)
    if session.scalar(waits.limit(1)) is None:
        move(batch, State.ACKNOWLEDGED, now)
