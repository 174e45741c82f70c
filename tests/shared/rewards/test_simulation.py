"""Simulation as worked examples: a draft over a small history, beside what the ledger holds.

Days count from Wednesday 4 March 2026, noon in Shanghai, the campaign's zone. The spring
campaign pays ¥100 and ¥50 a friend, and points at the first, third and fifth friend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from shared.applications.facts import FactRow, Kind
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.file import read_campaign
from shared.ledger.entries import Entry
from shared.people.members import Member
from shared.people.persons import Person
from shared.post.audit import Audit
from shared.referrals.histories import Judged, histories
from shared.reports.simulation import Trial, per_friend, try_out, within_value
from shared.rewards.programme import dues
from shared.rewards.simulation import DRAFT, StepCounter, draft_terms, months_between
from shared.rewards.situations import situation

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")
Tell = Callable[..., Any]


def replaced(*changes: tuple[str, str]) -> str:
    source = SPRING
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def tried(story: Any, *changes: tuple[str, str], day: float = 300, **options: Any) -> Trial:
    """The spring campaign with changes, tried on the story's history."""
    with story.database.reading() as session:
        return try_out(session, read_campaign(replaced(*changes)), story.at(day), **options)


def spring_of(tell: Tell, *changes: tuple[str, str]) -> Any:
    """Two members, seven friends who qualify on days 2, 4, … 14; one is undone, one never buys."""
    story = tell(*changes, members=("Alice", "Adam"))
    for n in range(7):
        story.friend(f"F{n}", "Alice" if n < 5 else "Adam")
        story.qualifies(f"F{n}", day=2 * n + 2)
        story.settle(2 * n + 2)
    story.friend("Idle", "Adam")
    story.bank("Idle", Kind.APPROVED, day=3)
    story.bank("F6", Kind.REVERSED, day=20, yuan=300, transaction="T-F6")
    story.settle(20)
    return story


def test_the_running_rules_cost_exactly_what_the_ledger_granted(tell: Tell) -> None:
    trial = tried(spring_of(tell))
    assert trial.simulated.costs == {
        ("2026-03", "base", Unit.CNY): 60_000,
        ("2026-03", "ladder", Unit.POINTS): 12_000,
        ("2026-03", "welcome", Unit.CNY): 30_000,
    }
    assert trial.simulated.costs == trial.actual.costs
    assert trial.simulated.days == trial.actual.days
    assert trial.simulated.steps == trial.actual.steps == {
        ("ladder", 1): 2, ("ladder", 3): 1, ("ladder", 5): 1,
    }  # fmt: skip
    assert trial.simulated.friends == trial.actual.friends == 6
    assert trial.simulated.members == 2


def test_gifts_out_of_a_stock_cost_what_the_ledger_gave(tell: Tell) -> None:
    mugs = "gifts:\n  - {id: mug, name: {zh_Hans: 杯, zh_Hant: 杯, en: Mug}, stock: 4}\n"
    changes = (("qualifies:\n", mugs + "qualifies:\n"), ("amount: ¥100", "amount: {gift: mug}"))
    trial = tried(spring_of(tell, *changes), *changes)
    assert trial.simulated.costs["2026-03", "base", Unit.GIFT] == 4
    assert trial.simulated.costs == trial.actual.costs
    assert trial.simulated.limits["stock:mug"].times == 2


def test_twenty_yuan_more_cost_twenty_yuan_a_friend(tell: Tell) -> None:
    trial = tried(
        spring_of(tell),
        ("amount: ¥100", "amount: ¥120"),
        ("monthly_cap: ¥500", "monthly_cap: ¥900"),
    )
    more = trial.simulated.total(Unit.CNY) - trial.actual.total(Unit.CNY)
    assert more == 2_000 * trial.simulated.friends == 12_000


def test_the_monthly_cap_of_the_draft_clips_and_is_counted(tell: Tell) -> None:
    trial = tried(spring_of(tell), ("monthly_cap: ¥500", "monthly_cap: ¥250"))
    assert trial.simulated.costs["2026-03", "base", Unit.CNY] == 25_000 + 10_000
    cap = trial.simulated.limits["monthly_cap"]
    assert (cap.times, cap.amounts) == (3, {Unit.CNY: 25_000})  # the third friend's half, and two


def test_a_budget_ends_on_the_right_day_for_the_right_friends(tell: Tell) -> None:
    trial = tried(spring_of(tell), ("- ¥1,000,000", "- ¥550"))
    budget = trial.simulated.limits["budget:CNY"]
    # Days 2, 4 and 6 cost ¥150 each. On day 8 and 10 the friend's ¥50 still fits, by key the
    # first of that moment; the member's ¥100 never again.
    assert budget.used == 55_000
    assert budget.exhausted is not None
    assert budget.exhausted.date() == date(2026, 3, 12)
    assert (budget.times, budget.amounts) == (4, {Unit.CNY: 2 * 10_000 + 15_000})
    cny = {day: n for (day, unit), n in trial.simulated.days.items() if unit is Unit.CNY}
    march = [date(2026, 3, day) for day in (6, 8, 10, 12, 14)]
    assert cny == dict(zip(march, [15_000, 15_000, 15_000, 5_000, 5_000], strict=True))
    assert trial.simulated.friends == 6  # who qualified does not depend on what was left


def test_the_first_of_a_clause_are_the_first_by_due_time_whoever_was_heard_first(
    tell: Tell,
) -> None:
    story = tell(members=("Alice", "Adam", "Ada"))
    days = {"A": 9, "B": 3, "C": 7, "D": 5, "E": 11, "F": 4}
    for n, (name, day) in enumerate(days.items()):
        story.friend(name, ("Alice", "Adam", "Ada")[n % 3])
        story.qualifies(name, day=day)
    story.settle(30)  # all at once, member by member
    base = "    amount: ¥100\n"
    trial = tried(story, (base, f"{base}    first_n: 3\n"))
    paid = {
        day for (day, unit), amount in trial.simulated.days.items()
        if unit is Unit.CNY and amount == 15_000
    }  # fmt: skip
    winners = {(story.at(days[name])).date() for name in "BFD"}
    assert paid == winners
    assert trial.simulated.limits["first:base"].times == 3


def test_a_month_is_the_campaigns_own(tell: Tell) -> None:
    story = tell()
    story.friend("Bob", "Alice")
    story.friend("Eve", "Alice")
    midnight = 27.5  # 1 April in Shanghai begins at 16:00 UTC on 31 March
    story.qualifies("Bob", day=midnight - 0.001)
    story.qualifies("Eve", day=midnight)
    story.settle(midnight + 0.01)
    costs = tried(story).simulated.costs
    assert costs["2026-03", "base", Unit.CNY] == costs["2026-04", "base", Unit.CNY] == 10_000


def test_until_looks_at_the_history_as_it_was_then(tell: Tell) -> None:
    story = spring_of(tell)
    trial = tried(story, until=story.at(7))
    assert trial.simulated.friends == 3
    assert trial.simulated.costs == trial.actual.costs
    assert tried(story, until=story.at(19)).simulated.friends == 7  # before the reversal


def test_a_draft_may_be_tried_on_another_campaign_and_must_find_one(tell: Tell) -> None:
    story = spring_of(tell)
    other = ("slug: spring-referral", "slug: summer")
    assert tried(story, other, slug="spring-referral").simulated.friends == 6
    with pytest.raises(Refusal) as caught:
        tried(story, other)
    assert caught.value == Refusal("simulate.no_campaign", slug="summer")


def test_what_counts_as_qualified_may_be_paid_by_no_clause(tell: Tell) -> None:
    rule = "qualifies:\n  first_purchase: {at_least: ¥300, within_days: 90}"
    trial = tried(spring_of(tell), (rule, "qualifies: approved"))
    assert trial.simulated.friends == 8  # Idle too; and who took the purchase back
    assert trial.simulated.costs["2026-03", "base", Unit.CNY] == 60_000
    assert {clause for _, clause, _ in trial.simulated.costs} == {"base", "welcome", "ladder"}


def test_a_customer_may_cost_a_third_of_their_value(tell: Tell) -> None:
    trial = tried(spring_of(tell))
    assert per_friend(trial.simulated) == 15_000
    assert within_value(trial.simulated, 45_000) is True
    assert within_value(trial.simulated, 44_999) is False


def test_without_a_friend_nobody_cost_anything(tell: Tell) -> None:
    nobody = tried(tell()).simulated
    assert (nobody.members, nobody.costs, nobody.friends) == (0, {}, 0)
    assert per_friend(nobody) is None
    assert within_value(nobody, 1) is None


def test_nothing_is_written(tell: Tell) -> None:
    story = spring_of(tell)

    def rows() -> list[int | None]:
        with story.database.reading() as session:
            tables = (Entry, Audit, FactRow)
            return [session.scalar(select(func.count()).select_from(table)) for table in tables]

    before = rows()
    tried(story, ("amount: ¥100", "amount: ¥120"), ("monthly_cap: ¥500", "monthly_cap: ¥900"))
    assert rows() == before


def odd_world(tell: Tell) -> Any:
    """Everything that keeps a friend from earning, and facts that name only the customer."""
    story = tell(members=("Alice", "Adam"))
    with story.database.transaction() as session:
        person = session.get_one(Person, session.get_one(Member, story.members["Alice"]).person_id)
        person.phone_blind = "alice"
    names = (
        "Plain", "Said", "Unsaid", "Self", "Number", "Adam2", "Twice", "Again",
        "Through", "OtherCard", "Late", "Declined",
    )  # fmt: skip
    for name in names:
        story.friend(name, "Alice")
    story.applies("Plain", day=1)  # a second application of the same friend

    def fact(name: str, kind: Kind, day: float, **columns: Any) -> None:
        with story.database.transaction() as session:
            ref = None if columns.pop("through", False) else f"A-{name}-1"
            serial = session.scalar(select(func.count()).select_from(FactRow))
            session.add(
                FactRow(
                    event=f"odd|{serial}", kind=kind.value, at=story.at(day),
                    received_at=story.at(day), application_ref=ref, **columns,
                )
            )  # fmt: skip

    def buys(name: str, day: float, **columns: Any) -> None:
        fact(name, Kind.PURCHASE, day, amount=30_000, transaction_ref=f"T-{name}", **columns)

    for name in names:
        if name != "Declined":
            customer = {"Self": "C-Alice", "Adam2": "C-Adam", "Again": "N-Twice"}
            card = "K1" if name == "OtherCard" else None
            ref = customer.get(name, f"N-{name}")
            fact(name, Kind.APPROVED, 2, customer_ref=ref, card_ref=card)
        if name not in ("Through", "OtherCard"):
            buys(name, 4)
    fact("Said", Kind.SUBMITTED, 1, existing_customer=True)
    fact("Unsaid", Kind.SUBMITTED, 1, existing_customer=True)
    fact("Unsaid", Kind.ACTIVATED, 3, existing_customer=False)
    fact("Number", Kind.SUBMITTED, 1, phone_blind="alice")
    fact("Declined", Kind.DECLINED, 2)
    buys("Through", 5, through=True, customer_ref="N-Through")
    fact("Through", Kind.REVERSED, 1, through=True, customer_ref="N-Through", amount=30_000,
         transaction_ref="T-Through")  # fmt: skip # before the approval: of an older card
    buys("OtherCard", 5, through=True, customer_ref="N-OtherCard", card_ref="K2")
    fact("Plain", Kind.PURCHASE, 9, amount=5, existing_customer=None)
    return story


def test_histories_read_in_bulk_owe_what_settling_owes(tell: Tell) -> None:
    story, file = odd_world(tell), read_campaign(SPRING)
    owed: dict[Any, Any] = {}
    expected: dict[Any, Any] = {}
    with story.database.reading() as session:
        terms, _ = draft_terms(tried(story).draft)
        judged = Judged(DRAFT, file.new_customer_months, file.attribution_days)
        for batch in histories(session, story.campaign, judged, most=1):
            for each in batch.told:
                owed |= dues(each.credits, each.facts, terms, story.at(50), member=each.member)
        for member in story.members.values():
            expected |= situation(session, story.campaign, member, story.at(50)).want
    assert owed.keys() == expected.keys()
    shape = {key: (due.unit, due.amount, due.earned, due.draws) for key, due in owed.items()}
    assert shape == {key: (d.unit, d.amount, d.earned, d.draws) for key, d in expected.items()}
    earning = {key.occasion for key in owed if key.clause == "welcome"}
    names = {f"referral:{number}": name for name, number in story.friends.items()}
    assert {names[each] for each in earning} == {"Plain", "Unsaid", "Twice", "Through", "Late"}


def test_a_shorter_attribution_drops_applications_matched_by_number_only(tell: Tell) -> None:
    story = tell()
    for name in ("Soon", "Late", "Token"):
        story.friend(name, "Alice")
        story.qualifies(name, day=5)
    with story.database.transaction() as session:
        from shared.referrals.referrals import CreditRow

        for name, source in (("Late", "link"), ("Token", "token")):
            query = select(CreditRow).where(CreditRow.referral_id == story.friends[name])
            row = session.scalars(query).one()
            row.on, row.source = story.at(2), source
    assert tried(story).simulated.friends == 3
    shorter = tried(story, ("attribution_days: 30", "attribution_days: 2"))
    assert shorter.simulated.friends == 2


FATES = st.lists(
    st.tuples(
        st.integers(0, 2),  # whose friend
        st.integers(1, 80),  # the day of the purchase
        st.sampled_from([100, 299, 300, 900]),  # yuan
        st.sampled_from(["", "reversed", "closed", "flagged", "existing"]),
    ),
    max_size=9,
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=FATES)
def test_without_shared_limits_the_running_rules_always_cost_what_the_ledger_holds(
    story: Any, fates: list[tuple[int, int, int, str]]
) -> None:
    number = len(story.members)
    slug = ("slug: spring-referral", f"slug: spring-{number}")
    limits = SPRING[SPRING.index("  budget:") : SPRING.index("qualifies:")]
    changes = (slug, (limits, "\n"))
    story.campaign_file(*changes)
    members = [story.member(f"M{number}-{n}") and f"M{number}-{n}" for n in range(3)]
    for n, (whose, day, yuan, fate) in enumerate(fates):
        name = f"F{number}-{n}"
        story.friend(name, members[whose])
        story.qualifies(name, day=day, yuan=yuan)
        after = day + 30 * (n % 4)
        if fate == "reversed":
            story.bank(name, Kind.REVERSED, day=after, yuan=50, transaction=f"T-{name}")
        elif fate == "existing":
            story.bank(name, Kind.ACTIVATED, day=day, existing=True)
        elif fate:
            kind = Kind.CLOSED if fate == "closed" else Kind.FLAGGED
            story.bank(name, kind, day=after)
        story.settle(n * 17)
    story.settle(250)
    trial = tried(story, *changes)
    total: Counter[tuple[str, Unit]] = Counter()
    for (_, clause, unit), amount in trial.simulated.costs.items():
        total[clause, unit] += amount
    granted: Counter[tuple[str, Unit]] = Counter()
    for (_, clause, unit), amount in trial.actual.costs.items():
        granted[clause, unit] += amount
    assert total == granted
    assert trial.simulated.steps == trial.actual.steps
    assert trial.simulated.friends == trial.actual.friends


def test_a_member_counts_once_for_a_step_however_often_they_reach_it() -> None:
    steps = StepCounter(20)
    for place in (0, 7, 8, 19, 7, 19):
        steps.reach("ladder", 3, place)
    assert steps.reached == {("ladder", 3): 4}


def test_months_go_over_the_year() -> None:
    assert list(months_between("2025-11", "2026-02")) == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]
