"""What actions assemble for the checks, out of the rows that the product writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ring_maker import RingMaker

from shared.actions.surveying import survey
from shared.applications.facts import FactRow
from shared.base.database import Database
from shared.campaigns.file import apply_campaign
from shared.campaigns.risk import RiskRules
from shared.claims.claims import Claim, ClaimStep
from shared.people.persons import Person
from shared.people.staff import Staff
from shared.referrals.referrals import Referral, Visit
from shared.risk.weighing import weigh

SPRING = (Path(__file__).parents[1] / "spring.yaml").read_text(encoding="utf-8")


class Town(RingMaker):
    """People and what the bank and the branch know of them."""

    living = False

    def clerk(self, customer: str) -> int:
        """An employee who is this customer."""
        person, staff = self.number("person"), self.number("staff")
        self.add(Person, id=person, created_at=self.now)
        self.add(
            Staff, id=staff, person_id=person, staff_no=f"R{staff}", branch_id=1, role="manager",
            customer_ref=customer, active=True, wrong_pins=0,
        )  # fmt: skip
        return staff

    def last(self) -> int:
        """The referral made last."""
        return self._count["registration"]

    def approved(self, referral: int, customer: str) -> None:
        """The bank gave a friend a card."""
        assert referral == self.last()
        number = self.number("fact")
        self.add(
            FactRow, event=f"e{number}", kind="application.approved", at=self.now, amount=0,
            received_at=self.now, application_ref=self.applied(), customer_ref=customer,
        )  # fmt: skip

    def claimed(self, member: int, staff: int) -> int:
        """A claim that an employee credited; the referral."""
        number = self.number("registration")
        self.add(
            Claim, id=number, number=f"C-{number}", campaign_id=self.campaign, member_id=member,
            version=1, phone_blind=self.hash(), last_four="", how="late", roughly="earlier",
            state="credited", filed_at=self.now, due_at=self.now,
        )  # fmt: skip
        self.add(
            ClaimStep, claim_id=number, at=self.now, actor=f"staff:{staff}", after="credited",
            details={},
        )  # fmt: skip
        self.add(
            Referral, id=number, campaign_id=self.campaign, member_id=member, claim_id=number,
            version=1, registered_at=self.now, ordinal=900,
        )  # fmt: skip
        return number

    def friends(self, count: int, **shared: Any) -> list[int]:
        """So many friends of as many members within a day."""
        made = []
        for place in range(count):
            at = self.now - timedelta(hours=2, minutes=place)
            self.friend(self.member(), at, **shared)
            made.append(self.last())
        return made


def _customers(town: Town) -> Iterator[tuple[str, int]]:
    alice = town.member(customer="C-Alice")
    town.friend(alice, town.moment())
    town.approved(town.last(), "C-Alice")
    yield "own_customer", town.last()
    for host in (town.member(), town.member()):
        town.friend(host, town.moment())
        town.approved(town.last(), "C-Twice")
        yield "same_customer", town.last()
    town.friend(alice, town.moment(), number=alice.number)
    yield "own_number", town.last()


def _staff(town: Town) -> Iterator[tuple[str, int]]:
    mei, sister = town.member(customer="C-Mei"), town.member()
    clerk = town.clerk("C-Mei")
    town.friend(sister, town.moment(), number=mei.number)
    yield "staff_friend", town.last()
    town.friend(sister, town.moment(), staff_id=clerk, device="")
    yield "staff_relative", town.last()  # she invited Mei
    town.friend(mei, town.moment(), staff_id=clerk, device="")
    yield "staff_own", town.last()
    yield "staff_referrer", town.last()
    yield "claim_decider", town.claimed(mei.member, clerk)


def _money(town: Town) -> Iterator[tuple[str, int]]:
    account, spouses = town.hash(), town.member()
    town.paid_into(account, spouses)
    town.friend(spouses, town.moment())
    town.paid_into(account)
    yield "own_account", town.last()
    other = town.hash()
    for _ in range(4):
        town.friend(town.member(), town.moment())
        town.paid_into(other)
        yield "shared_account", town.last()
    yield "ring", town.last()
    till, day = town.member(), town.now - timedelta(days=40)
    for place in range(5):
        town.friend(till, day)
        town.buys(day + timedelta(minutes=place), 30_000, timedelta(seconds=30))
        for check in ("same_purchase", "purchase_burst", "quick_purchase"):
            yield check, town.last()
    early, host = town.now - timedelta(days=100), town.member()
    for _ in range(3):
        town.friend(host, early)
        town.buys(town.now - timedelta(days=95), 40_000, None, timedelta(days=91))
        yield "round_trip", town.last()
        yield "only_reversed", town.last()


def _branch_claims(town: Town) -> Iterator[tuple[str, int]]:
    clerk = town.clerk("C-Busy")
    for _ in range(11):
        yield "branch_claims", town.claimed(town.member().member, clerk)
    quiet = town.branches[1][1]
    for _ in range(2):
        town.claimed(town.member().member, quiet)


def _crowds(town: Town) -> Iterator[tuple[str, int]]:
    town.add(
        Visit, id=77, invite_id=town.member().member, at=town.now, kind="human", channel="chat",
        site="m.smzdm.com",
    )  # fmt: skip
    town.friend(town.member(), town.moment(), visit_id=77)
    yield "coupon_site", town.last()
    yield "network", town.friends(41, network=town.hash())[-1]
    yield "address", town.friends(6, address=town.hash())[-1]
    branch, _, _ = town.branches[0]
    yield "branch_outlier", town.friends(30, branch_id=branch)[-1]
    for other in town.branches[1:]:
        town.friends(1, branch_id=other[0])
    famous = town.member()
    for place in range(31):
        at = town.now - timedelta(minutes=40 * place)
        town.friend(famous, at, network=f"{place:064x}")
    yield "spread", town.last()
    yield "pace", town.last()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everything_the_checks_look_at_is_found(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        begun = now - timedelta(days=90)
        campaign = apply_campaign(session, SPRING, begun, "operator:test").campaign_id
    town = Town(campaign, 3, now)
    expected = [
        *_customers(town), *_staff(town), *_money(town), *_branch_claims(town), *_crowds(town),
    ]  # fmt: skip
    quiet = town.friends(2, address=town.branches[0][2])[0]
    town.write(database)
    ids = {referral for _, referral in expected} | {quiet}
    with database.reading() as session:
        known = survey(session, campaign, ids, RiskRules(), now)
    found = {each.of.referral: {s.check for s in weigh(each).signals} for each in known}
    assert [pair for pair in expected if pair[0] not in found[pair[1]]] == []
    assert found[quiet] == set()
    assert next(each for each in known if each.of.referral == quiet).branch_address
