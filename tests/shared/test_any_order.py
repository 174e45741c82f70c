"""The same 200 events shuffled and 30 % repeated, through the real inbox, twenty times."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from crowd import SAMPLE, Crowd, gather_crowd, happy_events
from keys import BLIND, MASTER
from sqlalchemy import select

from shared.actions.hearing import accept_events, hear_waiting
from shared.actions.settling import settle_waiting
from shared.applications.events import parse_items
from shared.base import lease
from shared.base.database import Database, open_database
from shared.base.privacy import Keyring
from shared.ledger.entries import positions
from shared.ledger.verify import verify
from shared.rewards.admission import Admission
from shared.rewards.review import differences
from shared.rewards.room import Verdict

pytestmark = pytest.mark.unwatched

SEEDS = [*range(6), *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(6, 20))]
"""Half of them on either engine; most by night."""
START = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


def play(database: Database, crowd: Crowd, events: list[dict[str, Any]], seed: int) -> None:
    """Shuffle, repeat a third, store and hear in batches of any size, settle now and then."""
    chance = random.Random(seed)
    told = events + chance.sample(events, k=int(len(events) * 0.3))
    chance.shuffle(told)
    now = crowd.registered + timedelta(days=10)
    with database.transaction() as session:
        assert lease.take(session, "settle", "test", datetime.now(UTC))
    while told:
        batch = [told.pop() for _ in range(min(len(told), chance.randint(1, 40)))]
        with database.transaction() as session:
            accept_events(session, parse_items(batch, now), now)
        if chance.random() < 0.7:
            hear_waiting(database, "test", now)
        if chance.random() < 0.5:
            settle_waiting(database, "test", now)
    while hear_waiting(database, "test", now) or settle_waiting(database, "test", now):
        pass


def hear_all(database: Database, crowd: Crowd, batches: list[list[dict[str, Any]]]) -> None:
    """Store each batch, hear and settle it."""
    now = crowd.registered + timedelta(days=10)
    with database.transaction() as session:
        assert lease.take(session, "settle", "test", datetime.now(UTC))
    for batch in batches:
        with database.transaction() as session:
            accept_events(session, parse_items(batch, now), now)
        hear_waiting(database, "test", now)
        settle_waiting(database, "test", now)


def balances(database: Database, crowd: Crowd) -> dict[str, str]:
    """Every key's balance by its words."""
    with database.reading() as session:
        assert verify(session) == []
        return {
            str(key): str(balance)
            for member in crowd.members
            for key, balance in positions(session, crowd.campaign, member).items()
            if balance
        }


@pytest.fixture(scope="module")
def in_order(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The balances after the same events in time's order, each once."""
    path = tmp_path_factory.mktemp("in_order") / "jianka.db"
    shutil.copy(migrated_sqlite, path)
    database = open_database(f"sqlite:///{path}", Keyring({"k1": MASTER}, BLIND))
    crowd = gather_crowd(database, START, members=8, friends=7)
    events = happy_events(crowd)[:200]
    hear_all(database, crowd, [events[place : place + 20] for place in range(0, 200, 20)])
    found = balances(database, crowd)
    database.close()
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_and_repetition_ends_in_the_same_balances(
    sqlite_or_postgres: Database, seed: int, in_order: dict[str, str]
) -> None:
    database = sqlite_or_postgres
    crowd = gather_crowd(database, START, members=8, friends=7)
    events = happy_events(crowd)[:200]
    assert len(events) == 200
    play(database, crowd, events, seed)
    assert len(in_order) > 60
    assert balances(database, crowd) == in_order
    with database.reading() as session:
        assert list(differences(session, crowd.campaign, START + timedelta(days=10))) == []


FIRST_TEN = (
    SAMPLE.read_text(encoding="utf-8")
    .replace("first_friends: 20000", "first_friends: 10")
    .replace("monthly_cap: ¥500", "monthly_cap: ¥50,000")
)
"""Only the shared limit binds."""


@pytest.mark.parametrize("seed", SEEDS)
def test_where_a_shared_limit_binds_ten_win_and_every_loser_has_a_reason(
    sqlite_or_postgres: Database, seed: int
) -> None:
    database = sqlite_or_postgres
    crowd = gather_crowd(database, START, members=8, friends=7, campaign=FIRST_TEN)
    events = [e for e in happy_events(crowd) if e["type"] != "jianka.transaction.reversed"][:200]
    play(database, crowd, events, seed)
    with database.reading() as session:
        per_friend = Admission.clause.in_(["base", "welcome"])
        rows = session.scalars(select(Admission).where(per_friend)).all()
        assert verify(session) == []
        won = {row.occasion for row in rows if row.amount > 0}
        lost = [row for row in rows if row.occasion not in won]
        assert len(won) == 10
        assert len(lost) > 20
        assert all(row.verdict == Verdict.REFUSED and row.limit_id == "friends" for row in lost)
        assert sum(row.amount > 0 for row in rows) == 20
