"""What the desk's people try with goodwill, write-offs, findings, payouts and repairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from counter import ALICE, BOB, CHEN, EMILY, MEI, MEIS_CARD, Page, words
from desktop import LUO, SHEN, TANG, Desk, Desks
from insiders import (
    SECOND_NUMBER,
    Way,
    becomes,
    claimed,
    employee,
    has_card,
    invited_by_alice,
    invited_emily,
    registers,
)
from money import answers, goodwill, settles
from sqlalchemy import select, update

from shared.actions.finding import find
from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post
from shared.referrals.referrals import Referral, Registration
from shared.rewards.causes import Cause
from shared.rewards.causes import Remedy as Mends
from shared.rewards.remedies import Remedy, RemedyKind, RemedyState
from shared.rewards.repairs import Repair

Steps = Iterator[Page | str | None]
GOODWILL, ONE = "/desk/remedies/goodwill", "/desk/remedies/1"
SPRING, PAYOUTS, FIRST = "/desk/campaigns/spring", "/desk/payouts", "/desk/payouts/1"


def second_number(desks: Desks, role: str = "desk") -> Desk:
    """Mei's card comes to a new staff number at the desk, which signs in."""
    becomes(desks, SECOND_NUMBER, role, ref=MEIS_CARD)
    desk = desks.stranger()
    assert desk.signs_in(SECOND_NUMBER, "135792").place == "/desk/campaigns"
    return desk


def party(desks: Desks) -> Desk:
    """Tang, whose card is the one under which Emily came."""
    has_card(desks, TANG)
    invited_emily(desks)
    return desks.of(TANG)


def gives(desk: Desk, member: str) -> Page:
    """Goodwill is asked for."""
    return desk.posts(
        GOODWILL, campaign="spring", member=member, amount="88", unit="CNY", reason="late"
    )


def goodwill_for(member: str, ready: Callable[[Desks], None]) -> Way:
    """Goodwill for somebody close, or for oneself."""

    def way(desks: Desks) -> Steps:
        has_card(desks, TANG)
        ready(desks)
        tang = desks.of(TANG)
        yield None
        yield gives(tang, member)

    return way


def own_goodwill_agreed(desks: Desks) -> Steps:
    tang = desks.of(TANG)
    assert gives(tang, ALICE).place == ONE
    yield None
    yield tang.posts(f"{ONE}/agree")


def own_goodwill_agreed_under_another_number(desks: Desks) -> Steps:
    has_card(desks, TANG)
    assert gives(desks.of(TANG), ALICE).place == ONE
    again = second_number(desks)
    yield None
    yield again.posts(f"{ONE}/agree")


def own_goodwill_agreed_in_another_role(desks: Desks) -> Steps:
    assert gives(desks.of(TANG), ALICE).place == ONE
    becomes(desks, TANG, "manager")
    tang = desks.of(TANG)
    yield None
    yield tang.posts(f"{ONE}/agree")


def a_colleagues_goodwill_for_a_relative_agreed(desks: Desks) -> Steps:
    tang = party(desks)
    assert gives(desks.of(SHEN), EMILY).place == ONE
    yield None
    yield tang.posts(f"{ONE}/agree")


def goodwill_by_an_auditor(desks: Desks) -> Steps:
    luo = desks.of(LUO)
    yield None
    yield gives(luo, ALICE)


def owes(desks: Desks, customer_ref: str) -> dict[str, str]:
    """A member was paid ¥100 that is no longer owed; the form that would give it up."""
    member = desks.house.member_id(customer_ref)
    with desks.database.transaction() as session:
        key = Key(1, f"member:{member}", "base", "referral:7")
        legs = {(Account.FUNDING, Unit.CNY): -10_000, (Account.RECOVERABLE, Unit.CNY): 10_000}
        post(session, key, member, 1, Balance(legs), {}, desks.clock())
    return {
        "party": key.party, "clause": key.clause, "occasion": key.occasion,
        "unit": "CNY", "reason": "moved abroad",
    }  # fmt: skip


def the_own_debt_written_off(desks: Desks) -> Steps:
    tang, form = party(desks), owes(desks, MEIS_CARD)
    yield None
    yield tang.posts(f"{SPRING}/write-off", **form)


def a_relatives_debt_written_off(desks: Desks) -> Steps:
    tang, form = party(desks), owes(desks, EMILY)
    yield None
    yield tang.posts(f"{SPRING}/write-off", **form)


def the_own_write_off_agreed(desks: Desks) -> Steps:
    tang = desks.of(TANG)
    assert tang.posts(f"{SPRING}/write-off", **owes(desks, ALICE)).place == ONE
    yield None
    yield tang.posts(f"{ONE}/agree")


def friend(desks: Desks) -> int:
    """The number of the last friend."""
    with desks.database.reading() as session:
        return session.scalars(select(Referral.id).order_by(Referral.id.desc())).first() or 0


def found_a_fraud(desks: Desks) -> str:
    """Two others found the last friend a fraud; where clearing is asked for."""
    number = friend(desks)
    with desks.database.transaction() as session:
        referral = session.get_one(Referral, number)
        remedy = Remedy(
            kind=RemedyKind.FRAUD.value, campaign_id=1, member_id=referral.member_id,
            party=f"friend:{number}", clause="", occasion=f"referral:{number}", unit="CNY",
            amount=0, reason="same face", state=RemedyState.DONE.value,
            asked_by=employee(session, SHEN).id, asked_at=desks.clock(),
            decided_by=employee(session, CHEN).id, decided_at=desks.clock(),
        )  # fmt: skip
        session.add(remedy)
        session.flush()
        find(session, remedy, desks.clock())
    return f"{SPRING}/friends/{number}/cleared"


def the_own_friend_cleared(desks: Desks) -> Steps:
    tang = party(desks)
    registers(desks, MEIS_CARD, BOB)
    path = found_a_fraud(desks)
    yield None
    yield tang.posts(path, reason="I know him")


def a_relatives_friend_cleared(desks: Desks) -> Steps:
    tang = party(desks)
    registers(desks, EMILY, BOB)
    path = found_a_fraud(desks)
    yield None
    yield tang.posts(path, reason="I know him")


def entered_by(desks: Desks, staff_no: str) -> None:
    """Every registration was taken at the counter by this number."""
    with desks.database.transaction() as session:
        number = employee(session, staff_no).id
        session.execute(update(Registration).values(staff_id=number))


def a_friend_whom_they_entered_cleared(desks: Desks) -> Steps:
    registers(desks, ALICE, BOB)
    entered_by(desks, MEI)
    path, again = found_a_fraud(desks), second_number(desks)
    yield None
    yield again.posts(path, reason="I saw her")


def a_friend_whose_claim_they_decided_cleared(desks: Desks) -> Steps:
    chen, number = desks.house.chen(), claimed(desks)
    chen.opens("/tablet/claims")
    chen.posts(f"/tablet/claims/{number}/credit")
    path = found_a_fraud(desks)
    desk = desks.of(CHEN)
    yield None
    yield desk.posts(path, reason="It was right")


def the_own_finding_agreed(desks: Desks) -> Steps:
    registers(desks, ALICE, BOB)
    tang = desks.of(TANG)
    asked = tang.posts(f"{SPRING}/friends/{friend(desks)}/fraud", reason="a rival")
    assert asked.place == ONE
    yield None
    yield tang.posts(f"{ONE}/agree")


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
    ("goodwill for the own card", goodwill_for(MEIS_CARD, lambda _: None), "remedy.party"),
    ("goodwill for a friend", goodwill_for(EMILY, invited_emily), "remedy.party"),
    ("goodwill for who invited", goodwill_for(ALICE, invited_by_alice), "remedy.party"),
    ("own goodwill", own_goodwill_agreed, "remedy.maker"),
    ("own goodwill, other number", own_goodwill_agreed_under_another_number, "remedy.maker"),
    ("own goodwill, other role", own_goodwill_agreed_in_another_role, "remedy.maker"),
    ("goodwill of a colleague", a_colleagues_goodwill_for_a_relative_agreed, "remedy.party"),
    ("goodwill by an auditor", goodwill_by_an_auditor, 403),
    ("own debt", the_own_debt_written_off, "remedy.party"),
    ("a relative's debt", a_relatives_debt_written_off, "remedy.party"),
    ("own write-off", the_own_write_off_agreed, "remedy.maker"),
    ("own friend cleared", the_own_friend_cleared, "remedy.party"),
    ("a relative's friend cleared", a_relatives_friend_cleared, "remedy.party"),
    ("own entry cleared", a_friend_whom_they_entered_cleared, "remedy.party"),
    ("own decision cleared", a_friend_whose_claim_they_decided_cleared, "remedy.party"),
    ("own finding", the_own_finding_agreed, "remedy.maker"),
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
