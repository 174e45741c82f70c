"""Two people press at the same moment: one of them is told what the other did.

Where several transactions run at once, a row that was read before its turn came is read again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from finding import asks, decides, with_bob
from sqlalchemy import select

from shared.actions.preparing import lock_campaign
from shared.actions.remedying import ask_goodwill
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.people.persons import add_person
from shared.people.staff import Staff
from shared.rewards.payouts import Batch
from shared.rewards.remedies import RemedyState

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture
def spring(story):
    """Bob qualified, and there is a manager besides Chen."""
    with_bob(story)
    with story.database.transaction() as session:
        branch = story.till.who(session, "Chen").branch_id
        person = add_person(session, story.begin, name="Eve").id
        eve = Staff(person_id=person, staff_no="S-Eve", branch_id=branch, role="manager")
        session.add(eve)
        session.flush()
        story.till.staff["Eve"] = eve.id
    return story


def at_once(story: Any, *acts: Callable[[], Any]) -> list[Any]:
    """Each waits for the campaign, then all go on; what each came to, refusals by their code."""
    said: list[Any] = []

    def run(act: Callable[[], Any]) -> None:
        try:
            said.append(act())
        except Refusal as refusal:
            said.append(refusal.code)

    with story.database.transaction() as session:
        lock_campaign(session, story.campaign)
        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for each in threads:
            each.start()
        time.sleep(0.3)
        assert said == []
    for each in threads:
        each.join()
    return said


def test_a_finding_is_decided_once(spring):
    number = asks(spring, "Bob", 12)
    said = at_once(
        spring,
        lambda: decides(spring, number, 12, by="Chen"),
        lambda: decides(spring, number, 12, by="Eve", agree=False),
    )
    assert said.count("remedy.decided") == 1
    spring.settle(12)
    assert (spring.stands("Alice") == "") == (RemedyState.DONE in said)


def test_goodwill_is_given_once(spring):
    with spring.database.transaction() as session:
        dai, alice = spring.till.who(session, "Dai"), spring.members["Alice"]
        number = ask_goodwill(
            session, dai, spring.campaign, alice, Unit.CNY, 10_00, "our error", spring.at(12)
        )
    said = at_once(
        spring,
        lambda: decides(spring, number, 12, by="Chen"),
        lambda: decides(spring, number, 12, by="Eve"),
    )
    assert sorted(said) == [RemedyState.DONE, "remedy.decided"]
    spring.settle(12)
    assert spring.stands("Alice") == "pending +150, pending +500p, available +10"


def test_a_batch_leaves_the_house_or_is_cancelled_but_not_both(spring):
    spring.settle(40)
    number = spring.till.prepare(40).number
    spring.till.confirm(number, 40)
    said = at_once(
        spring,
        lambda: bool(spring.till.export(number, 40)),
        lambda: bool(spring.till.cancel(number, 40)),
    )
    assert sorted(map(str, said)) == ["True", "payout.state"]
    with spring.database.reading() as session:
        state = session.scalars(select(Batch.state)).one()
    assert state in ("exported", "cancelled")
