"""Payout accounts: where the bank would pay somebody, as keyed hashes with a term.

The bank may name an account by a reference of its own. Neither a reference nor an account's
number is kept: equal hashes match, nothing reads back. An account belongs to a party, which is
an application or a customer; of each every account is kept that it had in the term, so that
another account told today hides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import String, delete, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.applications.facts import Application
from shared.base.database import Base, Utc, keyring_of
from shared.base.direct import Direct, among
from shared.base.rows import upsert_rows
from shared.referrals.referrals import CreditRow
from shared.risk.sightings import customers_of, referrals_of_customers

_APPLICATION, _CUSTOMER = "application:", "customer:"


class PayoutAccount(Base):
    """That a party is paid into an account. Forgotten after the longest campaign's term."""

    __tablename__ = "payout_accounts"

    party: Mapped[str] = mapped_column(String(80), primary_key=True)
    """`application:…` or `customer:…`, with the bank's own reference."""
    account: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    """Keyed hash."""
    told_at: Mapped[datetime] = mapped_column(Utc, index=True)
    """When the bank last said so."""


def party_of_application(application_ref: str) -> str:
    """An application as the owner of an account."""
    return f"{_APPLICATION}{application_ref}"


def party_of_customer(customer_ref: str) -> str:
    """A customer as the owner of an account."""
    return f"{_CUSTOMER}{customer_ref}"


def tell_accounts(session: Session, told: Iterable[tuple[str, str]], now: datetime) -> set[str]:
    """Keep which parties are paid into which accounts, each (party, the bank's reference of the
    account); the hashes of accounts that a party was not known to have."""
    keyring = keyring_of(session)
    pairs = sorted({(party, keyring.blind("account", each)) for party, each in told})
    if not pairs:
        return set()
    mine = tuple_(PayoutAccount.party, PayoutAccount.account)
    rows = session.execute(select(*mine.clauses).where(mine.in_(pairs)))
    known = {(party, account) for party, account in rows}
    table = PayoutAccount.metadata.tables[PayoutAccount.__tablename__]
    upsert_rows(session, table, ("party", "account", "told_at"), [(*pair, now) for pair in pairs])
    return {account for party, account in pairs if (party, account) not in known}


_OF_PARTIES = Direct(
    select(PayoutAccount.party, PayoutAccount.account).where(among(PayoutAccount.party, "values"))
)
_OF_ACCOUNTS = Direct(
    select(PayoutAccount.party).where(among(PayoutAccount.account, "values")).distinct()
)
_CREDITED = (
    select(CreditRow.referral_id, Application.application_ref)
    .join(Application, Application.id == CreditRow.application_id)
    .where(CreditRow.superseded_at.is_(None))
)
_APPLICATIONS = Direct(_CREDITED.where(among(CreditRow.referral_id, "values")))
_REFERRALS = Direct(_CREDITED.where(among(Application.application_ref, "values")))


def accounts_of_customers(
    session: Session, customers: Collection[str]
) -> dict[str, frozenset[str]]:
    """The accounts of some customers, by customer."""
    found = _accounts(session, {party_of_customer(each) for each in customers})
    return {party.removeprefix(_CUSTOMER): accounts for party, accounts in found.items()}


def accounts_of_friends(
    session: Session, customers: Mapping[int, str], referrals: Collection[int]
) -> dict[int, frozenset[str]]:
    """The accounts of some referrals' friends, by their applications or as the customers whom
    they became (`customers`, by referral)."""
    parties: dict[int, set[str]] = {each: set() for each in referrals}
    for referral, ref in _APPLICATIONS.read(session, values=sorted(parties)) if parties else []:
        parties[referral].add(party_of_application(ref))
    for referral, customer in customers.items():
        parties.setdefault(referral, set()).add(party_of_customer(customer))
    found = _accounts(session, set().union(*parties.values()))
    return {
        referral: frozenset().union(*(found[each] for each in theirs if each in found))
        for referral, theirs in parties.items()
    }


def _accounts(session: Session, parties: Collection[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for party, account in _OF_PARTIES.read(session, values=sorted(parties)) if parties else []:
        found.setdefault(party, set()).add(account)
    return {party: frozenset(accounts) for party, accounts in found.items()}


def referrals_of_accounts(session: Session, accounts: Collection[str]) -> set[int]:
    """The referrals whose friends are paid into some accounts."""
    applications, customers = _owners(session, accounts)
    found = _REFERRALS.read(session, values=sorted(applications)) if applications else []
    return {referral for referral, _ in found} | referrals_of_customers(session, customers)


def customers_of_accounts(session: Session, accounts: Collection[str]) -> set[str]:
    """The customers who are paid into some accounts, told as customers."""
    return _owners(session, accounts)[1]


def _owners(session: Session, accounts: Collection[str]) -> tuple[set[str], set[str]]:
    """(applications, customers) by the bank's references."""
    rows = _OF_ACCOUNTS.read(session, values=sorted(accounts)) if accounts else []
    parties = [party for (party,) in rows]
    return (
        {each.removeprefix(_APPLICATION) for each in parties if each.startswith(_APPLICATION)},
        {each.removeprefix(_CUSTOMER) for each in parties if each.startswith(_CUSTOMER)},
    )


def forget_accounts(session: Session, before: datetime) -> int:
    """Delete what was told last before a moment; how many."""
    old = delete(PayoutAccount).where(PayoutAccount.told_at < before)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def forget_accounts_of(
    session: Session,
    *,
    referrals: Collection[int] = (),
    applications: Collection[str] = (),
    customers: Collection[str] = (),
) -> int:
    """Delete the accounts of some friends, applications and customers; how many."""
    became = customers_of(session, referrals)
    rows = _APPLICATIONS.read(session, values=sorted(referrals)) if referrals else []
    parties = {party_of_application(each) for each in (*applications, *(ref for _, ref in rows))}
    parties |= {party_of_customer(each) for each in (*customers, *became.values())}
    if not parties:
        return 0
    mine = delete(PayoutAccount).where(PayoutAccount.party.in_(parties))
    return int(session.execute(mine).rowcount)  # type: ignore[attr-defined]
