"""Claims: what waits for a person, the evidence beside it, the decision with its effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.deciding import decide_claim
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import version
from shared.campaigns.clauses import BaseClause
from shared.claims.claims import BY_PEOPLE, Claim, Reason, State, steps_of
from shared.claims.evidence import EvidenceKind
from shared.people.staff import Staff
from shared.reports.branch_day import zone_at
from shared.reports.claims import ClaimDetails, QueueLine, claim_details, claim_queue
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.tablet.face import tablet, workplace
from webapp.tablet.seats import acting, asking
from webapp.wiring import wiring

REASONS = BY_PEOPLE
_HURRY = timedelta(hours=8)
_MINUTE = 60


@dataclass(frozen=True)
class Clock:
    """How long is left: words' key and numbers, and how loud it reads."""

    key: str
    n: int
    kind: str


@dataclass(frozen=True)
class Effect:
    """What a credit comes to. `amount` in fen; `days` of cooling, the longest."""

    amount: int
    days: int
    unit: Unit = Unit.CNY


def clock_of(due_at: datetime, now: datetime) -> Clock:
    """Hours left, minutes in the last hour, or by how much it is late."""
    left = due_at - now
    kind = "error" if left <= timedelta(0) else "waiting" if left <= _HURRY else "quiet"
    minutes = max(1, int(abs(left).total_seconds() // _MINUTE))
    side = "late" if left <= timedelta(0) else "left"
    if minutes < _MINUTE:
        return Clock(f"tablet.claim.{side}.minutes", minutes, kind)
    return Clock(f"tablet.claim.{side}.hours", minutes // _MINUTE, kind)


@tablet.get("/claims")
def claims() -> Answer:
    """The queue, by due time."""
    with asking() as (session, staff):
        return _page(session, staff, "list")


@tablet.get("/claims/<number>")
def claim(number: str) -> Answer:
    """One claim of the queue with what was found."""
    with asking() as (session, staff):
        return _page(session, staff, "detail", line=_line(session, staff, number))


@tablet.get("/claims/<number>/credit")
def credit(number: str) -> Answer:
    """What a credit would do, before it is done."""
    with asking() as (session, staff):
        return _page(session, staff, "credit", line=_line(session, staff, number))


@tablet.get("/claims/<number>/refuse")
def refuse(number: str) -> Answer:
    """What a refusal says to the member, and the reason it needs."""
    with asking() as (session, staff):
        return _page(session, staff, "refuse", line=_line(session, staff, number))


@tablet.post("/claims/<number>/credit")
def do_credit(number: str) -> Answer:
    """Credit, or agree as the first of two."""
    return _decide(number, True, Reason.EVIDENCE)


@tablet.post("/claims/<number>/refuse")
def do_refuse(number: str) -> Answer:
    """Refuse with one of the reasons."""
    chosen = request.form.get("reason", "")
    if chosen not in [reason.value for reason in REASONS]:
        with asking() as (session, staff):
            line = _line(session, staff, number)
            refused = words_of(Refusal("claim.reason"))
            return _page(session, staff, "refuse", UNPROCESSABLE, line=line, refused=refused)
    return _decide(number, False, Reason(chosen))


def _decide(number: str, to_credit: bool, reason: Reason) -> Answer:
    now = wiring().now()
    with asking() as (session, staff):
        claim_id = _id_of(session, number)
    try:
        with acting() as (session, staff):
            state = decide_claim(session, staff, claim_id, to_credit, reason, now)
    except Refusal as refusal:
        return _not_decided(number, claim_id, refusal, "credit" if to_credit else "refuse")
    _say_decided(number, state)
    return redirect(url_for("tablet.claims"), 303)


def _not_decided(number: str, claim_id: int, refusal: Refusal, step: str) -> Answer:
    with asking() as (session, staff):
        if refusal.code == "claim.decided":
            _say_settled(session, staff, number, claim_id)
            return redirect(url_for("tablet.claims"), 303)
        if refusal.code in ("claim.party", "claim.second"):
            return _page(session, staff, "list", UNPROCESSABLE, refused=words_of(refusal))
        line = _line(session, staff, number)
        return _page(session, staff, step, UNPROCESSABLE, line=line, refused=words_of(refusal))


def _say_decided(number: str, state: State) -> None:
    key = f"tablet.claim.said.{state.value}"
    say(key, "done", f"{key}.next", number=number)


def _say_settled(session: Session, staff: Staff, number: str, claim_id: int) -> None:
    """Pressed twice, or somebody was faster: one's own decision reads as done."""
    last = steps_of(session, claim_id)[-1]
    if last.actor == f"staff:{staff.id}":
        _say_decided(number, State(last.after))
    else:
        say("tablet.claim.said.faster", "info", number=number)


def _id_of(session: Session, number: str) -> int:
    """The claim of a number. NotFound when there is none."""
    if not number.isprintable():
        raise NotFound
    claim_id = session.scalar(select(Claim.id).where(Claim.number == number[:12]))
    if claim_id is None:
        raise NotFound
    return claim_id


def _line(session: Session, staff: Staff, number: str) -> QueueLine | None:
    """The claim in this person's queue; None once it left it. NotFound for one that never was."""
    claim_id = _id_of(session, number)
    queue = claim_queue(session, staff)
    return next((line for line in queue if line.id == claim_id), None)


def _page(
    session: Session,
    staff: Staff,
    step: str,
    status: int = 200,
    line: QueueLine | None = None,
    refused: str = "",
) -> Response:
    now = wiring().now()
    details = _details(session, staff, line)
    given: dict[str, Any] = {
        "queue": claim_queue(session, staff),
        "clocks": {},
        "line": line if details else None,
        "details": details,
        "effect": _effect(session, line, details) if line and details else None,
        "step": step if details else "list",
        "gone": step != "list" and line is None,
        "may_credit": details is not None and not _no_application(details),
        "reasons": REASONS,
        "refused": refused,
        "zone": zone_at(session, now),
        "State": State,
    }
    given["clocks"] = {row.id: clock_of(row.due_at, now) for row in given["queue"]}
    return workplace("claims", "claims", status, **given)


def _details(session: Session, staff: Staff, line: QueueLine | None) -> ClaimDetails | None:
    if line is None:
        return None
    try:
        return claim_details(session, staff, line.id)
    except Refusal:
        return None


def _no_application(details: ClaimDetails) -> bool:
    return any(found.kind is EvidenceKind.NO_APPLICATION for found in details.evidence)


def _effect(session: Session, line: QueueLine, details: ClaimDetails) -> Effect:
    row = session.get(Claim, line.id)
    assert row is not None
    clauses = version(session, row.campaign_id, row.version).rules.clauses
    days = [clause.cooling_days for clause in clauses if isinstance(clause, BaseClause)]
    return Effect(details.amount, max(days, default=0))
