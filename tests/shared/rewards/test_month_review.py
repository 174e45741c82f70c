"""The monthly review finds what was planted, and nothing else."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from planting import (
    LATER,
    REVIEW,
    fall_asleep,
    lose_task,
    populate,
    tell_late,
)

from shared.ledger.verify import verify
from shared.rewards.books import month_in
from shared.rewards.causes import Against, Cause
from shared.rewards.month_review import review_month

SCARCE = ("amount: ¥50\n", "amount: ¥50\n    first_n: 150\n")
LOW = ("monthly_cap: ¥500", "monthly_cap: ¥350")


DEEP = [pytest.mark.postgres, pytest.mark.nightly]


def _world(tell, seed):
    """115 members: the cap and a shared limit bind, purchases are reversed, some sleep."""
    story = tell(LOW, SCARCE, members=())
    chance = random.Random(seed)
    return populate(story.database, story.campaign, story.begin, chance, 115), chance


def _found(world, month="2026-03"):
    with world.database.reading() as session:
        window = month_in(month, "Asia/Shanghai")
        return list(review_month(session, world.campaign, window, world.at(REVIEW)))


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgres", marks=DEEP)], indirect=True
)
def test_a_hundred_planted_wrongs_are_found_and_no_other(tell):
    world, chance = _world(tell, 7)
    targets = chance.sample(world.members, 100)
    honest = [member for member in world.members if member not in set(targets)]
    world.settle(19.5)
    plants = []
    with world.database.transaction() as session:
        plants += [lose_task(world, session, m, chance) for m in targets[:10]]
    fall_asleep(world, honest[:5], 3)
    world.settle(27.4)
    with world.database.transaction() as session:
        plants += [lose_task(world, session, m, chance) for m in targets[10:20]]
    tell_late(world, honest[5:10], 30)
    world.settle(40)
    with world.database.transaction() as session:
        for place, member in enumerate(targets[20:]):
            plants.append(LATER[place % len(LATER)](world, session, member, chance))
    assert len({plant.member for plant in plants}) == 100

    reviews = _found(world)
    faults = {
        review.member: [line for line in review.lines if line.fault]
        for review in reviews
        if any(line.fault for line in review.lines)
    }
    missed = [plant for plant in plants if plant.member not in faults]
    assert missed == []
    assert len(faults) == 100  # and no other
    for plant in plants:
        lines = faults[plant.member]
        assert {line.cause for line in lines} <= plant.causes, (plant, lines)
        if plant.key is not None:
            assert [(line.key, line.difference) for line in lines] == [
                (plant.key, plant.difference)
            ]
    causes = Counter(line.cause for review in reviews for line in review.lines)
    told = {Cause.LIMIT, Cause.CAPPED, Cause.CLAWED_BACK, Cause.LATE_FACT}
    assert told <= causes.keys()
    for review in reviews:
        for unit, earned in review.earned.items():
            between = sum(
                line.difference
                for line in review.lines
                if line.against is Against.OWED and line.unit is unit
            )
            assert review.granted[unit] == earned + between, review
    with world.database.reading() as session:
        assert {problem.what for problem in verify(session)} <= {"negative"}


@pytest.mark.nightly
def test_right_books_have_no_fault_whatever_the_month(tell):
    world, _ = _world(tell, 3)
    world.settle(2, 6, 10, 14, 18, 22, 26, 27.4, 31, 36, 40)
    for month in ("2026-02", "2026-03", "2026-04"):
        assert [line for each in _found(world, month) for line in each.lines if line.fault] == []


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
def test_right_books_have_no_fault_whatever_the_seed(tell, seed):
    world, chance = _world(tell, seed)
    world.settle(*sorted(chance.uniform(1, 40) for _ in range(8)), 40)
    assert [line for each in _found(world) for line in each.lines if line.fault] == []
