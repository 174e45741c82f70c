"""Whole histories, member after member: what the rules read of a campaign, many members a question.

Nothing of one batch is kept for the next, so memory does not grow with the history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import String, bindparam, func, select, type_coerce
from sqlalchemy.orm import Session

from shared.applications.facts import Application, Fact, FactRow, Kind, rows_by_ref
from shared.base.direct import Direct, line_of, moment_reader
from shared.people.members import Member, cardholders
from shared.referrals.eligibility import reason_against, surroundings
from shared.referrals.referrals import Credit, CreditRow, Referral, Source

MOST = 400
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


def count_members(session: Session, campaign_id: int) -> int:
    """How many members have a referral in a campaign."""
    members = func.count(Referral.member_id.distinct())
    return session.scalar(select(members).where(Referral.campaign_id == campaign_id)) or 0


def histories(
    session: Session, campaign_id: int, judged: Judged, most: int = MOST
) -> Iterator[list[History]]:
    """Every member of a campaign who has a referral, in batches by ascending id.

    Facts on which no rule rests (`_SILENT`) and applications without an approval, which no
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
    registered: datetime
    on: datetime
    source: str
    segment: str | None


Line = tuple[Any, ...]
"""A fact as the driver reads it: `_COLUMNS`, and the application where it was asked for."""
_AT, _EVENT, _KIND, _AMOUNT, _TRANSACTION, _EXISTING, _CUSTOMER, _CARD, _PHONE = range(9)
_in_time = itemgetter(_AT, _EVENT)


_WITHIN = (
    Referral.campaign_id == bindparam("campaign"),
    Referral.member_id >= bindparam("first"),
    Referral.member_id <= bindparam("last"),
    CreditRow.superseded_at.is_(None),
)
_CREDITED = (
    select(
        Referral.member_id,
        Referral.id,
        Application.id,
        Application.application_ref,
        Referral.registered_at,
        CreditRow.on,
        CreditRow.source,
        Referral.segment,
    )
    .join(CreditRow, CreditRow.referral_id == Referral.id)
    .join(Application, Application.id == CreditRow.application_id)
    .where(*_WITHIN)
    .order_by(Referral.member_id, CreditRow.on, CreditRow.id)
)
_COLUMNS = (
    FactRow.at,
    FactRow.event,
    FactRow.kind,
    FactRow.amount,
    FactRow.transaction_ref,
    FactRow.existing_customer,
    FactRow.customer_ref,
    FactRow.card_ref,
    FactRow.phone_blind,
)
_FACTS = Direct(
    select(*_COLUMNS, CreditRow.application_id)
    .join_from(Referral, CreditRow, CreditRow.referral_id == Referral.id)
    .join(Application, Application.id == CreditRow.application_id)
    .join(FactRow, FactRow.application_ref == Application.application_ref)
    .where(*_WITHIN)
)


def _batch(session: Session, campaign_id: int, judged: Judged, ids: Sequence[int]) -> list[History]:
    between = {"campaign": campaign_id, "first": ids[0], "last": ids[-1]}
    credited = [_Credited(*row) for row in session.execute(_CREDITED, between)]
    tales = _tales(session, between)
    refused = _refused(session, credited, tales, judged, ids)
    credits: dict[int, list[Credit]] = {member: [] for member in ids}
    facts: dict[int, list[Fact]] = {member: [] for member in ids}
    read = moment_reader(line_of(session))
    for row in credited:
        if row.application not in tales or row in refused or _late(row, judged):
            continue
        source, segment = Source(row.source), row.segment or ""
        credits[row.member].append(
            Credit(row.referral, row.application, row.on, judged.version, source, segment)
        )
        for at, event, kind, amount, transaction, said, *_ in tales[row.application]:
            if kind not in _SILENT or said is not None:
                facts[row.member].append(
                    Fact(
                        read(at), event, _KINDS[kind], row.application, amount, transaction or "",
                        None if said is None else bool(said),
                    )
                )  # fmt: skip
    return [History(m, tuple(credits[m]), tuple(facts[m])) for m in ids]


_SILENT = frozenset({"application.submitted", "application.declined", "transaction.other"})
_KINDS = {kind.value: kind for kind in Kind}


def _late(row: _Credited, judged: Judged) -> bool:
    term = timedelta(days=judged.attribution_days)
    return row.source == Source.LINK and row.on >= row.registered + term


def _tales(session: Session, between: Mapping[str, int]) -> dict[int, list[Line]]:
    """The facts of every approved application, oldest first, as `facts.rows_by_ref` joins them."""
    direct: dict[int, list[Line]] = defaultdict(list)
    approvals: dict[int, Line | None] = {}
    for line in _FACTS.all(line_of(session), between):
        direct[line[-1]].append(line)
        if line[_KIND] == Kind.APPROVED:
            known = approvals.setdefault(line[-1], None)
            if line[_CUSTOMER] and (known is None or _in_time(line) < _in_time(known)):
                approvals[line[-1]] = line
    tales = {application: sorted(direct[application], key=_in_time) for application in approvals}
    named = {application: line for application, line in approvals.items() if line is not None}
    through = _by_customer(session, {line[_CUSTOMER] for line in named.values()})
    for application, approval in named.items() if through else ():
        more = [
            line
            for line in through.get(approval[_CUSTOMER], ())
            if line[_AT] >= approval[_AT]
            and (approval[_CARD] is None or line[_CARD] in (None, approval[_CARD]))
        ]
        tales[application] = sorted([*tales[application], *more], key=_in_time)
    return tales


def _by_customer(session: Session, customers: Collection[str]) -> Mapping[str, list[Line]]:
    """Facts that name only the customer."""
    through: dict[str, list[Line]] = defaultdict(list)
    plain = [type_coerce(_COLUMNS[_AT], String), *_COLUMNS[1:]]
    query = select(*plain).where(
        FactRow.customer_ref.in_(customers), FactRow.application_ref.is_(None)
    )
    for row in session.execute(query):
        through[str(row[_CUSTOMER])].append(tuple(row))
    return through


def _refused(
    session: Session,
    credited: Sequence[_Credited],
    tales: Mapping[int, list[Line]],
    judged: Judged,
    ids: Sequence[int],
) -> set[_Credited]:
    """The credits that may earn nothing.

    Most applications show nothing that `reason_against` looks at; only the others are put to it.
    """
    inviters = cardholders(session, ids)
    customers = {line[_CUSTOMER] for told in tales.values() for line in told} - {None}
    odd = _odd(session, customers)
    strange = [
        row
        for row in credited
        if any(
            line[_EXISTING]
            or line[_CUSTOMER] in odd
            or (line[_PHONE] is not None and line[_PHONE] == inviters[row.member].own_number)
            for line in tales.get(row.application, ())
        )
    ]
    told = rows_by_ref(session, {row.ref for row in strange})
    around = surroundings(session, told.values())
    refused = set()
    for row in strange:
        months = judged.new_customer_months
        if reason_against(inviters[row.member], told[row.ref], around, row.on, months) is not None:
            refused.add(row)
    return refused


def _odd(session: Session, customers: Collection[str]) -> set[str]:
    """Customers whom our file knows, or who were approved more than once."""
    known = select(Member.customer_ref).where(Member.customer_ref.in_(customers))
    twice = (
        select(FactRow.customer_ref)
        .where(FactRow.customer_ref.in_(customers), FactRow.kind == Kind.APPROVED)
        .group_by(FactRow.customer_ref)
        .having(func.count() > 1)
    )
    return {*session.scalars(known), *(ref for ref in session.scalars(twice) if ref)}
