"""Payouts as stories: what the desk and the bank did, the whole ledger after it, and that it is
whole. The spring campaign: ¥100 for Alice, ¥50 for the friend, 500 points at the first friend,
available thirty days after the purchase."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import islice

import pytest
from spring import LADDER_OFF, WELCOME_OFF
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from till import Till
from told import listening, noting

from shared.actions import answering, paying, preparing, settling
from shared.applications.facts import Kind
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import Life, get_campaign
from shared.campaigns.campaigns import move as move_campaign
from shared.ledger.balance import Account, Key
from shared.people.staff import Staff
from shared.post.audit import Audit
from shared.reports.payout_file import Form
from shared.rewards.payments import pay_all
from shared.rewards.payouts import TRANSITIONS, Batch, Line, State
from shared.rewards.queue import wake
from shared.rewards.settle import settle
from shared.rewards.standing import Happening, happen

once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Rules in which the engines have no part are told once."""
GRANTED = [
    "Alice base Bob: funding -100, pending +100",
    "Bob welcome: funding -50, pending +50",
    "Alice ladder step:1: funding -500p, pending +500p",
]


@pytest.fixture
def bob(story):
    """Bob qualified on day 2; everything is available on day 32."""
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=2)
    story.settle(2)
    story.settle(33)
    return story


@pytest.fixture
def plain(tell: Callable):
    """A world in which only the ¥100 for the member is promised."""
    return tell(WELCOME_OFF, LADDER_OFF, ("monthly_cap: ¥500", "monthly_cap: ¥5,000"))


def qualified(story, *names: str, day: float) -> None:
    for name in names:
        if name not in story.friends:
            story.friend(name, of="Alice", day=max(0, day - 5))
        story.qualifies(name, day=day)
    story.settle(day)
    story.settle(day + 30)


def test_a_payout_in_full_moves_all_that_is_available_and_the_file_is_the_ledger(bob):
    till = Till(bob)
    rows = till.pays(33)
    assert [
        (row["customer_ref"], row["application_ref"], row["unit"], row["net"]) for row in rows
    ] == [
        ("", "A-Bob-1", "CNY", "50.00"),
        ("C-Alice", "", "CNY", "100.00"),
        ("C-Alice", "", "POINTS", "500"),
    ]
    assert sorted(bob.ledger("Alice")[3:]) == [
        "Alice base Bob: available -100, paid +100",
        "Alice base Bob: pending -100, available +100",
        "Alice ladder step:1: available -500p, paid +500p",
        "Alice ladder step:1: pending -500p, available +500p",
        "Bob welcome: available -50, paid +50",
        "Bob welcome: pending -50, available +50",
    ]
    assert sorted(bob.ledger("Alice")[:3]) == sorted(GRANTED)
    assert bob.stands("Alice") == "paid +150, paid +500p"
    with bob.database.reading() as session:
        assert session.scalars(select(Batch.state)).all() == ["acknowledged"]
    till.verify(33)


@once
def test_the_ledger_has_what_the_files_say_after_many_payouts(bob):
    till = Till(bob)
    rows = till.pays(33)
    qualified(bob, "Cat", "Dan", day=40)
    rows += till.pays(75)
    paid: dict[str, int] = {"CNY": 0, "POINTS": 0}
    for row in rows:
        paid[row["unit"]] += int(float(row["net"]) * (100 if row["unit"] == "CNY" else 1))
    ledger = bob.positions()
    for unit in ("CNY", "POINTS"):
        moved = sum(
            n for place, n in ledger.items() if place[3] is Account.PAID and place[4] == unit
        )
        assert moved == paid[unit] > 0
    till.verify(75)


@once
def test_what_failed_is_available_again_and_paid_the_next_time(bob):
    till = Till(bob)
    rows = till.sends(33)
    came_to = till.answer(rows, 33, C_Alice="account 6222020200112233 closed")
    assert (came_to.paid, came_to.failed) == (1, 2)
    bob.settle(33)
    assert bob.stands("Alice") == "available +100, available +500p, paid +50"
    with bob.database.reading() as session:
        reasons = set(session.scalars(select(Line.reason).where(Line.state == "failed")))
    assert reasons == {"account … closed"}  # no account number is kept
    again = till.pays(34)
    assert [row["net"] for row in again] == ["100.00", "500"]
    assert {row["reference"] for row in rows} & {row["reference"] for row in again} == set()
    assert bob.stands("Alice") == "paid +150, paid +500p"
    till.verify(34)


def test_the_same_answer_twice_changes_nothing_and_another_one_is_listed(bob):
    till = Till(bob)
    rows = till.sends(33)
    till.answer(rows, 33)
    bob.settle(33)
    before = bob.ledger("Alice")
    again = till.answer(rows, 34)
    assert (again.paid, again.repeated, again.refused) == (0, 3, [])
    other = till.answer(rows, 34, C_Alice="closed")
    assert [why for _, _, why in other.refused] == ["other", "other"]
    unknown = till.load("reference,status,reason\nJK999999-00001,paid,", 34)
    assert unknown.refused == [(2, "JK999999-00001", "unknown")]
    bob.settle(35)
    assert bob.ledger("Alice") == before
    with pytest.raises(Refusal, match=r"^payout\.nothing$"):
        till.prepare(35)
    till.verify(35)


@once
def test_one_file_that_says_both_is_taken_at_its_first_word(bob):
    till = Till(bob)
    reference = till.sends(33)[1]["reference"]
    words = ("failed,closed", "paid,", "failed,x")
    lines = ["reference,status,reason", *(f"{reference},{said}" for said in words)]
    came_to = till.load("\n".join(lines), 33)
    assert (came_to.paid, came_to.failed, came_to.repeated) == (0, 1, 1)
    assert came_to.refused == [(3, reference, "other")]


@once
def test_a_wrong_amount_is_not_taken_for_paid(bob):
    till = Till(bob)
    row = till.sends(33)[1]
    answer = "reference,status,reason,net\n{},paid,,{}"
    wrong = till.load(answer.format(row["reference"], "99.99"), 33)
    assert [why for _, _, why in wrong.refused] == ["amount"]
    right = till.load(answer.format(row["reference"], "100.00"), 33)
    assert (right.paid, right.refused) == (1, [])


def test_when_the_process_dies_in_between_nothing_is_paid_and_the_file_is_loaded_again(
    bob, monkeypatch
):
    till = Till(bob)
    rows = till.sends(33)
    before = bob.ledger("Alice")

    def dies(session, payments, now):
        """After the first of several keys."""
        pay_all(session, islice(payments, 1), now)
        raise KeyboardInterrupt

    monkeypatch.setattr(answering, "pay_all", dies)
    with pytest.raises(KeyboardInterrupt):
        till.answer(rows, 33)
    monkeypatch.undo()
    bob.settle(33)
    assert bob.ledger("Alice") == before
    with pytest.raises(Refusal, match=r"^payout\.nothing$"):
        till.prepare(33)  # the bank may have paid: its answer comes first
    assert till.answer(rows, 34).paid == 3
    bob.settle(34)
    assert bob.stands("Alice") == "paid +150, paid +500p"
    till.verify(34)


@once
def test_answered_but_not_settled_waits_and_is_never_paid_again(bob):
    till = Till(bob)
    till.answer(till.sends(33), 33)
    with pytest.raises(Refusal, match=r"^payout\.nothing$"):
        till.prepare(33)  # the ledger still says available
    bob.settle(33)
    with pytest.raises(Refusal, match=r"^payout\.nothing$"):
        till.prepare(33)
    till.verify(33)


@once
def test_a_batch_is_confirmed_by_another_person_with_the_right_to(bob):
    till = Till(bob)
    number = till.prepare(33, by="Chen").number
    with pytest.raises(Refusal, match=r"^payout\.maker$"):
        till.confirm(number, 33, by="Chen")
    with pytest.raises(Refusal, match=r"^payout\.authority$"):
        till.confirm(number, 33, by="Mei")
    with pytest.raises(Refusal, match=r"^payout\.state$"):
        till.export(number, 33)
    with bob.database.transaction() as session:
        till.who(session, "Dai").customer_ref = "C-Alice"
    with pytest.raises(Refusal, match=r"^payout\.party$"):
        till.confirm(number, 33, by="Dai")
    with bob.database.transaction() as session:
        till.who(session, "Dai").customer_ref = None
    till.confirm(number, 33, by="Dai")
    with pytest.raises(Refusal, match=r"^payout\.state$"):
        till.confirm(number, 33, by="Dai")
    with bob.database.reading() as session:
        acts = session.execute(
            select(Audit.act, Audit.actor).where(Audit.act.like("payout.%")).order_by(Audit.id)
        )
        assert [tuple(row) for row in acts] == [
            ("payout.prepared", f"staff:{till.staff['Chen']}"),
            ("payout.confirmed", f"staff:{till.staff['Dai']}"),
        ]


@once
def test_staff_who_are_paid_themselves_prepare_for_the_others_only(bob):
    till = Till(bob)
    with bob.database.transaction() as session:
        till.who(session, "Dai").customer_ref = "C-Alice"
    made = till.prepare(33, by="Dai")
    assert {unit: total.gross for unit, total in made.totals.items()} == {Unit.CNY: 5000}


def test_a_cancelled_batch_frees_its_lines(bob):
    till = Till(bob)
    number = till.prepare(33).number
    till.confirm(number, 33)
    assert till.cancel(number, 33) == 3
    with pytest.raises(Refusal, match=r"^payout\.state$"):
        till.export(number, 33)
    rows = till.sends(34)
    assert [row["net"] for row in rows] == ["50.00", "100.00", "500"]
    with pytest.raises(Refusal, match=r"^payout\.state$"):
        till.cancel(number + 1, 34)  # the bank has it
    assert till.load("reference,status,reason\nJK000001-00001,paid,", 34).refused == [
        (2, "JK000001-00001", "not_sent")
    ]
    till.answer(rows, 34)
    bob.settle(34)
    till.verify(34)


def test_the_database_itself_lets_a_key_into_one_open_line_only(bob, monkeypatch):
    till = Till(bob)
    till.prepare(33)
    monkeypatch.setattr(preparing, "open_keys", lambda *_: set())
    with pytest.raises(IntegrityError):
        till.prepare(33)


def test_of_two_who_prepare_at_once_one_finds_nothing_left(bob):
    till, came_to = Till(bob), []
    start = threading.Barrier(2)

    def prepare() -> None:
        start.wait()
        try:
            came_to.append(till.prepare(33).totals[Unit.CNY].lines)
        except Refusal as refusal:
            came_to.append(refusal.code)

    both = [threading.Thread(target=prepare) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(map(str, came_to)) == ["2", "payout.nothing"]


def test_the_same_answer_at_once_from_two_terminals_pays_once(bob):
    till, came_to = Till(bob), []
    rows = till.sends(33)
    start = threading.Barrier(2)

    def answer() -> None:
        start.wait()
        came_to.append(till.answer(rows, 33).paid)

    both = [threading.Thread(target=answer) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(came_to) == [0, 3]
    bob.settle(33)
    assert bob.stands("Alice") == "paid +150, paid +500p"
    till.verify(33)


@once
def test_a_paused_campaign_pays_nothing_out(bob):
    till = Till(bob)
    with bob.database.transaction() as session:
        campaign = get_campaign(session, bob.campaign)
        move_campaign(session, campaign, Life.PAUSED, "staff:1", bob.at(33))
    with pytest.raises(Refusal, match=r"^payout\.paused$"):
        till.prepare(33)


@once
def test_what_is_reversed_before_the_file_leaves_is_not_in_it(bob):
    till = Till(bob)
    number = till.prepare(33).number
    till.confirm(number, 33)
    bob.bank("Bob", Kind.CLOSED, day=34)
    bob.settle(34)
    assert till.export(number, 34) == []
    assert bob.stands("Alice") == ""
    with bob.database.reading() as session:
        ends = session.execute(select(Line.state, Line.reason)).all()
        assert {tuple(end) for end in ends} == {("withdrawn", "changed")}
    till.verify(34)


@once
def test_what_is_reversed_while_the_bank_pays_is_owed_back(bob):
    till = Till(bob)
    rows = till.sends(33)
    bob.bank("Bob", Kind.CLOSED, day=34)
    bob.settle(34)
    assert bob.stands("Alice") == ""
    till.answer(rows, 35)
    bob.settle(35)
    assert bob.stands("Alice") == "recoverable +150, recoverable +500p"
    till.verify(35)


def test_after_a_part_refund_the_next_reward_is_netted(plain):
    till = Till(plain)
    qualified(plain, "Bob", day=5)
    till.pays(36)
    plain.bank("Bob", Kind.REVERSED, day=40, yuan=1, transaction="T-Bob")  # ¥299 is not ¥300
    plain.settle(40)
    assert plain.stands("Alice") == "recoverable +100"
    with pytest.raises(Refusal, match=r"^payout\.nothing$"):
        till.prepare(40)  # nothing to pay, and no card is debited
    qualified(plain, "Cat", "Dan", day=41)
    rows = till.pays(72)
    assert [(row["gross"], row["netted"], row["net"]) for row in rows] == [
        ("200.00", "100.00", "100.00")
    ]
    assert plain.ledger("Alice") == [
        "Alice base Bob: funding -100, pending +100",
        "Alice base Bob: pending -100, available +100",
        "Alice base Bob: available -100, paid +100",
        "Alice base Bob: paid -100, recoverable +100",
        "Alice base Cat: funding -100, pending +100",
        "Alice base Dan: funding -100, pending +100",
        "Alice base Cat: pending -100, available +100",
        "Alice base Dan: pending -100, available +100",
        "Alice base Cat: available -100, paid +100",
        "Alice base Dan: available -100, paid +100",
        "Alice base Bob: funding +100, recoverable -100",
    ]
    till.verify(72)


@once
def test_what_is_netted_in_full_needs_no_bank(plain):
    till = Till(plain)
    qualified(plain, "Bob", day=5)
    till.pays(36)
    plain.bank("Bob", Kind.CLOSED, day=40)
    plain.settle(40)
    qualified(plain, "Cat", day=41)
    number = till.prepare(72).number
    assert plain.stands("Alice") == "available +100, recoverable +100"
    till.confirm(number, 72)
    plain.settle(72)
    assert plain.stands("Alice") == "paid +100"
    with plain.database.reading() as session:
        assert session.get_one(Batch, number).state == "acknowledged"
    till.verify(72)


@once
def test_a_refund_that_turns_out_wrong_makes_the_reward_whole_again(plain):
    """The money came back by netting; then the bank corrects itself and a purchase counts."""
    till = Till(plain)
    qualified(plain, "Bob", day=5)
    till.pays(36)
    plain.bank("Bob", Kind.REVERSED, day=40, yuan=300, transaction="T-Bob")
    plain.settle(40)
    qualified(plain, "Cat", day=41)
    till.confirm(till.prepare(72).number, 72)
    plain.settle(72)
    plain.bank("Bob", Kind.PURCHASE, day=73, yuan=300, transaction="T-Bob-2")
    plain.settle(73)
    plain.settle(104)
    assert plain.stands("Alice") == "available +100, paid +100"
    till.pays(104)
    assert plain.stands("Alice") == "paid +200"
    till.verify(104)


@once
def test_the_member_is_told_what_was_paid_and_what_failed(bob, monkeypatch):
    told = []
    monkeypatch.setattr(answering, "notify_members", noting(told))
    till = Till(bob)
    till.answer(till.sends(33), 33, C_Alice="closed")
    bob.settle(33)
    till.pays(34)
    assert [(notice, params["unit"], params["amount"]) for notice, params in told] == [
        ("payout.failed", "CNY", 10000),
        ("payout.failed", "POINTS", 500),
        ("payout.paid", "CNY", 10000),
        ("payout.paid", "POINTS", 500),
    ]


@once
def test_after_a_payout_the_member_reads_what_is_owed_back_and_that_no_card_is_debited(
    bob, monkeypatch
):
    told = []
    listening(monkeypatch, told)
    till = Till(bob)
    till.answer(till.sends(33), 33)
    bob.settle(33)
    bob.bank("Bob", Kind.CLOSED, day=34)
    changes = bob.settle(34)
    with bob.database.transaction() as session:
        settling.tell_members(session, changes, bob.at(34))
    assert sorted((notice, params["unit"], params["amount"]) for notice, params in told) == [
        ("reward.recoverable", "CNY", 10000),
        ("reward.recoverable", "POINTS", 500),
    ]


def test_every_state_of_a_batch_can_be_reached():
    reached = {State.PREPARED} | {to for after in TRANSITIONS.values() for to in after}
    assert reached == set(State) == set(TRANSITIONS)


@once
def test_a_member_of_staff_who_left_confirms_nothing(bob):
    till = Till(bob)
    number = till.prepare(33).number
    with bob.database.transaction() as session:
        session.get_one(Staff, till.staff["Chen"]).active = False
    with pytest.raises(Refusal, match=r"^payout\.authority$"):
        till.confirm(number, 33)


def given(story, unit: Unit, amount: int, *clauses: str, day: float = 3) -> None:
    """What the clauses of a richer programme would owe Alice, planted as lives of keys."""
    alice = story.members["Alice"]
    with story.database.transaction() as session:
        for clause in clauses:
            key = Key(story.campaign, f"member:{alice}", clause, "referral:1")
            kind = Happening.GOODWILL
            happen(session, key, alice, kind, story.at(day), unit=unit, amount=amount)
        wake(session, story.campaign, alice, story.at(day))
    story.settle(day)


@once
def test_gifts_are_named_one_by_one_and_a_choice_waits_until_it_is_made(plain):
    till = Till(plain)
    given(plain, Unit.GIFT, 1, "umbrella", "teapot")
    given(plain, Unit.DONATION, 5_000, "trees")
    given(plain, Unit.CHOICE, 1, "either")
    rows = till.sends(4)
    assert [(row["unit"], row["item"], row["net"]) for row in rows] == [
        ("DONATION", "trees", "50.00"),
        ("GIFT", "teapot", "1"),
        ("GIFT", "umbrella", "1"),
    ]
    till.answer(rows, 4)
    plain.settle(4)
    assert plain.stands("Alice") == "available +1 choice, paid +50 donated, paid +2 gift"
    till.verify(4)


@once
def test_a_gift_that_has_to_come_back_is_not_netted_from_another_nor_from_money(plain):
    till = Till(plain)
    given(plain, Unit.GIFT, 1, "umbrella")
    given(plain, Unit.DONATION, 5_000, "trees")
    till.pays(4)
    given(plain, Unit.GIFT, -1, "umbrella", day=5)
    given(plain, Unit.DONATION, -5_000, "trees", day=5)
    assert plain.stands("Alice") == "recoverable +50 donated, recoverable +1 gift"
    given(plain, Unit.GIFT, 1, "teapot", day=6)
    given(plain, Unit.CNY, 10_000, "cash", day=6)
    given(plain, Unit.DONATION, 8_000, "trees", day=6)
    rows = till.pays(7)
    assert [(row["item"], row["netted"], row["net"]) for row in rows] == [
        ("", "0.00", "100.00"),
        ("trees", "0.00", "30.00"),
        ("teapot", "0", "1"),
    ]
    till.verify(7)


@once
def test_goodwill_is_told_once_and_in_its_own_words(plain, monkeypatch):
    told: list = []
    listening(monkeypatch, told)
    with plain.database.transaction() as session:
        alice = plain.members["Alice"]
        key = Key(plain.campaign, f"member:{alice}", "goodwill", "remedy:1")
        kind = Happening.GOODWILL
        happen(session, key, alice, kind, plain.at(3), unit=Unit.CNY, amount=8_800)
        changes = settle(session, plain.campaign, alice, plain.at(3))
        settling.tell_members(session, changes, plain.at(3))
    assert told == [("goodwill.given", {"unit": "CNY", "amount": 8_800})]


@once
def test_a_file_that_is_not_the_ledger_is_never_written(bob, monkeypatch):
    till = Till(bob)
    number = till.prepare(33).number
    till.confirm(number, 33)
    bob.bank("Bob", Kind.CLOSED, day=34)
    bob.settle(34)
    monkeypatch.setattr(paying, "_withdraw_stale", lambda *_: ([], 0))
    with pytest.raises(Refusal, match=r"^payout\.uneven$"):
        till.export(number, 34)
    monkeypatch.undo()
    till.cancel(number, 34)  # nothing left the house


@once
def test_only_the_desk_and_managers_see_names_and_references(bob):
    till = Till(bob)
    number = till.prepare(33).number
    with bob.database.transaction() as session:
        mei = till.who(session, "Mei")
        copy = paying.export_masked(session, mei, number, Form.CSV, bob.at(33))
    assert b"Alice" not in copy.content
    assert b"A***" in copy.content
    till.confirm(number, 33)
    with pytest.raises(Refusal, match=r"^payout\.authority$"):
        till.export(number, 33, by="Mei")
    first = till.export(number, 33)
    assert first[1]["name"] == "Alice"
    till.answer(first, 33)
    assert till.export(number, 34) == first  # the same file whenever it is asked for
    with bob.database.reading() as session:
        told = session.scalars(select(Audit).where(Audit.act == "payout.exported"))
        assert [row.details["full"] for row in told] == [False, True, True]
