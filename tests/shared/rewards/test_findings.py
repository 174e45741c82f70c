"""A friend who turns out a fraud: what two people take back, the whole ledger after it, and how a
mistake is mended. The spring campaign; its claw-back window is 90 days."""

from __future__ import annotations

from dataclasses import replace

import pytest
from finding import CLEARED, FRAUD, asks, decides, finds, preview, with_bob
from spring import SHARE, SPRING, STAGES, rules
from sqlalchemy import select
from till import Till
from told import listening

from shared.actions import settling
from shared.applications.facts import Application, FactRow, Kind
from shared.base.clock import month_of
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.campaigns.file import read_campaign
from shared.ledger.verify import verify
from shared.referrals.findings import Finding
from shared.referrals.referrals import Credit, Source
from shared.reports.progress import FriendState, progress_in
from shared.reports.simulation import try_out
from shared.reports.statement import statement
from shared.reports.statement_lines import Status
from shared.reports.statement_words import status_words
from shared.rewards.books import month_in
from shared.rewards.causes import Cause
from shared.rewards.month_review import review_month
from shared.rewards.remedies import RemedyState
from shared.rewards.settle import claim_effect
from shared.rewards.supposing import Effect

once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def spring(story):
    """Alice's friend Bob qualified on day 10."""
    return with_bob(story)


@once
def test_before_its_release_everything_of_the_friend_goes_back(spring):
    number = asks(spring, "Bob", 12)
    assert spring.settle(12) == []  # one person's word is nobody's loss
    assert preview(spring, "Bob", 12) == [
        Effect(f"member:{spring.members['Alice']}", Unit.CNY, 100_00, 0, 0),
        Effect(f"member:{spring.members['Alice']}", Unit.POINTS, 500, 0, 0),
        Effect(f"friend:{spring.friends['Bob']}", Unit.CNY, 50_00, 0, 0),
    ]
    assert decides(spring, number, 13) is RemedyState.DONE
    changes = spring.settle(13)
    assert spring.ledger("Alice")[3:] == [
        "Bob welcome: funding +50, pending -50",
        "Alice base Bob: funding +100, pending -100",
        "Alice ladder step:1: funding +500p, pending -500p",
    ]
    assert {change.due for change in changes} == {None}
    assert spring.stands("Alice") == ""
    spring.verify(13)
    spring.bank("Bob", Kind.PURCHASE, day=20, yuan=900, transaction="T-more")
    assert spring.settle(20) == []  # nor do they qualify again
    spring.verify(60)


@once
def test_after_the_payout_it_is_to_be_returned_and_netted(spring):
    spring.settle(40)
    spring.till.pays(40)
    finds(spring, "Bob", 50)
    assert spring.ledger("Alice")[9:] == [
        "Bob welcome: paid -50, recoverable +50",
        "Alice base Bob: paid -100, recoverable +100",
        "Alice ladder step:1: paid -500p, recoverable +500p",
    ]
    spring.till.verify(50)
    spring.friend("Cat", of="Alice", day=51)
    spring.qualifies("Cat", day=53)
    spring.settle(53)
    spring.settle(83)
    assert [row["net"] for row in spring.till.pays(83)] == ["50.00"]  # Cat's own
    assert spring.stands("Alice") == "paid +150, paid +500p, recoverable +50"  # Bob's own
    spring.till.verify(83)


@once
def test_a_fraud_costs_the_rung_that_was_reached_with_them(spring):
    for day, name in ((11, "Carol"), (12, "Dave")):
        spring.friend(name, of="Alice")
        spring.qualifies(name, day=day)
        spring.settle(day)
    finds(spring, "Bob", 13)
    assert spring.ledger("Alice")[8:] == [
        "Bob welcome: funding +50, pending -50",
        "Alice base Bob: funding +100, pending -100",
        "Alice ladder step:3: funding +3000p, pending -3000p",
    ]
    spring.settle(40)  # Carol is the first now, and her thirty days end on day 41
    assert spring.stands("Alice") == "pending +300, pending +500p"
    spring.settle(41)
    assert spring.stands("Alice") == "pending +150, available +150, available +500p"
    spring.verify(41)


@once
def test_what_a_cap_kept_from_others_is_shown_and_given(tell):
    story = tell(("monthly_cap: ¥500", "monthly_cap: ¥150"))
    story.till = Till(story)
    for day, name in ((10, "Bob"), (11, "Carol")):
        story.friend(name, of="Alice")
        story.qualifies(name, day=day)
    story.settle(11)
    mine = f"member:{story.members['Alice']}"
    assert Effect(mine, Unit.CNY, 100_00, 50_00, 0) in preview(story, "Bob", 12)
    finds(story, "Bob", 12)
    assert [line for line in story.ledger("Alice")[5:] if "base" in line] == [
        "Alice base Bob: funding +100, pending -100",
        "Alice base Carol: funding -50, pending +50",
    ]
    story.verify(12)


def test_a_mistake_is_mended_by_two_and_everything_is_owed_again(spring):
    spring.settle(40)
    spring.till.pays(40)
    finds(spring, "Bob", 50)
    with pytest.raises(Refusal, match=r"^finding\.stands$"):
        asks(spring, "Bob", 51)
    finds(spring, "Bob", 60, CLEARED)
    assert spring.ledger("Alice")[12:] == [
        "Bob welcome: paid +50, recoverable -50",
        "Alice base Bob: paid +100, recoverable -100",
        "Alice ladder step:1: paid +500p, recoverable -500p",
    ]
    spring.till.verify(60)
    with pytest.raises(Refusal, match=r"^finding\.none$"):
        asks(spring, "Bob", 61, CLEARED)
    finds(spring, "Bob", 70)  # facts only grow: the last word counts
    assert spring.stands("Alice") == "recoverable +150, recoverable +500p"
    spring.till.verify(70)
    with spring.database.reading() as session:
        words = session.scalars(select(Finding.word).order_by(Finding.id)).all()
    assert words == ["fraud", "cleared", "fraud"]


@once
def test_what_was_netted_meanwhile_is_given_back_when_the_friend_is_cleared(spring):
    spring.settle(40)
    spring.till.pays(40)
    finds(spring, "Bob", 50)
    spring.friend("Cat", of="Alice", day=51)
    spring.qualifies("Cat", day=53)
    spring.settle(53)
    spring.settle(83)
    spring.till.pays(83)
    finds(spring, "Bob", 84, CLEARED)
    assert [line for line in spring.ledger("Alice") if "base" in line][-1] == (
        "Alice base Bob: funding -100, available +100"
    )
    spring.till.verify(84)
    spring.till.pays(85)
    spring.till.verify(85)


@once
@pytest.mark.parametrize(("asked", "left"), [(99.9, ""), (100, "available +150, available +500p")])
def test_the_window_ends_with_the_asking_however_late_the_second_person_is(spring, asked, left):
    finds(spring, "Bob", asked, decided=120)
    assert spring.stands("Alice") == left
    spring.verify(130)


@once
def test_months_that_ended_within_the_window_go_and_no_more_are_owed(tell):
    story = tell(*rules(SHARE))
    story.till = Till(story)
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=1)
    for n in range(8):
        story.bank("Bob", Kind.PURCHASE, day=2 + 30 * n, yuan=1000, transaction=f"T{n}")
    for day in (27.5, 57.5, 88.5, 117):
        story.settle(day)
    assert story.stands("Alice") == "available +15"  # March to May
    finds(story, "Bob", 27.5 + 90)  # qualified on day 1, and March ended, more than 90 days before
    assert story.stands("Alice") == "available +5"
    story.settle(300)
    assert story.stands("Alice") == "available +5"
    story.verify(300)
    finds(story, "Bob", 301, CLEARED)
    assert story.stands("Alice") == "available +40"
    story.verify(301)


@once
def test_the_friend_s_own_benefits_go_with_the_finding(tell):
    story = tell(*rules(STAGES))
    story.till = Till(story)
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=1)
    for n, day in enumerate((5, 40, 70)):
        story.bank("Bob", Kind.PURCHASE, day=day, yuan=500, transaction=f"T{n}")
    story.settle(100)
    assert story.stands("Alice") == "available +20, available +1 gift"
    finds(story, "Bob", 101)  # within 90 days of day 70; day 5's is older, and so is the approval
    assert story.ledger("Alice")[2:] == ["Bob three: available -1 gift, stock +1 gift"]
    story.verify(101)


@once
def test_a_place_that_a_fraud_gives_back_serves_the_next_friend(tell):
    story = tell(("first_friends: 20000", "first_friends: 1"), members=("Alice", "Adam"))
    story.till = Till(story)
    story.friend("Bob", of="Alice")
    story.friend("Carol", of="Adam")
    for name in ("Bob", "Carol"):
        story.qualifies(name, day=10)
        story.settle(10)
    assert story.verdicts()["Adam", "base", "Carol"] == ("refused", "friends")
    finds(story, "Bob", 11)
    story.friend("Dave", of="Adam")
    story.qualifies("Dave", day=12)
    story.settle(12)
    assert "Adam base Dave: funding -100, pending +100" in story.ledger("Adam")
    story.verify(12)
    finds(story, "Bob", 13, CLEARED)  # whose place is taken by now
    assert "base" not in "".join(story.ledger("Alice")[-1:])
    story.verify(13)


@once
def test_whatever_is_heard_after_the_finding_earns_nothing(story):
    story.till = Till(story)
    story.friend("Bob", of="Alice")
    finds(story, "Bob", 1)
    story.qualifies("Bob", day=10)
    story.applies("Bob", day=2)  # by another application neither
    story.bank("Bob", Kind.APPROVED, day=3)
    story.bank("Bob", Kind.PURCHASE, day=4, yuan=300, transaction="T2")
    story.settle(20)
    assert story.ledger("Alice") == []
    finds(story, "Bob", 21, CLEARED)
    assert story.stands("Alice") == "pending +150, pending +500p"
    story.verify(21)


@once
def test_a_flag_may_stand_beside_it_and_only_holds(spring):
    spring.bank("Bob", Kind.FLAGGED, day=11)
    finds(spring, "Bob", 12)
    assert spring.stands("Alice") == ""
    finds(spring, "Bob", 14, CLEARED)
    spring.settle(41)
    assert spring.stands("Alice") == "pending +150, pending +500p"
    spring.bank("Bob", Kind.CLEARED, day=42)
    spring.settle(42)
    assert spring.stands("Alice") == "available +150, available +500p"
    spring.verify(42)


@once
def test_the_review_tells_it_as_a_claw_back_and_what_was_decided_late_as_late(spring):
    finds(spring, "Bob", 12)
    spring.friend("Carol", of="Alice")
    spring.qualifies("Carol", day=20)
    spring.settle(20)
    finds(spring, "Carol", 27, decided=29)  # asked in March, decided in April
    causes = {}
    with spring.database.reading() as session:
        month = month_in("2026-03", "Asia/Shanghai")
        assert month_of(spring.at(29), "Asia/Shanghai") == "2026-04"
        for review in review_month(session, spring.campaign, month, spring.at(30)):
            assert [line for line in review.lines if line.fault] == []
            for line in review.lines:
                causes.setdefault(line.key.occasion, set()).add(line.cause)
    assert causes[f"referral:{spring.friends['Bob']}"] == {Cause.CLAWED_BACK}
    assert causes[f"referral:{spring.friends['Carol']}"] == {Cause.LATE_FACT}


@once
def test_a_simulation_knows_the_findings_as_the_ledger_does(spring):
    spring.friend("Carol", of="Alice")
    spring.qualifies("Carol", day=11)
    finds(spring, "Bob", 12)
    finds(spring, "Bob", 14, CLEARED)
    finds(spring, "Carol", 16)
    with spring.database.reading() as session:
        trial = try_out(session, read_campaign(SPRING), spring.at(40))
        assert verify(session) == []
    assert trial.simulated.costs == trial.actual.costs
    assert trial.simulated.friends == trial.actual.friends == 1


@once
def test_the_statement_and_the_progress_tell_the_clause_and_no_more(spring):
    alice = spring.members["Alice"]
    finds(spring, "Bob", 15)
    with spring.database.reading() as session:
        lines = statement(session, alice, spring.at(16), most=9).lines
        seen = progress_in(session, spring.campaign, alice, spring.at(16))
        later = progress_in(session, spring.campaign, alice, spring.at(100))
    assert {line.status for line in lines} == {Status.TAKEN_BACK}
    assert sorted(status_words(Locale.ZH_HANS, line) for line in lines) == [
        "3 月 19 日收回：推荐奖励的条件不再满足",
        "3 月 19 日收回：阶梯奖励的条件不再满足",
    ]
    assert (seen.reached, seen.friends[0].state) == (0, FriendState.IN_PROGRESS)
    assert later.friends[0].state is FriendState.NOT_MET


@once
def test_a_claim_for_a_friend_found_a_fraud_would_add_nothing(spring):
    finds(spring, "Bob", 12)
    with spring.database.transaction() as session:
        missed = Application(application_ref="A-9", first_heard_at=spring.at(13))
        session.add(missed)
        for day, kind, amount in ((14, Kind.APPROVED, 0), (15, Kind.PURCHASE, 300_00)):
            session.add(
                FactRow(
                    event=f"bank|{kind}", kind=kind.value, at=spring.at(day), amount=amount,
                    received_at=spring.at(day), application_ref="A-9", transaction_ref="T9",
                )
            )  # fmt: skip
        session.flush()
        claimed = Credit(spring.friends["Bob"], missed.id, spring.at(13), 1, Source.CLAIM)
    with spring.database.reading() as session:
        alice, at = spring.members["Alice"], spring.at(20)
        assert claim_effect(session, spring.campaign, alice, claimed, at) == {}
        other = replace(claimed, referral=77)
        assert claim_effect(session, spring.campaign, alice, other, at) != {}


@once
def test_the_member_is_told_what_goes_and_what_need_not_be_returned_after_all(spring, monkeypatch):
    told = []
    listening(monkeypatch, told)

    def heard(changes, day: float) -> list[tuple[str, str, int]]:
        told.clear()
        with spring.database.transaction() as session:
            settling.tell_members(session, changes, spring.at(day))
        assert "fraud" not in repr(told)
        assert {params["clause"] for _, params in told} <= {"base", "ladder"}
        return sorted((kind, params["unit"], params["amount"]) for kind, params in told)

    def found(kind, day: float) -> list[tuple[str, str, int]]:
        decides(spring, asks(spring, "Bob", day, kind), day)
        return heard(spring.settle(day), day)

    assert found(FRAUD, 12) == [
        ("reward.reversed", "CNY", 10000),
        ("reward.reversed", "POINTS", 500),
    ]
    assert found(CLEARED, 13) == [("reward.pending", "CNY", 10000), ("step.reached", "POINTS", 500)]
    spring.settle(40)
    spring.till.pays(40)
    gone = [("reward.recoverable", "CNY", 10000), ("reward.recoverable", "POINTS", 500)]
    assert found(FRAUD, 41) == gone
    again = [("reward.restored", "CNY", 10000), ("reward.restored", "POINTS", 500)]
    assert found(CLEARED, 42) == again
