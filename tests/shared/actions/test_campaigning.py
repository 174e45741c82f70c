"""Two people at the desk, without a page: rights, moves, versions, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from story import SAMPLE, Story

from shared.actions.approvals import open_approvals, turn_down
from shared.actions.campaigning import (
    closes_from,
    confirm,
    next_lives,
    pause,
    propose_move,
    propose_version,
    stamp,
)
from shared.actions.desk_seat import desk_seat, sign_in_desk, sign_out_desk
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Life, campaign_by_slug, current_version
from shared.campaigns.export import campaign_yaml
from shared.people.staff import Staff, set_pin

TANG, SHEN, LUO, MEI = "S9001", "S9003", "S9002", "S1001"


@pytest.fixture
def desk(database, now):
    """An open transaction on the sample, with its campaign and its people by number."""
    Story(database, now)
    with database.transaction() as session:
        staff = {each.staff_no: each for each in session.scalars(select(Staff))}
        yield session, campaign_by_slug(session, "spring-referral"), staff


def refused(code: str):
    return pytest.raises(Refusal, match=rf"^{code}$")


def test_only_the_desk_and_managers_change_anything(desk, now):
    session, campaign, staff = desk
    source = campaign_yaml(session, campaign, now)
    for number in (LUO, MEI):
        with refused("desk.read_only"):
            pause(session, staff[number], campaign.id, now)
        with refused("desk.read_only"):
            propose_move(session, staff[number], campaign.id, Life.CLOSING, now)
        with refused("desk.read_only"):
            propose_version(session, staff[number], source, now)
    asked = propose_move(session, staff[TANG], campaign.id, Life.CLOSING, now)
    for number in (LUO, MEI):
        with refused("desk.read_only"):
            confirm(session, staff[number], asked.id, now)
        with refused("desk.read_only"):
            turn_down(session, staff[number], asked.id, now)
    assert campaign.life == Life.RUNNING


def test_maker_is_never_checker(desk, now):
    session, campaign, staff = desk
    asked = propose_move(session, staff[TANG], campaign.id, Life.CLOSING, now)
    with refused("approval.maker"):
        confirm(session, staff[TANG], asked.id, now)
    assert open_approvals(session, campaign.id) == [asked]
    confirm(session, staff["S1002"], asked.id, now)
    assert campaign.life == Life.CLOSING
    with refused("approval.decided"):
        confirm(session, staff[SHEN], asked.id, now)
    with refused("approval.decided"):
        turn_down(session, staff[SHEN], asked.id, now)


def test_a_paused_campaign_resumes_where_it_stood_by_two(desk, now):
    session, campaign, staff = desk
    pause(session, staff[TANG], campaign.id, now)
    with refused("campaign.move"):
        pause(session, staff[SHEN], campaign.id, now)
    assert next_lives(campaign) == (Life.RUNNING,)
    with refused("campaign.move"):
        propose_move(session, staff[TANG], campaign.id, Life.CLOSING, now)
    asked = propose_move(session, staff[SHEN], campaign.id, Life.RUNNING, now)
    with refused("approval.waits"):
        propose_move(session, staff[TANG], campaign.id, Life.RUNNING, now)
    confirm(session, staff[TANG], asked.id, now)
    assert campaign.life == Life.RUNNING


def test_every_way_from_draft_to_closed_is_walked_by_two(desk, now):
    session, campaign, staff = desk
    source = campaign_yaml(session, campaign, now).replace("spring-referral", "autumn")
    made = propose_version(session, staff[TANG], source, now)
    carried = confirm(session, staff[SHEN], made.id, now)
    autumn = campaign_by_slug(session, "autumn")
    assert (carried.campaign_id, carried.version, autumn.life) == (autumn.id, 1, Life.DRAFT)
    for life in (Life.REVIEWED, Life.WARM_UP, Life.RUNNING, Life.CLOSING):
        assert life in next_lives(autumn)
        asked = propose_move(session, staff[TANG], autumn.id, life, now)
        confirm(session, staff[SHEN], asked.id, now)
        assert autumn.life == life
    with refused("campaign.terms"):
        propose_move(session, staff[TANG], autumn.id, Life.CLOSED, now)
    late = closes_from(session, autumn)
    asked = propose_move(session, staff[TANG], autumn.id, Life.CLOSED, late)
    confirm(session, staff[SHEN], asked.id, late)
    assert next_lives(autumn) == ()
    with refused("campaign.ended"):
        propose_version(session, staff[TANG], source.replace("¥100", "¥90"), late)


def test_a_draft_is_reviewed_for_its_words_and_its_budget(desk, now):
    session, campaign, staff = desk
    source = campaign_yaml(session, campaign, now)
    loud = source.replace("spring-referral", "loud").replace("en: Share the card", "en: Number one")
    plain = source.replace("spring-referral", "poor")
    poor = plain[: plain.index("  budget:")] + plain[plain.index("  first_friends:") :]
    for text, slug, code in ((loud, "loud", "campaign.copy"), (poor, "poor", "campaign.budget")):
        made = propose_version(session, staff[TANG], text, now)
        confirm(session, staff[SHEN], made.id, now)
        with refused(code):
            propose_move(
                session, staff[TANG], campaign_by_slug(session, slug).id, Life.REVIEWED, now
            )


def test_a_version_is_confirmed_only_on_what_it_was_proposed_for(desk, now):
    session, campaign, staff = desk
    source = campaign_yaml(session, campaign, now)
    with refused("campaign.same"):
        propose_version(session, staff[TANG], source, now)
    with refused("campaign.zone"):
        propose_version(session, staff[TANG], source.replace("Asia/Shanghai", "Asia/Tokyo"), now)
    first = propose_version(session, staff[TANG], source.replace("¥100", "¥110"), now)
    with refused("approval.waits"):
        propose_version(session, staff[SHEN], source.replace("¥100", "¥120"), now)
    pause(session, staff[TANG], campaign.id, now)  # its life is another matter
    assert confirm(session, staff[SHEN], first.id, now).version == 2
    assert current_version(session, campaign.id).number == 2
    assert campaign.life == Life.PAUSED
    back = propose_version(session, staff[SHEN], source, now)
    confirm(session, staff[TANG], back.id, now)
    stale = propose_version(session, staff[TANG], source.replace("¥100", "¥130"), now)
    stale.body = stale.body | {"base": "something else"}
    with refused("approval.stale"), session.begin_nested():
        confirm(session, staff[SHEN], stale.id, now)
    stale.body = stale.body | {"base": stamp(session, campaign, now), "source": "old: words"}
    with refused("approval.stale"), session.begin_nested():
        confirm(session, staff[SHEN], stale.id, now)


def test_the_door_lets_the_desk_in_and_nobody_else(desk, now):
    session, _, staff = desk
    for number in (TANG, LUO, MEI):
        set_pin(staff[number], "369014")
    assert sign_in_desk(session, TANG, "000000", now) is None
    with refused("staff.no_desk"):
        sign_in_desk(session, MEI, "369014", now)
    token = sign_in_desk(session, f" {LUO} ", "369014", now)
    sitting = desk_seat(session, token, now)
    assert (sitting.staff_no, sitting.may_change, sitting.quiet) == (LUO, False, False)
    assert desk_seat(session, token, now + timedelta(minutes=2)).quiet
    assert desk_seat(session, "", now) is None
    sign_out_desk(session, sitting.staff_id, token, now)
    assert desk_seat(session, token, now) is None


def test_the_sample_has_two_at_the_desk_and_an_auditor(desk):
    _, _, staff = desk
    assert [staff[number].role for number in (TANG, SHEN, LUO)] == ["desk", "desk", "auditor"]
    assert (SAMPLE / "staff.csv").exists()
