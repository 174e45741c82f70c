"""What the desk's people try with goodwill, write-offs and findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from counter import ALICE, BOB, CHEN, EMILY, MEI, MEIS_CARD, Page
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
from sqlalchemy import select, update

from shared.actions.finding import find
from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post
from shared.referrals.referrals import Referral, Registration
from shared.rewards.remedies import Remedy, RemedyKind, RemedyState

Steps = Iterator[Page | str | None]
GOODWILL, ONE = "/desk/remedies/goodwill", "/desk/remedies/1"
SPRING = "/desk/campaigns/spring"


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
)
