"""Payouts: what can be paid, batches and where each stands, a batch's lines, its two people."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from shared.actions.collecting import collect, under_way
from shared.actions.inquiring import Inquiry, InquiryKind
from shared.actions.paying import cancel, confirm, export_full, export_masked
from shared.actions.preparing import Prepared
from shared.base.errors import Refusal
from shared.campaigns.campaigns import campaign_by_slug, get_campaign
from shared.reports.desk_payouts import (
    BatchSight,
    batch_sight,
    pay_lines,
    ready_to_pay,
)
from shared.reports.desk_people import who
from shared.reports.payout_file import Form
from shared.reports.payouts import batches
from shared.rewards.payouts import TRANSITIONS, LineState, State
from webapp.desk.asked import found_inquiry, inquiry_page
from webapp.desk.campaigns import campaign_of
from webapp.desk.face import desk, downloaded, filters, page, present
from webapp.desk.payout_tables import BATCHES, LINES, batch_cells, line_cells
from webapp.desk.seats import Need, acting, asking
from webapp.desk.tables import as_csv
from webapp.desk.typed import number_of, one_of
from webapp.sitting import UNPROCESSABLE, Answer, needs, say, words_of
from webapp.wiring import wiring
from webapp.words import request_locale, t

A_PAGE = 50
_MOST_IN_CSV = 1000
TONES = {
    State.PREPARED: "waiting",
    State.CONFIRMED: "waiting",
    State.EXPORTED: "waiting",
    State.ACKNOWLEDGED: "done",
    State.CANCELLED: "quiet",
}
_STEPS = (State.PREPARED, State.CONFIRMED, State.EXPORTED, State.ACKNOWLEDGED)


@desk.get("/payouts")
def payouts() -> Answer:
    """Batches, the newest first; `?state=`, `?campaign=`; `?format=csv` is a spreadsheet."""
    with asking() as session:
        return _list(session)


@desk.post("/payouts")
def prepare_batch() -> Answer:
    """Collect what a campaign can pay into a batch, for another person to confirm."""
    slug = request.form.get("campaign", "")
    try:
        with acting() as (session, staff):
            campaign = campaign_by_slug(session, slug) if slug.isprintable() else None
            if campaign is None:
                raise Refusal("payout.campaign", slug=slug[:40])
            made = collect(session, staff, campaign.id, wiring().now())
            asked = made.id if isinstance(made, Inquiry) else None
    except Refusal as refusal:
        with asking() as session:
            return _list(session, words_of(refusal))
    if isinstance(made, Prepared):
        return _prepared(made.number, made.unsettled)
    return redirect(url_for("desk.payout_asked", number=asked), 303)


def _prepared(number: int, unsettled: int) -> Answer:
    """On to the new batch, told what is in it."""
    say(
        f"desk.payout.said.{'prepared_but' if unsettled else 'prepared'}",
        number=number,
        n=unsettled,
    )
    return redirect(url_for("desk.payout", number=number), 303)


@desk.get("/payouts/asked/<int:number>")
def payout_asked(number: int) -> Answer:
    """A large batch that the worker collects: how far it is, then the batch."""
    with asking() as session:
        inquiry = found_inquiry(session, InquiryKind.PAYOUT, number)
        slug = get_campaign(session, inquiry.campaign_id).slug

        def made() -> Answer:
            assert inquiry.answer is not None
            number, unsettled = inquiry.answer["number"], inquiry.answer["unsettled"]
            if inquiry.asked_by == present().staff_id:
                return _prepared(number, unsettled)
            return redirect(url_for("desk.payout", number=number), 303)

        return inquiry_page(session, inquiry, t("desk.payout.asked", slug=slug), made)


@desk.get("/payouts/<int:number>")
def payout(number: int) -> Answer:
    """One batch: its sums, its lines with masked payees, and what may be done with it."""
    with asking() as session:
        return _page(session, number)


@desk.post("/payouts/<int:number>/confirm")
def confirm_batch(number: int) -> Answer:
    """The second person lets it go."""
    try:
        with acting() as (session, staff):
            done = confirm(session, staff, _known(number), wiring().now())
    except Refusal as refusal:
        return _refused(number, refusal)
    key = "confirmed_but" if done.withdrawn else "confirmed"
    say(f"desk.payout.said.{key}", number=number, n=done.withdrawn)
    return redirect(url_for("desk.payout", number=number), 303)


@desk.post("/payouts/<int:number>/cancel")
def cancel_batch(number: int) -> Answer:
    """Take back a batch that the bank does not have."""
    try:
        with acting() as (session, staff):
            freed = cancel(session, staff, _known(number), wiring().now())
    except Refusal as refusal:
        return _refused(number, refusal)
    say("desk.payout.said.cancelled", kind="info", number=number, n=freed)
    return redirect(url_for("desk.payout", number=number), 303)


@desk.post("/payouts/<int:number>/copy")
@needs(Need.READ)
def masked_file(number: int) -> Answer:
    """A masked copy to read; who took it is in the audit, so it is asked for by a form."""
    form = _form()
    try:
        with acting() as (session, staff):
            actor = f"staff:{staff.id}"
            made = export_masked(session, actor, _known(number), form, wiring().now())
    except Refusal as refusal:
        return _refused(number, refusal)
    return downloaded(made.content, f"payout-{number}-masked.{form.value}")


@desk.post("/payouts/<int:number>/file")
def full_file(number: int) -> Answer:
    """The bank's file. With the first one the batch leaves the house."""
    form = _form()
    try:
        with acting() as (session, staff):
            made = export_full(session, staff, _known(number), form, wiring().now())
    except Refusal as refusal:
        return _refused(number, refusal)
    return downloaded(made.content, f"payout-{number}.{form.value}")


def _form() -> Form:
    return one_of(Form, request.form.get("form")) or Form.CSV


def _known(number: int) -> int:
    """A number that the database can look up. NotFound for others."""
    if number >= 2**62:
        raise NotFound
    return number


def _refused(number: int, refusal: Refusal) -> Response:
    with asking() as session:
        return _page(session, number, words_of(refusal))


def _list(session: Session, refused: str = "") -> Response:
    state, slug = one_of(State, request.args.get("state")), request.args.get("campaign", "")
    campaign = campaign_of(session, slug) if slug else None
    campaign_id = campaign.id if campaign is not None else None
    kept = {"campaign": slug} if slug else {}
    here = kept | ({"state": state.value} if state is not None else {})
    if request.args.get("format") == "csv":
        found = batches(session, campaign_id, _MOST_IN_CSV, state=state)
        return as_csv(
            "payouts", BATCHES, [row for line in found for row in batch_cells(session, line)]
        )
    before = number_of(request.args.get("before"))
    found = batches(session, campaign_id, A_PAGE, state=state, before=before)
    words = {each: t(f"payout.state.{each.value}") for each in State}
    more = len(found) == A_PAGE
    return page(
        "payouts", "payouts", UNPROCESSABLE if refused else 200, refused=refused, slug=slug,
        ready=[each for each in ready_to_pay(session) if campaign_id in (None, each.campaign.id)],
        lines=found, tones=TONES, choices=filters("desk.payouts", "state", words, state, **kept),
        further=url_for("desk.payouts", **here, before=found[-1].number) if more else "",
        start=url_for("desk.payouts", **here) if before else "",
        csv=url_for("desk.payouts", **here, format="csv"),
        under_way=under_way(session), speaks=request_locale(),
        person=lambda actor: who(session, actor),
    )  # fmt: skip


def _page(session: Session, number: int, refused: str = "") -> Response:
    sight = _sight(session, number)
    state = one_of(LineState, request.args.get("line"))
    after = request.args.get("after", "")
    shown = pay_lines(session, number, state, after, A_PAGE)
    here = {"number": number} | ({"line": state.value} if state is not None else {})
    words = {
        each: t("desk.payout.count", words=t(f"desk.payout.line.{each.value}"), n=n)
        for each, n in sight.counts.items()
    }
    own = sight.batch.prepared_by == f"staff:{present().staff_id}"
    return page(
        "payout", "payouts", UNPROCESSABLE if refused else 200, refused=refused, sight=sight,
        own=own, tones=TONES, steps=_steps(sight), columns=LINES,
        choices=filters("desk.payout", "line", words, state, "lines", number=number),
        ways=TRANSITIONS[sight.state], State=State, zone=sight.campaign.zone,
        rows=[line_cells(each) for each in shown.rows],
        start=url_for("desk.payout", **here, _anchor="lines") if after else "",
        further=url_for("desk.payout", **here, after=shown.after, _anchor="lines")
        if shown.after
        else "",
    )  # fmt: skip


def _sight(session: Session, number: int) -> BatchSight:
    try:
        return batch_sight(session, _known(number))
    except LookupError:
        raise NotFound from None


def _steps(sight: BatchSight) -> list[tuple[str, str]]:
    """(state, done | now | next) along the way of a batch that was not cancelled."""
    if sight.state is State.CANCELLED:
        return []
    done = _STEPS.index(sight.state) + 1  # what is to be done next is where it stands
    return [
        (step.value, "done" if place < done else "now" if place == done else "next")
        for place, step in enumerate(_STEPS)
    ]
