"""Paying: a prepared batch is confirmed by another person, and handed to the bank as a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.answering import acknowledge, complete
from shared.actions.kinship import circle_of
from shared.actions.preparing import (
    actor_of,
    chunks,
    hold_authority,
    lock_campaign,
    plain_totals,
)
from shared.base.direct import among
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.base.privacy import mask_name
from shared.ledger.balance import Account
from shared.people.members import Member
from shared.people.persons import Person, opened_name
from shared.people.staff import Staff, same_person
from shared.post.audit import record
from shared.referrals.referrals import Referral
from shared.reports.payout_file import Form, Row, write
from shared.rewards.payable import standings_in
from shared.rewards.payouts import Batch, Line, LineState, PartKind, State, batch_for_update, move
from shared.rewards.slips import Piece, Slip, Total, close, lines_of, parts_of, totals_of

_NAMED_AT_ONCE = 5_000


@dataclass(frozen=True)
class Confirmed:
    """What a batch came to. `withdrawn`: lines whose reward is no longer what it was."""

    totals: dict[Unit, Total]
    withdrawn: int


@dataclass(frozen=True)
class File:
    """A payout as a file, with its sums."""

    content: bytes
    totals: dict[Unit, Total]
    withdrawn: int = 0


def confirm(session: Session, staff: Staff, number: int, now: datetime) -> Confirmed:
    """The second person lets a batch go. What is netted in full is done with that.

    Refusals: `payout.unknown`, `payout.authority`, `payout.maker` (the same person),
    `payout.party` (a line is their own, or of somebody close
    to them), `payout.state`.
    """
    hold_authority(staff)
    batch = _held(session, number)
    actor = actor_of(staff)
    if same_person(session, staff, batch.prepared_by):
        raise Refusal("payout.maker")
    refuse_party(session, staff, batch)
    move(batch, State.CONFIRMED, now)
    batch.confirmed_by, batch.confirmed_at = actor, now
    left, withdrawn = _withdraw_stale(session, batch, now)
    totals = totals_of(left)
    netted = [line for line in left if line.net == 0]
    complete(session, netted, now)
    acknowledge(session, batch, now)
    record(
        session, actor, "payout.confirmed", f"payout:{number}", now,
        totals=plain_totals(totals), withdrawn=withdrawn,
    )  # fmt: skip
    return Confirmed(totals, withdrawn)


def refuse_party(session: Session, staff: Staff, batch: Batch) -> None:
    """Staff never act where they, or somebody close to them, are paid. Refusal `payout.party`."""
    theirs = circle_of(session, staff).customers
    if not theirs:
        return
    paid = select(Line.id).where(Line.batch_id == batch.id, Line.customer_ref.in_(theirs))
    if session.scalar(paid.limit(1)) is not None:
        raise Refusal("payout.party")


def cancel(session: Session, who: Staff | str, number: int, now: datetime) -> int:
    """Take back a batch that the bank does not have yet; how many lines are free again.

    `who`: an employee of the desk or a manager, or the operator. Refusals: `payout.unknown`,
    `payout.authority`, `payout.state`.
    """
    if isinstance(who, Staff):
        hold_authority(who)
    batch = _held(session, number)
    move(batch, State.CANCELLED, now)
    lines = lines_of(session, number, LineState.WAITING)
    close(session, lines, LineState.WITHDRAWN, "cancelled", now)
    record(session, actor_of(who), "payout.cancelled", f"payout:{number}", now, lines=len(lines))
    session.flush()
    return len(lines)


def export_full(session: Session, staff: Staff, number: int, form: Form, now: datetime) -> File:
    """The bank's file, with names and references. The first time, the batch leaves the house.

    The same batch gives the same lines whenever it is asked for. Refusals: `payout.unknown`,
    `payout.authority`, `payout.state` (not confirmed), `payout.uneven` (file and ledger differ).
    """
    hold_authority(staff)
    batch = _held(session, number)
    withdrawn = 0
    if batch.state != State.EXPORTED and batch.state != State.ACKNOWLEDGED:
        move(batch, State.EXPORTED, now)
        _, withdrawn = _withdraw_stale(session, batch, now)
        _hold_against_ledger(session, batch)
        acknowledge(session, batch, now)
    made = _file(session, batch, form, full=True)
    record(
        session, actor_of(staff), "payout.exported", f"payout:{number}", now,
        full=True, form=form.value, withdrawn=withdrawn, totals=plain_totals(made.totals),
    )  # fmt: skip
    return File(made.content, made.totals, withdrawn)


def export_masked(
    session: Session, who: Staff | str, number: int, form: Form, now: datetime
) -> File:
    """A copy to read, at any time: names and references masked. Changes nothing.

    Refusal: `payout.unknown`.
    """
    batch = session.get(Batch, number)
    if batch is None:
        raise Refusal("payout.unknown", number=number)
    made = _file(session, batch, form, full=False)
    record(
        session, actor_of(who), "payout.exported", f"payout:{number}", now,
        full=False, form=form.value,
    )  # fmt: skip
    return made


def _held(session: Session, number: int) -> Batch:
    """A batch behind its campaign's lock, in which no other act on its payouts is going on."""
    batch = session.get(Batch, number)
    if batch is not None:
        lock_campaign(session, batch.campaign_id)
        session.refresh(batch)
    return batch_for_update(session, number)


def _withdraw_stale(session: Session, batch: Batch, now: datetime) -> tuple[list[Slip], int]:
    """Free the lines of which the ledger no longer holds what they would pay or net; which are
    left, and how many these were."""
    lines = lines_of(session, batch.id, LineState.WAITING)
    parts = parts_of(session, lines)
    stands = _stands(session, batch)
    stale = [
        line
        for line in lines
        if any(stands.get(_place(part), 0) < part.amount for part in parts[line.id])
    ]
    close(session, stale, LineState.WITHDRAWN, "changed", now)
    gone = {line.id for line in stale}
    return [line for line in lines if line.id not in gone], len(stale)


def _stands(session: Session, batch: Batch) -> dict[Any, int]:
    accounts = [Account.AVAILABLE, Account.RECOVERABLE]
    return {
        (each.key, each.unit, each.account): each.amount
        for each in standings_in(session, batch.campaign_id, accounts)
    }


def _place(part: Piece) -> tuple[Any, Unit, Account]:
    pays = part.kind is PartKind.PAY
    account = Account.AVAILABLE if pays else Account.RECOVERABLE
    return part.key, part.unit, account


def _hold_against_ledger(session: Session, batch: Batch) -> None:
    """What the file asks for is what the ledger has for it. Refusal `payout.uneven`.

    A key that grew since counts with what the batch took of it.
    """
    lines = lines_of(session, batch.id, LineState.WAITING)
    parts, stands = parts_of(session, lines), _stands(session, batch)
    sums: dict[tuple[Unit, Account], int] = {}
    for line in lines:
        for part in parts[line.id]:
            key, unit, account = _place(part)
            stood = min(part.amount, stands.get((key, unit, account), 0))
            sums[unit, account] = sums.get((unit, account), 0) + stood
    for unit, total in totals_of(lines).items():
        even = (
            total.gross == sums.get((unit, Account.AVAILABLE), 0)
            and total.netted == sums.get((unit, Account.RECOVERABLE), 0)
            and total.net == total.gross + total.borne - total.tax - total.netted
        )
        if not even:
            raise Refusal("payout.uneven", number=batch.id, unit=unit.value)


def _file(session: Session, batch: Batch, form: Form, *, full: bool) -> File:
    """What goes to the bank: every line with something to pay that was not withdrawn."""
    lines = [
        line
        for line in lines_of(session, batch.id)
        if line.net > 0 and line.state != LineState.WITHDRAWN.value
    ]
    names = names_of(session, {line.party for line in lines})
    rows = [_row(line, names.get(line.party, ""), full) for line in lines]
    return File(write(rows, form), totals_of(lines))


def _row(line: Slip, name: str, full: bool) -> Row:
    customer, application = line.customer_ref or "", line.application_ref or ""
    return Row(
        reference=line.reference,
        customer_ref=customer if full else mask_reference(customer),
        application_ref=application if full else mask_reference(application),
        name=name if full else mask_name(name),
        unit=Unit(line.unit),
        item=line.item,
        gross=line.gross,
        borne=line.borne,
        tax=line.tax,
        netted=line.netted,
        net=line.net,
    )


def mask_reference(reference: str) -> str:
    """Its last four characters, of those that are longer."""
    return f"…{reference[-4:]}" if len(reference) > 4 else "…" * bool(reference)


def names_of(session: Session, parties: Collection[str]) -> dict[str, str]:
    """The names of parties (`member:1`, `friend:2`); those who were erased have none."""
    found: dict[str, str] = {}
    for kind, table in (("member", Member), ("friend", Referral)):
        ids = sorted(int(p.partition(":")[2]) for p in parties if p.startswith(f"{kind}:"))
        query = (
            select(table.id, Person.key, Person.name)
            .join(Person, Person.id == table.person_id)
            .where(among(table.id, "some"))
        )
        for some in chunks(ids, _NAMED_AT_ONCE):
            for owner, key, name in session.execute(query, {"some": some}):
                found[f"{kind}:{owner}"] = opened_name(session, key, name)
    return found
