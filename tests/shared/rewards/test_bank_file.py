"""The ledger against the bank: our lines against its answers, lives against lines."""

from __future__ import annotations

import pytest
from till import Till

from shared.base.money import Unit
from shared.campaigns.campaigns import get_campaign
from shared.ledger.balance import Key
from shared.reports.payout_file import read_answers
from shared.reports.reconciliation import reconcile
from shared.rewards.bank_file import unpaid_lives
from shared.rewards.causes import Cause
from shared.rewards.queue import wake
from shared.rewards.standing import Happening, happen


@pytest.fixture
def paid(story):
    """Alice and Adam, each paid ¥100 and points on day 41, in April; and the bank's file."""
    story.member("Adam")
    for friend, member in (("Bob", "Alice"), ("Carol", "Adam")):
        story.friend(friend, of=member)
        story.qualifies(friend, day=10)
    story.settle(10)
    story.settle(40)
    till = Till(story)
    return story, till.pays(41)


def month(story, answers="", name="2026-04"):
    """The differences with the bank's file, and the faults of the review."""
    faults = []

    def keep(line):
        if line.fault:
            faults.append(line)

    with story.database.reading() as session:
        campaign = get_campaign(session, story.campaign)
        bank = read_answers(answers.encode()) if answers else []
        found = reconcile(session, campaign, name, story.at(50), keep, bank=bank)
    assert found.faults == len(faults) + len(found.in_file)
    return [(each.reference, each.cause, each.ledger, each.file) for each in found.in_file], faults


def answered(rows, *more, **nets):
    lines = ["reference,status,reason,net", *more]
    for row in rows:
        net = nets.get(f"line{rows.index(row)}", row["net"])
        if net:
            lines.append(f"{row['reference']},paid,,{net}")
    return "\n".join(lines)


def test_what_the_bank_paid_is_what_the_ledger_paid(paid):
    story, rows = paid
    assert len(rows) >= 4
    assert month(story, answered(rows)) == ([], [])
    assert month(story, answered(rows), "2026-03") == ([], [])  # the file's lines are known
    without_amounts = "\n".join(
        ["reference,status,reason", *(f"{row['reference']},paid," for row in rows)]
    )
    assert month(story, without_amounts) == ([], [])


def test_every_difference_with_the_bank_s_file_is_named(paid):
    story, rows = paid
    units = [row["unit"] for row in rows]
    money, points = units.index("CNY"), units.index("POINTS")
    gone = next(n for n in range(len(rows)) if n not in (money, points))
    changed = {f"line{money}": "1.50", f"line{points}": "7", f"line{gone}": ""}
    found, faults = month(story, answered(rows, "X-1,paid,,3.00", "X-2,failed,closed,", **changed))
    assert faults == []
    whole = {row["reference"]: _smallest(row) for row in rows}
    assert sorted(found) == sorted(
        [
            (rows[money]["reference"], Cause.OTHER_AMOUNT, whole[rows[money]["reference"]], 150),
            (rows[points]["reference"], Cause.OTHER_AMOUNT, whole[rows[points]["reference"]], 7),
            (rows[gone]["reference"], Cause.NOT_IN_FILE, whole[rows[gone]["reference"]], 0),
            ("X-1", Cause.NOT_IN_LEDGER, 0, 300),
        ]
    )


def _smallest(row):
    return round(float(row["net"]) * (100 if row["unit"] == "CNY" else 1))


def test_a_payment_that_no_line_carried_is_found_though_the_ledger_agrees_with_itself(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.settle(40)
    alice = story.members["Alice"]
    key = Key(story.campaign, f"member:{alice}", "base", f"referral:{story.friends['Bob']}")
    with story.database.transaction() as session:
        happen(session, key, alice, Happening.PAID, story.at(41), unit=Unit.CNY, amount=10_000)
        wake(session, story.campaign, alice, story.at(41))
    story.settle(41)
    story.verify(41)
    _, faults = month(story)
    assert [(line.key, line.cause, line.should, line.found) for line in faults] == [
        (key, Cause.NOT_IN_FILE, 10_000, 0)
    ]
    with story.database.reading() as session:
        [found] = unpaid_lives(session, story.campaign)
    assert (found.member, found.told, found.paid) == (alice, 10_000, 0)
