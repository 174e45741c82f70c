"""The monthly review: a month's differences with their causes, and repairs by two people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.inquiring import Inquiry, InquiryKind, InquiryState, inquire, inquiries
from shared.actions.repairing import propose_repairs
from shared.base.clock import month_of
from shared.base.errors import Refusal
from shared.base.sheets import BadFile
from shared.campaigns.campaigns import Campaign, campaign_by_slug, get_campaign
from shared.reports.desk_rows import Slice
from shared.reports.payout_file import read_answers
from shared.reports.reconciliation import COLUMNS, cells
from shared.reports.reconciliation import words_of as cause_words
from shared.reports.reviewed import Reviewed, reviewed, unpacked
from shared.rewards.books import month_in
from shared.rewards.causes import Cause, Line, Remedy, remedy_of
from shared.rewards.repairs import WHOLE_CAMPAIGN, open_repairs
from webapp.desk.answers import bad_rows
from webapp.desk.asked import TONES, asked_of, found_inquiry, inquiry_page
from webapp.desk.campaigns import named_campaigns
from webapp.desk.face import desk, page, sentence
from webapp.desk.seats import acting, asking
from webapp.desk.tables import Cell, Column, as_csv_of
from webapp.desk.typed import number_of, one_of, sent_file
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.wiring import wiring
from webapp.words import request_locale, t

A_PAGE = 50
MOST_PROPOSED = 500
"""Repairs asked for at once: one request stays short."""
LINES = (
    Column("desk.col.member"),
    Column("desk.review.reward"),
    Column("desk.review.cause"),
    Column("desk.review.should", number=True),
    Column("desk.review.found", number=True),
    Column("desk.review.difference", number=True),
    Column("desk.review.remedy"),
)


@desk.get("/reviews")
def reviews() -> Answer:
    """Which months were reviewed, and a form for another."""
    with asking() as session:
        return _list(session)


@desk.post("/reviews")
def ask_review() -> Answer:
    """Review a month: the worker does, the page shows how far it is."""
    try:
        sent = sent_file("file")
        if sent is not None:
            read_answers(sent)  # what is wrong with it is said now
        with acting() as (session, staff):
            campaign, now = _campaign(session), wiring().now()
            asked, kind = {"month": _month(campaign, now)}, InquiryKind.REVIEW
            number = inquire(session, staff, kind, campaign.id, asked, now, sent).id
    except BadFile as bad:
        with asking() as session:
            return _list(session, bad=bad)
    except Refusal as refusal:
        with asking() as session:
            return _list(session, words_of(refusal))
    return redirect(url_for("desk.review", number=number), 303)


@desk.get("/reviews/<int:number>")
def review(number: int) -> Answer:
    """One review: totals, causes, lines; `?cause=` shows those of one cause."""
    with asking() as session:
        inquiry = found_inquiry(session, InquiryKind.REVIEW, number)
        title = t("desk.review.number", number=number)
        return inquiry_page(session, inquiry, title, lambda: _answered(session, inquiry))


@desk.get("/reviews/<int:number>/lines.csv")
def review_file(number: int) -> Answer:
    """Every line as a spreadsheet."""
    locale = request_locale()
    with asking() as session:
        kept = _done(session, number)
    month = kept.found.month
    rows = (cells(locale, kept.slug, month, line) for line in kept.lines())
    return as_csv_of(f"review-{kept.slug}-{month.name}", COLUMNS, rows)


@desk.post("/reviews/<int:number>/propose")
def propose(number: int) -> Answer:
    """Ask a second person for the repairs."""
    with asking() as session:
        kept = _done(session, number)
    faulty = sorted(_faulty(kept))
    try:
        with acting() as (session, staff):
            waiting = {each.member_id for each in open_repairs(session, kept.campaign)}
            left = [each for each in faulty if each[0] not in waiting]
            some = left[:MOST_PROPOSED]
            actor, month = f"staff:{staff.id}", kept.found.month.name
            asked = propose_repairs(session, kept.campaign, some, month, actor, wiring().now())
    except Refusal as refusal:
        with asking() as session:
            inquiry = found_inquiry(session, InquiryKind.REVIEW, number)
            return _answered(session, inquiry, words_of(refusal))
    key = "proposed_some" if len(left) > len(some) else "proposed" if asked else "proposed_none"
    say(f"desk.review.said.{key}", "done" if asked else "info", n=asked, left=len(left) - len(some))
    return redirect(url_for("desk.repairs", campaign=kept.slug), 303)


@dataclass(frozen=True)
class Kept:
    """A review that has its answer, free of its session."""

    campaign: int
    slug: str
    found: Reviewed
    packed: bytes

    def lines(self) -> Iterator[Line]:
        """One after the other."""
        return unpacked(self.packed, self.campaign)


def _done(session: Session, number: int) -> Kept:
    """A review's answer. NotFound for one that has none."""
    inquiry = found_inquiry(session, InquiryKind.REVIEW, number)
    if inquiry.state != InquiryState.DONE.value or inquiry.answer is None:
        raise NotFound
    slug = get_campaign(session, inquiry.campaign_id).slug
    return Kept(inquiry.campaign_id, slug, reviewed(inquiry.answer), inquiry.lines or b"")


def _faulty(kept: Kept) -> set[tuple[int, Cause]]:
    """What settling again or counting again would mend."""
    faulty = {
        (line.member, line.cause)
        for line in kept.lines()
        if line.fault and line.remedy is Remedy.SETTLE
    }
    return faulty | ({(WHOLE_CAMPAIGN, Cause.MISCOUNT)} if kept.found.miscounts else set())


def _answered(session: Session, inquiry: Inquiry, refused: str = "") -> Response:
    found = reviewed(inquiry.answer or {})
    cause = one_of(Cause, request.args.get("cause"))
    after = number_of(request.args.get("after")) or 0
    shown = _lines(inquiry, cause, after)
    here = {"number": inquiry.id} | ({"cause": cause.value} if cause is not None else {})
    mendable = sum(
        each.lines for of, each in found.causes.items() if remedy_of(of) is Remedy.SETTLE
    ) + len(found.miscounts)
    return page(
        "review", "reviews", UNPROCESSABLE if refused else 200, refused=refused,
        asked=asked_of(session, inquiry), inquiry=inquiry, found=found, cause=cause,
        causes=_causes(found), columns=LINES, rows=[_cells(line) for line in shown.rows],
        mendable=mendable, Cause=Cause,
        start=url_for("desk.review", **here, _anchor="lines") if after else "",
        further=url_for("desk.review", **here, after=shown.after, _anchor="lines")
        if shown.after
        else "",
        repairs_open=len(open_repairs(session, inquiry.campaign_id)),
    )  # fmt: skip


def _lines(inquiry: Inquiry, cause: Cause | None, after: int) -> Slice[Line]:
    """A page of lines: of one cause, else the faults where there are any, else all."""
    every: Iterator[Line] = unpacked(inquiry.lines or b"", inquiry.campaign_id)
    if cause is not None:
        every = (line for line in every if line.cause is cause)
    elif (inquiry.answer or {})["faults"]:
        every = (line for line in every if line.fault)
    rows = tuple(islice(every, after, after + A_PAGE + 1))
    return Slice(rows[:A_PAGE], str(after + A_PAGE) if len(rows) > A_PAGE else "")


def _causes(found: Reviewed) -> list[tuple[Cause, int, list[tuple[str, int]]]]:
    """Every cause with its lines and differences by unit, faults first."""
    rows = {
        cause: (each.lines, [(unit.value, n) for unit, n in sorted(each.differences.items()) if n])
        for cause, each in found.causes.items()
    }
    if found.miscounts:
        rows[Cause.MISCOUNT] = len(found.miscounts), []
    for difference in found.in_file:
        lines, sums = rows.get(difference.cause, (0, []))
        rows[difference.cause] = lines + 1, sums
    order = sorted(rows, key=lambda cause: (not cause.fault, list(Cause).index(cause)))
    return [(cause, *rows[cause]) for cause in order]


def _cells(line: Line) -> list[Cell]:
    key = line.key
    return [
        Cell("code", key.party),
        Cell("code", f"{key.clause} {key.occasion}".strip()),
        Cell("text", sentence(cause_words(request_locale(), line.cause))),
        Cell("money", line.should, line.unit),
        Cell("money", line.found, line.unit),
        Cell("difference", line.difference, line.unit),
        Cell("text", sentence(t(f"review.remedy.{line.remedy.value}"))),
    ]


def _campaign(session: Session) -> Campaign:
    slug = request.form.get("campaign", "")
    found = campaign_by_slug(session, slug) if slug.isprintable() else None
    if found is None:
        raise Refusal("review.campaign", slug=slug[:60])
    return found


def _month(campaign: Campaign, now: datetime) -> str:
    """The month that was asked for. Refusals `review.month`, `review.future`."""
    written = request.form.get("month", "").strip()[:20]
    try:
        name = month_in(written, campaign.zone).name
    except (ValueError, OverflowError):
        raise Refusal("review.month", month=written) from None
    if name > month_of(now, campaign.zone):
        raise Refusal("review.future", month=name)
    return name


def _list(session: Session, refused: str = "", bad: BadFile | None = None) -> Response:
    before = number_of(request.args.get("before"))
    found = inquiries(session, InquiryKind.REVIEW, A_PAGE, before)
    lines = [
        (asked_of(session, each), each.asked["month"], (each.answer or {}).get("faults"))
        for each in found
    ]
    return page(
        "reviews", "reviews", UNPROCESSABLE if refused or bad else 200, refused=refused,
        wrong=bad_rows(bad) if bad is not None else [], wrong_total=bad.total if bad else 0,
        lines=lines, tones=TONES, campaigns=named_campaigns(session),
        chosen=request.values.get("campaign", ""),
        month=request.form.get("month") or _last_month(), latest=month_of(wiring().now(), "UTC"),
        further=url_for("desk.reviews", before=found[-1].id) if len(found) == A_PAGE else "",
        start=url_for("desk.reviews") if before else "",
    )  # fmt: skip


def _last_month() -> str:
    """The one before this month: the one that is usually reviewed."""
    today = wiring().now().date()
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    return f"{year:04d}-{month:02d}"
