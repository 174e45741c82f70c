"""What waits for a second person: what it does, and the two ways it can go."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.approvals import (
    Approval,
    ApprovalKind,
    ApprovalState,
    approval_of,
    turn_down,
)
from shared.actions.campaigning import confirm
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Life, get_campaign
from shared.campaigns.changes import file_terms
from shared.campaigns.problems import CampaignFileError
from shared.reports.desk_approvals import ApprovalLine, approval_line, approval_lines
from shared.reports.desk_effects import effect_on
from shared.reports.desk_waiting import Waiting, Work, waiting_work
from webapp.desk.face import desk, filters, page, present
from webapp.desk.flagged import flagged_rows
from webapp.desk.programme import changes_to, removed_clauses
from webapp.desk.seats import acting, asking
from webapp.desk.tables import Cell, Column, as_csv
from webapp.desk.typed import one_of
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.wiring import wiring
from webapp.words import request_locale, t

TONES = {"open": "waiting", "confirmed": "done", "refused": "error", "withdrawn": "quiet"}
_COLUMNS = (
    Column("desk.col.number", number=True),
    Column("desk.col.what"),
    Column("desk.col.campaign"),
    Column("desk.col.maker"),
    Column("desk.col.made_at"),
    Column("desk.col.state"),
    Column("desk.col.decider"),
    Column("desk.col.decided_at"),
)


@desk.get("/approvals")
def approvals() -> Answer:
    """Proposals; `?state=` shows those of one state, `?format=csv` is a spreadsheet."""
    state = one_of(ApprovalState, request.args.get("state"))
    with asking() as session:
        lines = approval_lines(session, state)
        if request.args.get("format") == "csv":
            return as_csv("approvals", _COLUMNS, [_cells(line) for line in lines])
        kept = {"state": state.value} if state is not None else {}
        words = {each: t(f"desk.state.{each.value}") for each in ApprovalState}
        return page(
            "approvals", "approvals", lines=lines,
            choices=filters("desk.approvals", "state", words, state),
            others=[] if state not in (None, ApprovalState.OPEN) else waiting_work(session),
            address_of=address_of, tones=TONES, what_of=what_of,
            csv=url_for("desk.approvals", **kept, format="csv"),
        )  # fmt: skip


@desk.get("/approvals/<int:number>")
def approval(number: int) -> Answer:
    """One proposal: what it does now, and who may do what about it."""
    with asking() as session:
        return _page(session, _found(session, number))


@desk.post("/approvals/<int:number>/confirm")
def do_confirm(number: int) -> Answer:
    """Confirm as the second person; it is done at once."""
    return _decide(number, to_confirm=True)


@desk.post("/approvals/<int:number>/turn-down")
def do_turn_down(number: int) -> Answer:
    """Refuse, or withdraw one's own."""
    return _decide(number, to_confirm=False)


def _decide(number: int, *, to_confirm: bool) -> Answer:
    now = wiring().now()
    with asking() as session:
        _found(session, number)
    try:
        with acting() as (session, staff):
            if to_confirm:
                carried = confirm(session, staff, number, now)
                slug, state = get_campaign(session, carried.campaign_id).slug, "confirmed"
            else:
                closed = turn_down(session, staff, number, now)
                slug, state = "", closed.state
    except Refusal as refusal:
        with asking() as session:
            return _page(session, _found(session, number), words_of(refusal))
    say(f"desk.approval.said.{state}", number=number)
    if slug:
        return redirect(url_for("desk.campaign", slug=slug), 303)
    return redirect(url_for("desk.approvals"), 303)


def _found(session: Session, number: int) -> Approval:
    try:
        return approval_of(session, number) if number < 2**62 else _nothing()
    except LookupError:
        raise NotFound from None


def _nothing() -> Approval:
    raise LookupError("no proposal has such a number")


def _page(session: Session, asked: Approval, refused: str = "") -> Response:
    line, now, locale = approval_line(session, asked), wiring().now(), request_locale()
    own = asked.made_by == present().staff_id
    more: dict[str, Any] = {
        "effect": None, "to": None, "file": None, "found": [], "terms": [], "flagged": [],
        "kept": {},
    }  # fmt: skip
    if asked.kind == ApprovalKind.MOVE and line.campaign is not None:
        more |= {"effect": effect_on(session, line.campaign, now), "to": Life(asked.body["to"])}
    elif asked.kind == ApprovalKind.VERSION:
        try:
            file, found = changes_to(session, asked.body["source"])
        except CampaignFileError:  # a file of an older day, decided or not
            refused = refused or words_of(Refusal("approval.stale"))
        else:
            kept = removed_clauses(session, line.campaign, found)
            more |= {"file": file, "found": found, "terms": file_terms(file, locale), "kept": kept}
            more["flagged"] = flagged_rows(file) if line.open else []
    return page(
        "approval", "approvals", UNPROCESSABLE if refused else 200, line=line, asked=asked,
        own=own, refused=refused, tones=TONES, what=what_of(line), Life=Life, **more,
    )  # fmt: skip


def what_of(line: ApprovalLine) -> str:
    """What a proposal asks for, in a few words."""
    if line.approval.kind == ApprovalKind.MOVE:
        body = line.approval.body
        return t(
            "desk.approval.move",
            before=t(f"campaign.life.{body['before']}"),
            after=t(f"campaign.life.{body['to']}"),
        )
    return t("desk.approval.version" if line.campaign is not None else "desk.approval.new")


def address_of(waits: Waiting) -> str:
    """Where other work is looked at."""
    if waits.work is Work.PAYOUT:
        return url_for("desk.payout", number=waits.number)
    if waits.work is Work.CASE:
        return url_for("desk.case", number=waits.number)
    if waits.work is Work.REPAIR:
        return url_for("desk.repairs", campaign=waits.slug)
    return url_for("desk.remedy", number=waits.number)


def _cells(line: ApprovalLine) -> list[Cell]:
    asked = line.approval
    return [
        Cell("number", asked.id),
        Cell("text", what_of(line)),
        Cell("code", line.slug),
        Cell("text", line.maker),
        Cell("moment", asked.made_at),
        Cell("text", t(f"desk.state.{asked.state}")),
        Cell("text", line.decider),
        Cell("moment", asked.decided_at) if asked.decided_at else Cell("text", ""),
    ]
