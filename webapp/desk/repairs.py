"""Repairs that reviews proposed: a second person has them carried out."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session

from shared.actions.repairing import apply_repair, apply_repairs
from shared.base.errors import Refusal
from shared.campaigns.campaigns import get_campaign
from shared.reports.desk_repairs import RepairLine, repair_lines
from shared.reports.reconciliation import words_of as cause_words
from shared.rewards.causes import Cause
from webapp.desk.campaigns import campaign_of
from webapp.desk.face import desk, page, present
from webapp.desk.seats import acting, asking
from webapp.desk.tables import Cell, Column, as_csv
from webapp.desk.typed import number_of
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.wiring import wiring
from webapp.words import request_locale, t

A_PAGE = 100
_MOST_IN_CSV = 10_000
_COLUMNS = (
    Column("desk.col.number", number=True),
    Column("desk.col.campaign"),
    Column("desk.col.member"),
    Column("desk.review.month"),
    Column("desk.review.cause"),
    Column("desk.review.remedy"),
    Column("desk.col.maker"),
    Column("desk.col.made_at"),
    Column("desk.repair.applier"),
)


@desk.get("/repairs")
def repairs() -> Answer:
    """What waits and what was applied; `?campaign=`; `?format=csv` is a spreadsheet."""
    with asking() as session:
        return _list(session)


@desk.post("/repairs/<int:number>/apply")
def apply_one(number: int) -> Answer:
    """Carry one out, as the second person."""
    try:
        with acting() as (session, staff):
            if number >= 2**62:
                raise Refusal("repair.unknown")
            done = apply_repair(session, number, staff, wiring().now())
            slug = get_campaign(session, done.campaign_id).slug
    except Refusal as refusal:
        with asking() as session:
            return _list(session, words_of(refusal))
    say("desk.repair.said.applied", number=number)
    return redirect(url_for("desk.repairs", campaign=slug), 303)


@desk.post("/campaigns/<slug>/repairs")
def apply_all(slug: str) -> Answer:
    """Carry out all of a campaign that stood on the page (`upto`) and that others proposed."""
    upto = number_of(request.form.get("upto")) or 0
    try:
        with acting() as (session, staff):
            campaign = campaign_of(session, slug)
            count = apply_repairs(session, campaign.id, upto, staff, wiring().now())
    except Refusal as refusal:
        with asking() as session:
            return _list(session, words_of(refusal))
    say("desk.repair.said.all", "done" if count else "info", n=count)
    return redirect(url_for("desk.repairs", campaign=slug), 303)


def _list(session: Session, refused: str = "") -> Response:
    slug = request.args.get("campaign", "")
    campaign = campaign_of(session, slug) if slug else None
    campaign_id = campaign.id if campaign is not None else None
    kept = {"campaign": slug} if slug else {}
    if request.args.get("format") == "csv":
        lines = repair_lines(session, campaign_id, _MOST_IN_CSV)
        return as_csv("repairs", _COLUMNS, [_cells(line) for line in lines])
    lines = repair_lines(session, campaign_id, A_PAGE)
    me = f"staff:{present().staff_id}"
    mine = [each for each in lines if not each.repair.applied_at and each.repair.proposed_by != me]
    groups: dict[str, list[RepairLine]] = {}
    for each in mine:
        groups.setdefault(each.campaign.slug, []).append(each)
    return page(
        "repairs", "reviews", UNPROCESSABLE if refused else 200, refused=refused, slug=slug, me=me,
        to_apply=[each for each in lines if not each.repair.applied_at],
        applied=[each for each in lines if each.repair.applied_at],
        groups={of: (len(some), max(e.repair.id for e in some)) for of, some in groups.items()},
        cause=lambda code: cause_words(request_locale(), Cause(code)),
        csv=url_for("desk.repairs", **kept, format="csv"),
    )  # fmt: skip


def _cells(line: RepairLine) -> list[Cell]:
    repair = line.repair
    return [
        Cell("number", repair.id),
        Cell("code", line.campaign.slug),
        Cell("code", f"member:{repair.member_id}" if repair.member_id else ""),
        Cell("text", repair.month),
        Cell("text", cause_words(request_locale(), Cause(repair.cause))),
        Cell("text", t(f"review.remedy.{repair.remedy}")),
        Cell("text", line.maker),
        Cell("moment", repair.proposed_at),
        Cell("text", line.applier),
    ]
