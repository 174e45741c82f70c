"""Applications and facts: what the bank told us, matched to a referral or not.

Facts only grow. A fact names its application directly (`application_ref`) or through the
customer (`customer_ref`, with `card_ref` where a customer has several cards); which facts
belong to an application is read, never written, so any order of arrival reads the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sqlalchemy import BigInteger, Boolean, ColumnElement, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Utc, id_column

KEEP_UNMATCHED = timedelta(days=120)


class Kind(StrEnum):
    """The kinds of bank events, by the last words of their type."""

    SUBMITTED = "application.submitted"
    APPROVED = "application.approved"
    DECLINED = "application.declined"
    ACTIVATED = "card.activated"
    CLOSED = "card.closed"
    WALLET_LINKED = "wallet.linked"
    PURCHASE = "transaction.posted"
    REVERSED = "transaction.reversed"
    OTHER = "transaction.other"
    """A posting that is no purchase, or not in the programme's currency: counts for nothing."""
    FLAGGED = "account.flagged"
    CLEARED = "account.cleared"


@dataclass(frozen=True, order=True)
class Fact:
    """One thing that happened to one application. `amount` in the unit's smallest piece."""

    at: datetime
    id: str
    kind: Kind
    application: int
    amount: int = 0
    transaction: str = ""
    """Of a purchase: its own id; of a reversal: the id of the purchase it takes back."""
    existing_customer: bool | None = field(default=None, compare=False)
    """The bank's word on whether the friend held a card before; None: not said."""


class Application(Base):
    """One card application at the bank, under the bank's own reference."""

    __tablename__ = "applications"

    id: Mapped[int] = id_column()
    application_ref: Mapped[str] = mapped_column(String(64), unique=True)
    first_heard_at: Mapped[datetime] = mapped_column(Utc)


class FactRow(Base):
    """A fact as it was told. The database refuses to change one; old unmatched ones go."""

    __tablename__ = "facts"
    __table_args__ = (
        Index("ix_facts_customer", "customer_ref", "at"),
        Index("ix_facts_application", "application_ref", "at"),
    )

    id: Mapped[int] = id_column()
    event: Mapped[str] = mapped_column(String(512), unique=True)
    """`source|id` of the event."""
    kind: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime] = mapped_column(Utc)
    received_at: Mapped[datetime] = mapped_column(Utc)
    application_ref: Mapped[str | None] = mapped_column(String(64))
    customer_ref: Mapped[str | None] = mapped_column(String(64))
    card_ref: Mapped[str | None] = mapped_column(String(64))
    phone_blind: Mapped[str | None] = mapped_column(String(64), index=True)
    referral_token: Mapped[str | None] = mapped_column(String(64), index=True)
    transaction_ref: Mapped[str | None] = mapped_column(String(64))
    amount: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str | None] = mapped_column(String(3))
    existing_customer: Mapped[bool | None] = mapped_column(Boolean)
    product: Mapped[str | None] = mapped_column(String(40))
    branch: Mapped[str | None] = mapped_column(String(120))


class Told(Protocol):
    """What is read of a fact: a whole row, or a line of the columns that the rules look at."""

    @property
    def event(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def application_ref(self) -> str | None: ...
    @property
    def customer_ref(self) -> str | None: ...
    @property
    def card_ref(self) -> str | None: ...
    @property
    def phone_blind(self) -> str | None: ...
    @property
    def existing_customer(self) -> bool | None: ...


T = TypeVar("T", bound=Told)


def application_by_ref(session: Session, application_ref: str) -> Application | None:
    """The application the bank calls by this reference."""
    return session.scalar(select(Application).where(Application.application_ref == application_ref))


def rows_of(session: Session, application_ref: str) -> list[FactRow]:
    """Every fact of an application, named directly or through its customer, in time's order.

    Facts that name only the customer count from the approval on (an older card of the same
    customer is another story); those that name a card count when the approval named none or
    the same.
    """
    return rows_by_ref(session, [application_ref])[application_ref]


def rows_by_ref(session: Session, refs: Collection[str]) -> dict[str, list[FactRow]]:
    """The same for many applications at once: two questions, however many they are."""
    return _gathered(lambda which: session.scalars(select(FactRow).where(which)), refs)


LINE = (
    FactRow.application_ref,
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
"""The columns of a line, in its order."""


def lines_by_ref(session: Session, refs: Collection[str]) -> dict[str, list[Any]]:
    """The same as plain lines of `LINE`, without objects: for who reads a whole history."""
    return _gathered(lambda which: session.execute(select(*LINE).where(which)), refs)


def _gathered(
    read: Callable[[ColumnElement[bool]], Iterable[T]], refs: Collection[str]
) -> dict[str, list[T]]:
    direct: dict[str | None, list[T]] = {ref: [] for ref in refs}
    if not direct:
        return {}
    for row in read(FactRow.application_ref.in_(refs)):
        direct[row.application_ref].append(row)
    approvals = {ref: _approval(rows) for ref, rows in direct.items()}
    customers = {row.customer_ref for row in approvals.values() if row is not None}
    through: dict[str | None, list[T]] = {customer: [] for customer in customers}
    if customers:
        named = FactRow.customer_ref.in_(customers)
        for row in read(named & FactRow.application_ref.is_(None)):
            through[row.customer_ref].append(row)
    return {
        ref: sorted([*direct[ref], *_of_customer(approvals[ref], through)], key=_in_time)
        for ref in refs
    }


def _in_time(row: Told) -> tuple[datetime, str]:
    return row.at, row.event


def _approval(rows: Iterable[T]) -> T | None:
    """The first approval that names the customer."""
    named = [row for row in rows if row.kind == Kind.APPROVED and row.customer_ref]
    return min(named, key=_in_time, default=None)


def _of_customer(approval: T | None, through: Mapping[str | None, list[T]]) -> list[T]:
    if approval is None:
        return []
    return [
        row
        for row in through[approval.customer_ref]
        if row.at >= approval.at
        and (approval.card_ref is None or row.card_ref in (None, approval.card_ref))
    ]


def approvals_of(session: Session, customers: Collection[str]) -> list[Any]:
    """Every approval that names one of these customers, as lines of `LINE`, oldest first."""
    if not customers:
        return []
    query = (
        select(*LINE)
        .where(FactRow.customer_ref.in_(customers), FactRow.kind == Kind.APPROVED)
        .order_by(FactRow.at, FactRow.event)
    )
    return list(session.execute(query))


def load_facts(session: Session, application_ids: Collection[int]) -> list[Fact]:
    """The facts of some applications, oldest first, as the rules read them."""
    applications = applications_by_id(session, application_ids)
    rows = rows_by_ref(session, [each.application_ref for each in applications.values()])
    return sorted(
        Fact(
            at=row.at,
            id=row.event,
            kind=Kind(row.kind),
            application=application.id,
            amount=row.amount,
            transaction=row.transaction_ref or "",
            existing_customer=row.existing_customer,
        )
        for application in applications.values()
        for row in rows[application.application_ref]
    )


def applications_by_id(session: Session, ids: Collection[int]) -> dict[int, Application]:
    """Applications by their ids; unknown ids are left out."""
    if not ids:
        return {}
    found = session.scalars(select(Application).where(Application.id.in_(ids)))
    return {application.id: application for application in found}
