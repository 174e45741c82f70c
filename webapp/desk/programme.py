"""The programme in plain words, as a file, and as a draft held against what is in force."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.campaigning import check_draft, propose_version
from shared.base.errors import Refusal
from shared.campaigns.campaigns import (
    Campaign,
    CampaignVersion,
    campaign_by_slug,
    current_version,
)
from shared.campaigns.changes import Change, ChangeKind, changes, day_words, file_terms
from shared.campaigns.export import campaign_yaml
from shared.campaigns.file import CampaignFile, read_campaign
from shared.campaigns.problems import CampaignFileError, Problem
from shared.reports.desk_effects import Kept, kept_of
from webapp.desk.campaigns import campaign_of
from webapp.desk.face import desk, page
from webapp.desk.flagged import flagged_rows
from webapp.desk.seats import Need, acting, asking
from webapp.sitting import UNPROCESSABLE, Answer, needs, say, words_of
from webapp.wiring import wiring
from webapp.words import request_locale


@dataclass(frozen=True)
class Mistake:
    """One problem of a file as the page shows it: the line, what it says, how to mend it."""

    line: int
    path: str
    source: str
    words: str


@desk.get("/campaigns/<slug>/programme")
def programme(slug: str) -> Answer:
    """What is in force in plain words, every version, export and import."""
    with asking() as session:
        campaign = campaign_of(session, slug)
        file = file_in_force(session, campaign)
        versions = list(
            session.scalars(
                select(CampaignVersion)
                .where(CampaignVersion.campaign_id == campaign.id)
                .order_by(CampaignVersion.number.desc())
            )
        )
        return page(
            "programme", "campaigns", campaign=campaign, file=file, versions=versions,
            terms=file_terms(file, request_locale()), days=day_words(file, request_locale()),
            speaks=request_locale(),
        )  # fmt: skip


@desk.get("/campaigns/<slug>/programme.yaml")
def programme_file(slug: str) -> Answer:
    """The campaign as a file; `?version=` with the rules of an older version."""
    asked = request.args.get("version", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 9 else None
    with asking() as session:
        campaign = campaign_of(session, slug)
        try:
            source = campaign_yaml(session, campaign, wiring().now(), number)
        except LookupError:
            raise NotFound from None
    response = Response(source, content_type="application/yaml; charset=utf-8")
    name = f"{slug}-v{number}" if number is not None else slug
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return response


@desk.get("/campaigns/<slug>/versions/<int:number>")
def version(slug: str, number: int) -> Answer:
    """One version: its terms, and what it changed."""
    now, locale = wiring().now(), request_locale()
    with asking() as session:
        campaign = campaign_of(session, slug)
        newest = current_version(session, campaign.id).number
        if not 1 <= number <= newest:
            raise NotFound
        file = read_campaign(campaign_yaml(session, campaign, now, number))
        before = None
        if number > 1:
            before = read_campaign(campaign_yaml(session, campaign, now, number - 1))
    return page(
        "version", "campaigns", slug=slug, number=number, newest=newest,
        terms=file_terms(file, locale), file=file, speaks=locale,
        found=changes(before, file, locale) if before is not None else [],
    )  # fmt: skip


@desk.get("/new-campaign")
@needs(Need.CHANGE)
def new_campaign() -> Answer:
    """A new campaign begins as a file."""
    return page("new_campaign", "campaigns", source="")


@desk.post("/drafts")
def draft() -> Answer:
    """A file that was sent or pasted: its mistakes by line, or what it would change."""
    sent = request.files.get("file")
    source = request.form.get("source", "")
    if sent is not None and sent.filename:
        source = sent.read().decode("utf-8-sig", "replace")
    return draft_page(source)


@desk.post("/proposals")
def proposal() -> Answer:
    """Ask a second person for what a draft says."""
    source = request.form.get("source", "")
    try:
        with acting() as (session, staff):
            asked = propose_version(session, staff, source, wiring().now())
            number = asked.id
    except (Refusal, CampaignFileError) as trouble:
        return draft_page(source, words_of(trouble) if isinstance(trouble, Refusal) else "")
    say("desk.draft.proposed", number=number)
    return redirect(url_for("desk.approval", number=number), 303)


def draft_page(source: str, refused: str = "") -> Response:
    """A draft against what is in force: its mistakes by line, or the difference."""
    source = source.replace("\r\n", "\n")
    try:
        file = read_campaign(source)
    except CampaignFileError as wrong:
        return _with_mistakes(source, refused, wrong)
    with asking() as session:
        campaign = campaign_by_slug(session, file.slug)
        try:
            check_draft(session, campaign, file, source, wiring().now())
        except CampaignFileError as wrong:
            return _with_mistakes(source, refused, wrong)
        except Refusal as refusal:
            refused = refused or words_of(refusal)
        before = file_in_force(session, campaign) if campaign is not None else None
        found = changes(before, file, request_locale())
        kept = removed_clauses(session, campaign, found)
    return page(
        "draft", "campaigns", UNPROCESSABLE if refused else 200, source=source, file=file,
        known=campaign is not None, refused=refused, mistakes=[], speaks=request_locale(),
        found=found, kept=kept, terms=file_terms(file, request_locale()),
        days=day_words(file, request_locale()), flagged=flagged_rows(file),
    )  # fmt: skip


def _with_mistakes(source: str, refused: str, wrong: CampaignFileError) -> Response:
    return page(
        "draft", "campaigns", UNPROCESSABLE, source=source, file=None, refused=refused,
        mistakes=mistakes_of(wrong.problems, source), speaks=request_locale(),
    )  # fmt: skip


def removed_clauses(
    session: Session, campaign: Campaign | None, found: list[Change]
) -> dict[str, Kept]:
    """What goes on of the clauses that a difference takes out."""
    gone = [each.about for each in found if each.about and each.kind is ChangeKind.REMOVED]
    return kept_of(session, campaign, gone) if campaign is not None else {}


def file_in_force(session: Session, campaign: Campaign) -> CampaignFile:
    """What holds now, as a checked file."""
    return read_campaign(campaign_yaml(session, campaign, wiring().now()))


def mistakes_of(problems: list[Problem], source: str) -> list[Mistake]:
    """Problems with the line they stand on."""
    lines = source.splitlines()
    return [
        Mistake(
            each.line,
            each.path,
            lines[each.line - 1].strip() if each.line <= len(lines) else "",
            each.words(request_locale()),
        )
        for each in problems
    ]


def changes_to(session: Session, source: str) -> tuple[CampaignFile, list[Change]]:
    """A proposal's file, and what it changes of what is in force now."""
    file = read_campaign(source)
    campaign = campaign_by_slug(session, file.slug)
    before = file_in_force(session, campaign) if campaign is not None else None
    return file, changes(before, file, request_locale())
