"""The rows behind the desk's numbers: ids, codes and amounts only, page after page.

Every list is read by key (`after`, the last row's), so the thousandth page costs what the
first one does and nothing is shown twice while rows are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, select, tuple_
from sqlalchemy.orm import Session, aliased

from shared.base.database import Utc
from shared.base.money import Unit
from shared.ledger.balance import Account
from shared.ledger.entries import Entry, Leg
from shared.referrals.referrals import Invite, Visit, VisitKind
from shared.rewards.admission import Admission
from shared.rewards.queue import SettleTask
from shared.rewards.room import Verdict

Row = TypeVar("Row")
_MOST_DIGITS = 18


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """Some rows, and where the next ones begin; `after` empty at the end."""

    rows: tuple[Row, ...]
    after: str


@dataclass(frozen=True)
class GrantRow:
    """One grant: a key that the ledger holds. Amounts in the unit's smallest piece."""

    entry: int
    at: datetime
    party: str
    clause: str
    occasion: str
    version: int | None
    unit: Unit
    pending: int
    available: int
    paid: int
    withheld: int
    recoverable: int


@dataclass(frozen=True)
class VerdictRow:
    """What the shared limits said to one due."""

    at: datetime
    party: str
    clause: str
    occasion: str
    verdict: Verdict
    limit: str
    unit: Unit
    asked: int
    amount: int


@dataclass(frozen=True)
class WaitingRow:
    """One member to be settled."""

    member: int
    due_at: datetime
    tries: int
    problem: str


@dataclass(frozen=True)
class VisitRow:
    """One human opening of an invite page."""

    id: int
    at: datetime
    invite: int
    member: int
    channel: str


def grants(
    session: Session,
    campaign_id: int,
    *,
    account: Account | None = None,
    unit: Unit | None = None,
    clause: str = "",
    after: str = "",
    most: int = 50,
) -> Slice[GrantRow]:
    """Grants, the newest first. `account`: only those with something in it."""
    first = aliased(Entry)
    query = select(first).where(first.campaign_id == campaign_id, first.revision == 1)
    if (last := number_of(after)) is not None:
        query = query.where(first.id < last)
    if clause:
        query = query.where(first.clause == clause)
    if account is not None or unit is not None:
        held = [Leg.account == account.value] if account is not None else []
        held += [Leg.unit == unit.value] if unit is not None else []
        later = aliased(Entry)
        total = (
            select(
                func.coalesce(func.sum(func.abs(Leg.amount) if account is None else Leg.amount), 0)
            )
            .join(later, later.id == Leg.entry_id)
            .where(_same_key(later, first), *held)
            .scalar_subquery()
        )
        query = query.where(total != 0)
    entries = session.scalars(query.order_by(first.id.desc()).limit(most + 1)).all()
    held_by = _held(session, campaign_id, [entry.id for entry in entries])
    rows = [row for entry in entries[:most] for row in _grant_rows(entry, held_by)
            if unit is None or row.unit is unit]  # fmt: skip
    return Slice(tuple(rows), str(entries[most - 1].id) if len(entries) > most else "")


def number_of(after: str) -> int | None:
    """An id out of an address; None for anything else."""
    return int(after) if after.isdecimal() and len(after) <= _MOST_DIGITS else None


def _same_key(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(
        one.campaign_id == other.campaign_id,
        one.party == other.party,
        one.clause == other.clause,
        one.occasion == other.occasion,
    )


def _held(
    session: Session, campaign_id: int, firsts: Sequence[int]
) -> dict[int, dict[Unit, dict[Account, int]]]:
    """What the keys of these first entries hold, by unit and account."""
    first, later = aliased(Entry), aliased(Entry)
    found: dict[int, dict[Unit, dict[Account, int]]] = {}
    if not firsts:
        return found
    for number, account, unit, amount in session.execute(
        select(first.id, Leg.account, Leg.unit, func.sum(Leg.amount))
        .join(later, _same_key(later, first))
        .join(Leg, Leg.entry_id == later.id)
        .where(first.campaign_id == campaign_id, first.id.in_(firsts))
        .group_by(first.id, Leg.account, Leg.unit)
    ):
        by_unit = found.setdefault(number, {}).setdefault(Unit(unit), {})
        by_unit[Account(account)] = int(amount)
    return found


def _grant_rows(entry: Entry, held_by: dict[int, dict[Unit, dict[Account, int]]]) -> list[GrantRow]:
    version = entry.why.get("version")
    return [
        GrantRow(
            entry.id, entry.at, entry.party, entry.clause, entry.occasion, version, unit,
            held.get(Account.PENDING, 0), held.get(Account.AVAILABLE, 0),
            held.get(Account.PAID, 0), held.get(Account.WITHHELD, 0),
            held.get(Account.RECOVERABLE, 0),
        )
        for unit, held in sorted(held_by.get(entry.id, {}).items())
    ]  # fmt: skip


def verdicts(
    session: Session,
    campaign_id: int,
    *,
    verdict: str = "",
    draws: str = "",
    unit: Unit | None = None,
    after: str = "",
    most: int = 50,
) -> Slice[VerdictRow]:
    """Verdicts of the shared limits, the newest first.

    `verdict`: one of them, or `turned_away` for all that were kept back; `draws`: only those
    that hold something of this limit.
    """
    query = select(Admission).where(Admission.campaign_id == campaign_id)
    if verdict == "turned_away":
        query = query.where(Admission.verdict.in_([Verdict.REFUSED.value, Verdict.CAPPED.value]))
    elif verdict:
        query = query.where(Admission.verdict == verdict)
    if draws:
        named = cast(Admission.draws, String).contains(f'"{draws}"', autoescape=True)
        query = query.where(Admission.amount > 0, named)
    if unit is not None:
        query = query.where(Admission.unit == unit.value, Admission.amount > 0)
    place = tuple_(Admission.at, Admission.party, Admission.clause, Admission.occasion)
    if (last := _verdict_after(after)) is not None:
        at, *rest = last
        query = query.where(place < tuple_(literal(at, Utc), *(literal(word) for word in rest)))
    query = query.order_by(
        Admission.at.desc(), Admission.party.desc(), Admission.clause.desc(),
        Admission.occasion.desc(),
    )  # fmt: skip
    found = session.scalars(query.limit(most + 1)).all()
    rows = tuple(
        VerdictRow(
            row.at, row.party, row.clause, row.occasion, Verdict(row.verdict), row.limit_id or "",
            Unit(row.unit), row.asked, row.amount,
        )
        for row in found[:most]
    )  # fmt: skip
    if len(found) <= most:
        return Slice(rows, "")
    end = rows[-1]
    return Slice(rows, "~".join((end.at.isoformat(), end.party, end.clause, end.occasion)))


def _verdict_after(after: str) -> tuple[datetime, str, str, str] | None:
    parts = after.split("~")
    if len(parts) != 4 or not after.isprintable():
        return None
    try:
        at = datetime.fromisoformat(parts[0])
    except ValueError:
        return None
    return (at, parts[1], parts[2], parts[3]) if at.tzinfo is not None else None


def waiting(
    session: Session, campaign_id: int, *, after: str = "", most: int = 50
) -> Slice[WaitingRow]:
    """Members to be settled, in the order of their ids."""
    query = select(SettleTask).where(SettleTask.campaign_id == campaign_id)
    if (last := number_of(after)) is not None:
        query = query.where(SettleTask.member_id > last)
    found = session.scalars(query.order_by(SettleTask.member_id).limit(most + 1)).all()
    rows = tuple(
        WaitingRow(row.member_id, row.due_at, row.tries, row.problem or "") for row in found[:most]
    )
    return Slice(rows, str(rows[-1].member) if len(found) > most else "")


def visits(
    session: Session, campaign_id: int, *, after: str = "", most: int = 50
) -> Slice[VisitRow]:
    """Human visits, the newest first."""
    query = (
        select(Visit, Invite.member_id)
        .join(Invite, Invite.id == Visit.invite_id)
        .where(Invite.campaign_id == campaign_id, Visit.kind == VisitKind.HUMAN.value)
    )
    if (last := number_of(after)) is not None:
        query = query.where(Visit.id < last)
    found = session.execute(query.order_by(Visit.id.desc()).limit(most + 1)).all()
    rows = tuple(
        VisitRow(row.id, row.at, row.invite_id, member, row.channel) for row, member in found[:most]
    )
    return Slice(rows, str(rows[-1].id) if len(found) > most else "")
