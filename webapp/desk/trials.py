"""The simulator: a draft, a version or a file tried on recorded history, beside what happened."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from flask import Response, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.approvals import ApprovalKind, approval_of, open_approvals
from shared.actions.inquiring import Inquiry, InquiryKind, InquiryState, inquire, inquiries
from shared.base.clock import local_midnight
from shared.base.errors import Refusal
from shared.base.i18n import money
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign, campaign_by_slug, current_version, get_campaign
from shared.campaigns.export import campaign_yaml
from shared.campaigns.file import read_campaign
from shared.campaigns.problems import CampaignFileError
from shared.pictures.columns import in_the_dark
from shared.reports.simulation import MONEY, Trial
from shared.reports.simulation_chart import chart_of
from shared.reports.simulation_plain import trial_of
from shared.reports.simulation_tables import tables
from webapp.desk.asked import TONES, Asked, asked_of, found_inquiry, inquiry_page
from webapp.desk.campaigns import named_campaigns
from webapp.desk.face import desk, page
from webapp.desk.programme import draft_page
from webapp.desk.seats import acting, asking
from webapp.desk.tables import as_csv_of
from webapp.desk.typed import hundredths_of, number_of, sent_file
from webapp.sitting import UNPROCESSABLE, Answer, words_of
from webapp.wiring import wiring
from webapp.words import request_locale, t

A_PAGE = 20


@desk.get("/trials")
def trials() -> Answer:
    """What may be tried, and what was."""
    with asking() as session:
        return _list(session)


@desk.post("/trials")
def ask_trial() -> Answer:
    """Try a draft: the worker answers, the page shows how far it is."""
    try:
        with acting() as (session, staff):
            source, slug = _source(session)
            file = read_campaign(source)
            campaign = _history(session, slug or file.slug)
            asked = {
                "source": source,
                "slug": file.slug,
                "until": _until(campaign),
                "ltv": _value(),
            }
            kind, now = InquiryKind.TRIAL, wiring().now()
            number = inquire(session, staff, kind, campaign.id, asked, now).id
    except CampaignFileError:
        return draft_page(source)
    except Refusal as refusal:
        with asking() as session:
            return _list(session, words_of(refusal))
    return redirect(url_for("desk.trial", number=number), 303)


@desk.get("/trials/<int:number>")
def trial(number: int) -> Answer:
    """One trial: tables and a chart; `?format=csv` is a spreadsheet of its costs."""
    with asking() as session:
        inquiry = found_inquiry(session, InquiryKind.TRIAL, number)
        title = t("desk.trial.number", number=number)
        return inquiry_page(session, inquiry, title, lambda: _answered(session, inquiry))


@desk.get("/trials/<int:number>/chart.svg")
def trial_chart(number: int) -> Answer:
    """The trial's picture; `?dark=1` for a dark page."""
    with asking() as session:
        inquiry = found_inquiry(session, InquiryKind.TRIAL, number)
        if inquiry.state != InquiryState.DONE.value:
            raise NotFound
        drawn = chart_of(_trial(session, inquiry), request_locale())
    picture = in_the_dark(drawn) if request.args.get("dark") else drawn
    response = Response(picture, content_type="image/svg+xml")
    if request.args.get("keep"):
        response.headers["Content-Disposition"] = f'attachment; filename="trial-{number}.svg"'
    return response


def _answered(session: Session, inquiry: Inquiry) -> Response:
    try:
        found = _trial(session, inquiry)
    except CampaignFileError:  # a file of an older day
        return page(
            "inquiry", "trials", asked=asked_of(session, inquiry), inquiry=inquiry,
            title=t("desk.trial.number", number=inquiry.id), back="trials", tones=TONES,
            why=words_of(Refusal("inquiry.stale")),
        )  # fmt: skip
    made = tables(found, request_locale(), t("desk.trial.no_value"))
    if request.args.get("format") == "csv":
        costs = next((each for each in made if each.name == "costs"), made[0])
        return as_csv_of(f"trial-{inquiry.id}", costs.columns, [row.cells for row in costs.rows])
    return page(
        "trial", "trials", asked=asked_of(session, inquiry), inquiry=inquiry, trial=found,
        tables=made, csv=url_for("desk.trial", number=inquiry.id, format="csv"),
        summary=_summary(found), draft=inquiry.asked["slug"],
    )  # fmt: skip


def _summary(found: Trial) -> str:
    """The answer in one sentence: dearer, cheaper or the same."""
    locale = request_locale()
    mine, theirs = found.simulated.total(*MONEY), found.actual.total(*MONEY)
    key = "same" if mine == theirs else "more" if mine > theirs else "less"
    return t(
        f"desk.trial.{key}",
        draft=money(locale, mine, Unit.CNY),
        actual=money(locale, theirs, Unit.CNY),
        difference=money(locale, abs(mine - theirs), Unit.CNY),
    )


def _trial(session: Session, inquiry: Inquiry) -> Trial:
    assert inquiry.answer is not None
    file = read_campaign(inquiry.asked["source"])
    return trial_of(inquiry.answer, file, get_campaign(session, inquiry.campaign_id))


def _list(session: Session, refused: str = "") -> Response:
    before = number_of(request.args.get("before"))
    found = inquiries(session, InquiryKind.TRIAL, A_PAGE, before)
    further = url_for("desk.trials", before=found[-1].id) if len(found) == A_PAGE else ""
    asked: list[Asked] = [asked_of(session, each) for each in found]
    return page(
        "trials", "trials", UNPROCESSABLE if refused else 200, refused=refused, lines=asked,
        tones=TONES, further=further, start=url_for("desk.trials") if before else "",
        drafts=_drafts(session), histories=named_campaigns(session), typed=request.form,
        chosen=request.values.get("draft", ""), today=wiring().now().date().isoformat(),
    )  # fmt: skip


def _drafts(session: Session) -> list[tuple[str, str]]:
    """What may be chosen: proposals that wait, then every campaign's versions."""
    found = []
    for each in open_approvals(session):
        if each.kind == ApprovalKind.VERSION:
            slug = str(each.body["slug"])
            found.append(
                (f"approval:{each.id}", t("desk.trial.proposal", slug=slug, number=each.id))
            )
    for campaign in session.scalars(select(Campaign).order_by(Campaign.id.desc())):
        newest = current_version(session, campaign.id).number
        for number in range(newest, 0, -1):
            key = "desk.trial.in_force" if number == newest else "desk.trial.version"
            found.append(
                (f"version:{campaign.slug}:{number}", t(key, slug=campaign.slug, n=number))
            )
    return found


def _source(session: Session) -> tuple[str, str]:
    """What is tried, and on whose history (empty: its own). A file goes before a choice.

    Refusal `trial.nothing`.
    """
    history = request.form.get("history", "")
    if (sent := sent_file("file")) is not None:
        return sent.decode("utf-8-sig", "replace").replace("\r\n", "\n"), history
    if written := request.form.get("source", ""):
        return written.replace("\r\n", "\n"), history
    chosen = request.form.get("draft", "")
    if found := re.fullmatch(r"approval:(\d{1,12})", chosen):
        try:
            return str(approval_of(session, int(found[1])).body["source"]), history
        except (LookupError, KeyError):
            raise Refusal("trial.nothing") from None
    if found := re.fullmatch(r"version:([\w-]{1,60}):(\d{1,6})", chosen):
        campaign = campaign_by_slug(session, found[1])
        if campaign is not None:
            try:
                number = int(found[2])
                return campaign_yaml(session, campaign, wiring().now(), number), history
            except LookupError:
                pass
    raise Refusal("trial.nothing")


def _history(session: Session, slug: str) -> Campaign:
    campaign = campaign_by_slug(session, slug) if slug.isprintable() else None
    if campaign is None:
        raise Refusal("trial.no_history", slug=slug[:60])
    return campaign


def _until(campaign: Campaign) -> str | None:
    """The end of the last day that counts; None: now. Refusal `trial.day`."""
    written = request.form.get("until", "").strip()
    if not written:
        return None
    try:
        day = date.fromisoformat(written)
        end: datetime = local_midnight(day + timedelta(days=1), campaign.zone)
    except (ValueError, OverflowError):
        raise Refusal("trial.day") from None
    return end.isoformat()


def _value() -> int | None:
    """A customer's lifetime value in fen. Refusal `trial.value`."""
    written = request.form.get("ltv", "").strip()
    value = hundredths_of(written)
    if written and not value:
        raise Refusal("trial.value")
    return value
