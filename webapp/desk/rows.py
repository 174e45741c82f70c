"""The rows behind a campaign's numbers: one table, filters in the address, CSV of all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from shared.base.money import Unit
from shared.ledger.balance import Account
from shared.reports import desk_referrals, desk_rows
from shared.reports.desk_referrals import ReferralRow
from shared.reports.desk_rows import GrantRow, Slice, VerdictRow, VisitRow, WaitingRow
from shared.rewards.room import Verdict
from webapp.desk.campaigns import campaign_of
from webapp.desk.face import desk, page
from webapp.desk.seats import asking
from webapp.desk.tables import Cell, Column, as_csv
from webapp.sitting import Answer
from webapp.wiring import wiring

A_PAGE = 50
_A_BATCH = 1000
_MONEY_HELD = (Account.PENDING, Account.AVAILABLE, Account.PAID, Account.RECOVERABLE)
Cells = list[Cell]
Args = MultiDict[str, str]


@dataclass(frozen=True)
class Filter:
    """One choice above the table: its name in the address and what may be chosen."""

    name: str
    key: str
    """Of the words of its values: `<key>.<value>`."""
    values: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """One kind of rows: its columns, its filters, and how a page of it is read."""

    columns: tuple[Column, ...]
    filters: tuple[Filter, ...]
    read: Callable[[Session, int, Args, str, int], Slice[Cells]]


@desk.get("/campaigns/<slug>/rows/<what>")
def rows(slug: str, what: str) -> Answer:
    """A page of rows, or all of them as CSV."""
    listing = LISTINGS.get(what)
    if listing is None:
        raise NotFound
    asked: Args = MultiDict(request.args)
    with asking() as session:
        campaign = campaign_of(session, slug)
        if asked.get("format") == "csv":
            return as_csv(f"{slug}-{what}", listing.columns, _all(listing, campaign.id, asked))
        shown = listing.read(session, campaign.id, asked, asked.get("after", ""), A_PAGE)
        zone = campaign.zone
    kept = {name: asked[name] for name in _kept(listing, asked)}
    here = {"slug": slug, "what": what, **kept}
    return page(
        "rows", "campaigns", slug=slug, what=what, listing=listing, rows=shown.rows, zone=zone,
        kept=kept, began=not asked.get("after"),
        start=url_for("desk.rows", **here),
        further=url_for("desk.rows", **here, after=shown.after) if shown.after else "",
        csv=url_for("desk.rows", **here, format="csv"),
    )  # fmt: skip


def _kept(listing: Listing, asked: Args) -> list[str]:
    names = [each.name for each in listing.filters] + ["draws", "clause", "member"]
    return [name for name in names if asked.get(name)]


def _all(listing: Listing, campaign_id: int, asked: Args) -> Iterator[Cells]:
    """Every row, read in batches so that a long file never holds a long transaction."""
    after, database = "", wiring().database
    while True:
        with database.reading() as session:
            batch = listing.read(session, campaign_id, asked, after, _A_BATCH)
        yield from batch.rows
        if not (after := batch.after):
            return


def _party(party: str) -> Cell:
    """A member or friend, and the way to their page."""
    kind, _, number = party.partition(":")
    if kind not in ("member", "friend") or not number.isdecimal():
        return Cell("code", party)
    return Cell("code", party, href=url_for("desk.person", kind=kind, number=int(number)))


def _one_of(asked: Args, name: str, kinds: type[Account] | type[Unit]) -> str:
    given = asked.get(name, "")
    return given if given in set(kinds) else ""


def _grants(session: Session, campaign: int, asked: Args, after: str, most: int) -> Slice[Cells]:
    account, unit = _one_of(asked, "account", Account), _one_of(asked, "unit", Unit)
    found = desk_rows.grants(
        session, campaign,
        account=Account(account) if account else None,
        unit=Unit(unit) if unit else None,
        clause=_code(asked, "clause"), after=after, most=most,
    )  # fmt: skip
    return Slice(tuple(map(_grant_cells, found.rows)), found.after)


def _grant_cells(row: GrantRow) -> Cells:
    held = (row.pending, row.available, row.paid, row.withheld, row.recoverable)
    return [
        Cell("number", row.entry),
        Cell("moment", row.at),
        _party(row.party),
        Cell("code", row.clause),
        Cell("code", row.occasion),
        Cell("number", row.version or 0),
        *(Cell("money", amount, row.unit) for amount in held),
        Cell("code", row.unit.value),
    ]


def _referrals(session: Session, campaign: int, asked: Args, after: str, most: int) -> Slice[Cells]:
    found = desk_referrals.referrals(
        session, campaign,
        stage=asked.get("stage", ""), member=asked.get("member", ""), after=after, most=most,
    )  # fmt: skip
    return Slice(tuple(map(_referral_cells, found.rows)), found.after)


def _referral_cells(row: ReferralRow) -> Cells:
    slug = (request.view_args or {})["slug"]
    theirs = url_for("desk.rows", slug=slug, what="referrals", member=row.member)
    return [
        Cell("code", row.id, href=url_for("desk.friend", slug=slug, number=row.id)),
        Cell("moment", row.registered_at),
        _party(f"member:{row.member}"),
        Cell("code", row.ordinal, href=theirs),
        Cell("code", row.channel),
        Cell("number", row.version),
        Cell("yes", row.applied),
        Cell("yes", row.qualified),
        Cell("yes", row.fraud),
    ]


def _verdicts(session: Session, campaign: int, asked: Args, after: str, most: int) -> Slice[Cells]:
    unit, verdict = _one_of(asked, "unit", Unit), asked.get("verdict", "")
    found = desk_rows.verdicts(
        session, campaign,
        verdict=verdict if verdict in (*Verdict, "turned_away") else "",
        draws=_code(asked, "draws"), unit=Unit(unit) if unit else None, after=after, most=most,
    )  # fmt: skip
    return Slice(tuple(map(_verdict_cells, found.rows)), found.after)


def _verdict_cells(row: VerdictRow) -> Cells:
    tone = {Verdict.ADMITTED: "done", Verdict.REFUSED: "error"}.get(row.verdict, "waiting")
    return [
        Cell("moment", row.at),
        _party(row.party),
        Cell("code", row.clause),
        Cell("code", row.occasion),
        Cell("pill", f"desk.verdict.{row.verdict.value}", tone=tone),
        Cell("code", row.limit),
        Cell("money", row.asked, row.unit),
        Cell("money", row.amount, row.unit),
        Cell("code", row.unit.value),
    ]


def _waiting(session: Session, campaign: int, asked: Args, after: str, most: int) -> Slice[Cells]:  # noqa: ARG001 (no filters)
    found = desk_rows.waiting(session, campaign, after=after, most=most)
    return Slice(tuple(map(_waiting_cells, found.rows)), found.after)


def _waiting_cells(row: WaitingRow) -> Cells:
    return [
        _party(f"member:{row.member}"),
        Cell("moment", row.due_at),
        Cell("number", row.tries),
        Cell("code", row.problem),
    ]


def _visits(session: Session, campaign: int, asked: Args, after: str, most: int) -> Slice[Cells]:  # noqa: ARG001 (no filters)
    found = desk_rows.visits(session, campaign, after=after, most=most)
    return Slice(tuple(map(_visit_cells, found.rows)), found.after)


def _visit_cells(row: VisitRow) -> Cells:
    return [
        Cell("number", row.id),
        Cell("moment", row.at),
        _party(f"member:{row.member}"),
        Cell("number", row.invite),
        Cell("code", row.channel),
    ]


def _code(asked: Args, name: str) -> str:
    given = asked.get(name, "")[:60]
    return given if given.isprintable() else ""


_UNITS = Filter("unit", "desk.unit", (Unit.CNY.value, Unit.POINTS.value))
LISTINGS = {
    "grants": Listing(
        (
            Column("desk.col.entry", number=True),
            Column("desk.col.at"),
            Column("desk.col.party"),
            Column("desk.col.clause"),
            Column("desk.col.occasion"),
            Column("desk.col.version", number=True),
            Column("desk.col.pending", number=True),
            Column("desk.col.available", number=True),
            Column("desk.col.paid", number=True),
            Column("desk.col.withheld", number=True),
            Column("desk.col.recoverable", number=True),
            Column("desk.col.unit"),
        ),
        (
            Filter("account", "desk.col", tuple(account.value for account in _MONEY_HELD)),
            _UNITS,
        ),
        _grants,
    ),
    "referrals": Listing(
        (
            Column("desk.col.referral", number=True),
            Column("desk.col.registered_at"),
            Column("desk.col.member"),
            Column("desk.col.ordinal", number=True),
            Column("desk.col.channel"),
            Column("desk.col.version", number=True),
            Column("desk.col.applied"),
            Column("desk.col.qualified"),
            Column("desk.col.fraud"),
        ),
        (Filter("stage", "desk.stage", ("applied", "qualified", "fraud")),),
        _referrals,
    ),
    "verdicts": Listing(
        (
            Column("desk.col.at"),
            Column("desk.col.party"),
            Column("desk.col.clause"),
            Column("desk.col.occasion"),
            Column("desk.col.verdict"),
            Column("desk.col.limit"),
            Column("desk.col.asked", number=True),
            Column("desk.col.held", number=True),
            Column("desk.col.unit"),
        ),
        (
            Filter("verdict", "desk.verdict", ("admitted", "turned_away", "refused", "capped")),
            _UNITS,
        ),
        _verdicts,
    ),
    "visits": Listing(
        (
            Column("desk.col.visit", number=True),
            Column("desk.col.at"),
            Column("desk.col.member"),
            Column("desk.col.invite", number=True),
            Column("desk.col.channel"),
        ),
        (),
        _visits,
    ),
    "waiting": Listing(
        (
            Column("desk.col.member"),
            Column("desk.col.due_at"),
            Column("desk.col.tries", number=True),
            Column("desk.col.problem"),
        ),
        (),
        _waiting,
    ),
}
