"""What the desk's people try with risk cases, claims and unmasking."""

from __future__ import annotations

from collections.abc import Iterator

from counter import ALICE, BOB, CHEN, EMILY, MEI, MEIS_CARD, Page
from desktop import LUO, SHEN, TANG, Desks
from held import hold_farm
from insiders import Way, claimed, employee, has_card, invited_emily, registers
from insiders_of_money import entered_by, friend, party, second_number
from sqlalchemy import select

from shared.actions.appealing import appeal
from shared.claims.claims import Claim

Steps = Iterator[Page | str | None]
CASE, REASON = "/desk/cases/1", "核实补登好友身份信息"


def case_of(member: str, act: str) -> Way:
    """The case of somebody close is decided."""

    def way(desks: Desks) -> Steps:
        tang = party(desks)
        hold_farm(desks, customer_ref=member)
        yield None
        yield tang.posts(f"{CASE}/{act}", note="a family", finding="abuse")

    return way


def a_case_of_their_own_entries_under_another_number(desks: Desks) -> Steps:
    hold_farm(desks)
    entered_by(desks, MEI)
    again = second_number(desks)
    yield None
    yield again.posts(f"{CASE}/clear", note="all seen")


def a_case_given_to_a_party(desks: Desks) -> Steps:
    party(desks)
    hold_farm(desks, customer_ref=EMILY)
    shen = desks.of(SHEN)
    with desks.database.reading() as session:
        number = employee(session, TANG).id
    yield None
    yield shen.posts(f"{CASE}/assign", to=str(number))


def found(desks: Desks, *, confirmed: bool = False, appealed: bool = False) -> None:
    """Tang found an abuse, Shen confirmed it and wrote the appeal down."""
    hold_farm(desks)
    desks.of(TANG).posts(f"{CASE}/find", note="one phone", finding="abuse")
    shen = desks.of(SHEN)
    if confirmed or appealed:
        shen.posts(f"{CASE}/confirm", note="yes")
    if appealed:
        shen.posts(f"{CASE}/appeal", note="a shop's phone")


def the_own_finding_confirmed(desks: Desks) -> Steps:
    found(desks)
    tang = desks.of(TANG)
    yield None
    yield tang.posts(f"{CASE}/confirm", note="I agree with me")


def the_own_finding_under_another_number(desks: Desks) -> Steps:
    has_card(desks, TANG)
    found(desks)
    again = second_number(desks)
    yield None
    yield again.posts(f"{CASE}/confirm", note="I agree with me")


def appeal_decided_by(staff_no: str) -> Way:
    """Who decided before decides again."""

    def way(desks: Desks) -> Steps:
        found(desks, appealed=True)
        desk = desks.of(staff_no)
        yield None
        yield desk.posts(f"{CASE}/appeal/decide", note="x", answer="grant")

    return way


def an_appeal_under_another_number(desks: Desks) -> Steps:
    has_card(desks, TANG)
    found(desks, appealed=True)
    again = second_number(desks, "manager")
    yield None
    yield again.posts(f"{CASE}/appeal/decide", note="x", answer="grant")


def off_the_blacklist_by_a_party(desks: Desks) -> Steps:
    found(desks, confirmed=True)
    has_card(desks, CHEN, ALICE)
    chen = desks.of(CHEN)
    yield None
    yield chen.posts(f"{CASE}/appeal", note="my friend")


def a_claim_given_to_a_party(desks: Desks) -> Steps:
    invited_emily(desks)
    claimed(desks, EMILY)
    tang = desks.of(TANG)
    with desks.database.reading() as session:
        number = employee(session, MEI).id
    yield None
    yield tang.posts("/desk/claims/1/assign", to=str(number))


def the_own_claim_given_to_a_colleague(desks: Desks) -> Steps:
    tang = party(desks)
    claimed(desks, MEIS_CARD)
    with desks.database.reading() as session:
        number = employee(session, CHEN).id
    yield None
    yield tang.posts("/desk/claims/1/assign", to=str(number))


def a_relatives_claim_credited_at_the_desk(desks: Desks) -> Steps:
    has_card(desks, CHEN)
    invited_emily(desks)
    claimed(desks, EMILY)
    chen = desks.of(CHEN)
    yield None
    yield chen.posts("/desk/claims/1/credit")


def a_claim_credited_by_the_desk(desks: Desks) -> Steps:
    claimed(desks)
    tang = desks.of(TANG)
    yield None
    yield tang.posts("/desk/claims/1/credit")


def appealed(desks: Desks) -> None:
    """Chen refused Alice's claim; she was told, and does not agree."""
    number = claimed(desks)
    desks.of(CHEN).posts("/desk/claims/1/refuse", reason="not_confirmed")
    desks.clock.passes(hours=80)
    with desks.database.transaction() as session:
        session.scalars(select(Claim)).one().told_at = desks.clock()
        appeal(session, desks.house.member_id(ALICE), number, desks.clock())


def a_claims_appeal_by_who_refused(desks: Desks) -> Steps:
    appealed(desks)
    chen = desks.of(CHEN)
    yield None
    yield chen.posts("/desk/claims/1/credit")


def a_claims_appeal_under_another_number(desks: Desks) -> Steps:
    has_card(desks, CHEN)
    appealed(desks)
    again = second_number(desks, "manager")
    yield None
    yield again.posts("/desk/claims/1/credit")


def unmasked(member: str) -> Way:
    """Somebody close is looked at in full."""

    def way(desks: Desks) -> Steps:
        tang = party(desks)
        path = f"/desk/people/member/{desks.house.member_id(member)}/look"
        yield None
        yield tang.posts(path, reason=REASON)

    return way


def the_own_friend_unmasked(desks: Desks) -> Steps:
    tang = party(desks)
    registers(desks, MEIS_CARD, BOB)
    number = friend(desks)
    yield None
    yield tang.posts(f"/desk/people/friend/{number}/look", reason=REASON)


def unmasked_by_an_auditor(desks: Desks) -> Steps:
    luo, number = desks.of(LUO), desks.house.member_id(ALICE)
    yield None
    yield luo.posts(f"/desk/people/member/{number}/look", reason=REASON)


WAYS: tuple[tuple[str, Way, str | int], ...] = (
    ("own case cleared", case_of(MEIS_CARD, "clear"), 404),
    ("own case found", case_of(MEIS_CARD, "find"), 404),
    ("a friend's case cleared", case_of(EMILY, "clear"), 404),
    ("own entries cleared", a_case_of_their_own_entries_under_another_number, 404),
    ("case to a party", a_case_given_to_a_party, "case.assignee"),
    ("own finding confirmed", the_own_finding_confirmed, "case.maker"),
    ("own finding, other number", the_own_finding_under_another_number, "case.maker"),
    ("appeal by who proposed", appeal_decided_by(TANG), "case.again"),
    ("appeal by who confirmed", appeal_decided_by(SHEN), "case.again"),
    ("appeal, other number", an_appeal_under_another_number, "case.again"),
    ("off the blacklist", off_the_blacklist_by_a_party, 404),
    ("claim to a party", a_claim_given_to_a_party, "claim.assignee"),
    ("own claim handed out", the_own_claim_given_to_a_colleague, 404),
    ("a friend's claim credited", a_relatives_claim_credited_at_the_desk, 404),
    ("claim credited by the desk", a_claim_credited_by_the_desk, "claim.authority"),
    ("claim's appeal by who refused", a_claims_appeal_by_who_refused, "claim.again"),
    ("claim's appeal, other number", a_claims_appeal_under_another_number, "claim.again"),
    ("oneself unmasked", unmasked(MEIS_CARD), "unmask.own"),
    ("a friend unmasked", unmasked(EMILY), "unmask.own"),
    ("own friend unmasked", the_own_friend_unmasked, "unmask.own"),
    ("unmasked by an auditor", unmasked_by_an_auditor, 403),
)
