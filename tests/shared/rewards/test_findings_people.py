"""Two people find a friend to be a fraud, neither of them a party; and what they may not."""

from __future__ import annotations

import pytest
from finding import CLEARED, asks, decides, finds, with_bob
from sqlalchemy import select

from shared.applications.events import EventsMalformed, parse_items
from shared.applications.facts import FactRow, Kind
from shared.base.errors import Refusal
from shared.people.members import get_member, person_of
from shared.people.persons import phone_blind
from shared.post.audit import Audit
from shared.referrals.findings import KINDS, Finding
from shared.referrals.referrals import Referral, Registration
from shared.rewards.remedies import Remedy, RemedyState

once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def spring(story):
    """Alice's friend Bob qualified on day 10."""
    return with_bob(story)


@once
def test_two_people_neither_of_them_a_party(spring):
    with pytest.raises(Refusal, match=r"^payout\.authority$"):
        asks(spring, "Bob", 12, by="Mei")
    with pytest.raises(Refusal, match=r"^finding\.none$"):
        asks(spring, "Bob", 12, CLEARED)
    for wrong in ({"number": 999}, {"number": 0}):
        with pytest.raises(Refusal, match=r"^finding\.unknown$"):
            asks(spring, "Bob", 12, **wrong)
    number = asks(spring, "Bob", 12)
    with pytest.raises(Refusal, match=r"^remedy\.asked$"):
        asks(spring, "Bob", 12, by="Chen")
    with pytest.raises(Refusal, match=r"^remedy\.maker$"):
        decides(spring, number, 12, by="Dai")
    with pytest.raises(Refusal, match=r"^payout\.authority$"):
        decides(spring, number, 12, by="Mei")
    assert decides(spring, number, 12) is RemedyState.DONE
    with pytest.raises(Refusal, match=r"^remedy\.decided$"):
        decides(spring, number, 12)  # the second click
    spring.settle(12)
    spring.settle(12)
    assert len(spring.ledger("Alice")) == 6
    with spring.database.reading() as session:
        rows = session.execute(
            select(Audit.act, Audit.details).where(Audit.act.like("remedy.%")).order_by(Audit.id)
        ).all()
        assert [(act, details["kind"], details["party"]) for act, details in rows] == [
            (act, "fraud", f"friend:{spring.friends['Bob']}")
            for act in ("remedy.asked", "remedy.done")
        ]
        asked = session.scalars(select(Remedy)).one()
        assert (asked.unit, asked.amount) == ("CNY", 150_00)


@once
def test_a_refused_request_leaves_everything_and_may_be_made_again(spring):
    assert decides(spring, asks(spring, "Bob", 12), 12, agree=False) is RemedyState.REFUSED
    assert spring.settle(12) == []
    with spring.database.reading() as session:
        assert session.scalars(select(Finding)).all() == []
    finds(spring, "Bob", 13)
    assert spring.stands("Alice") == ""


@once
def test_a_friend_of_another_campaign_is_not_there(spring):
    here = spring.campaign
    spring.campaign_file(("slug: spring-referral", "slug: summer-referral"))
    assert spring.campaign != here
    with pytest.raises(Refusal, match=r"^finding\.unknown$"):
        asks(spring, "Bob", 12)
    asks(spring, "Bob", 12, campaign=here)


def refused_to(spring) -> None:
    """Dai may neither ask nor decide."""
    with pytest.raises(Refusal, match=r"^remedy\.party$"):
        asks(spring, "Bob", 12)
    number = asks(spring, "Bob", 12, by="Chen")
    with pytest.raises(Refusal, match=r"^remedy\.party$"):
        decides(spring, number, 12, by="Dai")


@once
def test_the_inviter_has_no_word_in_it(spring):
    with spring.database.transaction() as session:
        spring.till.who(session, "Dai").customer_ref = "C-Alice"
    refused_to(spring)


@once
def test_nor_has_the_friend_by_the_card_they_got(spring):
    with spring.database.transaction() as session:
        for n, customer in enumerate(("C-Dai", "C-Other")):  # the older card is theirs as well
            session.add(
                FactRow(
                    event=f"bank|x{n}", kind=Kind.APPROVED.value, at=spring.at(9 + n),
                    received_at=spring.at(9 + n), application_ref="A-Bob-1", customer_ref=customer,
                )
            )  # fmt: skip
    refused_to(spring)


@once
def test_nor_by_the_number_they_registered(spring):
    phone = "+8613912340000"
    spring.member("Dai")
    with spring.database.transaction() as session:
        person = person_of(session, get_member(session, spring.members["Dai"]))
        person.phone_blind = phone_blind(session, phone)
        registration = Registration(
            campaign_id=spring.campaign, invite_id=1, person_id=person.id,
            phone_blind=person.phone_blind, handle="h", referral_token="t", receipt="r", version=1,
            channel="chat", started_at=spring.begin,
        )  # fmt: skip
        session.add(registration)
        session.flush()
        session.get_one(Referral, spring.friends["Bob"]).registration_id = registration.id
    refused_to(spring)


@pytest.mark.parametrize("kind", KINDS.values())
def test_no_event_of_the_bank_says_it(kind, now):
    event = {
        "specversion": "1.0", "id": "1", "source": "bank/test", "type": f"jianka.{kind.value}",
        "time": now.isoformat(), "data": {"application_id": "A-1", "customer_ref": "N-1"},
    }  # fmt: skip
    with pytest.raises(EventsMalformed):
        parse_items([event], now)
