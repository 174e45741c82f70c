"""A payout whose process is killed at one commit after another: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
from datetime import datetime

import pytest
from sqlalchemy import event, select
from till import Till

from shared.base.database import Database, open_database
from shared.base.errors import Refusal
from shared.rewards.payouts import Batch, State

SEEDS = range(40) if os.environ.get("JIANKA_NIGHTLY") else range(2)
RULE = ("leaderboard: true", "tax: {threshold: ¥150, rate: 20%}")


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_random_commits_a_payout_ends_as_if_nothing_had_happened(
    seed: int, sqlite_or_postgres: Database, now: datetime, tell_on
):
    chance = random.Random(seed)
    story = tell_on(sqlite_or_postgres, RULE)
    for member in ("Alice", "Ben"):
        story.member(member)
    for name, of in (("Bob", "Alice"), ("Cat", "Alice"), ("Dan", "Ben")):
        story.friend(name, of=of)
        story.qualifies(name, day=2)
    till = Till(story)
    story.settle(2)
    story.settle(33)
    deaths = 0
    while _dies(story, till, at_commit=chance.randint(1, 3 + deaths)):  # each gets further
        deaths += 1
        assert deaths < 100
    assert deaths > 2
    assert story.stands("Alice") == "paid +290, paid +500p, withheld +10"
    assert story.stands("Ben") == "paid +150, paid +500p"
    till.verify(33)


def _dies(story, till: Till, at_commit: int) -> bool:
    """Work in a process of its own that is killed as it commits; whether it was."""
    child = os.fork()
    if child == 0:  # never returns: the parent's connections are not the child's to close
        status = 1
        signal.alarm(60)  # a child that hangs ends the test, not the run
        try:
            url = story.database.engine.url.render_as_string(hide_password=False)
            story.database = open_database(url, story.database.keyring)
            event.listen(story.database.engine, "commit", _killer(at_commit))
            _work(story, till)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _killer(at_commit: int):
    seen = []

    def commits(_connection) -> None:
        seen.append(1)
        if len(seen) == at_commit:
            os.kill(os.getpid(), signal.SIGKILL)

    return commits


def _work(story, till: Till) -> None:
    """What the desk and the worker do, going on from wherever it stands."""
    while True:
        story.settle(33)
        with story.database.reading() as session:
            open_ones = select(Batch.id, Batch.state).where(Batch.ended_at.is_(None))
            found = session.execute(open_ones.order_by(Batch.id)).first()
        if found is None:
            try:
                till.prepare(33)
            except Refusal as refusal:
                if refusal.code == "payout.nothing":
                    return
                raise
            continue
        if found.state == State.PREPARED:
            till.confirm(found.id, 33)
        for row in till.export(found.id, 33):
            till.answer([row], 33)
