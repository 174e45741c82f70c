"""The desk's numbers are the ledger's, and every one of them opens down to its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from snapshot import begin_from
from sqlalchemy import select
from story import Story

from shared.actions.approvals import ApprovalState, turn_down
from shared.actions.campaigning import pause, propose_move
from shared.base.database import Database
from shared.base.money import Unit
from shared.campaigns.campaigns import Life, campaign_by_slug
from shared.ledger.balance import Account
from shared.people.staff import Staff
from shared.referrals.referrals import Invite, Visit, VisitKind
from shared.reports import desk_referrals, desk_rows
from shared.reports.desk_approvals import approval_line, approval_lines
from shared.reports.desk_campaigns import When, campaign_list, campaign_sight
from shared.reports.desk_effects import effect_on
from shared.rewards.room import Verdict

LISTS = (
    desk_rows.grants,
    desk_referrals.referrals,
    desk_rows.verdicts,
    desk_rows.visits,
    desk_rows.waiting,
)


@dataclass(frozen=True)
class Told:
    """A database in which it happened, and when the story ends."""

    database: Database
    now: datetime


@pytest.fixture
def told(database, now) -> Told:
    """Three friends of Alice's bought, the third today; a fourth only registered."""
    return Told(database, begin_from(database, ("desk", now), lambda: _tell(database, now)))


def _tell(database: Database, now: datetime) -> datetime:
    story = Story(database, now)
    with database.transaction() as session:
        invite = session.scalars(select(Invite)).one()
        for kind in (VisitKind.HUMAN, VisitKind.ROBOT, VisitKind.HUMAN):
            session.add(Visit(invite_id=invite.id, at=now, kind=kind.value, channel="chat"))
    for n in range(1, 5):
        phone = f"+861390013900{n}"
        story.registers(phone)
        if n < 4:
            story.bank("application.submitted", application_id=f"A{n}", phone=phone)
            story.bank("application.approved", application_id=f"A{n}", customer_ref=f"N{n}")
            story.later(hours=1)
            story.bank(
                "transaction.posted", application_id=f"A{n}", transaction_id=f"T{n}",
                amount=40_000, currency="CNY", kind="purchase",
            )  # fmt: skip
        story.later(hours=9)
    story.work()
    return story.now


def test_the_page_shows_what_the_ledger_and_the_limits_hold(told):
    with told.database.reading() as session:
        campaign = campaign_by_slug(session, "spring-referral")
        sight = campaign_sight(session, campaign, told.now)
        funnel = sight.funnel
        assert (funnel.registered, funnel.applied, funnel.qualified) == (4, 3, 3)
        assert funnel.visits == len(desk_rows.visits(session, campaign.id).rows) == 2
        assert (funnel.turned_away, sight.settling) == (0, 1)
        cash = next(b for b in sight.line.budgets if b.unit is Unit.CNY)
        assert (cash.limit, cash.committed) == (100_000_000, 45_000)
        assert cash.pending + cash.available + cash.burnt == cash.committed
        assert (cash.percent, cash.burnt_percent) == (1, 0)
        (friends,) = sight.places
        assert (friends.row.limit_id, friends.used) == ("friends", 3)
        assert sum(r.amount for r in sight.releases if r.unit is Unit.CNY) == cash.pending
        effect = effect_on(session, campaign, told.now)
        assert (effect.invites, effect.under_way, effect.members) == (1, 1, 1)
        assert effect.pending[Unit.CNY] == cash.pending
        assert [line.slug for line in campaign_list(session, told.now, Life.RUNNING)] == [
            "spring-referral"
        ]
        assert campaign_list(session, told.now, Life.DRAFT) == []
        assert sight.line.last < sight.line.ends


def test_every_number_is_the_number_of_its_rows(told):
    with told.database.reading() as session:
        campaign = campaign_by_slug(session, "spring-referral").id
        sight = campaign_sight(session, campaign_by_slug(session, "spring-referral"), told.now)
        cash = next(b for b in sight.line.budgets if b.unit is Unit.CNY)
        cooling = desk_rows.grants(session, campaign, account=Account.PENDING, unit=Unit.CNY)
        assert sum(row.pending for row in cooling.rows) == cash.pending
        ready = desk_rows.grants(session, campaign, account=Account.AVAILABLE, unit=Unit.CNY)
        assert sum(row.available for row in ready.rows) == cash.available
        assert {row.unit for row in desk_rows.grants(session, campaign, unit=Unit.POINTS).rows} == {
            Unit.POINTS
        }
        ladder = desk_rows.grants(session, campaign, clause="ladder").rows
        assert [row.occasion for row in ladder] == ["step:3", "step:1"]
        held = desk_rows.verdicts(session, campaign, unit=Unit.CNY).rows
        assert sum(row.amount for row in held) == cash.committed
        places = desk_rows.verdicts(session, campaign, draws="friends").rows
        assert len({row.occasion for row in places}) >= sight.places[0].used
        assert desk_rows.verdicts(session, campaign, draws="_riends").rows == ()
        assert len(desk_referrals.referrals(session, campaign, stage="applied").rows) == 3
        assert len(desk_referrals.referrals(session, campaign, stage="qualified").rows) == 3
        assert [row.qualified for row in desk_referrals.referrals(session, campaign).rows] == [
            False, True, True, True,
        ]  # fmt: skip
        assert len(desk_rows.waiting(session, campaign).rows) == sight.settling
        assert desk_rows.verdicts(session, campaign, verdict="turned_away").rows == ()
        assert {
            row.verdict for row in desk_rows.verdicts(session, campaign, verdict="admitted").rows
        } == {Verdict.ADMITTED}


def test_pages_by_key_hold_every_row_once(told):
    with told.database.reading() as session:
        campaign = campaign_by_slug(session, "spring-referral").id
        for read in LISTS:
            whole = read(session, campaign, most=100)
            assert whole.after == ""
            found, after = [], ""
            while True:
                page = read(session, campaign, after=after, most=1)
                found += page.rows
                if not (after := page.after):
                    break
            assert tuple(found) == whole.rows


def test_a_page_that_never_was_is_the_first_one(told):
    with told.database.reading() as session:
        campaign = campaign_by_slug(session, "spring-referral").id
        for read in LISTS:
            for after in ("x", "9" * 40, "~~~", "2026-01-01~a~b~c", "1~2~3~4", "\0~a~b~c"):
                assert read(session, campaign, after=after) == read(session, campaign)


def test_the_line_of_steps_keeps_its_dates_through_a_pause(told):
    with told.database.transaction() as session:
        campaign = campaign_by_slug(session, "spring-referral")
        began = campaign.life_since
        tang = session.query(Staff).filter_by(staff_no="S9001").one()
        shen = session.query(Staff).filter_by(staff_no="S9003").one()
        later = told.now + timedelta(days=1)
        pause(session, tang, campaign.id, later)
        sight = campaign_sight(session, campaign, later)
        now_step = next(step for step in sight.steps if step.when is When.NOW)
        assert (now_step.life, now_step.at, sight.paused_from) == (
            Life.RUNNING, began, Life.RUNNING,
        )  # fmt: skip
        asked = propose_move(session, tang, campaign.id, Life.RUNNING, later)
        assert campaign_sight(session, campaign, later).line.waiting == 1
        line = approval_line(session, asked)
        assert (line.open, line.slug, line.zone) == (True, "spring-referral", "Asia/Shanghai")
        assert line.maker.endswith("S9001")
        assert line.decider == ""
        turn_down(session, shen, asked.id, later)
        (only,) = approval_lines(session)
        assert not only.open
        assert only.decider.endswith("S9003")
        assert approval_lines(session, ApprovalState.OPEN) == []
        assert len(approval_lines(session, ApprovalState.REFUSED)) == 1
