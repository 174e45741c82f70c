"""Writing off and goodwill: one asks, another decides, and the ledger says so."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from till import Till

from shared.actions.membership import change_status
from shared.actions.remedying import ask_goodwill, ask_write_off, decide_remedy
from shared.applications.facts import Kind
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.ledger.balance import Key
from shared.people.members import MemberStatus, get_member
from shared.post.audit import Audit
from shared.rewards.remedies import RemedyState

once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def owing(story):
    """Bob's rewards were paid out, then his card was closed."""
    till = story.till = Till(story)
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=2)
    story.settle(2)
    story.settle(33)
    till.pays(33)
    story.bank("Bob", Kind.CLOSED, day=34)
    story.settle(34)
    assert story.stands("Alice") == "recoverable +150, recoverable +500p"
    return story


def base_of(story) -> Key:
    return Key(
        story.campaign,
        f"member:{story.members['Alice']}",
        "base",
        f"referral:{story.friends['Bob']}",
    )


def ask(story, by: str = "Dai", unit: Unit = Unit.CNY) -> int:
    with story.database.transaction() as session:
        staff = story.till.who(session, by)
        return ask_write_off(session, staff, base_of(story), unit, "left abroad", story.at(35))


def decide(story, number: int, by: str = "Chen", agree: bool = True) -> RemedyState:
    with story.database.transaction() as session:
        staff = story.till.who(session, by)
        return decide_remedy(session, staff, number, agree, story.at(35))


def test_what_will_not_come_back_is_written_off_by_two(owing):
    number = ask(owing)
    with pytest.raises(Refusal, match=r"^remedy\.asked$"):
        ask(owing)
    with pytest.raises(Refusal, match=r"^remedy\.maker$"):
        decide(owing, number, by="Dai")
    with pytest.raises(Refusal, match=r"^payout\.authority$"):
        decide(owing, number, by="Mei")
    assert decide(owing, number) is RemedyState.DONE
    with pytest.raises(Refusal, match=r"^remedy\.decided$"):
        decide(owing, number)
    owing.settle(35)
    assert owing.ledger("Alice")[-1] == "Alice base Bob: recoverable -100, written_off +100"
    assert owing.stands("Alice") == "recoverable +50, recoverable +500p, written_off +100"
    owing.till.verify(35)
    with pytest.raises(Refusal, match=r"^remedy\.nothing$"):
        ask(owing)
    with owing.database.reading() as session:
        acts = session.scalars(
            select(Audit.act).where(Audit.act.like("remedy.%")).order_by(Audit.id)
        )
        assert list(acts) == ["remedy.asked", "remedy.done"]


@once
def test_a_refused_request_changes_nothing_and_netting_goes_on(owing):
    assert decide(owing, ask(owing), agree=False) is RemedyState.REFUSED
    owing.settle(35)
    owing.friend("Cat", of="Alice", day=36)
    owing.qualifies("Cat", day=38)
    owing.settle(38)
    owing.settle(69)
    made = owing.till.prepare(69)
    assert made.totals[Unit.CNY].netted == 10_000
    with pytest.raises(Refusal, match=r"^remedy\.claimed$"):
        ask(owing)
    owing.till.cancel(made.number, 69)
    ask(owing)


@once
def test_what_was_netted_meanwhile_is_not_written_off_as_well(owing):
    number = ask(owing)
    owing.friend("Cat", of="Alice", day=36)
    owing.qualifies("Cat", day=38)
    owing.settle(38)
    owing.settle(69)
    batch = owing.till.prepare(69).number
    with pytest.raises(Refusal, match=r"^remedy\.claimed$"):
        decide(owing, number)
    owing.till.confirm(batch, 69)
    owing.till.answer(owing.till.export(batch, 69), 69)
    owing.settle(69)
    with pytest.raises(Refusal, match=r"^remedy\.nothing$"):
        decide(owing, number)
    owing.till.verify(69)


def goodwill(story, by: str = "Dai", amount: int = 8_800) -> int:
    with story.database.transaction() as session:
        alice, staff = story.members["Alice"], story.till.who(session, by)
        at = story.at(3)
        return ask_goodwill(
            session, staff, story.campaign, alice, Unit.CNY, amount, "late file", at
        )


@once
def test_goodwill_is_given_by_two_and_paid_like_everything_else(story):
    till = story.till = Till(story)
    with pytest.raises(Refusal, match=r"^remedy\.amount$"):
        goodwill(story, amount=0)
    number = goodwill(story)
    story.settle(3)
    assert story.ledger("Alice") == []
    with pytest.raises(Refusal, match=r"^remedy\.maker$"):
        decide(story, number, by="Dai")
    decide(story, number)
    story.settle(35)
    assert story.ledger("Alice") == [f"Alice goodwill remedy:{number}: funding -88, available +88"]
    till.verify(35)
    assert [row["net"] for row in till.pays(36)] == ["88.00"]
    assert story.stands("Alice") == "paid +88"
    till.verify(36)


@once
def test_goodwill_follows_the_account_of_a_member_who_has_no_friend(story):
    story.till = Till(story)

    def turns(status: MemberStatus, day: float) -> None:
        with story.database.transaction() as session:
            alice = get_member(session, story.members["Alice"])
            assert change_status(session, alice, status, story.at(day))

    turns(MemberStatus.INACTIVE, 1)
    decide(story, goodwill(story))
    story.settle(36)
    assert story.stands("Alice") == "pending +88"
    turns(MemberStatus.ACTIVE, 37)
    story.settle(37)
    assert story.stands("Alice") == "available +88"
    story.verify(37)


@once
def test_staff_never_ask_or_decide_about_themselves(owing):
    with owing.database.transaction() as session:
        owing.till.who(session, "Dai").customer_ref = "C-Alice"
    with pytest.raises(Refusal, match=r"^remedy\.party$"):
        ask(owing)
    with pytest.raises(Refusal, match=r"^remedy\.party$"):
        goodwill(owing)
    number = ask(owing, by="Chen")
    with pytest.raises(Refusal, match=r"^remedy\.party$"):
        decide(owing, number, by="Dai")
