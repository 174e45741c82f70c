"""The order of events does not matter: 200 bank events, shuffled, 30 % of them repeated.

Where no shared limit binds, the balances are the same to the last account. Where one binds:
never over, the same number of winners, and every loser has a row with its reason.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from shared.applications.facts import Application, FactRow, Kind
from shared.base.database import Database
from shared.campaigns.campaigns import current_version
from shared.ledger.balance import Account
from shared.referrals.referrals import CreditRow, Referral
from shared.rewards.queue import wake

MEMBERS = ("Alice", "Adam", "Ada")
FRIENDS = 45
SEEDS = range(20)
END = 200
"""The day on which every run is settled for the last time."""


@dataclass(frozen=True)
class Event:
    id: str
    day: float
    friend: int
    kind: Kind
    yuan: int = 0
    transaction: str = ""


def world(*, reversals: bool) -> list[Event]:
    """200 events about 45 friends, the same every time."""
    chance = random.Random(4)
    events: list[Event] = []

    def add(day: float, friend: int, kind: Kind, yuan: int = 0, transaction: str = "") -> None:
        events.append(Event(f"e{len(events)}", day, friend, kind, yuan, transaction))

    for friend in range(FRIENDS):
        start = chance.uniform(0, 60)
        add(start, friend, Kind.SUBMITTED)
        if chance.random() < 0.1:
            add(start + 1, friend, Kind.DECLINED)
            continue
        add(start + 1, friend, Kind.APPROVED)
        add(start + 2, friend, Kind.ACTIVATED)
        add(start + chance.uniform(3, 100), friend, Kind.PURCHASE, 320, f"T{friend}")
    undone = [Kind.REVERSED, Kind.CLOSED, Kind.FLAGGED] if reversals else [Kind.ACTIVATED]
    while len(events) < 200:
        friend = chance.randrange(FRIENDS)
        kind = chance.choice([Kind.PURCHASE, *undone])
        day = chance.uniform(1, 150)
        if kind is Kind.PURCHASE:
            add(day, friend, kind, chance.randrange(100, 900), f"T{friend}-{len(events)}")
        elif kind is Kind.REVERSED:
            add(day, friend, kind, chance.choice([10, 100, 320]), f"T{friend}")
        else:
            add(day, friend, kind)
    return events


def heard(events: list[Event], seed: int) -> list[Event]:
    """Shuffled, and 30 % told twice: the same event again, or the same under another name."""
    chance = random.Random(seed)
    again = chance.sample(events, len(events) * 3 // 10)
    once_more = [
        event if event.kind is Kind.REVERSED else replace(event, id=f"{event.id}-again")
        for event in again
    ]
    told = [*events, *once_more]
    chance.shuffle(told)
    return told


def begin(story, seed: int) -> None:
    """A campaign of its own with three members and their friends."""
    story.friends, story.applications = {}, {}
    with story.database.transaction() as session:
        version = current_version(session, story.campaign).number
        for place in range(FRIENDS):
            referral = Referral(
                campaign_id=story.campaign,
                member_id=story.members[MEMBERS[place % len(MEMBERS)]],
                version=version,
                registered_at=story.at(0),
                ordinal=place + 1,
            )
            application = Application(
                application_ref=f"A-{seed}-{place}", first_heard_at=story.at(0)
            )
            session.add_all([referral, application])
            session.flush()
            story.friends[f"F{place}"] = referral.id
            session.add(
                CreditRow(
                    referral_id=referral.id,
                    application_id=application.id,
                    on=story.at(0),
                    source="link",
                    created_at=story.at(0),
                )
            )


def hear(session: Session, story, seed: int, events: list[Event]) -> None:
    """Facts as they arrive, and their members woken."""
    rows = [
        {
            "event": f"{seed}|{event.id}",
            "kind": event.kind.value,
            "at": story.at(event.day),
            "received_at": story.at(END),
            "application_ref": f"A-{seed}-{event.friend}",
            "amount": event.yuan * 100,
            "transaction_ref": event.transaction or None,
        }
        for event in events
    ]
    session.execute(insert(FactRow), rows)
    for name in sorted({MEMBERS[event.friend % len(MEMBERS)] for event in events}):
        wake(session, story.campaign, story.members[name], story.at(0))


def play(story, seed: int, events: list[Event], after_each=lambda: None) -> None:
    """Hear in random batches and settle after each, as of days that pass."""
    chance = random.Random(1000 + seed)
    begin(story, seed)
    told, known, day = list(events), set(), 0.0
    while told:
        batch, told = told[: (size := chance.randrange(30, 150))], told[size:]
        new = {event.id: event for event in batch if event.id not in known}
        known |= new.keys()  # the inbox knows an identity it has seen
        if new:
            with story.database.transaction() as session:
                hear(session, story, seed, list(new.values()))
        day = min(END, day + chance.uniform(0, 60))
        story.settle(day)
        after_each()
    story.settle(END)
    after_each()


pytestmark = pytest.mark.nightly  # tests/shared/test_any_order.py tries the same by the inbox


@pytest.fixture
def stage(tell, database: Database):
    """A story whose campaign is replaced by a fresh one for each seed."""
    story = tell(("slug: spring-referral", "slug: spring-first"), members=MEMBERS)

    def fresh(seed: int, *changes: tuple[str, str]):
        story.campaign_file(("slug: spring-referral", f"slug: spring-{seed}"), *changes)
        return story

    return fresh


def test_any_order_and_repetition_ends_in_the_same_balances(stage):
    events = world(reversals=True)
    assert len(events) == 200
    ends = []
    for seed in SEEDS:
        story = stage(seed)
        play(story, seed, heard(events, seed) if seed else sorted(events, key=lambda e: e.day))
        story.review(END)
        ends.append(story.positions())
    story.verify(END)
    accounts = Counter(place[3] for place in ends[0])
    assert accounts[Account.AVAILABLE] > 40
    assert accounts[Account.PENDING] > 0  # held
    assert all(end == ends[0] for end in ends)


@pytest.mark.parametrize(
    ("seeds", "limit", "changes"),
    [
        (20, "friends", [("first_friends: 20000", "first_friends: 12")]),
        (3, "budget:CNY", [("- ¥1,000,000", "- ¥1,200")]),
        (3, "first:base", [("amount: ¥100", "amount: ¥100\n    first_n: 12")]),
    ],
)
def test_where_a_shared_limit_binds_it_is_never_over_and_losers_know_why(
    stage, seeds, limit, changes
):
    only_base = [
        ("monthly_cap: ¥500", "monthly_cap: ¥9,000"),
        ("    amount: ¥50\n", "    amount: 50 points\n"),
    ]
    events = world(reversals=False)
    winners: set[int] = set()
    for seed in SEEDS[:seeds]:
        story = stage(seed, *changes, *only_base)

        def never_over() -> None:
            base = [v for k, v in story.positions().items() if k[1] == "base"]  # noqa: B023
            assert sum(amount for amount in base if amount > 0) <= 120_000

        play(story, seed, heard(events, seed), never_over)
        story.review(END)
        verdicts = {k: v for k, v in story.verdicts().items() if k[1] == "base"}
        counts = Counter(verdicts.values())
        assert set(counts) == {("admitted", None), ("refused", limit)}
        assert counts["refused", limit] > 10
        winners.add(counts["admitted", None])
    assert winners == {12}
    story.verify(END)
