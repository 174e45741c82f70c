"""`jianka doctor --ledger` on ledgers that are whole, tampered with, cut off and miscounted."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from ledger_legs import unlock
from planting import kept, populate
from sqlalchemy import text

from shared.campaigns.file import apply_campaign
from shared.jobs.ledger_check import examine_ledger

CAMPAIGN = Path(__file__).parents[1] / "spring.yaml"


@pytest.fixture
def world(database, now, monkeypatch):
    """Four members whose rewards are partly released."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return kept(database, "ledger check", lambda: _made(database, now))


def _made(database, now):
    with database.transaction() as session:
        source = CAMPAIGN.read_text(encoding="utf-8")
        campaign = apply_campaign(session, source, now, "operator:test").campaign_id
    made = populate(database, campaign, now, random.Random(1), 4)
    made.settle(25, 40)
    return made


def examined(world, capsys, *tampering: str) -> tuple[int, str]:
    with world.database.transaction() as session:
        unlock(session)
        for statement in tampering:
            session.execute(text(statement))
    sick = examine_ledger(world.database, world.at(40.1))
    return sick, capsys.readouterr().out


def test_a_whole_ledger_is_said_with_what_was_looked_at(world, capsys):
    sick, out = examined(world, capsys)
    assert (sick, "✗" in out) == (0, False)
    lines = out.splitlines()
    assert lines[0].startswith("✓ the ledger's chain is whole: ")
    assert "spring-referral: the limits' counters are right" in out
    assert "spring-referral: every verdict stands in the ledger" in out
    balances = [line for line in lines if "funding" in line]
    assert len(balances) == 2  # yuan and points
    assert all("pending" in line and "available" in line for line in balances)


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE legs SET amount = amount + 1 WHERE entry_id = 5", "entry 5: its content"),
        ("UPDATE entries SET prev_hash = 'x' WHERE id = 6", "entry 6: it does not follow"),
        ("UPDATE entries SET member_id = 99 WHERE id = 4", "entry 4: its content"),
    ],
)
def test_the_first_bad_row_is_named(world, capsys, tampering, said):
    sick, out = examined(world, capsys, tampering)
    assert sick >= 1
    assert said in out
    assert "entries," in out  # what was looked at is said all the same


def test_entries_cut_off_at_the_end_are_missed_by_their_verdicts(world, capsys):
    last = "(SELECT max(id) FROM entries WHERE revision = 1)"
    sick, out = examined(
        world,
        capsys,
        f"DELETE FROM legs WHERE entry_id >= {last}",
        "DELETE FROM entries WHERE id NOT IN (SELECT entry_id FROM legs)",
    )
    assert sick == 1
    assert "✓ the ledger's chain is whole" in out
    assert "was admitted with" in out
    assert "the ledger holds 0" in out


def test_a_counter_that_was_turned_back_is_named(world, capsys):
    sick, out = examined(
        world, capsys, "UPDATE limit_uses SET used = used - 100 WHERE limit_id = 'budget:CNY'"
    )
    assert sick == 1
    assert "the first, budget:CNY, counts" in out
