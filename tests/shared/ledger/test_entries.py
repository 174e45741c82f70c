"""Posting, positions and the chain."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC

import pytest
from ledger_legs import BASE, legs, unlock
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key, total
from shared.ledger.entries import GENESIS, Entry, entries_of, positions, post, standings
from shared.ledger.verify import Problem, verify


def test_a_position_is_the_sum_of_its_legs(posted):
    with posted.reading() as session:
        held = positions(session, 1, 1)
        assert held[BASE] == legs(funding=-100, available=100)
        assert standings(session, 1, 1)[BASE].revision == 2
        assert positions(session, 1, 2) == {}
        assert positions(session, 2, 1) == {}
        assert [balance for _, balance in entries_of(session, 1, 1)][2] == legs(
            pending=-100, available=100
        )


def test_legs_that_do_not_sum_to_zero_are_refused(posted, now):
    points = Balance({(Account.FUNDING, Unit.CNY): -100, (Account.PENDING, Unit.POINTS): 100})
    with posted.transaction() as session:
        for wrong in (legs(funding=-100, pending=99), points, Balance()):
            with pytest.raises(ValueError, match="sum to zero"):
                post(session, BASE, 1, 3, wrong, {}, now)


def test_the_same_revision_is_posted_once(posted, now):
    with pytest.raises(IntegrityError), posted.transaction() as session:
        post(session, BASE, 1, 2, legs(funding=-1, pending=1), {}, now)


def test_the_chain_runs_from_the_first_entry_without_a_gap(posted):
    with posted.reading() as session:
        entries = [session.get_one(Entry, n) for n in (1, 2, 3)]
        assert entries[0].prev_hash == GENESIS
        assert [e.prev_hash for e in entries[1:]] == [e.hash for e in entries[:2]]
        assert verify(session) == []


def test_the_hash_is_over_canonical_json_and_the_hash_before(posted, now):
    awkward = Key(1, "member:1", "base", 'a"b\\c\n名\u2028\x1f')
    why = {"version": 3, "clause": '名"', "limit": "first:base", "undone": True}
    with posted.transaction() as session:
        number = post(session, awkward, 1, 1, legs(funding=-7, pending=3, available=4), why, now)
        entry = session.get_one(Entry, number)
        rows = session.execute(
            text("SELECT account, unit, amount FROM legs WHERE entry_id = :n"), {"n": number}
        )
        at = now.astimezone(UTC).isoformat(timespec="microseconds")
        content = [number, *awkward, 1, 1, at, why, sorted(map(list, rows))]
        said = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert entry.why == why
        assert entry.hash == hashlib.sha256(f"{entry.prev_hash}\n{said}".encode()).hexdigest()
        assert verify(session) == []


def test_two_entries_never_follow_the_same_one(posted, now):
    with pytest.raises(IntegrityError), posted.transaction() as session:
        session.execute(
            text(
                "INSERT INTO entries (id, campaign_id, party, clause, occasion, revision,"
                " member_id, at, why, prev_hash, hash) SELECT 4, 1, 'member:1', 'base', 'x', 1,"
                " 1, at, '{}', prev_hash, 'f' FROM entries WHERE id = 3"
            )
        )


@pytest.mark.parametrize("number", [4, 2**40])
def test_a_leg_is_never_taken_without_its_entry(posted, number):
    added = "INSERT INTO legs (entry_id, account, unit, amount) VALUES "
    with pytest.raises(IntegrityError), posted.transaction() as session:
        session.execute(text(f"{added} (1, 'paid', 'CNY', 0), ({number}, 'paid', 'CNY', 5)"))
    with posted.reading() as session:
        assert verify(session) == []


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE legs SET amount = 200 WHERE entry_id = 2 AND account = 'pending'", "content"),
        ("UPDATE legs SET amount = amount * 2 WHERE entry_id = 2", "content"),
        ("UPDATE entries SET member_id = 9 WHERE id = 2", "content"),
        ("UPDATE entries SET hash = 'abc' WHERE id = 2", "content"),
        ("UPDATE entries SET prev_hash = 'abc' WHERE id = 2", "chain"),
        ("DELETE FROM legs WHERE entry_id = 2", "content"),
    ],
)
def test_whoever_edits_the_files_is_found_at_the_first_bad_row(posted, tampering, found):
    with posted.transaction() as session:
        unlock(session)
        session.execute(text(tampering))
    with posted.reading() as session:
        assert verify(session)[0] == Problem(2, found)


def test_a_missing_entry_is_found(posted):
    with posted.transaction() as session:
        unlock(session)
        session.execute(text("DELETE FROM legs WHERE entry_id = 1"))
        session.execute(text("DELETE FROM entries WHERE id = 1"))
    with posted.reading() as session:
        problems = verify(session)
        assert problems[0] == Problem(2, "gap")
        assert Problem(3, "revision") in problems


def test_balances_are_equal_whatever_zeros_they_were_made_of():
    assert Balance({(Account.PENDING, Unit.CNY): 0}) == Balance()
    assert legs(pending=5) - legs(pending=5) == Balance()
    assert total([legs(pending=5), legs(pending=2, paid=1)]) == legs(pending=7, paid=1)
    assert legs(pending=5).of(Account.PAID, Unit.CNY) == 0
    assert sorted([Key(1, "b", "c", "d"), BASE])[0].party == "b"
