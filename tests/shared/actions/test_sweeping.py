"""The nightly sweep: the likely member is invited once, and reads nothing of the bank in it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from claim_tales import FRIEND, Tale
from sqlalchemy import select
from talk import Talk

from shared.actions import sweeping
from shared.actions.housekeeping import keep_house
from shared.base.database import Database
from shared.claims.sweeps import ClaimSweep


@pytest.fixture
def tale(database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Tale:
    """Without the cover, so that who is invited can be counted."""
    monkeypatch.setattr(sweeping, "COVER", 10**9)
    return Tale(Talk(database, now))


def nights(tale: Tale, days: float = 4) -> None:
    tale.talk.later(days=days)
    keep_house(tale.talk.database, tale.talk.story.now)
    tale.talk.deliver()


def test_a_friend_who_never_finished_and_applied_is_found_once(tale: Tale) -> None:
    tale.begins()
    tale.talk.later(hours=30)
    tale.applies()
    tale.alice.fresh = []
    nights(tale)
    assert tale.talk.story.notices().count("claim.missed") == 1
    tale.alice.sees("notice.claim.missed").sees("button.claim")
    for secret in ("9077", "139", "A7", "办卡成功", "申请了卡片"):
        tale.alice.sees_not(secret)
    for _ in range(3):
        nights(tale, 1)
    assert tale.talk.story.notices().count("claim.missed") == 1
    with tale.talk.database.reading() as session:
        assert len(session.scalars(select(ClaimSweep)).all()) == 4
    tale.alice.taps("button.claim").sees("claim.who")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "history",
    [
        "never applied",
        "credited",
        *(
            pytest.param(h, marks=pytest.mark.nightly)
            for h in ("claimed", "finished", "fresh", "old")
        ),
    ],
)
def test_nobody_else_is_found(tale: Tale, history: str) -> None:
    tale.begins()
    if history == "finished":
        tale.talk.later(minutes=5)
        tale.registers()
    if history == "credited":
        tale.talk.later(minutes=5)
        tale.registers(code=tale.invite_of())
    tale.talk.later(hours=30)
    if history != "never applied":
        tale.applies()
    if history == "claimed":
        tale.claims()
    nights(tale, {"fresh": 1, "old": 60}.get(history, 4))
    assert "claim.missed" not in tale.talk.story.notices()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_last_member_before_is_the_likely_one(tale: Tale) -> None:
    other = tale.invite_of()
    tale.begins(code=other)
    tale.talk.later(hours=1)
    tale.begins()
    tale.talk.later(hours=30)
    tale.applies()
    tale.talk.later(days=4)
    with tale.talk.database.reading() as session:
        found = sweeping.likely_members(session, 1, tale.talk.story.now)
    assert found == [tale.talk.story.alice]


@pytest.mark.nightly
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_invitation_alone_does_not_tell_that_somebody_applied(
    database: Database, now: datetime
) -> None:
    """Of members without an application behind it, some are invited as well."""
    tale = Tale(Talk(database, now))
    numbers = [f"+86139001{41000 + n}" for n in range(40)]
    for number in numbers:
        tale.begins(number)
    tale.talk.later(days=4)
    with database.reading() as session:
        found = sweeping._unfinished(session, 1, _rules(session), tale.talk.story.now)
        assert len(found) == 40
        assert not any(applied for _, _, applied in found)
        keyring = database.keyring
        covered = [
            n for n, _, _ in found
            if int(keyring.blind("sweep", str(n))[:4], 16) % sweeping.COVER == 0
        ]  # fmt: skip
    assert 2 <= len(covered) <= 22


def _rules(session: object) -> object:
    from shared.campaigns.campaigns import current_version

    return current_version(session, 1).rules  # type: ignore[arg-type]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_night_is_swept_once_and_nobody_is_woken(tale: Tale) -> None:
    tale.begins(FRIEND)
    tale.talk.later(hours=30)
    tale.applies()
    tale.talk.story.now = tale.talk.story.now.replace(hour=18, minute=30) + timedelta(days=4)
    assert sweeping.sweep(tale.talk.database, tale.talk.story.now) == 1  # 02:30 in Shanghai
    assert sweeping.sweep(tale.talk.database, tale.talk.story.now) == 0
    tale.alice.fresh = []
    tale.talk.deliver()
    tale.alice.sees_not("notice.claim.missed")
    tale.talk.story.later(hours=7.5)
    tale.talk.deliver()
    tale.alice.sees("notice.claim.missed")
