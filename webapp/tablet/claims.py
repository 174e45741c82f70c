"""Claims: what waits for a person, whose work it is, the evidence beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.claim_noting import LONGEST
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import version
from shared.campaigns.clauses import BaseClause
from shared.claims.claims import BY_PEOPLE, Claim, State
from shared.claims.evidence import UNCREDITABLE, kinds_of
from shared.people.staff import Staff
from shared.reports.branch_day import zone_at
from shared.reports.claims import ClaimDetails, QueueLine, claim_details, claim_queue, queue_line
from webapp.claim_words import Answers, answers_to, clock_of
from webapp.sitting import Answer
from webapp.tablet.face import tablet, workplace
from webapp.tablet.seats import asking
from webapp.wiring import wiring

REASONS = BY_PEOPLE


@dataclass(frozen=True)
class Effect:
    """What a credit comes to. `amount` in fen; `days` of cooling, the longest."""

    amount: int
    days: int
    unit: Unit = Unit.CNY


@tablet.get("/claims")
def claims() -> Answer:
    """The queue, by due time."""
    with asking() as (session, staff):
        return claims_page(session, staff, "list")


@tablet.get("/claims/<number>")
def claim(number: str) -> Answer:
    """One claim of the queue with what was found."""
    with asking() as (session, staff):
        return claims_page(session, staff, "detail", line=line_of(session, staff, number))


@tablet.get("/claims/<number>/credit")
def credit(number: str) -> Answer:
    """What a credit would do, before it is done."""
    with asking() as (session, staff):
        return claims_page(session, staff, "credit", line=line_of(session, staff, number))


@tablet.get("/claims/<number>/refuse")
def refuse(number: str) -> Answer:
    """What a refusal says to the member, and the reason it needs."""
    with asking() as (session, staff):
        return claims_page(session, staff, "refuse", line=line_of(session, staff, number))


def id_of(session: Session, number: str) -> int:
    """The claim of a number. NotFound when there is none."""
    if not number.isprintable():
        raise NotFound
    claim_id = session.scalar(select(Claim.id).where(Claim.number == number[:12]))
    if claim_id is None:
        raise NotFound
    return claim_id


def line_of(session: Session, staff: Staff, number: str) -> QueueLine | None:
    """The claim while it waits; None once it does not. NotFound for one that never was."""
    return queue_line(session, staff, id_of(session, number))


def claims_page(
    session: Session,
    staff: Staff,
    step: str,
    status: int = 200,
    line: QueueLine | None = None,
    refused: str = "",
    look: int | None = None,
    typed: str = "",
) -> Response:
    """The queue and, beside it, a claim at some step. `look`: its picture is looked at, by this
    act; `typed`: a note that was refused."""
    now, opened = wiring().now(), step != "list"
    details = _details(session, staff, line)
    step = step if details else "list"
    given: dict[str, Any] = {
        "queue": claim_queue(session, staff),
        "clocks": {},
        "line": line if details else None,
        "details": details,
        "effect": _effect(session, line, details) if line and details else None,
        "step": step,
        "gone": opened and line is None,
        "answers": _answers(session, line, details, step),
        "bar": _bar(details) if details is not None else "",
        "reasons": REASONS,
        "refused": refused,
        "zone": zone_at(session, now),
        "State": State,
        "look": look,
        "typed": typed,
        "longest": LONGEST,
    }
    shown = [*given["queue"], *([line] if line else [])]
    given["clocks"] = {row.id: clock_of(row.due_at, now) for row in shown}
    return workplace("claims", "claims", status, **given)


def _answers(
    session: Session, line: QueueLine | None, details: ClaimDetails | None, step: str
) -> Answers | None:
    """What may be answered; nothing leaves on the word of the first of two."""
    if line is None or details is None or step not in ("credit", "refuse"):
        return None
    first = step == "credit" and (details.disputed or details.override)
    if first and not line.second_person:
        return None
    return answers_to(session, line.id, step == "credit", wiring().now())


def _details(session: Session, staff: Staff, line: QueueLine | None) -> ClaimDetails | None:
    if line is None:
        return None
    try:
        return claim_details(session, staff, line.id)
    except Refusal:
        return None


def _bar(details: ClaimDetails) -> str:
    """Why nobody can credit it; empty when somebody can."""
    kinds = kinds_of(details.evidence)
    return next((kind.value for kind in UNCREDITABLE if kind in kinds), "")


def _effect(session: Session, line: QueueLine, details: ClaimDetails) -> Effect:
    row = session.get(Claim, line.id)
    assert row is not None
    clauses = version(session, row.campaign_id, row.version).rules.clauses
    days = [clause.cooling_days for clause in clauses if isinstance(clause, BaseClause)]
    return Effect(details.amount, max(days, default=0))
