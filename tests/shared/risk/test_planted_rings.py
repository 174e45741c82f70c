"""Rings planted among honest friends: how many of each are held, and nobody is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ring_maker import Planted, plant
from sqlalchemy import select

from shared.actions.assessing import look_at_referrals
from shared.base.database import Database
from shared.campaigns.file import apply_campaign
from shared.rewards.standing import Happening, KeyEvent
from shared.risk.cases import Case, CaseFinding, CaseReferral, CaseState

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")
HOLDING = SPRING.replace("\nleaderboard: true", "\nrisk: {mode: hold}\nleaderboard: true").replace(
    "claw_back_days: 90", "claw_back_days: 30"
)
MOST_OF_A_RING = 0.8


def held_among(
    database: Database, now: datetime, seed: int, honest: int, rings: int, money_rings: int
) -> tuple[Planted, set[int]]:
    """What was planted, and which referrals are held once everybody was looked at."""
    with database.transaction() as session:
        begun = now - timedelta(days=90)
        campaign = apply_campaign(session, HOLDING, begun, "operator:test").campaign_id
    planted = plant(database, campaign, seed, now, honest, rings, money_rings)
    while True:
        with database.transaction() as session:
            if not look_at_referrals(session, now):
                break
    with database.reading() as session:
        assert not session.scalars(select(CaseFinding)).all()  # no machine finds anything
        assert set(session.scalars(select(Case.state))) <= {CaseState.OPEN.value}
        assert set(session.scalars(select(KeyEvent.kind))) <= {Happening.HELD.value}
        held = set(session.scalars(select(CaseReferral.referral_id)))
    return planted, held


def shares(planted: Planted, held: set[int]) -> tuple[float, float]:
    """The part of the rings of which most is held, and of the honest who are held."""
    caught = [
        ring
        for ring, friends in planted.rings.items()
        if len(held & set(friends)) >= MOST_OF_A_RING * len(friends)
    ]
    honest = planted.honest & held
    return len(caught) / len(planted.rings), len(honest) / len(planted.honest)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_rings_are_held_and_the_honest_are_not(database: Database, now: datetime) -> None:
    planted, held = held_among(database, now, 7, 300, 7, 6)
    rings, honest = shares(planted, held)
    assert len(planted.rings) == 13
    assert rings >= 0.9  # twelve of thirteen
    assert honest <= 0.01


@pytest.mark.nightly
@pytest.mark.unwatched
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", [7, 2026, 481])
def test_forty_rings_among_ten_thousand_honest(
    database: Database, now: datetime, seed: int
) -> None:
    """Half of them only the bank's word gives away. The weights were chosen by the first seed;
    nobody looked at the others before."""
    planted, held = held_among(database, now, seed, 10_000, 20, 20)
    by_bank = {"payee", "counter", "carousel", "purse", "instant", "treasury"}
    for of_bank in (False, True):
        some = {
            ring: friends
            for ring, friends in planted.rings.items()
            if (ring.split()[0] in by_bank) is of_bank
        }
        assert len(some) == 20
        rings, honest = shares(replace(planted, rings=some), held)
        assert rings >= 0.9
    assert len(planted.honest) >= 10_000
    assert honest <= 0.01
