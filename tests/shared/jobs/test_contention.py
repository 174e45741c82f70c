"""Eight processes hear, three may settle, settlers are killed, hearers deadlock: it adds up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from keys import BLIND, MASTER
from race import Race, enrol, members_with_chats, qualifying, spring
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from shared.base.database import Database, open_database
from shared.base.money import Unit
from shared.base.privacy import Keyring
from shared.campaigns.campaigns import Campaign
from shared.ledger.balance import Account, Balance, Key, total
from shared.ledger.entries import Entry, Leg
from shared.ledger.verify import verify
from shared.post.outbox import Outbox, read_body
from shared.referrals.referrals import Referral
from shared.rewards.admission import Admission, load_room
from shared.rewards.review import miscounts
from shared.rewards.room import Verdict
from shared.rewards.settle import steps
from shared.rewards.situations import situations

HEARERS, SETTLERS = 8, 3
CAP = 50_000


@pytest.fixture
def race(postgres_url: str) -> Iterator[Race]:
    database = open_database(postgres_url, Keyring({"k1": MASTER}, BLIND))
    made = Race(database, postgres_url)
    yield made
    made.stop()
    database.close()


def replayed(database: Database) -> dict[Key, Balance]:
    """Every key's balance by going through the ledger in its order; no account below zero."""
    stands: dict[Key, Balance] = defaultdict(Balance)
    with database.reading() as session:
        legs: dict[int, dict[tuple[Account, Unit], int]] = defaultdict(dict)
        for leg in session.execute(select(Leg.entry_id, Leg.account, Leg.unit, Leg.amount)):
            legs[leg.entry_id][Account(leg.account), Unit(leg.unit)] = leg.amount
        for entry in session.scalars(select(Entry).order_by(Entry.id)):
            step = Balance(legs[entry.id])
            assert step.even
            stands[entry.key] += step
            below = [
                p for p, n in stands[entry.key].items() if n < 0 and p[0] is not Account.FUNDING
            ]
            assert not below, f"more was taken back of {entry.key} than was given"
    return dict(stands)


def whole(race: Race, days: float = 0) -> dict[Key, Balance]:
    """Check what holds after any race, in every campaign; where every key stands."""
    now = datetime.now(UTC) + timedelta(days=days)
    stands = replayed(race.database)
    with race.database.reading() as session:
        assert verify(session) == []
        sums = session.execute(select(Leg.unit, func.sum(Leg.amount)).group_by(Leg.unit)).all()
        assert all(amount == 0 for _, amount in sums)
        first = select(Entry).where(Entry.revision == 1)
        assert Counter(entry.key for entry in session.scalars(first)) == Counter(stands.keys())
        for campaign in session.scalars(select(Campaign.id)):
            assert miscounts(session, campaign) == []
            posted = _settled(session, campaign, now)
            assert posted == {key: b for key, b in stands.items() if key.campaign == campaign}
    return stands


def _settled(session: Session, campaign: int, now: datetime) -> dict[Key, Balance]:
    """Every key's balance by the ledger's own question; nothing is owed that is not posted."""
    query = select(Referral.member_id).where(Referral.campaign_id == campaign).distinct()
    found = situations(session, campaign, session.scalars(query).all(), now)
    for here in found.values():
        room = load_room(session, campaign, here.holdings, now, lock=False)
        assert not [step for step in steps(here, room, now) if step.moves]
    return {key: at.balance for here in found.values() for key, at in here.have.items()}


def given(stands: dict[Key, Balance], unit: Unit) -> int:
    """What was granted in all, wherever it stands."""
    return -total(stands.values()).of(Account.FUNDING, unit)


def per_friend(race: Race, campaign: int) -> list[Row[tuple[str, str, str, str | None]]]:
    """Clause, occasion, verdict and limit of every admission of a friend's rewards."""
    query = select(
        Admission.clause, Admission.occasion, Admission.verdict, Admission.limit_id
    ).where(Admission.campaign_id == campaign, Admission.clause.in_(["base", "welcome"]))
    with race.database.reading() as session:
        return list(session.execute(query))


@pytest.mark.waits
@pytest.mark.unwatched
@pytest.mark.postgres
@pytest.mark.parametrize(
    ("members", "friends", "kill_every", "kills"),
    [(40, 6, 0.4, 2), pytest.param(2000, 5, 1.5, 1000, marks=pytest.mark.nightly)],
)
def test_hearers_deadlocks_takeovers_and_repetition_leave_a_ledger_that_adds_up(
    race: Race, members: int, friends: int, kill_every: float, kills: int
) -> None:
    """N friends for two thirds as many places, a tenth of them reversed; then everything is
    released a month later under the same kills."""
    places = members * friends * 2 // 3
    start = datetime.now(UTC) - timedelta(days=9)
    source = spring("race", ("first_friends: 20000", f"first_friends: {places}"))
    ids = members_with_chats(race.database, members, start)
    racers = enrol(race.database, source, ids, friends, start)
    winners_first = [fact for racer in racers for fact in qualifying(racer, start)]
    race.settle(SETTLERS, term=0.5)
    race.hear(winners_first, HEARERS, size=12)
    race.run(kill_every=kill_every, kills=kills)
    campaign = racers[0].campaign
    stands = whole(race)
    rows = per_friend(race, campaign)
    refused = [row for row in rows if row.verdict == Verdict.REFUSED]
    won = {row.occasion for row in rows} - {row.occasion for row in refused}
    assert len(won) == places == min(places, len(racers))
    assert {row.limit_id for row in refused} == {"friends"}
    assert given(stands, Unit.CNY) <= 100_000_000
    assert given(stands, Unit.POINTS) <= 50_000_000
    for member in ids:
        mine = total(b for k, b in stands.items() if k.party == f"member:{member}")
        assert mine.of(Account.PENDING, Unit.CNY) <= CAP
    assert race.deadlocks.value > 0
    assert race.takeovers > 0

    taken_back = [f for r in racers[::10] for f in qualifying(r, start, reversed_after=2)]
    race.hear(taken_back, HEARERS, size=12)
    race.run(kill_every=kill_every, kills=kills)
    race.stop()
    before = whole(race)
    race.settle(SETTLERS, days=32, term=0.5)
    race.run(kill_every=kill_every, kills=kills)
    after = whole(race, days=32)
    for key, stood in before.items():
        for unit in Unit:
            pending = stood.of(Account.PENDING, unit)
            assert after[key].of(Account.AVAILABLE, unit) == pending
            assert after[key].of(Account.PENDING, unit) == 0
    with race.database.reading() as session:
        released = Counter(
            entry.key
            for entry in session.scalars(
                select(Entry)
                .join(Leg, Leg.entry_id == Entry.id)
                .where(Leg.account == Account.AVAILABLE)
            )
        )
    assert released == Counter(key for key, stood in before.items() if stood)  # each once


def told_of_limits(race: Race) -> Counter[int]:
    """How many notices of a limit each chat was owed, by chat."""
    with race.database.reading() as session:
        rows = session.scalars(select(Outbox).where(Outbox.chat_id.is_not(None))).all()
        return Counter(
            row.chat_id
            for row in rows
            if row.chat_id and read_body(session, row)["notice"] == "reward.limit"
        )


@pytest.mark.waits
@pytest.mark.unwatched
@pytest.mark.postgres
@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.nightly)])
def test_a_hundred_race_for_the_last_ten_places_and_the_last_hundred_yuan(
    race: Race, rounds: int
) -> None:
    start = datetime.now(UTC) - timedelta(days=9)
    ids = members_with_chats(race.database, 100, start)
    no_steps = ("      - {at: 1, amount: 500 points}\n", "")
    contests = []
    for number in range(rounds):
        for limit, winners, change in (
            ("friends", 10, ("first_friends: 20000", "first_friends: 10")),
            ("budget:CNY", 1, ("- ¥1,000,000", "- ¥100")),
        ):
            points = ("    amount: ¥50\n", "    amount: 50 points\n")
            slug = f"race-{number}-{winners}"
            source = spring(slug, change, points, no_steps)
            contests.append((limit, winners, enrol(race.database, source, ids, 1, start)))
    race.settle(SETTLERS, term=0.5)
    everybody = [f for _, _, racers in contests for r in racers for f in qualifying(r, start)]
    race.hear(everybody, HEARERS, size=10, twice=0.2)
    race.run()
    stands = whole(race)
    for limit, winners, racers in contests:
        campaign = racers[0].campaign
        base = [row for row in per_friend(race, campaign) if row.clause == "base"]
        lost = [row for row in base if row.verdict == Verdict.REFUSED]
        assert len(base) == 100
        assert len(base) - len(lost) == winners
        assert {row.limit_id for row in lost} == {limit}
        yuan = given({k: b for k, b in stands.items() if k.campaign == campaign}, Unit.CNY)
        assert yuan == winners * 10_000
    told = told_of_limits(race)
    assert sum(told.values()) == rounds * (90 + 99)  # every loser, once
