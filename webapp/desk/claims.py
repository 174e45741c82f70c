"""Make-up claims at the desk: the queue by due time, one with its evidence, who goes on with it.

Managers decide here as at the counter; the desk's own people hand out, auditors look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from shared.actions.claim_assigning import assign_claim
from shared.actions.claim_noting import LONGEST
from shared.actions.deciding import decide_claim
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.claims.claims import BY_PEOPLE, Claim, Reason, State, steps_of
from shared.people.staff import Staff
from shared.post.audit import record
from shared.reports.claim_opinions import opinions_by_month, zone_of
from shared.reports.desk_claims import ClaimCase, ClaimRow, Show, claim_case, claim_rows
from shared.reports.desk_rows import Slice
from webapp.claim_words import answers_to, chosen_template, clock_of
from webapp.desk.campaigns import campaign_of
from webapp.desk.face import desk, filters, page, present
from webapp.desk.seats import Need, acting, asking
from webapp.desk.tables import Cell, Column, as_csv
from webapp.desk.typed import number_of, one_of
from webapp.sitting import UNPROCESSABLE, Answer, needs, say, words_of
from webapp.wiring import wiring
from webapp.words import t

A_PAGE = 50
_A_BATCH = 500
TONES = {
    State.FILED: "quiet",
    State.ASKED: "quiet",
    State.WITH_PERSON: "waiting",
    State.SECOND_PERSON: "waiting",
    State.APPEALED: "waiting",
    State.CREDITED: "done",
    State.REFUSED: "error",
    State.UPHELD: "error",
}
_COLUMNS = (
    Column("desk.claim.number"),
    Column("desk.col.campaign"),
    Column("desk.claim.member"),
    Column("desk.claim.reference"),
    Column("desk.claim.friend"),
    Column("desk.claim.amount", number=True),
    Column("desk.col.state"),
    Column("desk.claim.reason"),
    Column("desk.claim.filed"),
    Column("desk.claim.due"),
    Column("desk.claim.stands_since"),
    Column("desk.claim.escalated_at"),
    Column("desk.claim.appealed_at"),
    Column("desk.claim.decided_at"),
    Column("desk.claim.assigned"),
)


@dataclass(frozen=True)
class Sought:
    """What the address asks for."""

    show: Show
    campaign_id: int | None
    slug: str

    @property
    def narrowed(self) -> dict[str, str]:
        """The campaign for another address."""
        return {"campaign": self.slug} if self.slug else {}

    @property
    def kept(self) -> dict[str, str]:
        """The same for another address."""
        return {"show": self.show.value, **self.narrowed}


@desk.get("/claims")
def claims() -> Answer:
    """A page of the queue, by due time; `?show=` and `?campaign=` narrow it."""
    now, after = wiring().now(), request.args.get("after", "")
    with asking() as session:
        sought = _sought(session, request.args)
        staff = session.get_one(Staff, present().staff_id)
        found = _read(session, staff, sought, after, A_PAGE)
        words = {each: t(f"desk.claim.show.{each.value}") for each in Show}
        choices = filters("desk.claims", "show", words, sought.show, **sought.narrowed)
        zone = zone_of(session, sought.campaign_id, now)
        opinions = opinions_by_month(session, sought.campaign_id, zone, now)
        return page(
            "claims", "claims", rows=found.rows, choices=choices[1:], show=sought.show,
            kept=sought.kept, slug=sought.slug, tones=TONES, opinions=opinions,
            clocks={row.claim.id: clock_of(row.claim.due_at, now) for row in found.rows},
            start=url_for("desk.claims", **sought.kept) if after else "",
            further=url_for("desk.claims", **sought.kept, after=found.after)
            if found.after else "",
        )  # fmt: skip


@desk.post("/claims/file")
@needs(Need.READ)
def claims_file() -> Answer:
    """All of a list as a spreadsheet, masked; who took it is on record."""
    with asking() as session:
        sought = _sought(session, request.form)
    with acting() as (session, staff):
        record(
            session, f"staff:{staff.id}", "claims.exported", "claims", wiring().now(),
            **sought.kept,
        )  # fmt: skip
    return as_csv("claims", _COLUMNS, _all(sought))


@desk.get("/claims/<int:number>")
def claim(number: int) -> Answer:
    """One claim: what was found and what it weighs, who did what, what the reader may do."""
    with asking() as session:
        return claim_page(session, number)


@desk.post("/claims/<int:number>/assign")
def assign_claim_to(number: int) -> Answer:
    """Give it to somebody, or to everybody."""
    sent = request.form.get("to", "")
    to = number_of(sent)
    with asking() as session:
        claim_found(session, number)
    try:
        with acting() as (session, staff):
            if sent and to is None:
                raise Refusal("claim.assignee")
            assign_claim(session, staff, number, to, wiring().now())
            case_number = session.get_one(Claim, number).number
    except Refusal as refusal:
        with asking() as session:
            return claim_page(session, number, words_of(refusal))
    say(f"desk.claim.said.{'assigned' if to else 'put_back'}", number=case_number)
    return redirect(url_for("desk.claim", number=number), 303)


@desk.post("/claims/<int:number>/credit")
def credit_claim(number: int) -> Answer:
    """Credit, or agree as the first of two."""
    return _decide(number, True, Reason.EVIDENCE)


@desk.post("/claims/<int:number>/refuse")
def refuse_claim(number: int) -> Answer:
    """Refuse with one of the reasons."""
    reason = one_of(Reason, request.form.get("reason"))
    return _decide(number, False, reason if reason in BY_PEOPLE else None)


def _decide(number: int, to_credit: bool, reason: Reason | None) -> Answer:
    with asking() as session:
        claim_found(session, number)
    try:
        if reason is None:
            raise Refusal("claim.reason")
        with acting() as (session, staff):
            template = chosen_template()
            state = decide_claim(
                session, staff, number, to_credit, reason, wiring().now(), template
            )
            case_number = session.get_one(Claim, number).number
    except Refusal as refusal:
        with asking() as session:
            if refusal.code == "claim.decided" and (mine := _own_step(session, number)):
                say(f"desk.claim.said.{mine[1]}", number=mine[0])
                return redirect(url_for("desk.claim", number=number), 303)
            return claim_page(session, number, words_of(refusal))
    say(f"desk.claim.said.{state.value}", number=case_number)
    return redirect(url_for("desk.claim", number=number), 303)


def _own_step(session: Session, number: int) -> tuple[str, str] | None:
    """Pressed twice: one's own decision reads as done. The case number and the state."""
    last = steps_of(session, number)[-1]
    if last.actor != f"staff:{present().staff_id}":
        return None
    return session.get_one(Claim, number).number, last.after


def claim_found(session: Session, number: int) -> ClaimCase:
    """One claim as the reader may see it. NotFound when there is none for them."""
    try:
        if number >= 2**62:
            raise LookupError("no claim has such a number")
        return claim_case(session, session.get_one(Staff, present().staff_id), number)
    except LookupError:
        raise NotFound from None


def claim_page(
    session: Session, number: int, refused: str = "", look: int | None = None, typed: str = ""
) -> Response:
    """One claim. `look`: its picture is looked at, by this act; `typed`: a note that was refused.
    NotFound when there is none for this reader."""
    found, now = claim_found(session, number), wiring().now()
    row = found.row
    credit = found.decider and not found.hand and found.may_credit
    return page(
        "claim", "claims", UNPROCESSABLE if refused else 200, found=found, row=row,
        claim=row.claim, zone=row.zone, refused=refused, tones=TONES,
        clock=clock_of(row.claim.due_at, now), reasons=BY_PEOPLE, unit=Unit.CNY,
        credit_answers=answers_to(session, number, True, now)
        if credit and not found.takes_two else None,
        refuse_answers=answers_to(session, number, False, now)
        if found.decider and not found.hand else None,
        may_credit=credit, state=State(row.claim.state), look=look, typed=typed, longest=LONGEST,
    )  # fmt: skip


def _sought(session: Session, given: MultiDict[str, str]) -> Sought:
    """NotFound for a campaign that there is not."""
    show = one_of(Show, given.get("show")) or Show.WAITS
    slug = given.get("campaign", "")
    return Sought(show, campaign_of(session, slug).id if slug else None, slug)


def _read(session: Session, staff: Staff, sought: Sought, after: str, most: int) -> Slice[ClaimRow]:
    now = wiring().now()
    return claim_rows(session, staff, sought.show, sought.campaign_id, after, most, now)


def _all(sought: Sought) -> Iterator[list[Cell]]:
    """Every row, read in batches so that a long file never holds a long transaction."""
    after, database, reader = "", wiring().database, present().staff_id
    while True:
        with database.reading() as session:
            found = _read(session, session.get_one(Staff, reader), sought, after, _A_BATCH)
            cells = [_cells(row) for row in found.rows]
        yield from cells
        if not (after := found.after):
            return


def _cells(row: ClaimRow) -> list[Cell]:
    claim = row.claim
    moments = (
        claim.filed_at, claim.due_at, claim.paused_at, claim.escalated_at, claim.appealed_at,
        claim.decided_at,
    )  # fmt: skip
    return [
        Cell("code", claim.number),
        Cell("code", row.campaign.slug),
        Cell("text", row.member.name),
        Cell("code", row.member.reference),
        Cell("code", claim.last_four),
        Cell("money", row.amount),
        Cell("text", t(f"desk.claim.state.{claim.state}")),
        Cell("text", t(f"desk.claim.reason.{claim.reason}") if claim.reason else ""),
        *(Cell("moment", at) if at else Cell("text", "") for at in moments),
        Cell("text", row.assigned),
    ]
