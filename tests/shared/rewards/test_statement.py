"""The statement: every reward of the member's own, what for, why, when, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event

from shared.actions.inviting import name_friend
from shared.applications.facts import Kind
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post
from shared.people import consents
from shared.people.consents import Purpose
from shared.people.persons import add_person
from shared.referrals.referrals import Referral
from shared.reports.statement import Page, Way, as_of, statement, totals
from shared.reports.statement_lines import Line, Status
from shared.reports.statement_words import sheet_for, status_words, what_words

Story = Any
"""The small world of this folder's conftest."""
A, U = Account, Unit


def told(story: Story, day: float, most: int = 50) -> tuple[Line, ...]:
    with story.database.reading() as session:
        return statement(session, story.members["Alice"], story.at(day), most=most).lines


def said(line: Line, locale: Locale = Locale.ZH_HANS) -> str:
    return f"{what_words(locale, line)}：{status_words(locale, line)}"


def earns(story: Story, *friends: str, day: float = 0) -> None:
    """One friend after the other qualifies, a day each."""
    for n, friend in enumerate(friends):
        story.friend(friend, of="Alice", day=day + n)
        story.qualifies(friend, day=day + n + 1)
        story.settle(day + n + 1)


def moved(
    story: Story,
    occasion: str,
    revision: int,
    legs: dict[tuple[A, U], int],
    clause: str = "base",
) -> None:
    """An entry as settling would post it once something is paid, taxed, donated, expired."""
    alice = story.members["Alice"]
    key = Key(story.campaign, f"member:{alice}", clause, occasion)
    with story.database.transaction() as session:
        why = {"clause": clause, "version": 1}
        post(session, key, alice, revision, Balance(legs), why, story.at(revision - 1))


def test_a_member_with_nothing_has_an_empty_statement(story: Story) -> None:
    alice = story.members["Alice"]
    assert told(story, 0) == ()
    with story.database.reading() as session:
        assert totals(session, alice) == ()
        assert as_of(session).entry == 0
        sheet = sheet_for(session, alice, Locale.EN, "Jianka Bank", story.at(0))
    assert sheet.entries == ()
    assert sheet.chain == "The ledger has no entries yet"


def test_a_reward_says_what_for_why_and_from_when_it_is_available(story: Story) -> None:
    earns(story, "Bob")
    base, step = sorted(told(story, 1), key=lambda line: line.unit)
    assert (base.status, base.gross, base.tax, base.net) == (Status.PENDING, 10_000, 0, 10_000)
    assert base.earned == story.at(1)
    assert base.available == story.at(31)
    assert (base.clause, base.version, base.zone) == ("base", 1, "Asia/Shanghai")
    assert said(base) == "推荐奖励 · 第 1 位好友：待发放，预计 4 月 4 日可领取"
    assert said(step) == "阶梯奖励 · 满 1 位好友：待发放，预计 4 月 4 日可领取"
    story.settle(31)
    after = told(story, 40)
    assert {(line.status, line.available) for line in after} == {(Status.AVAILABLE, story.at(31))}
    assert said(after[0]).endswith("可领取，自 4 月 4 日起")


def test_while_a_person_looks_at_it_no_date_is_promised_and_no_reason_told(story: Story) -> None:
    earns(story, "Bob")
    story.bank("Bob", Kind.FLAGGED, day=2)
    story.settle(40)
    assert {status_words(Locale.ZH_HANS, line) for line in told(story, 40)} == {
        "待发放，日期确定后会通知您"
    }


def test_the_newest_stands_first_and_the_sheet_names_the_ledgers_last_entry(story: Story) -> None:
    earns(story, "Bob", "Eve")
    lines = told(story, 2)
    assert [line.friend.ordinal for line in lines if line.friend] == [2, 1]
    moments = [line.cursor.at for line in lines]
    assert moments == sorted(moments, reverse=True)
    with story.database.reading() as session:
        seen = as_of(session)
        alice = story.members["Alice"]
        sheet = sheet_for(session, alice, Locale.ZH_HANS, "荐卡银行", story.at(2))
    assert (f"第 {seen.entry} 笔" in sheet.chain, seen.hash[:12] in sheet.chain) == (True, True)
    assert sheet.as_of == "截至 2026 年 3 月 6 日 12:00（中国标准时间）"
    assert sheet.member.endswith("A***")
    assert sum("推荐奖励：好友办卡成功" in note for note in sheet.notes) == 1


def test_what_was_taken_back_names_the_clause_and_is_worth_nothing(story: Story) -> None:
    earns(story, "Bob")
    story.bank("Bob", Kind.REVERSED, day=5, yuan=300, transaction="T-Bob")
    story.settle(5)
    lines = told(story, 6)
    assert {(line.status, line.net, line.ended) for line in lines} == {
        (Status.TAKEN_BACK, 0, story.at(5))
    }
    (base,) = (line for line in lines if line.unit is U.CNY)
    assert base.gross == base.back == 10_000
    assert said(base) == "推荐奖励 · 第 1 位好友：3 月 9 日收回：推荐奖励的条件不再满足"


def test_what_a_limit_refused_stands_there_with_the_limits_words(
    tell: Callable[..., Story],
) -> None:
    story = tell(("50,000,000 points", "9,000 points"))
    earns(story, "Bob", "Eve", "Fay", "Gus", "Hal")
    refused = [line for line in told(story, 5) if line.status is Status.LIMIT]
    assert [(line.unit, line.gross, line.net) for line in refused] == [(U.POINTS, 8000, 0)]
    assert said(refused[0]) == "阶梯奖励 · 满 5 位好友：未发放：活动奖励总额已用完"


def test_the_monthly_cap_is_named_with_its_amount(tell: Callable[..., Story]) -> None:
    story = tell(("monthly_cap: ¥500", "monthly_cap: ¥150"))
    earns(story, "Bob", "Eve", "Fay")
    none, part, whole = [line for line in told(story, 3) if line.unit is U.CNY]
    assert (none.status, none.net) == (Status.LIMIT, 0)
    assert said(none).endswith("未发放：当月现金奖励已达上限 ¥150")
    assert (part.status, part.gross) == (Status.PENDING, 5_000)
    assert said(part).endswith("；当月现金奖励已达上限 ¥150，只发放一部分")
    assert (whole.gross, whole.limit) == (10_000, "")


@pytest.mark.parametrize(
    ("unit", "legs", "status", "net", "words"),
    [
        (U.CNY, {A.PAID: 8_000, A.WITHHELD: 2_000}, Status.PAID, 8_000,
         "3 月 5 日已到账；代扣个税 ¥20，实得 ¥80"),
        (U.POINTS, {A.PAID: 500}, Status.PAID, 500, "3 月 5 日已到账"),
        (U.GIFT, {A.AVAILABLE: 1}, Status.AVAILABLE, 1, "可领取，自 3 月 5 日起"),
        (U.PRIVILEGE, {A.PENDING: 1}, Status.PENDING, 1, "待发放，日期确定后会通知您"),
        (U.DONATION, {A.PAID: 5_000}, Status.PAID, 5_000, "3 月 5 日已捐出"),
        (U.CHOICE, {A.AVAILABLE: 1}, Status.AVAILABLE, 1, "待您选择，自 3 月 5 日起"),
        (U.CNY, {A.EXPIRED: 10_000}, Status.EXPIRED, 0, "3 月 5 日过期，未能发放"),
    ],
)  # fmt: skip
def test_every_unit_and_status_is_read_off_the_ledger(
    story: Story, unit: Unit, legs: dict[Account, int], status: Status, net: int, words: str
) -> None:
    gross = sum(legs.values())
    moved(story, "month:2026-03", 1, {(A.PENDING, unit): gross, (A.FUNDING, unit): -gross})
    then = {(account, unit): amount for account, amount in legs.items()}
    if status is not Status.PENDING:
        moved(story, "month:2026-03", 2, {(A.PENDING, unit): -gross, **then})
    (line,) = told(story, 2)
    assert (line.status, line.unit, line.gross, line.net) == (status, unit, gross, net)
    assert status_words(Locale.ZH_HANS, line) == words
    assert all(said(line, locale) for locale in Locale)
    with story.database.reading() as session:
        (sums,) = totals(session, story.members["Alice"])
    assert (sums.unit, sums.tax) == (unit, legs.get(A.WITHHELD, 0))
    assert sums.pending + sums.available + sums.paid + sums.tax + sums.expired == gross


@pytest.mark.parametrize(
    ("clause", "occasion", "words"),
    [
        ("base", "referral:{}/now", "推荐奖励 · 第 1 位好友（先发部分）"),
        ("base", "referral:{}/month:2026-02", "推荐奖励 · 第 1 位好友 · 2026 年 2 月"),
        ("ladder", "step:3/round:2", "阶梯奖励 · 满 3 位好友"),
        ("goodwill", "request:7", "善意补偿"),
        ("gone", "tx:5", "其他奖励"),
    ],
)
def test_what_a_reward_is_for_is_read_off_its_occasion(
    story: Story, clause: str, occasion: str, words: str
) -> None:
    legs = {(A.PENDING, U.CNY): 100, (A.FUNDING, U.CNY): -100}
    moved(story, occasion.format(story.friend("Bob", of="Alice")), 1, legs, clause)
    (line,) = told(story, 1)
    assert what_words(Locale.ZH_HANS, line) == words


def test_a_choice_becomes_what_was_picked(story: Story) -> None:
    key = "month:2026-03"
    moved(story, key, 1, {(A.AVAILABLE, U.CHOICE): 1, (A.FUNDING, U.CHOICE): -1})
    picked = {(A.AVAILABLE, U.CHOICE): -1, (A.FUNDING, U.CHOICE): 1}
    moved(story, key, 2, picked | {(A.AVAILABLE, U.POINTS): 500, (A.FUNDING, U.POINTS): -500})
    (line,) = told(story, 3)
    assert (line.unit, line.gross, line.net) == (U.POINTS, 500, 500)


def test_what_was_written_off_is_no_longer_the_members(story: Story) -> None:
    key = "month:2026-03"
    moved(story, key, 1, {(A.PAID, U.CNY): 900, (A.FUNDING, U.CNY): -900})
    moved(story, key, 2, {(A.PAID, U.CNY): -900, (A.WRITTEN_OFF, U.CNY): 900})
    (line,) = told(story, 3)
    assert (line.status, line.net) == (Status.TAKEN_BACK, 0)


def test_a_part_taken_back_after_payment_is_told_and_waits_to_be_made_up(story: Story) -> None:
    moved(story, "month:2026-03", 1, {(A.PAID, U.CNY): 10_000, (A.FUNDING, U.CNY): -10_000})
    moved(story, "month:2026-03", 2, {(A.PAID, U.CNY): -4_000, (A.RECOVERABLE, U.CNY): 4_000})
    (line,) = told(story, 2)
    assert (line.status, line.gross, line.back, line.net) == (Status.PAID, 10_000, 4_000, 6_000)
    assert status_words(Locale.ZH_HANS, line) == "3 月 4 日已到账；其中 ¥40 已收回"
    with story.database.reading() as session:
        assert [total.recoverable for total in totals(session, story.members["Alice"])] == [4_000]


def test_pages_meet_both_ways_though_many_rewards_share_a_moment(story: Story) -> None:
    for month in range(1, 8):
        story.begin += timedelta(hours=month % 3 == 0)
        legs = {(A.PENDING, U.POINTS): month, (A.FUNDING, U.POINTS): -month}
        moved(story, f"month:2026-{month:02}", 1, legs)
    every = told(story, 1)
    assert len(every) == 7
    alice, now = story.members["Alice"], story.at(1)
    with story.database.reading() as session:
        pages: list[Page] = [statement(session, alice, now, most=2)]
        while pages[-1].older is not None:
            pages.append(statement(session, alice, now, most=2, cursor=pages[-1].older))
        assert [line for one in pages for line in one.lines] == list(every)
        assert pages[0].newer is None
        for before, here in pairwise(pages):
            back = statement(session, alice, now, most=2, cursor=here.newer, way=Way.NEWER)
            assert back == before


def test_only_the_members_own_rewards_are_in_it(tell: Callable[..., Story]) -> None:
    story = tell(members=("Alice", "Carol"))
    earns(story, "Bob")  # his own welcome reward is none of hers
    assert {line.key.party for line in told(story, 1)} == {f"member:{story.members['Alice']}"}
    with story.database.reading() as session:
        carol = story.members["Carol"]
        assert statement(session, carol, story.at(1), most=5).lines == ()
        assert totals(session, carol) == ()


def test_a_decline_and_a_closure_never_show(story: Story) -> None:
    earns(story, "Bob")
    before = told(story, 1)
    story.friend("Eve", of="Alice", day=1)
    story.bank("Eve", Kind.DECLINED, day=2)
    story.friend("Fay", of="Alice", day=1)
    story.bank("Fay", Kind.APPROVED, day=2)
    story.bank("Fay", Kind.CLOSED, day=3)
    story.settle(3)
    assert told(story, 3) == before


def test_a_friend_is_the_ordinal_until_named_and_a_masked_name_needs_consent(story: Story) -> None:
    earns(story, "Bob")
    now = story.at(1)

    def friend() -> str:
        return next(said(line) for line in told(story, 1) if line.friend).split("：")[0]

    with story.database.transaction() as session:
        person = add_person(session, now, name="王波")
        session.get_one(Referral, story.friends["Bob"]).person_id = person.id
    assert friend() == "推荐奖励 · 第 1 位好友"
    with story.database.transaction() as session:
        consents.give(
            session, Purpose.MASKED_NAME, now, locale="en", source="t", person_id=person.id
        )
    assert friend() == "推荐奖励 · 王**"
    with story.database.transaction() as session:
        consents.withdraw(session, Purpose.MASKED_NAME, now, person_id=person.id)
    assert friend() == "推荐奖励 · 第 1 位好友"
    with story.database.transaction() as session:
        name_friend(session, story.members["Alice"], story.campaign, 1, "球友")
    assert friend() == "推荐奖励 · 球友"


@contextmanager
def asked(story: Story) -> Iterator[list[tuple[str, Any]]]:
    """The statements that go to the database, with what they are given."""
    seen: list[tuple[str, Any]] = []

    def look(_c: object, _cursor: object, sql: str, given: Any, *_rest: object) -> None:
        seen.append((sql, given))

    event.listen(story.database.engine, "before_cursor_execute", look)
    yield seen
    event.remove(story.database.engine, "before_cursor_execute", look)


def test_a_page_costs_the_same_statements_however_many_rewards_there_are(story: Story) -> None:
    def cost(most: int) -> int:
        with asked(story) as seen, story.database.reading() as session:
            shown = statement(session, story.members["Alice"], story.at(9), most=most)
            assert len(shown.lines) == most
        return len(seen)

    earns(story, "Bob", "Eve")
    few = cost(2)
    earns(story, "Fay", "Gus", "Hal", day=3)
    assert cost(2) == cost(6) == few


def test_no_question_walks_everybodys_ledger(story: Story) -> None:
    earns(story, "Bob", "Eve", "Fay")
    with story.database.reading() as session:
        on_server = session.get_bind().dialect.name == "postgresql"
        with asked(story) as seen:
            page = statement(session, story.members["Alice"], story.at(9), most=2)
            beside = page.lines[0].cursor
            statement(session, story.members["Alice"], story.at(9), most=2, cursor=beside)
            totals(session, story.members["Alice"])
        connection = session.connection()
        if on_server:  # with few rows it would walk them, whatever the index
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plans = {
            str(row)
            for sql, given in seen
            for row in connection.exec_driver_sql(
                f"EXPLAIN {'' if on_server else 'QUERY PLAN'} {sql}", given
            )
        }
    ledger = [plan for plan in plans if re.search("entries|legs|admissions", plan)]
    assert any("ix_entries_member" in plan for plan in ledger)
    assert [plan for plan in ledger if "SCAN" in plan or "Seq Scan" in plan] == []
