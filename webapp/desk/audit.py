"""The audit at the desk: who did what, when, from which tablet, on what evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import request, url_for

from shared.post.audit import record
from shared.post.audit_chain import head
from shared.reports.desk_audit import Act, Sought, acts
from webapp.desk.face import desk, page
from webapp.desk.people import ZONE
from webapp.desk.seats import Need, acting, asking
from webapp.desk.tables import Cell, Column, as_csv
from webapp.desk.typed import number_of
from webapp.sitting import Answer, needs
from webapp.wiring import wiring
from webapp.words import t

A_PAGE = 50
_A_BATCH = 1000
_FIELDS = ("actor", "act", "subject", "since", "until")
_COLUMNS = (
    Column("desk.audit.number", number=True),
    Column("desk.col.at"),
    Column("desk.audit.actor"),
    Column("desk.audit.act"),
    Column("desk.audit.subject"),
    Column("desk.audit.tablet"),
    Column("desk.audit.evidence"),
    Column("desk.audit.place", number=True),
)


@desk.get("/audit")
def audit() -> Answer:
    """A page of acts, narrowed by what the address says."""
    kept = _kept(request.args)
    before = number_of(request.args.get("before"))
    with asking() as session:
        found = acts(session, _sought(kept), before, A_PAGE + 1)
        end = head(session)
    shown, more = found[:A_PAGE], len(found) > A_PAGE
    return page(
        "audit", "audit", columns=_COLUMNS, rows=[_cells(act) for act in shown], zone=ZONE,
        kept=kept, fields=_FIELDS, end=end,
        start=url_for("desk.audit", **kept) if before is not None else "",
        further=url_for("desk.audit", **kept, before=shown[-1].number) if more else "",
    )  # fmt: skip


@desk.post("/audit/file")
@needs(Need.READ)
def audit_file() -> Answer:
    """All of it as a spreadsheet; who took it is on record."""
    kept = _kept(request.form)
    with acting() as (session, staff):
        record(session, f"staff:{staff.id}", "audit.exported", "audit", wiring().now())
    return as_csv("audit", _COLUMNS, (_cells(act) for act in _all(_sought(kept))))


def _all(sought: Sought) -> Iterator[Act]:
    """Every act, read in batches so that a long file never holds a long transaction."""
    before, database = None, wiring().database
    while True:
        with database.reading() as session:
            batch = acts(session, sought, before, _A_BATCH)
        yield from batch
        if len(batch) < _A_BATCH:
            return
        before = batch[-1].number


def _kept(given: object) -> dict[str, str]:
    values = {name: given.get(name, "").strip()[:80] for name in _FIELDS}  # type: ignore[attr-defined]
    return {name: value for name, value in values.items() if value and value.isprintable()}


def _sought(kept: dict[str, str]) -> Sought:
    since, until = _day(kept.get("since", "")), _day(kept.get("until", ""))
    return Sought(
        kept.get("actor", ""),
        kept.get("act", ""),
        kept.get("subject", ""),
        since,
        until + timedelta(days=1) if until is not None else None,
    )


def _day(written: str) -> datetime | None:
    """The beginning of a day where the desk is; None for what is no day."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return datetime.combine(day, time(), ZoneInfo(ZONE)).astimezone(UTC)


def _cells(act: Act) -> list[Cell]:
    return [
        Cell("number", act.number),
        Cell("moment", act.at),
        Cell("text", act.name or act.actor),
        Cell("code", act.act),
        Cell("code", act.subject),
        Cell("code", act.tablet),
        Cell("text", act.evidence),
        Cell("number", act.place) if act.place else Cell("text", t("desk.audit.waiting")),
    ]
