"""The list of campaigns, and one campaign's page."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.approvals import ApprovalKind, open_approvals
from shared.actions.campaigning import next_lives
from shared.campaigns.campaigns import Campaign, Life, campaign_by_slug, current_version
from shared.reports.desk_campaigns import CampaignLine, campaign_list, campaign_sight
from webapp.desk.face import desk, filters, page
from webapp.desk.seats import asking
from webapp.desk.tables import Cell, Column, as_csv
from webapp.desk.typed import one_of
from webapp.sitting import Answer
from webapp.wiring import wiring
from webapp.words import request_locale, t

TONES = {
    Life.DRAFT: "quiet",
    Life.REVIEWED: "quiet",
    Life.WARM_UP: "waiting",
    Life.RUNNING: "done",
    Life.CLOSING: "waiting",
    Life.CLOSED: "quiet",
    Life.PAUSED: "error",
}
_COLUMNS = (
    Column("desk.col.campaign"),
    Column("desk.col.slug"),
    Column("desk.col.life"),
    Column("desk.col.starts"),
    Column("desk.col.ends"),
    Column("desk.col.version", number=True),
    Column("desk.col.registered", number=True),
    Column("desk.col.qualified", number=True),
    Column("desk.col.committed", number=True),
)


def campaign_of(session: Session, slug: str) -> Campaign:
    """The campaign of an address. NotFound when there is none."""
    found = campaign_by_slug(session, slug) if slug.isprintable() else None
    if found is None:
        raise NotFound
    return found


def named_campaigns(session: Session) -> list[tuple[str, str]]:
    """Every campaign that may be chosen, the newest first: (slug, its name and slug)."""
    found = session.scalars(select(Campaign).order_by(Campaign.id.desc()))
    return [(each.slug, f"{_name(session, each)} · {each.slug}") for each in found]


def _name(session: Session, campaign: Campaign) -> str:
    return current_version(session, campaign.id).rules.name.of(request_locale())


@desk.get("/campaigns")
def campaigns() -> Answer:
    """Every campaign; `?life=` shows those of one life, `?format=csv` is a spreadsheet."""
    life = one_of(Life, request.args.get("life"))
    with asking() as session:
        lines = campaign_list(session, wiring().now(), life)
    if request.args.get("format") == "csv":
        return as_csv("campaigns", _COLUMNS, (_cells(line) for line in lines))
    words = {each: t(f"campaign.life.{each.value}") for each in Life}
    return page(
        "campaigns", "campaigns", lines=lines, tones=TONES,
        choices=filters("desk.campaigns", "life", words, life), speaks=request_locale(),
        csv=_csv_address(),
    )  # fmt: skip


@desk.get("/campaigns/<slug>")
def campaign(slug: str) -> Answer:
    """Where one campaign stands; every number leads to its rows."""
    with asking() as session:
        found = campaign_of(session, slug)
        sight = campaign_sight(session, found, wiring().now())
        proposals = open_approvals(session, found.id)
        asked = {each.body.get("to") for each in proposals if each.kind == ApprovalKind.MOVE}
        ways = [way for way in next_lives(found) if way.value not in asked]
        return page(
            "campaign", "campaigns", sight=sight, line=sight.line, proposals=proposals,
            ways=ways, tones=TONES, speaks=request_locale(),
        )  # fmt: skip


def _csv_address() -> str:
    kept = {name: value for name, value in request.args.items() if name not in ("lang", "format")}
    return url_for("desk.campaigns", **kept, format="csv")


def _cells(line: CampaignLine) -> list[Cell]:
    committed = [f"{budget.unit.value} {budget.committed}" for budget in line.budgets]
    return [
        Cell("text", line.rules.name.of(request_locale())),
        Cell("code", line.slug),
        Cell("text", t(f"campaign.life.{line.life.value}")),
        Cell("moment", line.starts),
        Cell("moment", line.ends),
        Cell("number", line.version),
        Cell("number", line.registered),
        Cell("number", line.qualified),
        Cell("text", "; ".join(committed)),
    ]
