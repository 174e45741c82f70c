"""A campaign with many members whose books are right, and ways to make them wrong unseen."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from snapshot import begin_from
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from shared.actions.membership import change_status
from shared.applications.facts import Application, FactRow, Kind
from shared.base.database import Database
from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post, standings
from shared.people.members import Member, MemberStatus
from shared.people.persons import add_person
from shared.referrals.referrals import CreditRow, Referral
from shared.rewards.admission import Admission
from shared.rewards.causes import Cause
from shared.rewards.queue import SettleTask, due_tasks, wake
from shared.rewards.settle import settle
from shared.rewards.standing import Happening, happen

LATE = 21
"""The day on which one friend of every member qualifies."""
REVIEW = 40.5


@dataclass(frozen=True)
class World:
    """Members with credited friends; days count from `begin`, a noon in early March."""

    database: Database
    campaign: int
    begin: datetime
    members: tuple[int, ...]
    friends: dict[int, list[int]]
    """A member's referrals; the last one qualifies on day LATE."""

    def at(self, day: float) -> datetime:
        return self.begin + timedelta(days=day)

    def settle(self, *days: float) -> None:
        """The settler at work on some days."""
        for day in days:
            with self.database.transaction() as session:
                for task in due_tasks(session, self.at(day), len(self.members)):
                    settle(session, task.campaign, task.member, self.at(day))


def kept(database: Database, start: str, make: Callable[[], World]) -> World:
    """A world that is made once a process, and put back for each test."""
    return replace(begin_from(database, start, make), database=database)


def populate(
    database: Database, campaign: int, begin: datetime, chance: random.Random, count: int
) -> World:
    """`count` members with two to four friends: most qualify, some are reversed, some never."""
    friends: dict[int, list[int]] = {}
    facts: list[dict[str, object]] = []

    def told(kind: Kind, ref: str, day: float, yuan: int = 0) -> None:
        facts.append(_fact(len(facts), kind, ref, begin + timedelta(days=day), yuan))

    with database.transaction() as session:
        for n in range(count):
            member = _member(session, begin, n)
            friends[member] = []
            for rank in range(1, chance.choice((1, 2, 2, 3)) + 1):
                referral, ref = _friend(session, campaign, member, rank, begin)
                friends[member].append(referral)
                fate, day = chance.random(), chance.uniform(1, 9 if rank == 1 else 18)
                if rank > 1 and fate < 0.15:
                    continue
                told(Kind.APPROVED, ref, day - 1)
                told(Kind.PURCHASE, ref, day, 300)
                if rank > 1 and fate > 0.85:
                    told(Kind.REVERSED, ref, LATE, 300)
            referral, ref = _friend(session, campaign, member, 6, begin)
            friends[member].append(referral)
            told(Kind.APPROVED, ref, LATE - 1)
            told(Kind.PURCHASE, ref, LATE, 300)
        session.execute(insert(FactRow), facts)
        for member in friends:
            wake(session, campaign, member, begin)
    return World(database, campaign, begin, tuple(friends), friends)


def _member(session: Session, begin: datetime, n: int) -> int:
    member = Member(
        person_id=add_person(session, begin, name=f"会员{n}").id,
        customer_ref=f"C{n}",
        opened_on=date(2020, 1, 1),
        status_since=begin,
    )
    session.add(member)
    session.flush()
    return member.id


def _friend(
    session: Session, campaign: int, member: int, rank: int, begin: datetime
) -> tuple[int, str]:
    referral = Referral(
        campaign_id=campaign, member_id=member, version=1, registered_at=begin, ordinal=rank
    )
    ref = f"A-{member}-{rank}"
    application = Application(application_ref=ref, first_heard_at=begin)
    session.add_all([referral, application])
    session.flush()
    session.add(
        CreditRow(
            referral_id=referral.id, application_id=application.id, on=begin, source="link",
            created_at=begin,
        )
    )  # fmt: skip
    return referral.id, ref


def _fact(
    number: int, kind: Kind, ref: str, at: datetime, yuan: int, heard: datetime | None = None
) -> dict[str, object]:
    return {
        "event": f"bank|{kind.value}|{ref}|{number}",
        "kind": kind.value,
        "at": at,
        "received_at": heard or at,
        "application_ref": ref,
        "amount": yuan * 100,
        "transaction_ref": f"T-{ref}" if yuan else None,
    }


@dataclass(frozen=True)
class Plant:
    """One wrong thing: whose, what the review may call it, and its line where there is but one."""

    member: int
    causes: frozenset[Cause]
    key: Key | None = None
    difference: int | None = None


Way = Callable[[World, Session, int, random.Random], Plant]

LITTLE, MUCH = Cause.TOO_LITTLE, Cause.TOO_MUCH


def lose_task(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """The settler forgets a member before the last friend qualifies."""
    session.execute(delete(SettleTask).where(SettleTask.member_id == member))
    return Plant(member, frozenset({Cause.NEVER_SETTLED}))


def lose_claw_back(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """The bank takes a purchase back and nobody is woken."""
    ref = f"A-{member}-6"
    fact = _fact(0, Kind.REVERSED, ref, world.at(LATE + 2), 300)
    session.execute(insert(FactRow), [fact])
    return Plant(member, frozenset({MUCH}))


def post_more(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """A granted reward is raised by hand."""
    return _post(world, session, member, chance.randint(1, 9_999), Account.PENDING, chance)


def post_less(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """A granted reward is lowered by hand."""
    return _post(world, session, member, -chance.randint(1, 4_999), Account.PENDING, chance)


def post_for_nothing(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """A reward of which no clause knows."""
    key = Key(world.campaign, f"member:{member}", "base", f"step:{chance.randint(90, 99)}")
    amount = chance.randint(1, 20_000)
    legs = Balance({(Account.FUNDING, Unit.CNY): -amount, (Account.PENDING, Unit.CNY): amount})
    post(session, key, member, 1, legs, {}, world.at(26))
    return Plant(member, frozenset({MUCH}), key, amount)


def release_early(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """A pending reward becomes available before its time."""
    key, held = _granted(world, session, member, Account.PENDING, chance)
    return _shift(world, session, member, key, held, Account.PENDING, Account.AVAILABLE, MUCH)


def pay_unseen(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """The ledger says paid, and nothing was."""
    key, held = _granted(world, session, member, Account.AVAILABLE, chance)
    return _shift(world, session, member, key, held, Account.AVAILABLE, Account.PAID, MUCH)


def expire_early(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """An available reward is let expire."""
    key, held = _granted(world, session, member, Account.AVAILABLE, chance)
    return _shift(world, session, member, key, held, Account.AVAILABLE, Account.EXPIRED, LITTLE)


def tell_of_payment(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """The key's life says paid, and the ledger knows of nothing."""
    key, held = _granted(world, session, member, Account.AVAILABLE, chance)
    amount = held.of(Account.AVAILABLE, Unit.CNY)
    happen(session, key, member, Happening.PAID, world.at(26), unit=Unit.CNY, amount=amount)
    return Plant(member, frozenset({LITTLE}), key, -amount)


def hide_admission(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """The verdict on a granted reward disappears."""
    key, _ = _granted(world, session, member, Account.PENDING, chance)
    session.execute(delete(Admission).where(*_of_key(key)))
    return Plant(member, frozenset({Cause.NO_VERDICT}), key, 0)


def refuse_afterwards(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """A granted reward is refused after the fact, by a limit that says nothing of it."""
    key, _ = _granted(world, session, member, Account.PENDING, chance)
    refused = {"verdict": "refused", "limit_id": "stock:teapot", "amount": 0}
    session.execute(update(Admission).where(*_of_key(key)).values(**refused))
    return Plant(member, frozenset({MUCH, LITTLE}))


def hide_friend(world: World, session: Session, member: int, chance: random.Random) -> Plant:
    """The credit under which everything of a friend was granted is gone."""
    session.execute(
        update(CreditRow)
        .where(CreditRow.referral_id == world.friends[member][-1])
        .values(superseded_at=world.at(26))
    )
    return Plant(member, frozenset({MUCH}))


LATER: list[Way] = [
    lose_claw_back, post_more, post_less, post_for_nothing, release_early, pay_unseen,
    expire_early, tell_of_payment, hide_admission, refuse_afterwards, hide_friend,
]  # fmt: skip
"""To be planted on settled books."""


def _post(
    world: World,
    session: Session,
    member: int,
    amount: int,
    account: Account,
    chance: random.Random,
) -> Plant:
    key, _ = _granted(world, session, member, account, chance)
    legs = Balance({(Account.FUNDING, Unit.CNY): -amount, (account, Unit.CNY): amount})
    _append(world, session, member, key, legs)
    return Plant(member, frozenset({MUCH if amount > 0 else LITTLE}), key, amount)


def _shift(
    world: World,
    session: Session,
    member: int,
    key: Key,
    held: Balance,
    source: Account,
    target: Account,
    cause: Cause,
) -> Plant:
    amount = held.of(source, Unit.CNY)
    _append(
        world, session, member, key,
        Balance({(source, Unit.CNY): -amount, (target, Unit.CNY): amount}),
    )  # fmt: skip
    return Plant(member, frozenset({cause}), key, amount if cause is MUCH else -amount)


def _append(world: World, session: Session, member: int, key: Key, legs: Balance) -> None:
    revision = standings(session, world.campaign, member)[key].revision + 1
    post(session, key, member, revision, legs, {}, world.at(REVIEW - 0.2))


def _granted(
    world: World, session: Session, member: int, account: Account, chance: random.Random
) -> tuple[Key, Balance]:
    """One of a member's own rewards in yuan that stands in an account."""
    held = standings(session, world.campaign, member)
    fit = [
        (key, position.balance)
        for key, position in sorted(held.items())
        if key.party.startswith("member:") and position.balance.of(account, Unit.CNY)
    ]
    return chance.choice(fit)


def _of_key(key: Key) -> list[object]:
    return [
        Admission.campaign_id == key.campaign,
        Admission.party == key.party,
        Admission.clause == key.clause,
        Admission.occasion == key.occasion,
    ]


def tell_late(world: World, members: list[int], heard: float) -> None:
    """Honest: the bank tells in the next month of a purchase on day LATE - 1."""
    with world.database.transaction() as session:
        for member in members:
            _, ref = _friend(session, world.campaign, member, 7, world.begin)
            at, then = world.at(LATE - 1), world.at(heard)
            session.execute(
                insert(FactRow),
                [
                    _fact(1, Kind.APPROVED, ref, at, 0, then),
                    _fact(2, Kind.PURCHASE, ref, at, 300, then),
                ],
            )
            wake(session, world.campaign, member, then)


def fall_asleep(world: World, members: list[int], day: float) -> None:
    """Honest: some members are no longer active."""
    with world.database.transaction() as session:
        for row in session.scalars(select(Member).where(Member.id.in_(members))):
            assert change_status(session, row, MemberStatus.INACTIVE, world.at(day))
