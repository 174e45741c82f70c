"""Tales: the facts of applications, many members' at a time, as the driver reads them.

What `facts.rows_by_ref` joins for a few is joined here for a whole history: the engine leaves out
what says nothing, and marks the few applications that have to be looked at closely.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from shared.applications.facts import Application, FactRow, Kind
from shared.base.direct import Direct, line_of
from shared.people.members import Member
from shared.people.persons import Person
from shared.referrals.referrals import CreditRow, Referral

Line = tuple[Any, ...]
"""A fact as the driver reads it: `COLUMNS`, its marks, its application."""
_AT, _, _KIND, _, _, _EXISTING, _CUSTOMER, _CARD, _MARKS = range(9)
_APPROVED, _STRANGE, _SHARED = 1, 2, 4
"""Marks: an approval; `reason_against` has to look at its application; of an approval: other
facts name its customer, too."""

COLUMNS = (
    FactRow.at,
    FactRow.event,
    FactRow.kind,
    FactRow.amount,
    FactRow.transaction_ref,
    FactRow.existing_customer,
    FactRow.customer_ref,
    FactRow.card_ref,
)
"""What the rules read of a fact."""
SILENT = frozenset({Kind.SUBMITTED, Kind.DECLINED, Kind.OTHER})
"""On their own, no rule rests on these."""

WITHIN = (
    Referral.campaign_id == bindparam("campaign"),
    Referral.member_id >= bindparam("first"),
    Referral.member_id <= bindparam("last"),
    CreditRow.superseded_at.is_(None),
)
"""The standing credits of some members of a campaign."""


def _word(kind: Kind) -> ColumnElement[str]:
    """A kind as a direct statement says it."""
    return literal_column(f"'{kind.value}'", String)


def _facts() -> Direct:
    """The facts of the standing credits of some members, without those that say nothing."""
    told, other, known = FactRow, aliased(FactRow), aliased(Member)
    approved = told.kind == _word(Kind.APPROVED)
    named = select(known.id).where(known.customer_ref == told.customer_ref).exists()
    again = (
        select(other.id)
        .where(other.customer_ref == told.customer_ref, other.id != told.id)
        .exists()
    )
    own = told.phone_blind == Person.phone_blind
    said = or_(told.existing_customer.is_(true()), own)

    def number(mark: int) -> ColumnElement[int]:
        return literal_column(str(mark), Integer)

    def mark(when: ColumnElement[bool], mark: int) -> ColumnElement[int]:
        return case((when, number(mark)), else_=number(0))

    of_approval = number(_APPROVED) + mark(or_(said, named), _STRANGE) + mark(again, _SHARED)
    marks = case((approved, of_approval), else_=mark(said, _STRANGE))
    return Direct(
        select(*COLUMNS, marks, CreditRow.application_id)
        .join_from(Referral, Member, Member.id == Referral.member_id)
        .outerjoin(Person, Person.id == Member.person_id)
        .join(CreditRow, CreditRow.referral_id == Referral.id)
        .join(Application, Application.id == CreditRow.application_id)
        .join(told, told.application_ref == Application.application_ref)
        .where(
            *WITHIN,
            or_(
                told.kind.not_in([_word(kind) for kind in sorted(SILENT)]),
                told.existing_customer.is_not(None),
                own,
            ),
        )
    )


_FACTS = _facts()


def tales_of(
    session: Session, between: Mapping[str, int]
) -> tuple[dict[int, list[Line]], set[int]]:
    """The facts of every approved application, oldest first, as `facts.rows_by_ref` joins them,
    and the applications of which `reason_against` may say something."""
    told: dict[int, list[Line]] = defaultdict(list)
    approved: set[int] = set()
    strange: set[int] = set()
    shared: set[int] = set()
    for line in _FACTS.all(line_of(session), between):
        application, marks = line[-1], line[_MARKS]
        told[application].append(line)
        if not marks:
            continue
        if marks & _APPROVED:
            approved.add(application)
        if marks & _STRANGE:
            strange.add(application)
        if marks & _SHARED:
            shared.add(application)
    tales = {application: sorted(told[application]) for application in approved}
    if shared:
        _add_shared(session, tales, shared, strange)
    return tales, strange & approved


def _add_shared(
    session: Session, tales: dict[int, list[Line]], shared: set[int], strange: set[int]
) -> None:
    """Add what is told of the customers alone, from the approval on; whoever was approved more
    than once is strange."""
    approvals = {application: _approvals(tales[application]) for application in shared}
    customers = {line[_CUSTOMER] for lines in approvals.values() for line in lines}
    through, twice = _by_customer(session, customers), _approved_twice(session, customers)
    for application, lines in approvals.items():
        first = lines[0]
        more = [
            line
            for line in through.get(first[_CUSTOMER], ())
            if line[_AT] >= first[_AT]
            and (first[_CARD] is None or line[_CARD] in (None, first[_CARD]))
        ]
        if more:
            tales[application] = sorted([*tales[application], *more])
        if any(line[_CUSTOMER] in twice for line in lines) or any(line[_EXISTING] for line in more):
            strange.add(application)


def _approvals(tale: Sequence[Line]) -> list[Line]:
    """The approvals that name the customer."""
    return [line for line in tale if line[_KIND] == Kind.APPROVED and line[_CUSTOMER]]


def _by_customer(session: Session, customers: Collection[str]) -> Mapping[str, list[Line]]:
    """Facts that name only the customer."""
    through: dict[str, list[Line]] = defaultdict(list)
    plain = [type_coerce(COLUMNS[_AT], String), *COLUMNS[1:]]
    query = select(*plain).where(
        FactRow.customer_ref.in_(customers), FactRow.application_ref.is_(None)
    )
    for row in session.execute(query):
        through[str(row[_CUSTOMER])].append((*row, 0, 0))
    return through


def _approved_twice(session: Session, customers: Collection[str]) -> set[str | None]:
    query = (
        select(FactRow.customer_ref)
        .where(FactRow.customer_ref.in_(customers), FactRow.kind == Kind.APPROVED)
        .group_by(FactRow.customer_ref)
        .having(func.count() > 1)
    )
    return set(session.scalars(query))
