"""Remedies: write-offs, goodwill and findings about a friend, each asked for by one person and
decided by another. A finding is asked for on the friend's own page (`friends`)."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.remedying import ask_goodwill, ask_write_off, decide_remedy
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign
from shared.ledger.balance import Key
from shared.people.members import member_by_ref
from shared.reports.desk_friends import effects_of
from shared.reports.desk_remedies import Owing, RemedyLine, owings, remedy_lines, remedy_of
from shared.rewards.remedies import RemedyKind, RemedyState
from webapp.desk.campaigns import campaign_of, named_campaigns
from webapp.desk.face import desk, filters, page, present
from webapp.desk.seats import Need, acting, asking
from webapp.desk.tables import Cell, Column, as_csv
from webapp.desk.typed import hundredths_of, one_of
from webapp.sitting import UNPROCESSABLE, Answer, needs, say, words_of
from webapp.wiring import wiring
from webapp.words import t

TONES = {"asked": "waiting", "done": "done", "refused": "error"}
GIVEN = (Unit.CNY, Unit.POINTS)
MOST_OWINGS = 200
LONGEST_REASON = 80
_COLUMNS = (
    Column("desk.col.number", number=True),
    Column("desk.col.what"),
    Column("desk.col.campaign"),
    Column("desk.remedy.payee"),
    Column("desk.col.amount", number=True),
    Column("desk.col.unit"),
    Column("desk.remedy.reason"),
    Column("desk.col.state"),
    Column("desk.col.maker"),
    Column("desk.col.made_at"),
    Column("desk.col.decider"),
)


@desk.get("/remedies")
def remedies() -> Answer:
    """Requests; `?state=` shows those of one state, `?format=csv` is a spreadsheet."""
    state = one_of(RemedyState, request.args.get("state"))
    with asking() as session:
        lines = remedy_lines(session, state)
        if request.args.get("format") == "csv":
            return as_csv("remedies", _COLUMNS, [_cells(line) for line in lines])
        words = {each: t(f"desk.remedy.state.{each.value}") for each in RemedyState}
        kept = {"state": state.value} if state is not None else {}
        return page(
            "remedies", "remedies", lines=lines, tones=TONES,
            choices=filters("desk.remedies", "state", words, state),
            csv=url_for("desk.remedies", **kept, format="csv"), campaigns=named_campaigns(session),
        )  # fmt: skip


@desk.get("/campaigns/<slug>/recoverable")
def recoverable(slug: str) -> Answer:
    """What a campaign's parties stand to return, the largest first."""
    with asking() as session:
        campaign = campaign_of(session, slug)
        found = owings(session, campaign.id)
        return page(
            "recoverable", "remedies", campaign=campaign, owings=found[:MOST_OWINGS],
            total=len(found),
        )  # fmt: skip


@desk.get("/campaigns/<slug>/write-off")
@needs(Need.CHANGE)
def write_off_form(slug: str) -> Answer:
    """What would be given up, in numbers, and why."""
    with asking() as session:
        return _write_off_page(session, campaign_of(session, slug))


@desk.post("/campaigns/<slug>/write-off")
def ask_for_write_off(slug: str) -> Answer:
    """Ask to give up what a key stands to return."""
    try:
        with acting() as (session, staff):
            campaign = campaign_of(session, slug)
            key, unit = _key(campaign.id)
            number = ask_write_off(session, staff, key, unit, typed_reason(), wiring().now())
    except Refusal as refusal:
        with asking() as session:
            return _write_off_page(session, campaign_of(session, slug), words_of(refusal))
    say("desk.remedy.said.asked", number=number)
    return redirect(url_for("desk.remedy", number=number), 303)


@desk.get("/remedies/goodwill")
@needs(Need.CHANGE)
def goodwill_form() -> Answer:
    """To whom, how much, and why."""
    with asking() as session:
        return _goodwill_page(session)


@desk.post("/remedies/goodwill")
def ask_for_goodwill() -> Answer:
    """Ask to give a member what no rule owes them."""
    try:
        with acting() as (session, staff):
            campaign = campaign_of(session, request.form.get("campaign", ""))
            member = _member(session)
            unit = _unit(request.form.get("unit", ""))
            amount = _amount(request.form.get("amount", ""), unit)
            number = ask_goodwill(
                session, staff, campaign.id, member, unit, amount, typed_reason(), wiring().now()
            )
    except Refusal as refusal:
        with asking() as session:
            return _goodwill_page(session, words_of(refusal))
    say("desk.remedy.said.asked", number=number)
    return redirect(url_for("desk.remedy", number=number), 303)


@desk.post("/remedies/friends")
@needs(Need.READ)
def find_friends() -> Answer:
    """From a customer number, which no address may hold, to the member's friends."""
    try:
        with asking() as session:
            slug = campaign_of(session, request.form.get("campaign", "")).slug
            member = _member(session)
    except Refusal as refusal:
        say(f"error.{refusal.code}", "error")
        return redirect(url_for("desk.remedies"), 303)
    return redirect(url_for("desk.rows", slug=slug, what="referrals", member=member), 303)


@desk.get("/remedies/<int:number>")
def remedy(number: int) -> Answer:
    """One request: what it does, why, and who may decide it."""
    with asking() as session:
        return _page(session, number)


@desk.post("/remedies/<int:number>/agree")
def agree(number: int) -> Answer:
    """The second person agrees; settling posts it."""
    return _decide(number, to_agree=True)


@desk.post("/remedies/<int:number>/refuse")
def refuse(number: int) -> Answer:
    """The second person refuses."""
    return _decide(number, to_agree=False)


def _decide(number: int, *, to_agree: bool) -> Answer:
    with asking() as session:
        _found(session, number)
    try:
        with acting() as (session, staff):
            state = decide_remedy(session, staff, number, to_agree, wiring().now())
    except Refusal as refusal:
        with asking() as session:
            return _page(session, number, words_of(refusal))
    say(f"desk.remedy.said.{state.value}", number=number)
    return redirect(url_for("desk.remedy", number=number), 303)


def _found(session: Session, number: int) -> RemedyLine:
    try:
        if number >= 2**62:
            raise LookupError("no request has such a number")
        return remedy_of(session, number)
    except LookupError:
        raise NotFound from None


def _page(session: Session, number: int, refused: str = "") -> Response:
    line = _found(session, number)
    finds = RemedyKind(line.remedy.kind).finds
    more: dict[str, Any] = {"finds": finds}
    if finds and line.open:
        more["effects"] = effects_of(session, line.remedy, wiring().now())
    return page(
        "remedy", "remedies", UNPROCESSABLE if refused else 200, line=line, asked=line.remedy,
        unit=Unit(line.remedy.unit), own=line.remedy.asked_by == present().staff_id,
        refused=refused, tones=TONES, zone=line.campaign.zone, **more,
    )  # fmt: skip


def _write_off_page(session: Session, campaign: Campaign, refused: str = "") -> Response:
    key, unit = _key(campaign.id)
    found = _owing(session, key, unit)
    if found is None and not refused:
        raise NotFound
    return page(
        "write_off", "remedies", UNPROCESSABLE if refused else 200, campaign=campaign, owing=found,
        refused=refused, reason=typed_reason(), longest=LONGEST_REASON,
    )  # fmt: skip


def _owing(session: Session, key: Key, unit: Unit) -> Owing | None:
    found = (each for each in owings(session, key.campaign) if (each.key, each.unit) == (key, unit))
    return next(found, None)


def _goodwill_page(session: Session, refused: str = "") -> Response:
    return page(
        "goodwill", "remedies", UNPROCESSABLE if refused else 200, refused=refused, given=GIVEN,
        campaigns=named_campaigns(session), typed=request.form, longest=LONGEST_REASON,
        chosen=request.values.get("campaign", ""),
    )  # fmt: skip


def _key(campaign_id: int) -> tuple[Key, Unit]:
    """The key that the address or form names. NotFound for what can be none."""
    given = [request.values.get(name, "") for name in ("party", "clause", "occasion")]
    unit = request.values.get("unit", "")
    named = re.fullmatch(r"(member|friend):\d{1,18}", given[0])
    if not named or unit not in set(Unit) or not all(each.isprintable() for each in given):
        raise NotFound
    return Key(campaign_id, given[0], given[1][:40], given[2][:80]), Unit(unit)


def typed_reason() -> str:
    """Why, as it was typed, in one line."""
    written = request.form.get("reason", "")
    return " ".join(written.replace("\0", "").split())[:LONGEST_REASON]


def _member(session: Session) -> int:
    written = request.form.get("member", "").strip()[:64]
    found = member_by_ref(session, written) if written.isprintable() and written else None
    if found is None:
        raise Refusal("remedy.member")
    return found.id


def _unit(written: str) -> Unit:
    if written not in GIVEN:
        raise Refusal("remedy.amount")
    return Unit(written)


def _amount(written: str, unit: Unit) -> int:
    """Fen or points of what was typed: `50`, `¥50.00`, `3,000`. Refusal `remedy.amount`."""
    found = hundredths_of(written)
    if found is None or (unit is not Unit.CNY and found % 100):
        raise Refusal("remedy.amount")
    return found if unit is Unit.CNY else found // 100


def _cells(line: RemedyLine) -> list[Cell]:
    asked = line.remedy
    return [
        Cell("number", asked.id),
        Cell("text", t(f"desk.remedy.{RemedyKind(asked.kind).value}")),
        Cell("code", line.campaign.slug),
        Cell("text", f"{line.payee.name} {line.payee.reference}".strip()),
        Cell("money", asked.amount, Unit(asked.unit)),
        Cell("text", t(f"desk.unit.{asked.unit}")),
        Cell("text", asked.reason),
        Cell("text", t(f"desk.remedy.state.{asked.state}")),
        Cell("text", line.asker),
        Cell("moment", asked.asked_at),
        Cell("text", line.decider),
    ]
