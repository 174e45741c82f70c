"""A campaign's life by people: one stops it, two move it, and numbers come first."""

from __future__ import annotations

import pytest
from counter import CHEN, both_engines, words
from desktop import Desk, Desks
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from shared.actions.approvals import Approval
from shared.actions.campaigning import closes_from, confirm, propose_move
from shared.base.errors import Refusal
from shared.campaigns.campaigns import Campaign, Life, campaign_by_slug
from shared.people.staff import Staff
from shared.post.audit import Audit

SPRING = "/desk/campaigns/spring"


def life_of(desks: Desks, slug: str = "spring") -> str:
    with desks.database.reading() as session:
        campaign = campaign_by_slug(session, slug)
        assert campaign is not None
        return campaign.life


@both_engines
def test_a_step_needs_another_person_than_the_one_who_asks(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    page = tang.posts(f"{SPRING}/move/closing")
    assert words("desk.move.proposed", number=1) in page.html
    assert life_of(desks) == "running"
    own = tang.posts("/desk/approvals/1/confirm")
    assert own.status == 422
    assert words("error.approval.maker") in own.html
    assert life_of(desks) == "running"
    done = shen.posts("/desk/approvals/1/confirm")
    assert words("desk.approval.said.confirmed", number=1) in done.html
    assert life_of(desks) == "closing"
    again = desks.of(CHEN).posts("/desk/approvals/1/confirm")
    assert words("error.approval.decided") in again.html
    with desks.database.reading() as session:
        rows = session.execute(
            select(Audit.actor, Audit.act).where(Audit.subject == "campaign:1").order_by(Audit.id)
        ).all()[-3:]
    assert [row.act for row in rows] == [
        "approval.proposed", "approval.confirmed", "campaign.move",
    ]  # fmt: skip
    assert rows[0].actor != rows[1].actor == rows[2].actor


def test_one_person_pauses_at_once_and_two_resume_where_it_stood(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    form = tang.opens(f"{SPRING}/move/paused")
    assert words("desk.effect.members", members="0") in form.html
    page = tang.posts(f"{SPRING}/move/paused")
    assert life_of(desks) == "paused"
    assert words("desk.move.paused") in page.html
    assert page.has("to-running")
    assert tang.opens(f"{SPRING}/move/closing").place == SPRING
    astray = tang.posts(f"{SPRING}/move/closing")
    assert words("error.campaign.move", before="paused", after="closing") in astray.html
    tang.posts(f"{SPRING}/move/running")
    assert life_of(desks) == "paused"
    tang.posts("/desk/approvals/1/confirm")
    assert life_of(desks) == "paused"
    shen.posts("/desk/approvals/1/confirm")
    assert life_of(desks) == "running"


def test_a_proposal_is_refused_by_another_or_withdrawn_by_its_maker(
    desks: Desks, tang: Desk, shen: Desk
) -> None:
    tang.posts(f"{SPRING}/move/closing")
    waits = shen.posts(f"{SPRING}/move/closing")
    assert words("error.approval.waits", number=1) in waits.html
    shen.posts("/desk/approvals/1/turn-down")
    tang.posts(f"{SPRING}/move/closing")
    assert tang.opens("/desk/approvals/2").has("own")
    tang.posts("/desk/approvals/2/turn-down")
    late = shen.posts("/desk/approvals/2/confirm")
    assert words("error.approval.decided") in late.html
    with desks.database.reading() as session:
        states = session.scalars(select(Approval.state).order_by(Approval.id)).all()
    assert states == ["refused", "withdrawn"]
    assert life_of(desks) == "running"


def test_a_step_that_was_overtaken_is_not_taken(desks: Desks, tang: Desk, shen: Desk) -> None:
    tang.posts(f"{SPRING}/move/closing")
    tang.posts(f"{SPRING}/move/paused")
    late = shen.posts("/desk/approvals/1/confirm")
    assert words("error.approval.stale") in late.html
    assert life_of(desks) == "paused"
    with desks.database.reading() as session:
        assert session.scalars(select(Approval.state)).one() == "open"


def test_a_campaign_closes_only_after_its_longest_term(desks: Desks) -> None:
    with desks.database.transaction() as session:
        tang, shen = _pair(session)
        spring = session.scalars(select(Campaign)).one()
        asked = propose_move(session, tang, spring.id, Life.CLOSING, desks.clock())
        confirm(session, shen, asked.id, desks.clock())
        with pytest.raises(Refusal) as caught:
            propose_move(session, tang, spring.id, Life.CLOSED, desks.clock())
        # 30 to apply, 90 to buy, 90 of claw-back, 90 for claims, 30 for appeals, and a day's
        # grace for the form.
        assert caught.value == Refusal("campaign.terms", days=331)
        assert (closes_from(session, spring) - desks.clock()).days == 331
        desks.clock.passes(days=331)
        asked = propose_move(session, tang, spring.id, Life.CLOSED, desks.clock())
        confirm(session, shen, asked.id, desks.clock())
        assert spring.life == Life.CLOSED


@both_engines
def test_the_database_itself_refuses_one_person_twice(desks: Desks) -> None:
    with pytest.raises(IntegrityError), desks.database.transaction() as session:
        session.add(
            Approval(
                kind="move", campaign_id=1, body={}, made_by=5, made_at=desks.clock(),
                state="confirmed", decided_by=5, decided_at=desks.clock(),
            )
        )  # fmt: skip


def test_the_line_of_steps_has_its_dates_and_marks_the_present_one(
    desks: Desks, tang: Desk
) -> None:
    html = tang.opens(f"{SPRING}?lang=en").html
    steps = html.split('data-test="life"')[1].split("</ol>")[0]
    assert steps.count('data-state="done"') == 3
    assert steps.count('data-state="next"') == 2
    assert "March 4, 2026" in steps
    tang.posts(f"{SPRING}/move/paused")
    paused = tang.opens(SPRING).html.split('data-test="life"')[1].split("</ol>")[0]
    assert paused.count('data-state="done"') == 3


def _pair(session) -> tuple[Staff, Staff]:
    return tuple(
        session.scalars(select(Staff).where(Staff.staff_no == number)).one()
        for number in ("S9001", "S9003")
    )
