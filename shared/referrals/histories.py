"""Whole histories, member after member: what the rules read of a campaign, many members a question.

Nothing of one batch is kept for the next, so memory does not grow with the history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from shared.applications.facts import Application, Fact, Kind, rows_by_ref
from shared.base.direct import Direct, line_of, moment_reader
from shared.people.members import cardholders
from shared.referrals.eligibility import reason_against, surroundings
from shared.referrals.findings import Told, facts_found, findings_of
from shared.referrals.referrals import Credit, CreditRow, Referral, Source
from shared.referrals.tales import SILENT, WITHIN, Line, tales_of

MOST = 100
"""Members in a batch."""


@dataclass(frozen=True)
class Judged:
    """Under which rules credits are looked at: those of a draft instead of their own version's."""

    version: int
    new_customer_months: int
    attribution_days: int


@dataclass(frozen=True)
class History:
    """One member: the credits that may earn something, and their facts."""

    member: int
    credits: tuple[Credit, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Batch:
    """Some members by ascending id, and their histories in that order."""

    members: Sequence[int]
    told: Iterator[History]
    """Each made when it is asked for: a batch of them at once would outlive its use, and the
    interpreter's search for cycles would walk it again and again."""


def count_members(session: Session, campaign_id: int) -> int:
    """How many members have a referral in a campaign."""
    members = func.count(Referral.member_id.distinct())
    return session.scalar(select(members).where(Referral.campaign_id == campaign_id)) or 0


def histories(
    session: Session, campaign_id: int, judged: Judged, most: int = MOST
) -> Iterator[Batch]:
    """Every member of a campaign who has a referral, in batches by ascending id.

    Facts on which no rule rests (`SILENT`) and applications without an approval, which no
    clause pays for, are left out; so is a credit by number whose application would come too
    late for the draft.
    """
    last = 0
    while ids := _next_members(session, campaign_id, last, most):
        last = ids[-1]
        yield _batch(session, campaign_id, judged, ids)


def _next_members(session: Session, campaign_id: int, last: int, most: int) -> Sequence[int]:
    query = (
        select(Referral.member_id)
        .where(Referral.campaign_id == campaign_id, Referral.member_id > last)
        .group_by(Referral.member_id)
        .order_by(Referral.member_id)
        .limit(most)
    )
    return session.scalars(query).all()


class _Credited(NamedTuple):
    member: int
    referral: int
    application: int
    ref: str
    source: str
    segment: str
    registered: Any
    on: Any


_KINDS = {kind.value: kind for kind in Kind}
_SOURCES = {source.value: source for source in Source}

_CREDITED = Direct(
    select(
        Referral.member_id,
        Referral.id,
        Application.id,
        Application.application_ref,
        CreditRow.source,
        func.coalesce(Referral.segment, literal_column("''")),
        Referral.registered_at,
        CreditRow.on,
    )
    .join(CreditRow, CreditRow.referral_id == Referral.id)
    .join(Application, Application.id == CreditRow.application_id)
    .where(*WITHIN)
    .order_by(Referral.member_id, CreditRow.on, CreditRow.id)
)


def _batch(session: Session, campaign_id: int, judged: Judged, ids: Sequence[int]) -> Batch:
    between = {"campaign": campaign_id, "first": ids[0], "last": ids[-1]}
    line = line_of(session)
    read = moment_reader(line)
    tales, strange = tales_of(session, between)
    of_member: dict[int, list[_Credited]] = defaultdict(list)
    for plain in _CREDITED.all(line, between):
        row = _Credited._make(plain)
        if row.application in tales and not _late(row, judged, read):
            of_member[row.member].append(row)
    suspects = [row for rows in of_member.values() for row in rows if row.application in strange]
    for row in _refused(session, suspects, judged):
        of_member[row.member].remove(row)
    found = findings_of(session, campaign_id, ids)
    told = (
        _history(member, of_member.get(member, ()), tales, found, judged, read) for member in ids
    )
    return Batch(ids, told)


def _history(
    member: int,
    rows: Sequence[_Credited],
    tales: Mapping[int, list[Line]],
    found: Mapping[int, Sequence[Told]],
    judged: Judged,
    read: Callable[[Any], datetime],
) -> History:
    credits = [
        Credit(
            row.referral, row.application, read(row.on), judged.version,
            _SOURCES[row.source], row.segment,
        )
        for row in rows
    ]  # fmt: skip
    facts = [
        Fact(
            read(at), event, _KINDS[kind], row.application, amount, transaction or "",
            None if said is None else bool(said),
        )
        for row in rows
        for at, event, kind, amount, transaction, said, _, _, _, _ in tales[row.application]
        if kind not in SILENT or said is not None
    ]  # fmt: skip
    facts += facts_found(credits, found)
    return History(member, tuple(credits), tuple(facts))


def _late(row: _Credited, judged: Judged, read: Callable[[Any], datetime]) -> bool:
    if row.source != Source.LINK:
        return False
    return read(row.on) >= read(row.registered) + timedelta(days=judged.attribution_days)


def _refused(session: Session, strange: Sequence[_Credited], judged: Judged) -> list[_Credited]:
    """Of some credits those that may earn nothing."""
    if not strange:
        return []
    inviters = cardholders(session, {row.member for row in strange})
    told = rows_by_ref(session, {row.ref for row in strange})
    read = moment_reader(line_of(session))
    around = surroundings(session, told.values())
    months = judged.new_customer_months
    return [
        row
        for row in strange
        if reason_against(inviters[row.member], told[row.ref], around, read(row.on), months)
        is not None
    ]
