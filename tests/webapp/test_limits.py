"""Counting what one address does: exact, shared by processes, forgiving after a minute."""

from __future__ import annotations

from pathlib import Path

import pytest
import time_machine

from webapp.limits import FileCounter, RedisCounter


@pytest.fixture
def counter(tmp_path: Path) -> FileCounter:
    return FileCounter(tmp_path / "counts.sqlite")


def test_as_many_as_allowed_pass_and_the_next_does_not(counter: FileCounter) -> None:
    assert [counter.hit("code", "10.0.0.1", 3) for _ in range(5)] == [True] * 3 + [False] * 2


def test_addresses_and_deeds_are_counted_apart(counter: FileCounter) -> None:
    assert counter.hit("code", "10.0.0.1", 1)
    assert counter.hit("code", "10.0.0.2", 1)
    assert counter.hit("stop", "10.0.0.1", 1)
    assert not counter.hit("code", "10.0.0.1", 1)


def test_two_processes_share_one_count(tmp_path: Path) -> None:
    one, other = (FileCounter(tmp_path / "counts.sqlite") for _ in range(2))
    answers = [each.hit("code", "10.0.0.1", 3) for each in (one, other, one, other)]
    assert answers == [True, True, True, False]


def test_any_sixty_seconds_hold_no_more_than_allowed(counter: FileCounter) -> None:
    with time_machine.travel("2026-03-04 12:00:00Z", tick=False) as clock:
        assert counter.hit("code", "10.0.0.1", 2)
        clock.shift(40)
        assert counter.hit("code", "10.0.0.1", 2)
        assert not counter.hit("code", "10.0.0.1", 2)
        clock.shift(21)
        assert counter.hit("code", "10.0.0.1", 2)
        assert not counter.hit("code", "10.0.0.1", 2)


def test_a_redis_that_is_away_does_not_close_the_door(counter: FileCounter) -> None:
    away = RedisCounter("redis://127.0.0.1:1/0", counter)
    assert [away.hit("code", "10.0.0.1", 1) for _ in range(2)] == [True, False]
