"""What a verification finds, each at the first bad row, and balances of any moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ledger_legs import BASE, legs, unlock
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.base.money import Unit
from shared.ledger import verify as verifying
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post
from shared.ledger.history import (
    balances_at,
    before,
    history,
    member_balance_at,
    member_balances_at,
)
from shared.ledger.verify import Problem, inspect, verify

TICK = timedelta(microseconds=1)


def problems(database) -> list[Problem]:
    with database.reading() as session:
        return verify(session)


@pytest.mark.parametrize("account", ["pending", "available", "paid", "withheld", "recoverable"])
def test_an_account_below_zero_is_found_where_it_falls(posted, now, account):
    other = Key(1, "member:2", "base", "referral:8")
    with posted.transaction() as session:
        post(session, other, 2, 1, legs(**{"funding": 5, account: -5}), {}, now)
        post(session, other, 2, 2, legs(**{"funding": -5, account: 5}), {}, now)
    assert problems(posted) == [Problem(4, "negative")]


def test_gifts_come_out_of_stock_as_money_comes_out_of_funding(posted, now):
    gift = Balance({(Account.STOCK, Unit.GIFT): -1, (Account.PENDING, Unit.GIFT): 1})
    with posted.transaction() as session:
        post(session, Key(1, "member:2", "mug", "referral:8"), 2, 1, gift, {}, now)
    assert problems(posted) == []


def test_a_key_belongs_to_one_member(posted, now):
    with posted.transaction() as session:
        post(session, BASE, 9, 3, legs(available=-1, paid=1), {}, now)
    assert problems(posted) == [Problem(4, "owner")]


def test_a_revision_that_is_left_out_is_found(posted, now):
    with posted.transaction() as session:
        post(session, BASE, 1, 4, legs(available=-1, paid=1), {}, now)
    assert problems(posted) == [Problem(4, "revision")]


def test_legs_without_their_entry_are_found(posted):
    raw = posted.engine.raw_connection()
    try:
        cursor = raw.cursor()
        lifted = {
            "sqlite": "PRAGMA foreign_keys=OFF",
            "postgresql": "SET session_replication_role = replica",
        }
        cursor.execute(lifted[posted.engine.dialect.name])
        cursor.execute(
            "INSERT INTO legs (entry_id, account, unit, amount) VALUES (77, 'paid', 'CNY', 5)"
        )
        raw.commit()
    finally:
        raw.invalidate()
    assert problems(posted) == [Problem(77, "orphan")]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE legs SET account = 'purse' WHERE entry_id = 2 AND account = 'pending'",
        "UPDATE legs SET unit = 'GOLD' WHERE entry_id = 2",
        "UPDATE entries SET why = '[]' WHERE id = 2",
        "UPDATE entries SET why = '{' WHERE id = 2",
        "UPDATE entries SET at = 'soon' WHERE id = 2",
        "UPDATE legs SET amount = 'much' WHERE entry_id = 2",
    ],
)
def test_a_row_that_cannot_be_read_is_named_or_was_never_taken(posted, tampering):
    try:
        with posted.transaction() as session:
            unlock(session)
            session.execute(text(tampering))
    except DBAPIError:  # PostgreSQL takes no such value, and the ledger is as it was
        assert posted.engine.dialect.name == "postgresql"
        assert problems(posted) == []
        return
    found = problems(posted)
    assert found[0].entry == 2
    assert found[0].what in ("content", "unreadable")


def test_of_many_problems_the_first_are_kept_and_all_are_counted(posted, now, monkeypatch):
    monkeypatch.setattr(verifying, "MOST_KEPT", 3)
    with posted.transaction() as session:
        for n in range(10, 20):
            key = Key(1, f"member:{30 - n}", "base", "referral:1")
            post(session, key, 30 - n, 2, legs(funding=-1, pending=1), {}, now)
    with posted.reading() as session:
        looked = inspect(session)
    assert looked.problems == [Problem(n, "revision") for n in (4, 5, 6)]
    assert (looked.wrong, looked.entries, looked.legs, looked.keys) == (10, 13, 26, 12)


def test_whoever_waits_hears_how_far_it_is(posted):
    heard = []
    with posted.reading() as session:
        inspect(session, heard.append)
    assert heard[-1] == 6  # three entries, each read twice


def test_a_balance_counts_what_was_posted_before_the_moment(posted, now):
    later = now + timedelta(hours=1)
    with posted.transaction() as session:
        post(session, BASE, 1, 3, legs(available=-100, paid=100), {}, later)
        post(
            session,
            Key(1, "member:2", "base", "referral:9"),
            2,
            1,
            legs(funding=-7, pending=7),
            {},
            later,
        )
        post(session, Key(2, "member:2", "base", "referral:9"), 2, 1,
             legs(funding=-9, pending=9), {}, now)  # fmt: skip
    with posted.reading() as session:
        assert balances_at(session, 1, now) == Balance()
        early = legs(funding=-150, pending=50, available=100)
        assert balances_at(session, 1, now + TICK) == early
        assert balances_at(session, 1, later) == early
        late = legs(funding=-157, pending=57, paid=100)
        assert balances_at(session, 1, later + TICK) == late
        assert dict(member_balances_at(session, 1, later)) == {1: early}
        assert dict(member_balances_at(session, 1, later + TICK)) == {
            1: legs(funding=-150, pending=50, paid=100),
            2: legs(funding=-7, pending=7),
        }
        assert member_balance_at(session, 1, 1, later) == early
        assert member_balance_at(session, 1, 3, later) == Balance()


def test_a_history_has_every_entry_of_the_members_asked_for(posted, now):
    with posted.reading() as session:
        found = history(session, 1, [1, 2])
    assert found.keys() == {1}
    assert [each.entry for each in found[1][BASE]] == [1, 3]
    assert before(found[1][BASE], now) == Balance()
    assert before(found[1][BASE], now + TICK) == legs(funding=-100, available=100)
