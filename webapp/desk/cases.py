"""Risk cases: the list by age, the evidence in plain words, and what people decide.

A member learns nothing of any of this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions import case_deciding
from shared.base.errors import Refusal
from shared.reports.desk_cases import CaseDetails, CaseLine, Show, case_details, case_lines, watched
from shared.reports.risk_words import signal_words
from shared.risk.cases import CaseState, Finding
from shared.risk.known import Signal
from webapp.desk.face import desk, filters, page, present
from webapp.desk.seats import acting, asking
from webapp.desk.tables import Cell, Column, as_csv
from webapp.desk.typed import number_of, one_of
from webapp.sitting import UNPROCESSABLE, Answer, say, words_of
from webapp.wiring import wiring
from webapp.words import request_locale, t

TONES = {
    "open": "waiting",
    "proposed": "waiting",
    "appealed": "waiting",
    "confirmed": "error",
    "upheld": "error",
    "cleared": "done",
}
LONGEST = case_deciding.LONGEST_NOTE
_COLUMNS = (
    Column("desk.case.number", number=True),
    Column("desk.case.kind"),
    Column("desk.col.campaign"),
    Column("desk.case.score", number=True),
    Column("desk.case.friends", number=True),
    Column("desk.case.members", number=True),
    Column("desk.col.state"),
    Column("desk.case.opened"),
    Column("desk.case.due"),
    Column("desk.case.assigned"),
)


@desk.get("/cases")
def cases() -> Answer:
    """What waits, the oldest first; `?show=` for other lists, `?format=csv` a spreadsheet."""
    show = one_of(Show, request.args.get("show")) or Show.WAITS
    with asking() as session:
        lines = case_lines(session, show, present().staff_id, wiring().now())
        if request.args.get("format") == "csv":
            return as_csv("cases", _COLUMNS, [_cells(line) for line in lines])
        choices = filters(
            "desk.cases", "show", {each: t(f"desk.case.show.{each.value}") for each in Show}, show
        )
        watch = (url_for("desk.watched_friends"), t("desk.case.show.watched"), False)
        return page(
            "cases", "cases", lines=lines, choices=[*choices[1:], watch], tones=TONES, show=show,
            late=sum(line.overdue for line in lines),
            csv=url_for("desk.cases", show=show.value, format="csv"),
        )  # fmt: skip


@desk.get("/cases/watched")
def watched_friends() -> Answer:
    """Friends in whom something was seen, and nothing waits."""
    with asking() as session:
        words = {each: t(f"desk.case.show.{each.value}") for each in Show}
        choices = filters("desk.cases", "show", words, None)
        here = (url_for("desk.watched_friends"), t("desk.case.show.watched"), True)
        return page(
            "watched", "cases", rows=watched(session), choices=[*choices[1:], here], said=said
        )


@desk.get("/cases/<int:number>")
def case(number: int) -> Answer:
    """One case: what was seen, what waits, who did what, and what the reader may do."""
    with asking() as session:
        return _page(session, number)


@desk.post("/cases/<int:number>/assign")
def assign_case(number: int) -> Answer:
    """Give it to somebody, or to nobody."""
    to = number_of(request.form.get("to"))
    return _do(number, "assigned", case_deciding.assign, to)


@desk.post("/cases/<int:number>/clear")
def clear_case(number: int) -> Answer:
    """Nothing wrong: everything is released."""
    return _do(number, "cleared", case_deciding.clear, _note())


@desk.post("/cases/<int:number>/find")
def find_case(number: int) -> Answer:
    """No reward, with or without the blacklist: another person confirms."""
    note, finding = _note(), one_of(Finding, request.form.get("finding"))
    if finding is None or finding is Finding.HONEST:
        raise NotFound
    return _do(number, "proposed", case_deciding.find_against, finding, note)


@desk.post("/cases/<int:number>/confirm")
def confirm_case(number: int) -> Answer:
    """The second person agrees."""
    return _do(number, "confirmed", case_deciding.confirm, _note())


@desk.post("/cases/<int:number>/send-back")
def send_back_case(number: int) -> Answer:
    """The second person does not agree."""
    return _do(number, "sent_back", case_deciding.send_back, _note())


@desk.post("/cases/<int:number>/appeal")
def appeal_case(number: int) -> Answer:
    """The member disagrees; somebody new decides."""
    return _do(number, "appealed", case_deciding.appeal, _note())


@desk.post("/cases/<int:number>/appeal/decide")
def decide_case_appeal(number: int) -> Answer:
    """Somebody new decides about the appeal."""
    uphold = request.form.get("answer") == "uphold"
    came_to = "upheld" if uphold else "cleared"
    return _do(number, came_to, case_deciding.decide_appeal, uphold, _note())


def said(signal: Signal) -> str:
    """What a check saw, in the reader's words."""
    return signal_words(signal, request_locale())


def _do(number: int, came_to: str, act: Callable[..., None], *given: object) -> Answer:
    """Carry out an act of `case_deciding`, which takes `given` between the case and the moment."""
    with asking() as session:
        _found(session, number)
    try:
        with acting() as (session, staff):
            act(session, staff, number, *given, wiring().now())
    except Refusal as refusal:
        with asking() as session:
            return _page(session, number, words_of(refusal))
    say(f"desk.case.said.{came_to}", number=number)
    return redirect(url_for("desk.case", number=number), 303)


def _found(session: Session, number: int) -> CaseDetails:
    try:
        if number >= 2**62:
            raise LookupError("no case has such a number")
        return case_details(session, number, present().staff_id, wiring().now())
    except LookupError:
        raise NotFound from None


def _page(session: Session, number: int, refused: str = "") -> Response:
    found = _found(session, number)
    return page(
        "case", "cases", UNPROCESSABLE if refused else 200, found=found, line=found.line,
        case=found.line.case, refused=refused, tones=TONES, zone=found.line.zone, said=said,
        note=_note(), longest=LONGEST, **_may(found),
    )  # fmt: skip


def _may(found: CaseDetails) -> dict[str, Any]:
    """What the reader may do now, and why not."""
    reader, finding = present(), found.finding
    state = CaseState(found.line.case.state)
    had_a_hand = finding is not None and reader.staff_id in (
        finding.proposed_by, finding.confirmed_by, finding.appealed_by,
    )  # fmt: skip
    free = reader.may_change
    return {
        "state": state.value,
        "undecided": state in (CaseState.OPEN, CaseState.PROPOSED, CaseState.APPEALED),
        "may_find": free and state is CaseState.OPEN,
        "may_confirm": free
        and state is CaseState.PROPOSED
        and finding is not None
        and finding.proposed_by != reader.staff_id,
        "may_appeal": free and state is CaseState.CONFIRMED,
        "may_decide_appeal": free and state is CaseState.APPEALED and not had_a_hand,
        "had_a_hand": had_a_hand,
    }


def _note() -> str:
    return request.form.get("note", "").replace("\0", "")[:LONGEST]


def _cells(line: CaseLine) -> list[Cell]:
    case = line.case
    return [
        Cell("number", case.id),
        Cell("text", t(f"desk.case.kind.{case.kind}")),
        Cell("code", line.campaign.slug),
        Cell("number", case.score),
        Cell("number", line.friends),
        Cell("number", line.members),
        Cell("text", t(f"desk.case.state.{case.state}")),
        Cell("moment", case.opened_at),
        Cell("moment", case.due_at) if case.due_at else Cell("text", ""),
        Cell("text", line.assigned),
    ]
