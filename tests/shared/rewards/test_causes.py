"""Every cause of the monthly review, told as a story. March ends on day 27.5."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update

from shared.applications.facts import Kind
from shared.base.money import Unit
from shared.campaigns.campaigns import Life, get_campaign, move
from shared.people.members import MemberStatus
from shared.rewards.admission import Admission
from shared.rewards.bank_file import FileDifference, FileLine, against_file
from shared.rewards.books import month_in
from shared.rewards.causes import Against, Cause, Remedy
from shared.rewards.month_review import review_month
from shared.rewards.queue import SettleTask

END = 27.5


def lines(story, day, month="2026-03"):
    """Every line of the month in plain words: `base Bob limit 100 -> 0`."""
    with story.database.reading() as session:
        window = month_in(month, "Asia/Shanghai")
        found = []
        for review in review_month(session, story.campaign, window, story.at(day)):
            owed = [line for line in review.lines if line.against is Against.OWED]
            for unit in review.earned:
                between = sum(line.difference for line in owed if line.unit is unit)
                assert review.granted[unit] == review.earned[unit] + between
            found += [_plain(story, line) for line in review.lines]
        return found


def _plain(story, line):
    hundredths = 100 if line.unit is Unit.CNY else 1
    should, there = line.should // hundredths, line.found // hundredths
    what = story._name(line.key.occasion)
    return f"{line.key.clause} {what} {line.cause.value} {should} -> {there}"


def base(found):
    return [line for line in found if line.startswith("base ")]


def pause(story, life, day):
    with story.database.transaction() as session:
        move(session, get_campaign(session, story.campaign), life, "staff:1", story.at(day))


def test_a_month_without_differences_has_no_line(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    assert lines(story, 12) == lines(story, 28) == []
    assert lines(story, 28, "2026-02") == lines(story, 28, "2026-04") == []


def test_a_place_taken_by_another_is_told_with_its_limit(tell):
    story = tell(("kind: base\n", "kind: base\n    first_n: 1\n"))
    for name, day in (("Bob", 10), ("Carol", 11)):
        story.friend(name, of="Alice")
        story.qualifies(name, day=day)
        story.settle(day)
    assert base(lines(story, 28)) == ["base Carol limit 100 -> 0"]


def test_what_the_monthly_cap_clips_is_told(tell):
    story = tell(("monthly_cap: ¥500", "monthly_cap: ¥150"))
    for name, day in (("Bob", 10), ("Carol", 11), ("Dan", 12)):
        story.friend(name, of="Alice")
        story.qualifies(name, day=day)
    story.settle(12)
    assert lines(story, 28) == ["base Carol capped 100 -> 50", "base Dan capped 100 -> 0"]


def test_a_claw_back_is_told_in_the_month_it_was_posted(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.bank("Bob", Kind.REVERSED, day=14, yuan=300, transaction="T-Bob")
    story.settle(14)
    assert base(lines(story, 28)) == ["base Bob clawed_back 100 -> 0"]
    assert lines(story, 60, "2026-04") == []


def test_an_inactive_member_s_reward_is_held_and_then_expires(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.status("Alice", MemberStatus.INACTIVE, day=20)
    story.settle(40.1)
    assert base(lines(story, 58, "2026-04")) == ["base Bob inactive 100 -> 0"]
    story.settle(70.1)
    assert base(lines(story, 71, "2026-05")) == ["base Bob expired 100 -> 0"]


def test_a_flagged_account_holds_what_was_released(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.bank("Bob", Kind.FLAGGED, day=11)
    story.settle(40.1)
    assert base(lines(story, 58, "2026-04")) == ["base Bob held 100 -> 0"]


def test_what_is_available_and_in_no_payment_is_told(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.settle(40.1)
    assert base(lines(story, 58, "2026-04")) == ["base Bob unpaid 100 -> 0"]


def test_a_fact_heard_after_the_month_explains_what_was_not_granted_in_it(story):
    story.friend("Bob", of="Alice")
    story.bank("Bob", Kind.APPROVED, day=9)
    story.bank("Bob", Kind.PURCHASE, day=10, yuan=300, transaction="T", heard=29)
    story.settle(29)
    assert base(lines(story, 30)) == ["base Bob late_fact 100 -> 0"]
    assert lines(story, 30, "2026-04") == []


def test_a_reversal_heard_after_the_month_explains_what_stood_at_its_end(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    story.bank("Bob", Kind.REVERSED, day=20, yuan=300, transaction="T-Bob", heard=29)
    story.settle(29)
    assert base(lines(story, 30)) == ["base Bob late_fact 0 -> 100"]


def test_what_was_known_and_settled_after_the_month_is_told(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(END + 0.1)
    assert base(lines(story, 30)) == ["base Bob settled_late 100 -> 0"]


def test_a_paused_campaign_explains_what_waits_and_what_waited(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    pause(story, Life.PAUSED, 9)
    assert base(lines(story, 30)) == ["base Bob paused 100 -> 0"]
    pause(story, Life.RUNNING, 30)
    story.settle(30)
    assert base(lines(story, 31)) == ["base Bob paused 100 -> 0"]


def test_the_queue_explains_a_difference_for_a_day(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(9.5)
    assert base(lines(story, 10.5)) == ["base Bob waiting 100 -> 0"]
    assert base(lines(story, 11.5)) == ["base Bob never_settled 100 -> 0"]


def test_a_member_whom_the_settler_put_off_is_a_fault(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    with story.database.transaction() as session:
        session.execute(update(SettleTask).values(tries=1, problem="LookupError"))
    assert base(lines(story, 10.5)) == ["base Bob never_settled 100 -> 0"]


def test_a_release_that_nobody_settled_is_a_fault(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    with story.database.transaction() as session:
        session.execute(delete(SettleTask))
    assert base(lines(story, 58, "2026-04")) == ["base Bob never_settled 100 -> 0"]


def test_a_refusal_by_a_limit_that_there_never_was_goes_to_a_person(story):
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    with story.database.transaction() as session:
        session.add(
            Admission(
                campaign_id=story.campaign, party=f"member:{story.members['Alice']}",
                clause="base", occasion=f"referral:{story.friends['Bob']}",
                member_id=story.members["Alice"], verdict="refused", limit_id="stock:teapot",
                unit="CNY", amount=0, asked=10_000, draws=[], at=story.at(9),
            )
        )  # fmt: skip
    story.settle(10)
    with story.database.reading() as session:
        window = month_in("2026-03", "Asia/Shanghai")
        [review] = review_month(session, story.campaign, window, story.at(28))
    [line] = review.lines
    assert (line.cause, line.fault, line.remedy) == (Cause.TOO_LITTLE, True, Remedy.PERSON)
    assert line.difference == -10_000


def test_what_is_earned_at_midnight_belongs_to_the_month_that_begins(story):
    for name, day in (("Bob", END - 1e-9), ("Carol", END)):
        story.friend(name, of="Alice")
        story.qualifies(name, day=day)
    story.settle(END - 0.5)
    assert base(lines(story, 28)) == ["base Bob waiting 100 -> 0"]
    with story.database.reading() as session:
        window = month_in("2026-03", "Asia/Shanghai")
        [review] = review_month(session, story.campaign, window, story.at(28))
        assert review.earned[Unit.CNY] == 15_000  # Bob's, and Bob's welcome


@pytest.mark.parametrize(
    ("name", "zone", "start", "end"),
    [
        ("2028-02", "UTC", (2028, 2, 1), (2028, 3, 1)),
        ("2026-12", "Asia/Shanghai", (2026, 11, 30, 16), (2026, 12, 31, 16)),
        ("2026-03", "Europe/Berlin", (2026, 2, 28, 23), (2026, 3, 31, 22)),
    ],
)
def test_a_month_is_its_zone_s(name, zone, start, end):
    month = month_in(name, zone)
    assert month.start == datetime(*start, tzinfo=UTC)
    assert month.end == datetime(*end, tzinfo=UTC)


@pytest.mark.parametrize("name", ["2026-13", "March", "2026", ""])
def test_what_is_no_month_is_refused(name):
    with pytest.raises(ValueError, match=r"time data|unconverted"):
        month_in(name, "UTC")


def test_the_bank_s_file_is_held_against_the_ledger_reference_by_reference():
    paid = {"P-1": 100, "P-2": 200, "P-3": 300, "P-4": 400, "P-5": 500}
    told = [
        FileLine("P-1", 100, "paid"),
        FileLine("P-2", 190, "paid"),
        FileLine("P-3", 300, "failed"),
        FileLine("P-5", 500, "paid"),
        FileLine("P-5", 500, "paid"),
        FileLine("P-9", 900, "paid"),
    ]
    assert list(against_file(paid, told)) == [
        FileDifference("P-2", Cause.OTHER_AMOUNT, 200, 190),
        FileDifference("P-3", Cause.NOT_IN_FILE, 300, 0),
        FileDifference("P-4", Cause.NOT_IN_FILE, 400, 0),
        FileDifference("P-5", Cause.OTHER_AMOUNT, 500, 1000),
        FileDifference("P-9", Cause.NOT_IN_LEDGER, 0, 900),
    ]
