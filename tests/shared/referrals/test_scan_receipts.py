"""Scan receipts: read aloud months later they prove the visit; made up, they prove nothing."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from claim_tales import Tale
from talk import Talk

from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.privacy import Keyring
from shared.referrals.codes import ALPHABET, check_character
from shared.referrals.referrals import Visit, VisitKind
from shared.referrals.scan_receipts import (
    is_receipt,
    read_receipt,
    scan_receipt,
    show_receipt,
    visit_of_receipt,
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_receipt_proves_which_invite_was_opened_and_when(
    database: Database, now: datetime
) -> None:
    tale = Tale(Talk(database, now))
    visit_id, receipt = tale.visits()
    for typed in (receipt, receipt.lower(), receipt.replace("-", " "), receipt.replace("0", "O")):
        with database.reading() as session:
            visit = visit_of_receipt(session, typed)
            assert (visit.id, visit.at) == (visit_id, now)
    assert len(receipt) == 14
    assert is_receipt(receipt)
    assert not is_receipt("K7Q2-M9XD")
    assert not is_receipt("0139 0013 9077")


def test_a_thousand_receipts_that_nobody_was_given_prove_nothing(
    database: Database, now: datetime
) -> None:
    tale, chance = Tale(Talk(database, now)), random.Random(7)
    given = {tale.visits(device=f"d{n}")[1].replace("-", "") for n in range(20)}
    forged: set[str] = set()
    for receipt in sorted(given):
        for _ in range(50):
            body = list(receipt[:-1])
            body[chance.randrange(11)] = chance.choice(ALPHABET)
            plain = "".join(body)
            forged.add(plain + check_character(plain))
    foreign = Keyring({"k1": b"1" * 32}, b"another blind index key, 32 byte")
    forged |= {scan_receipt(foreign, n, 1) for n in range(1, 60)}
    forged |= {scan_receipt(database.keyring, n, 1) for n in range(900, 960)}
    forged -= given
    assert len(forged) > 1000
    with database.reading() as session:
        for receipt in forged:
            with pytest.raises(Refusal, match=r"receipt\.unknown"):
                visit_of_receipt(session, receipt)


def test_a_mistyped_character_shows_and_a_robots_visit_proves_nothing(
    database: Database, now: datetime
) -> None:
    tale = Tale(Talk(database, now))
    visit_id, receipt = tale.visits()
    for place in (0, 5, 12):
        wrong = "Z" if receipt[place] != "Z" else "Y"
        with pytest.raises(Refusal, match=r"receipt\.malformed"):
            read_receipt(receipt[:place] + wrong + receipt[place + 1 :])
    with database.transaction() as session:
        session.get_one(Visit, visit_id).kind = VisitKind.ROBOT.value
    with database.reading() as session, pytest.raises(Refusal, match=r"receipt\.unknown"):
        visit_of_receipt(session, receipt)
    assert show_receipt(receipt.replace("-", "")) == receipt
