"""A member's statement, a page at a time: every grant of their own, and what they have in all.

Read off the ledger and the admissions; what a line says is in `statement_lines`. Pages go by
keyset: a page costs the same few statements however many grants there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from shared.base.money import Unit
from shared.campaigns.campaigns import Campaign
from shared.ledger.balance import Account, Key
from shared.ledger.entries import Entry, Leg
from shared.reports.statement_lines import Cursor, Line, lines_of
from shared.rewards.admission import Admission
from shared.rewards.room import Verdict


class Way(StrEnum):
    """Which way a page goes from its cursor."""

    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True)
class Page:
    """Some grants, newest first, and where the pages beside begin."""

    lines: tuple[Line, ...]
    newer: Cursor | None
    older: Cursor | None


@dataclass(frozen=True)
class Total:
    """What a member has of one unit, by where it stands."""

    unit: Unit
    pending: int
    available: int
    paid: int
    tax: int
    expired: int
    recoverable: int


@dataclass(frozen=True)
class AsOf:
    """The last entry of the ledger that a statement has seen; 0 and empty before the first."""

    entry: int
    hash: str


def statement(
    session: Session,
    member_id: int,
    now: datetime,
    *,
    most: int,
    cursor: Cursor | None = None,
    way: Way = Way.OLDER,
) -> Page:
    """One page of a member's grants in all campaigns, newest first.

    Without a cursor the newest `most`; with one, those just older or newer than it.
    """
    back = cursor is not None and way is Way.NEWER
    found = _places(session, member_id, most + 1, cursor, way)
    more = len(found) > most
    found = found[:most]
    if back:
        found.reverse()
    lines = lines_of(session, member_id, found, now)
    if not found:
        return Page((), None, None)
    newer = more if back else cursor is not None
    older = cursor is not None if back else more
    return Page(lines, found[0][1] if newer else None, found[-1][1] if older else None)


def totals(session: Session, member_id: int) -> tuple[Total, ...]:
    """What the member has in all campaigns, a row a unit that ever had one; money first."""
    rows = session.execute(
        select(Leg.unit, Leg.account, func.sum(Leg.amount))
        .join(Entry, Entry.id == Leg.entry_id)
        .where(*_own(Entry, _campaigns(session), member_id))
        .group_by(Leg.unit, Leg.account)
    )
    sums: dict[Unit, dict[str, int]] = defaultdict(dict)
    for unit, account, amount in rows:
        sums[Unit(unit)][account] = int(amount)
    return tuple(
        Total(
            unit,
            *(
                sums[unit].get(account.value, 0)
                for account in (
                    Account.PENDING,
                    Account.AVAILABLE,
                    Account.PAID,
                    Account.WITHHELD,
                    Account.EXPIRED,
                    Account.RECOVERABLE,
                )
            ),
        )
        for unit in Unit
        if unit in sums
    )


def as_of(session: Session) -> AsOf:
    """Up to which entry the ledger goes now: what ties a statement to the chain."""
    row = session.execute(select(Entry.id, Entry.hash).order_by(Entry.id.desc()).limit(1)).first()
    return AsOf(row.id, row.hash) if row is not None else AsOf(0, "")


def _campaigns(session: Session) -> Sequence[int]:
    """Every campaign: the indices of a member's rows begin with it."""
    return session.scalars(select(Campaign.id)).all()


def _own(
    table: type[Entry] | type[Admission], campaigns: Sequence[int], member_id: int
) -> tuple[ColumnElement[bool], ...]:
    """The rows of a member's own party."""
    return (
        table.campaign_id.in_(campaigns),
        table.member_id == member_id,
        table.party == f"member:{member_id}",
    )


def _places(
    session: Session, member_id: int, most: int, cursor: Cursor | None, way: Way
) -> list[tuple[Key, Cursor]]:
    """The keys of a page with their places, in the order of going `way`.

    A key's moment is that of its first entry, else of the verdict that kept it out. Ordered by
    moment, not by the ledger's numbers: else the engine walks everybody's entries backwards.
    """
    campaigns = _campaigns(session)
    named = ("campaign_id", "party", "clause", "occasion")
    posted = select(*(getattr(Entry, name) for name in named), Entry.at.label("at")).where(
        *_own(Entry, campaigns, member_id), Entry.revision == 1
    )
    first = aliased(Entry)
    kept_out = select(
        *(getattr(Admission, name) for name in named), Admission.at.label("at")
    ).where(
        *_own(Admission, campaigns, member_id),
        Admission.verdict != Verdict.ADMITTED.value,
        Admission.limit_id.is_not(None),
        ~select(literal(1))
        .where(*(getattr(first, name) == getattr(Admission, name) for name in named))
        .exists(),
    )
    each = union_all(posted, kept_out).subquery()
    tie = func.row_number().over(
        partition_by=each.c.at, order_by=[each.c.campaign_id, each.c.clause, each.c.occasion]
    )
    ranked = select(each, tie.label("tie")).subquery()
    query: Select[tuple[int, str, str, str, datetime, int]] = select(ranked)
    if cursor is not None and way is Way.NEWER:
        query = query.where(
            or_(ranked.c.at > cursor.at, and_(ranked.c.at == cursor.at, ranked.c.tie < cursor.tie))
        ).order_by(ranked.c.at, ranked.c.tie.desc())
    else:
        if cursor is not None:
            same = and_(ranked.c.at == cursor.at, ranked.c.tie > cursor.tie)
            query = query.where(or_(ranked.c.at < cursor.at, same))
        query = query.order_by(ranked.c.at.desc(), ranked.c.tie)
    return [
        (Key(row.campaign_id, row.party, row.clause, row.occasion), Cursor(row.at, row.tie))
        for row in session.execute(query.limit(most))
    ]
