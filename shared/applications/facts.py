"""Applications and facts: what the bank told us, matched to a referral or not.

Facts only grow. A fact names its application directly (`application_ref`) or through the
customer (`customer_ref`, with `card_ref` where a customer has several cards); which facts
belong to an application is read, never written, so any order of arrival reads the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Utc, id_column
from shared.base.direct import Direct, among
from shared.base.rows import insert_new_rows

KEEP_UNMATCHED = timedelta(days=120)


class Kind(StrEnum):
    """The kinds of bank events, by the last words of their type, and of findings."""

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
    FRAUD = "finding.fraud"
    """Two people's word, never the bank's: `shared.referrals.findings`."""
    NO_FRAUD = "finding.cleared"


class Fact(NamedTuple):
    """One thing that happened to one application. `amount` in the unit's smallest piece.

    A tuple, as the rules make, sort and compare millions of them.
    """

    at: datetime
    id: str
    kind: Kind
    application: int
    amount: int = 0
    transaction: str = ""
    """Of a purchase: its own id; of a reversal: the id of the purchase it takes back."""
    existing_customer: bool | None = None
    """The bank's word on whether the friend held a card before; None: not said."""


class Application(Base):
    """One card application at the bank, under the bank's own reference."""

    __tablename__ = "applications"

    id: Mapped[int] = id_column()
    application_ref: Mapped[str] = mapped_column(String(64), unique=True)
    first_heard_at: Mapped[datetime] = mapped_column(Utc)


class FactRow(Base):
    """A fact as it was told. The database refuses to change one, but for forgetting the number it
    named when that person is erased; old unmatched ones go."""

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


class ToldFact(NamedTuple):
    """A fact's row as it is read: thousands are, so none is an object the session keeps."""

    event: str
    kind: str
    at: datetime
    received_at: datetime
    application_ref: str | None
    customer_ref: str | None
    card_ref: str | None
    phone_blind: str | None
    referral_token: str | None
    transaction_ref: str | None
    amount: int
    existing_customer: bool | None
    product: str | None
    branch: str | None


_FACTS = FactRow.metadata.tables[FactRow.__tablename__]
_APPLICATIONS = Application.metadata.tables[Application.__tablename__]
_NULLABLE = tuple(c.name for c in _FACTS.c if c.name not in ("id", "amount"))
_TOLD = select(*(_FACTS.c[name] for name in ToldFact._fields))
_OF_APPLICATIONS = Direct(_TOLD.where(among(_FACTS.c.application_ref, "refs")))
_OF_CUSTOMERS = Direct(
    _TOLD.where(among(_FACTS.c.customer_ref, "refs"), _FACTS.c.application_ref.is_(None))
)
_APPROVALS = Direct(
    _TOLD.where(among(_FACTS.c.customer_ref, "refs"), _FACTS.c.kind == Kind.APPROVED.value)
)


def forget_number_in_facts(session: Session, phone_blind: str) -> int:
    """Empty the keyed hash of a number in whatever was told by it; how many facts."""
    named = update(FactRow).where(FactRow.phone_blind == phone_blind).values(phone_blind=None)
    return int(session.execute(named).rowcount)  # type: ignore[attr-defined]


def insert_facts(session: Session, facts: Iterable[Mapping[str, Any]]) -> None:
    """Store facts, each a row's values by column, passing over those that were told before."""
    rows = [(*map(fact.get, _NULLABLE), fact.get("amount", 0)) for fact in facts]
    insert_new_rows(session, _FACTS, (*_NULLABLE, "amount"), rows)


def insert_applications(session: Session, refs: Iterable[str], now: datetime) -> None:
    """Know applications by the bank's references, heard of first at `now` unless known."""
    columns = "application_ref", "first_heard_at"
    insert_new_rows(session, _APPLICATIONS, columns, [(ref, now) for ref in refs])


def application_by_ref(session: Session, application_ref: str) -> Application | None:
    """The application the bank calls by this reference."""
    return session.scalar(select(Application).where(Application.application_ref == application_ref))


def rows_of(session: Session, application_ref: str) -> list[ToldFact]:
    """Every fact of an application, named directly or through its customer, in time's order.

    Facts that name only the customer count from the approval on (an older card of the same
    customer is another story); those that name a card count when the approval named none or
    the same.
    """
    return rows_by_ref(session, [application_ref])[application_ref]


def rows_by_ref(session: Session, refs: Collection[str]) -> dict[str, list[ToldFact]]:
    """The same for many applications at once: two questions, however many they are."""
    direct: dict[str, list[ToldFact]] = {ref: [] for ref in refs}
    if not direct:
        return {}
    for row in _told(session, _OF_APPLICATIONS, direct):
        assert row.application_ref is not None
        direct[row.application_ref].append(row)
    approvals = {ref: _approval(rows) for ref, rows in direct.items()}
    customers = {row.customer_ref for row in approvals.values() if row is not None}
    through: dict[str | None, list[ToldFact]] = {customer: [] for customer in customers}
    if customers:
        for row in _told(session, _OF_CUSTOMERS, customers):
            through[row.customer_ref].append(row)
    return {
        ref: sorted(
            [*rows, *_of_customer(approvals[ref], through)], key=lambda row: (row.at, row.event)
        )
        for ref, rows in direct.items()
    }


def _told(session: Session, asked: Direct, refs: Collection[str | None]) -> list[ToldFact]:
    return list(map(ToldFact._make, asked.read(session, refs=refs)))


def _approval(rows: list[ToldFact]) -> ToldFact | None:
    """The first approval that names the customer."""
    return min(
        (row for row in rows if row.kind == Kind.APPROVED and row.customer_ref),
        key=lambda row: (row.at, row.event),
        default=None,
    )


def _of_customer(
    approval: ToldFact | None, through: dict[str | None, list[ToldFact]]
) -> list[ToldFact]:
    if approval is None:
        return []
    return [
        row
        for row in through[approval.customer_ref]
        if row.at >= approval.at
        and (approval.card_ref is None or row.card_ref in (None, approval.card_ref))
    ]


def approvals_of(session: Session, customers: Collection[str]) -> list[ToldFact]:
    """Every approval that names one of these customers, oldest first."""
    if not customers:
        return []
    rows = _told(session, _APPROVALS, customers)
    return sorted(rows, key=lambda row: (row.at, row.event))


def load_facts(session: Session, application_ids: Collection[int]) -> list[Fact]:
    """The facts of some applications, oldest first, as the rules read them."""
    refs = refs_by_id(session, application_ids)
    rows = rows_by_ref(session, list(refs.values()))
    return sorted(fact for each, ref in refs.items() for fact in facts_in(each, rows[ref]))


def facts_in(application: int, rows: Iterable[ToldFact]) -> list[Fact]:
    """An application's rows as the rules read them."""
    return [
        Fact(
            row.at,
            row.event,
            Kind(row.kind),
            application,
            row.amount,
            row.transaction_ref or "",
            row.existing_customer,
        )
        for row in rows
    ]


def refs_by_id(session: Session, ids: Collection[int]) -> dict[int, str]:
    """The bank's references of applications by their ids; unknown ids are left out."""
    if not ids:
        return {}
    return dict(_REFS.read(session, ids=ids))


_REFS = Direct(
    select(Application.id, Application.application_ref).where(among(Application.id, "ids"))
)
