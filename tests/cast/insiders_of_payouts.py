"""What the desk's people try with payouts, the bank's answers and repairs."""

from __future__ import annotations

from collections.abc import Iterator

from counter import ALICE, CHEN, EMILY, MEIS_CARD, Page, words
from desktop import LUO, SHEN, TANG, Desks
from insiders import Way, becomes, employee, has_card
from insiders_of_money import SPRING, party, second_number
from money import answers, goodwill, settles

from shared.rewards.causes import Cause
from shared.rewards.causes import Remedy as Mends
from shared.rewards.repairs import Repair

Steps = Iterator[Page | str | None]
PAYOUTS, FIRST = "/desk/payouts", "/desk/payouts/1"


def prepared(desks: Desks, by: str = SHEN, member: str = ALICE) -> None:
    """A batch with somebody's ¥88 waits for its second person."""
    goodwill(desks, member, 8_800)
    assert desks.of(by).posts(PAYOUTS, campaign="spring").place == FIRST


def the_own_batch_confirmed(desks: Desks) -> Steps:
    prepared(desks, TANG)
    tang = desks.of(TANG)
    yield None
    yield tang.posts(f"{FIRST}/confirm")


def the_own_batch_under_another_number(desks: Desks) -> Steps:
    has_card(desks, TANG)
    prepared(desks, TANG)
    again = second_number(desks)
    yield None
    yield again.posts(f"{FIRST}/confirm")


def the_own_batch_in_another_role(desks: Desks) -> Steps:
    prepared(desks, TANG)
    becomes(desks, TANG, "manager")
    tang = desks.of(TANG)
    yield None
    yield tang.posts(f"{FIRST}/confirm")


def batch_that_pays(member: str) -> Way:
    """A colleague's batch, in which somebody close is paid, is confirmed."""

    def way(desks: Desks) -> Steps:
        prepared(desks, SHEN, member)
        tang = party(desks)
        yield None
        yield tang.posts(f"{FIRST}/confirm")

    return way


def batch_prepared_for(member: str) -> Way:
    """A batch is collected in which only somebody close would be paid."""

    def way(desks: Desks) -> Steps:
        goodwill(desks, member, 8_800)
        tang = party(desks)
        yield None
        yield tang.posts(PAYOUTS, campaign="spring")

    return way


def an_unconfirmed_batch_sent(desks: Desks) -> Steps:
    prepared(desks, TANG)
    tang = desks.of(TANG)
    yield None
    yield tang.posts(f"{FIRST}/file", form="csv")


def a_batch_confirmed_by_an_auditor(desks: Desks) -> Steps:
    prepared(desks)
    luo = desks.of(LUO)
    yield None
    yield luo.posts(f"{FIRST}/confirm")


def payment_called_failed(member: str) -> Way:
    """The bank's answer is loaded, by which somebody close would be paid again."""

    def way(desks: Desks) -> Steps:
        prepared(desks, SHEN, member)
        chen = desks.of(CHEN)
        chen.posts(f"{FIRST}/confirm")
        chen.posts(f"{FIRST}/file", form="csv")
        settles(desks)
        tang = party(desks)
        yield None
        page = answers(tang, "JK000001-00001,failed,closed")
        yield "party" if words("command.payout.why.party") in page.html else page

    return way


def repairs(desks: Desks, member: str, by: str = SHEN) -> None:
    """A repair of a member's account waits for its second person."""
    with desks.database.transaction() as session:
        session.add(
            Repair(
                campaign_id=1, member_id=desks.house.member_id(member),
                remedy=Mends.SETTLE.value, month="2026-03", cause=Cause.TOO_LITTLE.value,
                proposed_by=f"staff:{employee(session, by).id}", proposed_at=desks.clock(),
            )
        )  # fmt: skip


def repair_of(member: str) -> Way:
    """A colleague's proposal for the account of somebody close is carried out."""

    def way(desks: Desks) -> Steps:
        tang = party(desks)
        repairs(desks, member)
        yield None
        yield tang.posts("/desk/repairs/1/apply")

    return way


def the_own_repair_applied(desks: Desks) -> Steps:
    repairs(desks, ALICE, TANG)
    tang = desks.of(TANG)
    yield None
    yield tang.posts("/desk/repairs/1/apply")


def the_own_repair_under_another_number(desks: Desks) -> Steps:
    has_card(desks, TANG)
    repairs(desks, ALICE, TANG)
    again = second_number(desks)
    yield None
    yield again.posts("/desk/repairs/1/apply")


def a_relatives_repair_among_all(desks: Desks) -> Steps:
    tang = party(desks)
    repairs(desks, EMILY)
    repairs(desks, MEIS_CARD)
    yield None
    page = tang.posts(f"{SPRING}/repairs", upto="9")
    yield "left" if words("desk.repair.said.all", n=0) in page.html else page


WAYS: tuple[tuple[str, Way, str | int], ...] = (
    ("own batch", the_own_batch_confirmed, "payout.maker"),
    ("own batch, other number", the_own_batch_under_another_number, "payout.maker"),
    ("own batch, other role", the_own_batch_in_another_role, "payout.maker"),
    ("batch that pays them", batch_that_pays(MEIS_CARD), "payout.party"),
    ("batch that pays a friend", batch_that_pays(EMILY), "payout.party"),
    ("batch for oneself", batch_prepared_for(MEIS_CARD), "payout.nothing"),
    ("batch for a friend", batch_prepared_for(EMILY), "payout.nothing"),
    ("file before the second person", an_unconfirmed_batch_sent, "payout.state"),
    ("batch by an auditor", a_batch_confirmed_by_an_auditor, 403),
    ("own payment called failed", payment_called_failed(MEIS_CARD), "party"),
    ("a friend's payment called failed", payment_called_failed(EMILY), "party"),
    ("repair of the own account", repair_of(MEIS_CARD), "repair.party"),
    ("repair of a friend's account", repair_of(EMILY), "repair.party"),
    ("own repair", the_own_repair_applied, "repair.same"),
    ("own repair, other number", the_own_repair_under_another_number, "repair.same"),
    ("repairs of their circle among all", a_relatives_repair_among_all, "left"),
)
PARAMS = {"payout.nothing": {"slug": "spring"}, "payout.state": {"number": 1}}
