"""What a review found is put right by two people; what they do is on record."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from planting import REVIEW, World, hide_admission, kept, lose_task, populate
from sqlalchemy import select

from shared.actions.repairing import apply_repair, propose_repair
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Life, get_campaign, move
from shared.campaigns.file import apply_campaign
from shared.people.members import get_member
from shared.people.persons import add_person
from shared.people.staff import Role, Staff
from shared.post.audit import Audit
from shared.rewards.books import month_in
from shared.rewards.causes import Cause, Remedy
from shared.rewards.month_review import review_month
from shared.rewards.repairs import WHOLE_CAMPAIGN, open_repairs
from shared.rewards.review import miscounts

CAMPAIGN = Path(__file__).parents[1] / "spring.yaml"


@pytest.fixture
def world(database, now) -> World:
    """Three members: one was not settled to the end, one's verdict is gone."""
    return kept(database, "repairing", lambda: _made(database, now))


def _made(database, now):
    with database.transaction() as session:
        source = CAMPAIGN.read_text(encoding="utf-8")
        campaign = apply_campaign(session, source, now, "operator:test").campaign_id
    made = populate(database, campaign, now, random.Random(1), 3)
    made.settle(19.5)
    with database.transaction() as session:
        lose_task(made, session, made.members[0], random.Random(1))
    made.settle(27, 40)
    with database.transaction() as session:
        hide_admission(made, session, made.members[1], random.Random(1))
    return made


@pytest.fixture
def desk(database, now):
    """Chen and Mei of the desk, a teller, and one who is a member."""
    with database.transaction() as session:
        staff = {}
        roles = {"chen": Role.DESK, "mei": Role.MANAGER, "tan": Role.TELLER, "own": Role.DESK}
        for name, role in roles.items():
            person = add_person(session, now, name=name)
            staff[name] = Staff(
                person_id=person.id, staff_no=name, branch_id=1, role=role.value,
                customer_ref="C0" if name == "own" else None,
            )  # fmt: skip
        session.add_all(staff.values())
        session.flush()
    return staff


def faults(world: World) -> set[tuple[int, Cause]]:
    with world.database.reading() as session:
        month = month_in("2026-03", "Asia/Shanghai")
        reviews = review_month(session, world.campaign, month, world.at(REVIEW))
        return {(each.member, line.cause) for each in reviews for line in each.lines if line.fault}


def proposed(world: World, member: int, actor: str, remedy: Remedy = Remedy.SETTLE) -> int:
    with world.database.transaction() as session:
        return propose_repair(
            session, world.campaign, member, Cause.NEVER_SETTLED, remedy, "2026-03", actor,
            world.at(REVIEW),
        ).id  # fmt: skip


def applied(world: World, repair: int, staff: Staff) -> None:
    with world.database.transaction() as session:
        apply_repair(session, repair, staff, world.at(REVIEW))


def test_two_people_bring_the_books_together(world, desk):
    first, second = world.members[:2]
    assert {member for member, _ in faults(world)} == {first, second}
    maker = f"staff:{desk['chen'].id}"
    repairs = [proposed(world, member, maker) for member in (first, second)]
    repairs.append(proposed(world, WHOLE_CAMPAIGN, "operator:root", Remedy.RECOUNT))
    assert proposed(world, first, "staff:99") == repairs[0]  # one is open already
    for repair in repairs[:2]:
        applied(world, repair, desk["mei"])
    world.settle(REVIEW)
    applied(world, repairs[2], desk["mei"])
    assert faults(world) == set()
    with world.database.reading() as session:
        assert miscounts(session, world.campaign) == []
        assert open_repairs(session, world.campaign) == []
        query = select(Audit.act, Audit.actor).where(Audit.act.like("repair.%"))
        acts = [tuple(row) for row in session.execute(query.order_by(Audit.id))]
    assert acts == [
        ("repair.proposed", maker),
        ("repair.proposed", maker),
        ("repair.proposed", "operator:root"),
        *[("repair.applied", f"staff:{desk['mei'].id}")] * 3,
    ]


def test_who_may_not_apply_is_refused(world, desk):
    member = world.members[0]
    repair = proposed(world, member, f"staff:{desk['chen'].id}")
    with world.database.reading() as session:
        assert get_member(session, member).customer_ref == "C0"
    for name, code in (("chen", "same"), ("tan", "authority"), ("own", "party")):
        with pytest.raises(Refusal, match=rf"repair\.{code}"):
            applied(world, repair, desk[name])
    with pytest.raises(Refusal, match=r"repair\.unknown"):
        applied(world, 999, desk["mei"])
    applied(world, repair, desk["mei"])
    with pytest.raises(Refusal, match=r"repair\.applied"):
        applied(world, repair, desk["mei"])


def test_what_settling_does_not_mend_is_not_proposed(world):
    with pytest.raises(Refusal, match=r"repair\.by_hand"):
        proposed(world, world.members[0], "operator:root", Remedy.PERSON)


def test_a_paused_campaign_is_not_repaired(world, desk):
    repair = proposed(world, world.members[0], "operator:root")
    with world.database.transaction() as session:
        campaign = get_campaign(session, world.campaign)
        move(session, campaign, Life.PAUSED, "staff:1", world.at(REVIEW))
    with pytest.raises(Refusal, match=r"repair\.paused"):
        applied(world, repair, desk["mei"])
