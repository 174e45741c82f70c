"""A small world in which worked examples are told: members, friends, the bank, the ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.membership import change_status
from shared.applications.facts import Application, FactRow, Kind
from shared.base.clock import month_of
from shared.base.database import Database
from shared.base.money import Unit
from shared.campaigns.campaigns import current_version, get_campaign
from shared.campaigns.file import apply_campaign
from shared.ledger.balance import Account, Balance, Key, total
from shared.ledger.entries import Entry, entries_of, positions
from shared.ledger.verify import verify
from shared.people.members import Member, MemberStatus
from shared.people.persons import add_person
from shared.referrals.referrals import CreditRow, Referral
from shared.rewards.admission import Admission
from shared.rewards.books import month_in
from shared.rewards.causes import Against
from shared.rewards.month_review import review_month
from shared.rewards.queue import due_tasks, wake
from shared.rewards.review import differences, miscounts
from shared.rewards.settle import Change, settle
from shared.rewards.standing import Happening, happen

CAMPAIGN = Path(__file__).parents[1] / "spring.yaml"


_GIVES = (Account.FUNDING, Account.STOCK)


class Story:
    """What happens is told in days after the beginning; the ledger is read in plain lines."""

    def __init__(self, database: Database, begin: datetime) -> None:
        self.database = database
        self.begin = begin
        self.campaign = 0
        self.members: dict[str, int] = {}
        self.friends: dict[str, int] = {}
        self.applications: dict[str, list[int]] = {}
        self._told = 0

    def at(self, day: float) -> datetime:
        return self.begin + timedelta(days=day)

    def campaign_file(self, *changes: tuple[str, str], day: float = 0) -> None:
        """Apply the spring campaign with some of its text replaced."""
        source = CAMPAIGN.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in source, old
            source = source.replace(old, new)
        with self.database.transaction() as session:
            applied = apply_campaign(session, source, self.at(day), "operator:test")
        self.campaign = applied.campaign_id

    def member(self, name: str) -> int:
        with self.database.transaction() as session:
            person = add_person(session, self.begin, name=name)
            member = Member(
                person_id=person.id,
                customer_ref=f"C-{name}",
                opened_on=date(2020, 1, 1),
                status_since=self.begin,
            )
            session.add(member)
            session.flush()
            self.members[name] = member.id
        return self.members[name]

    def friend(self, name: str, of: str, *, day: float = 0) -> int:
        """A friend who registered and whose application counts under a member."""
        with self.database.transaction() as session:
            rank = sum(1 for _ in self.friends) + 1
            referral = Referral(
                campaign_id=self.campaign,
                member_id=self.members[of],
                version=current_version(session, self.campaign).number,
                registered_at=self.at(day),
                ordinal=rank,
            )
            session.add(referral)
            session.flush()
            self.friends[name] = referral.id
        self.applies(name, day=day)
        return self.friends[name]

    def applies(self, name: str, *, day: float = 0) -> None:
        """One (more) application of a friend."""
        with self.database.transaction() as session:
            past = self.applications.setdefault(name, [])
            application = Application(
                application_ref=f"A-{name}-{len(past) + 1}", first_heard_at=self.at(day)
            )
            session.add(application)
            session.flush()
            session.add(
                CreditRow(
                    referral_id=self.friends[name],
                    application_id=application.id,
                    on=self.at(day),
                    source="link",
                    created_at=self.at(day),
                )
            )
            past.append(application.id)

    def bank(
        self,
        friend: str,
        kind: Kind,
        *,
        day: float,
        yuan: int = 0,
        transaction: str = "",
        nth: int | None = None,
        heard: float | None = None,
        existing: bool | None = None,
    ) -> None:
        """The bank tells a fact about a friend's (nth, else last) application."""
        self._told += 1
        count = len(self.applications[friend])
        with self.database.transaction() as session:
            session.add(
                FactRow(
                    event=f"bank|{self._told:05d}",
                    kind=kind.value,
                    at=self.at(day),
                    received_at=self.at(day if heard is None else heard),
                    application_ref=f"A-{friend}-{nth or count}",
                    amount=yuan * 100,
                    transaction_ref=transaction or None,
                    existing_customer=existing,
                )
            )
            referral = session.get_one(Referral, self.friends[friend])
            wake(session, self.campaign, referral.member_id, self.at(day))

    def qualifies(self, friend: str, *, day: float, yuan: int = 300) -> None:
        """Approved, and one day later the purchase."""
        self.bank(friend, Kind.APPROVED, day=day - 1)
        self.bank(friend, Kind.PURCHASE, day=day, yuan=yuan, transaction=f"T-{friend}")

    def picks(self, member: str, clause: str, friend: str, option: int, *, day: float) -> None:
        """The member picks one of several rewards."""
        key = Key(
            self.campaign,
            f"member:{self.members[member]}",
            clause,
            f"referral:{self.friends[friend]}",
        )
        with self.database.transaction() as session:
            happen(
                session, key, self.members[member], Happening.CHOSEN, self.at(day), amount=option
            )
            wake(session, self.campaign, self.members[member], self.at(day))

    def settle(self, day: float) -> list[Change]:
        """Everything that is due by a day, in one transaction."""
        with self.database.transaction() as session:
            changes: list[Change] = []
            for task in due_tasks(session, self.at(day)):
                changes += settle(session, task.campaign, task.member, self.at(day))
            return changes

    def status(self, member: str, status: MemberStatus, *, day: float) -> None:
        with self.database.transaction() as session:
            row = session.get_one(Member, self.members[member])
            assert change_status(session, row, status, self.at(day))

    def ledger(self, member: str) -> list[str]:
        """The whole ledger of a member: `Alice base Bob: funding -100, pending +100`."""
        with self.database.reading() as session:
            return [
                f"{self._key(entry)}: {_legs(legs)}"
                for entry, legs in entries_of(session, self.campaign, self.members[member])
            ]

    def stands(self, member: str) -> str:
        """Where everything of a member and their friends stands, funding left out."""
        with self.database.reading() as session:
            held = positions(session, self.campaign, self.members[member])
        rest = total(held.values())
        return _legs(Balance({p: n for p, n in rest.items() if p[0] not in _GIVES}))

    def positions(self) -> dict[tuple[str, str, str, Account, Unit], int]:
        """Every position of every member, by names that do not depend on ids."""
        found: dict[tuple[str, str, str, Account, Unit], int] = {}
        with self.database.reading() as session:
            for member_id in self.members.values():
                for key, balance in positions(session, self.campaign, member_id).items():
                    who, what = self._name(key.party), self._name(key.occasion)
                    for (account, unit), amount in balance.items():
                        found[who, key.clause, what, account, unit] = amount
        return found

    def verdicts(self) -> dict[tuple[str, str, str], tuple[str, str | None]]:
        """Every verdict of admission, by names."""
        with self.database.reading() as session:
            return {
                (self._name(row.party), row.clause, self._name(row.occasion)): (
                    row.verdict,
                    row.limit_id,
                )
                for row in session.scalars(
                    select(Admission).where(Admission.campaign_id == self.campaign)
                )
            }

    def verify(self, day: float) -> None:
        """The chain is whole, counters are right, and nothing is owed that is not posted."""
        with self.database.reading() as session:
            assert verify(session) == []
        self.review(day)

    def review(self, day: float) -> None:
        """Counters are right, and nothing is owed that is not posted."""
        with self.database.reading() as session:
            assert miscounts(session, self.campaign) == []
            assert list(differences(session, self.campaign, self.at(day))) == []
            if os.environ.get("JIANKA_NIGHTLY"):
                self._months_review(session, self.at(day))

    def _months_review(self, session: Session, now: datetime) -> None:
        """The month's books have no fault, and their lines explain every difference."""
        zone = get_campaign(session, self.campaign).zone
        month = month_in(month_of(now, zone), zone)
        for review in review_month(session, self.campaign, month, now):
            assert [line for line in review.lines if line.fault] == []
            owed = [line for line in review.lines if line.against is Against.OWED]
            for unit in {*review.earned, *review.granted}:
                between = sum(line.difference for line in owed if line.unit is unit)
                assert review.granted[unit] == review.earned[unit] + between

    def _key(self, entry: Entry) -> str:
        what = self._name(entry.occasion)
        who = self._name(entry.party)
        return f"{who} {entry.clause}" + (f" {what}" if what != who else "")

    def _name(self, word: str) -> str:
        word, slash, rest = word.partition("/")
        kind, _, number = word.partition(":")
        table = {"member": self.members, "friend": self.friends, "referral": self.friends}
        names = {str(each): name for name, each in table.get(kind, {}).items()}
        return names.get(number, word) + slash + rest


_FEN = (Unit.CNY, Unit.DONATION)
_MARKS = {
    Unit.CNY: "",
    Unit.POINTS: "p",
    Unit.GIFT: " gift",
    Unit.PRIVILEGE: " privilege",
    Unit.DONATION: " donated",
    Unit.CHOICE: " choice",
}


def _legs(balance: Balance) -> str:
    order = list(Account)
    return ", ".join(
        f"{account.value} {amount // 100 if unit in _FEN else amount:+d}{_MARKS[unit]}"
        for (account, unit), amount in sorted(
            balance.items(), key=lambda leg: (order.index(leg[0][0]), leg[0][1])
        )
    )


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    """A world with the spring campaign, Alice the member and nobody else."""
    told = Story(database, now)
    told.campaign_file()
    told.member("Alice")
    return told


@pytest.fixture
def tell(database: Database, now: datetime) -> Callable[..., Story]:
    """A world with a changed spring campaign."""

    def begin(*changes: tuple[str, str], members: Sequence[str] = ("Alice",)) -> Story:
        told = Story(database, now)
        told.campaign_file(*changes)
        for name in members:
            told.member(name)
        return told

    return begin


@pytest.fixture
def tell_on(now: datetime) -> Callable[..., Story]:
    """A world with a changed spring campaign on a database that the test brings, and nobody."""

    def begin(database: Database, *changes: tuple[str, str]) -> Story:
        told = Story(database, now)
        told.campaign_file(*changes)
        return told

    return begin
