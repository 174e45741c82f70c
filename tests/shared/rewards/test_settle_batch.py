"""Many hear, one settles: the queue, the lease, the batch, and waking during settling."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import groupby

import pytest
from race import enrol, members_without_chats, qualifying, spring
from sqlalchemy import event, select, text

from shared.actions.settling import settle_waiting
from shared.applications.facts import Kind, insert_facts
from shared.base import lease
from shared.base.clock import system_clock
from shared.base.database import open_database
from shared.campaigns.campaigns import Life, get_campaign, move
from shared.ledger.entries import Entry
from shared.ledger.verify import verify
from shared.post.audit import Audit, record
from shared.referrals.referrals import Credit, Source
from shared.rewards.admission import Admission
from shared.rewards.batches import settle_batch
from shared.rewards.owed import Due
from shared.rewards.queue import SettleTask, due_tasks, waiting, wake
from shared.rewards.review import miscounts
from shared.rewards.room import Verdict
from shared.rewards.settle import DUTY, claim_effect, settle


def nobody(session, changes) -> None:
    """Tells nobody."""


def take(story, holder: str) -> None:
    with story.database.transaction() as session:
        assert lease.take(session, DUTY, holder, system_clock())


@pytest.fixture
def qualified(story):
    """Alice and Adam, each with a friend who just qualified."""
    story.member("Adam")
    story.friend("Bob", of="Alice")
    story.friend("Carol", of="Adam")
    story.qualifies("Bob", day=10)
    story.qualifies("Carol", day=11)
    return story


def test_the_holder_settles_what_is_due_and_tells_in_the_same_transaction(qualified):
    take(qualified, "one")
    told = []

    def tell(session, changes):
        told.extend(changes)
        for _, theirs in groupby(changes, lambda change: change.member):
            n = len(list(theirs))
            record(session, "worker", "test.told", "x", qualified.at(12), n=n)

    assert settle_batch(qualified.database, "one", qualified.at(12), tell) == 2
    assert [change.member for change in told] == [qualified.members["Alice"]] * 3 + [
        qualified.members["Adam"]
    ] * 3
    assert settle_batch(qualified.database, "one", qualified.at(12), tell) == 0
    with qualified.database.reading() as session:
        rows = session.scalars(select(Audit).where(Audit.act == "test.told")).all()
        assert [row.details["n"] for row in rows] == [3, 3]  # each member's changes together
        due = session.scalars(select(SettleTask.due_at).order_by(SettleTask.due_at)).all()
    assert due == [qualified.at(40), qualified.at(41)]  # the next releases
    qualified.verify(12)


def test_who_lost_the_lease_writes_nothing(qualified):
    take(qualified, "one")
    with pytest.raises(lease.LostLease):
        settle_batch(qualified.database, "two", qualified.at(12), nobody)
    assert qualified.ledger("Alice") == []


def test_when_telling_one_fails_nothing_of_theirs_is_posted_and_the_others_go_on(qualified):
    take(qualified, "one")

    def broken(session, changes):
        if changes[0].member == qualified.members["Alice"]:
            raise RuntimeError("no words")

    assert settle_batch(qualified.database, "one", qualified.at(12), broken) == 2
    assert qualified.ledger("Alice") == []
    assert len(qualified.ledger("Adam")) == 3
    later = qualified.at(12) + timedelta(minutes=1)
    assert settle_batch(qualified.database, "one", later, nobody) == 1
    assert len(qualified.ledger("Alice")) == 3
    qualified.verify(13)


def test_a_batch_of_many_costs_as_many_statements_as_one_member(story):
    counted: list[str] = []
    event.listen(
        story.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: counted.append(statement),
    )

    def statements(*names: str) -> int:
        for name in names:
            story.member(name)
            story.friend(f"of {name}", of=name)
            story.qualifies(f"of {name}", day=10)
        take(story, "one")
        counted.clear()
        assert settle_waiting(story.database, "one", story.at(12)) == len(names)
        return len(counted)

    statements("first")  # what is asked once a process is asked now
    one = statements("Ann")
    assert statements(*(f"member {n}" for n in range(12))) == one
    assert one < 40


def test_a_batch_has_its_size(qualified):
    take(qualified, "one")
    assert settle_batch(qualified.database, "one", qualified.at(12), nobody, most=1) == 1
    assert len(qualified.ledger("Alice")) == 3
    assert qualified.ledger("Adam") == []
    with qualified.database.reading() as session:
        assert waiting(session, qualified.at(12)) == 1


def test_a_member_who_cannot_be_settled_waits_and_the_others_go_on(qualified):
    take(qualified, "one")
    with qualified.database.transaction() as session:
        wake(session, qualified.campaign, 999, qualified.at(0))  # there is no such member
    pauses = []
    now = qualified.at(12)
    for _ in range(3):
        settle_batch(qualified.database, "one", now, nobody)
        with qualified.database.reading() as session:
            row = session.get_one(SettleTask, (qualified.campaign, 999))
            assert row.problem == "LookupError"
            pauses.append(row.due_at - now)
            now = row.due_at
    assert pauses == [timedelta(minutes=n) for n in (1, 2, 4)]
    assert len(qualified.ledger("Alice")) == len(qualified.ledger("Adam")) == 3
    qualified.verify(12)


def test_a_paused_campaign_keeps_its_tasks(qualified):
    take(qualified, "one")
    with qualified.database.transaction() as session:
        campaign = get_campaign(session, qualified.campaign)
        move(session, campaign, Life.PAUSED, "staff:1", qualified.at(11))
    assert settle_batch(qualified.database, "one", qualified.at(12), nobody) == 0
    with qualified.database.transaction() as session:
        assert (
            settle(session, qualified.campaign, qualified.members["Alice"], qualified.at(12)) == []
        )
        assert waiting(session, qualified.at(12)) == 2


def test_waking_keeps_the_earliest_time(story):
    alice = story.members["Alice"]
    with story.database.transaction() as session:
        for day, kept in ((5, 5), (9, 5), (2, 2)):
            wake(session, story.campaign, alice, story.at(day))
            found = session.scalar(select(SettleTask.due_at))
            assert found == story.at(kept)
        assert due_tasks(session, story.at(1)) == []


def test_settling_again_posts_nothing_more(qualified):
    qualified.settle(12)
    with qualified.database.transaction() as session:
        for member in qualified.members.values():
            assert settle(session, qualified.campaign, member, qualified.at(13)) == []
        assert len(session.scalars(select(Entry)).all()) == 6


def test_a_fact_heard_while_its_member_is_settled_is_settled_afterwards(qualified, database_url):
    """The hearer waits for the settler, or the settler for the hearer; no wake is lost."""
    heard = threading.Event()
    other = open_database(database_url, qualified.database.keyring)

    def hear() -> None:
        with other.transaction() as session:
            session.execute(
                text(
                    "INSERT INTO facts (event, kind, at, received_at, application_ref, amount,"
                    " transaction_ref) VALUES ('late', :kind, :at, :at, 'A-Bob-1', 30000, 'T-Bob')"
                ),
                {"kind": Kind.REVERSED.value, "at": "2026-03-15 00:00:00.000000"},
            )
            alice = qualified.members["Alice"]
            wake(session, qualified.campaign, alice, qualified.at(12))
        heard.set()

    with qualified.database.transaction() as session:
        alice = qualified.members["Alice"]
        tasks = due_tasks(session, qualified.at(12))
        assert alice in {task.member for task in tasks}
        settle(session, qualified.campaign, alice, qualified.at(12))
        hearer = threading.Thread(target=hear)
        hearer.start()
        assert not heard.wait(0.3)  # it waits behind the settler
    assert heard.wait(20)
    hearer.join()
    other.close()
    qualified.settle(12)
    assert qualified.stands("Alice") == ""
    qualified.verify(12)


@pytest.mark.postgres
@pytest.mark.parametrize("places", [1, 2])
def test_of_two_batches_at_once_the_later_sees_what_the_earlier_left(
    postgres_database, now, places
):
    """The second looks while the first may take all that is left, and is told before it posts."""
    database = postgres_database
    start = now - timedelta(days=9)
    first, second = members = members_without_chats(database, 2, start)
    source = spring("two", ("first_friends: 20000", f"first_friends: {places}"))
    racers = enrol(database, source, members, 1, start)
    with database.transaction() as session:
        insert_facts(session, [fact for racer in racers for _, fact in qualifying(racer, start)])
        wake(session, racers[0].campaign, second, start)
        wake(session, racers[0].campaign, first, start + timedelta(days=1))
        assert lease.take(session, DUTY, "one", system_clock())
    overtaken = []

    def overtake(session, changes):
        """While the second is told, the first is settled from beginning to end."""
        assert {change.member for change in changes} == {second}
        if not overtaken:
            overtaken.append(settle_batch(database, "one", now, nobody))

    assert settle_batch(database, "one", now, overtake, most=1) == 1
    assert overtaken == [1]
    with database.reading() as session:
        verdicts = {
            member: sorted(session.scalars(select(Admission.verdict).filter_by(member_id=member)))
            for member in members
        }
        assert miscounts(session, racers[0].campaign) == []
        assert verify(session) == []
    won = [Verdict.ADMITTED] * 3
    lost = [Verdict.ADMITTED, Verdict.REFUSED, Verdict.REFUSED]  # the step has no such limit
    assert verdicts == {first: won, second: won if places == 2 else lost}


def test_a_claim_s_effect_is_known_before_it_is_decided(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    with story.database.reading() as session:
        bob = story.applications["Bob"][0]
        claimed = Credit(77, bob, story.at(0), 1, Source.CLAIM)
        found = claim_effect(session, story.campaign, story.members["Alice"], claimed, story.at(10))
        amounts = {(key.clause, key.occasion): due.amount for key, due in found.items()}
        assert all(isinstance(due, Due) for due in found.values())
    assert amounts == {("base", "referral:77"): 10_000, ("welcome", "referral:77"): 5_000}
    story.verify(10)
