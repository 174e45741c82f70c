"""Rings of fraudsters planted among honest friends: families on one address, branch Wi-Fi, one
company's network, phone networks that thousands share. Everything follows from the seed.

Hashes are random texts here, as all that the checks ever do is compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert

from shared.applications.facts import Application, FactRow, Kind
from shared.base.database import Base, Database
from shared.people.members import Member
from shared.people.persons import Person
from shared.people.staff import Branch, Staff
from shared.referrals.referrals import CreditRow, Invite, Referral, Registration
from shared.risk.accounts import PayoutAccount, party_of_application, party_of_customer
from shared.risk.looks import Look
from shared.risk.traces import TabletPlace, Trace

SPAN = timedelta(days=60)
CARRIERS = 150
"""Networks of phone companies, which many honest friends share."""


@dataclass
class Planted:
    """Which referrals are whose."""

    rings: dict[str, list[int]] = field(default_factory=dict)
    honest: set[int] = field(default_factory=set)
    sorts: dict[int, str] = field(default_factory=dict)
    """What sort of honest friend each is."""


@dataclass
class _Person:
    member: int
    number: str


class RingMaker:
    """Makes rows and keeps them until they are written in bulk."""

    living = True
    """Whether honest friends use their cards."""

    def __init__(self, campaign: int, seed: int, now: datetime) -> None:
        self.campaign, self.now, self.random = campaign, now, Random(seed)
        self.rows: dict[type[Base], list[dict[str, Any]]] = {}
        self.planted = Planted()
        self._count: dict[str, int] = {}
        self._ordinals: dict[int, int] = {}
        self.branches = [self._branch() for _ in range(8)]

    # What there is.

    def hash(self) -> str:
        return f"{self.random.getrandbits(256):064x}"

    def number(self, kind: str) -> int:
        self._count[kind] = self._count.get(kind, 10_000) + 1
        return self._count[kind]

    def add(self, table: type[Base], **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def moment(self) -> datetime:
        return self.now - SPAN + timedelta(seconds=self.random.randrange(int(SPAN.total_seconds())))

    def _branch(self) -> tuple[int, int, str]:
        branch, staff, address = self.number("branch"), self.number("staff"), self.hash()
        self.add(Branch, id=branch, name=f"支行 {branch}")
        person = self.number("person")
        self.add(Person, id=person, created_at=self.now)
        self.add(
            Staff, id=staff, person_id=person, staff_no=f"R{staff}", branch_id=branch,
            role="teller", customer_ref=None, active=True, wrong_pins=0,
        )  # fmt: skip
        self.add(TabletPlace, address=address, branch_id=branch, seen_at=self.now)
        return branch, staff, address

    def member(self, number: str = "", customer: str = "") -> _Person:
        """A cardholder with an invite of the same number."""
        person, member = self.number("person"), self.number("member")
        own = number or self.hash()
        self.add(Person, id=person, created_at=self.now, phone_blind=own)
        self.add(
            Member, id=member, person_id=person, customer_ref=customer or f"R{member}",
            opened_on=self.now.date() - timedelta(days=900), status="active",
            status_since=self.now - timedelta(days=900),
        )  # fmt: skip
        self.add(
            Invite, id=member, campaign_id=self.campaign, member_id=member,
            code=f"{member:08d}", created_at=self.now - SPAN,
        )  # fmt: skip
        return _Person(member, own)

    def friend(
        self,
        under: _Person,
        at: datetime,
        *,
        ring: str = "",
        sort: str = "",
        number: str = "",
        device: str | None = None,
        address: str = "",
        network: str = "",
        series: str = "",
        took: float = 0,
        **where: Any,
    ) -> str:
        """One friend who registered; the number's hash."""
        registration = self.number("registration")
        own = number or self.hash()
        seconds = took or self.random.uniform(15, 200)
        self.add(
            Registration, id=registration, campaign_id=self.campaign, invite_id=under.member,
            phone_blind=own, handle=f"h{registration}", referral_token=f"t{registration}",
            receipt=f"{registration:08d}", version=1, channel="chat", started_at=at,
            proven_at=at + timedelta(seconds=seconds), proven_by="code", looked_at=at, **where,
        )  # fmt: skip
        self.add(
            Trace, registration_id=registration, campaign_id=self.campaign, at=at,
            device=self.hash() if device is None else device or None,
            address=address or self.hash(), network=network or self.carrier(),
            series=series or self.hash(),
        )  # fmt: skip
        ordinal = self._ordinals[under.member] = self._ordinals.get(under.member, 0) + 1
        self.add(
            Referral, id=registration, campaign_id=self.campaign, member_id=under.member,
            registration_id=registration, version=1, registered_at=at, ordinal=ordinal,
        )  # fmt: skip
        self.add(
            Look, referral_id=registration, campaign_id=self.campaign,
            member_id=under.member, due_at=at,
        )  # fmt: skip
        if ring:
            self.planted.rings.setdefault(ring, []).append(registration)
        else:
            self.planted.honest.add(registration)
            self.planted.sorts[registration] = sort
            if self.living:
                self.lives_on()
        return own

    def paid_into(self, account: str, under: _Person | None = None) -> None:
        """The friend who registered last, or a member, is paid into an account."""
        referral = self._count["registration"]
        party = (
            party_of_customer(f"R{under.member}") if under else party_of_application(f"A{referral}")
        )
        self.add(PayoutAccount, party=party, account=account, told_at=self.now)
        if under is None:
            self.applied()

    def applied(self) -> str:
        """The friend who registered last has an application; its reference."""
        referral = self._count["registration"]
        ref = f"A{referral}"
        rows = self.rows.setdefault(Application, [])
        if not rows or rows[-1]["id"] != referral:
            self.add(Application, id=referral, application_ref=ref, first_heard_at=self.now)
            self.add(
                CreditRow, referral_id=referral, application_id=referral, on=self.now,
                source="link", created_at=self.now,
            )  # fmt: skip
        return ref

    def buys(
        self,
        at: datetime,
        amount: int = 0,
        waited: timedelta | None = None,
        back: timedelta | None = None,
    ) -> None:
        """The friend who registered last buys for so many fen, so long after the activation, and
        takes it back after so long. What has not happened yet is not told."""
        amount = amount or self.random.randrange(30_000, 120_000)
        waited = timedelta(days=self.random.uniform(0.1, 20)) if waited is None else waited
        self._fact(Kind.APPROVED, at - waited - timedelta(days=1))
        self._fact(Kind.ACTIVATED, at - waited)
        transaction = f"T{self._count['registration']}"
        self._fact(Kind.PURCHASE, at, transaction, amount)
        if back is not None:
            self._fact(Kind.REVERSED, at + back, transaction, amount)

    def _fact(self, kind: Kind, at: datetime, transaction: str = "", amount: int = 0) -> None:
        ref, number = self.applied(), self.number("fact")
        if at <= self.now:
            self.add(
                FactRow, event=f"bank|{number}", kind=kind.value, at=at, received_at=at,
                application_ref=ref, transaction_ref=transaction or None, amount=amount,
            )  # fmt: skip

    def lives_on(self) -> None:
        """The friend who registered last does what honest people do with a card, or nothing:
        one in eight buys for what the page says, one in sixteen takes it back some day."""
        if self.random.random() < 0.4:
            return
        at = self.moment() + timedelta(days=self.random.uniform(0, 20))
        back = self.random.uniform(0, 60) if self.random.random() < 1 / 16 else None
        self.buys(
            at,
            30_000 if self.random.random() < 1 / 8 else 0,
            timedelta(seconds=self.random.uniform(5, 60)) if self.random.random() < 0.05 else None,
            None if back is None else timedelta(days=back),
        )

    def carrier(self) -> str:
        return f"{self.random.randrange(CARRIERS):064x}"

    # Honest people.

    def strangers(self) -> None:
        """A member with friends here and there."""
        host = self.member()
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 5))):
            self.friend(host, self.moment(), sort="alone")

    def family(self) -> None:
        """One address, often one evening, now and then one phone for two or three."""
        host, address, network = self.member(), self.hash(), self.hash()
        at, spread = self.moment(), self.random.choice((0.3, 3, 200))
        size = self.random.choice((2, 2, 3, 3, 4, 5))
        shared = self.random.choices((1, 2, 3, 4), (64, 28, 7, 1))[0]
        phone = self.hash()
        joint, paid = self.joint_account(host), self.random.choices((1, 2, 3), (7, 2, 1))[0]
        if self.random.random() < 0.15:  # the member was a friend once, on this phone
            before = self.member()
            at_first = at - timedelta(days=5)
            self.friend(before, at_first, sort="before", number=host.number, device=phone)
        for place in range(size):
            device = phone if place < shared and shared > 1 else None
            when = at + timedelta(hours=self.random.uniform(0, spread))
            self.friend(host, when, sort="family", device=device, address=address, network=network)
            if joint and place < paid:
                self.paid_into(joint)

    def joint_account(self, host: _Person) -> str:
        """A third of the families have one; it is the inviter's as well in half of them."""
        if self.random.random() > 1 / 3:
            return ""
        account = self.hash()
        if self.random.random() < 0.5:
            self.paid_into(account, host)
        return account

    def at_branch(self) -> None:
        """Walk-ins on the tablet, and friends on their own phones in the branch's Wi-Fi."""
        branch, staff, address = self.random.choice(self.branches)
        host, at = self.member(), self.moment()
        for _ in range(self.random.choice((1, 1, 2, 3))):
            when = at + timedelta(hours=self.random.uniform(0, 6))
            here: dict[str, Any] = {"address": address, "branch_id": branch}
            if self.random.random() < 0.5:
                here |= {"device": "", "tablet_id": branch, "staff_id": staff}
            self.friend(host, when, sort="branch", **here)

    def company(self, size: int) -> None:
        """Colleagues behind one address; half of them at lunch, some with the firm's numbers."""
        address, network = self.hash(), self.hash()
        hosts = [self.member() for _ in range(max(2, size // 20))]
        block = self.hash() if self.random.random() < 0.3 else ""
        lunches = [self.moment() for _ in range(6)]
        for _ in range(size):
            at = self.random.choice(lunches) + timedelta(minutes=self.random.uniform(0, 50))
            if self.random.random() < 0.5:
                at = self.moment()
            firm = block if self.random.random() < 0.5 else ""
            self.friend(
                self.random.choice(hosts), at, sort="company", address=address,
                network=network, series=firm,
            )  # fmt: skip

    def twice(self) -> None:
        """A friend whom two members invited."""
        number, device = self.hash(), self.hash()
        for host in (self.member(), self.member()):
            self.friend(host, self.moment(), sort="twice", number=number, device=device)

    def chain(self) -> None:
        """A friend became a cardholder and invites on, a sister on the same phone among them."""
        first, phone = self.member(), self.hash()
        number = self.friend(first, self.moment(), sort="chain", device=phone)
        second = self.member(number)
        self.friend(second, self.moment(), sort="chain", device=phone)
        self.friend(second, self.moment(), sort="chain")

    # Rings.

    def farm(self, ring: str) -> None:
        """One member, one or two phones, one new number after the other."""
        host, phones = self.member(), [self.hash() for _ in range(self.random.choice((1, 2)))]
        at = self.moment()
        for place in range(self.random.randrange(6, 11)):
            when = at + timedelta(hours=place * self.random.uniform(1, 60))
            self.friend(host, when, ring=ring, device=phones[place % len(phones)])

    def pool(self, ring: str) -> None:
        """Several members and a drawer of phones."""
        hosts = [self.member() for _ in range(self.random.randrange(3, 6))]
        phones = [self.hash() for _ in range(3)]
        for place in range(self.random.randrange(8, 13)):
            self.friend(
                hosts[place % len(hosts)], self.moment(), ring=ring,
                device=self.random.choice(phones),
            )  # fmt: skip

    def circle(self, ring: str) -> None:
        """A invites B, B invites C, C invites A; and each a sham friend on the next one's phone."""
        numbers = [self.hash() for _ in range(self.random.randrange(3, 6))]
        phones = [self.hash() for _ in numbers]
        people = [self.member(number) for number in numbers]
        for place, host in enumerate(people):
            following = (place + 1) % len(people)
            self.friend(
                host, self.moment(), ring=ring, number=numbers[following],
                device=phones[following],
            )  # fmt: skip
            self.friend(host, self.moment(), ring=ring, device=phones[following])

    def sims(self, ring: str) -> None:
        """A box of SIM cards in a row, a machine that fills forms, fresh cookies each time."""
        host, block, address, network = self.member(), self.hash(), self.hash(), self.hash()
        at, gap = self.moment(), self.random.choice((60, 600, 7200))
        for place in range(self.random.randrange(7, 12)):
            self.friend(
                host, at + timedelta(seconds=place * gap), ring=ring, series=block,
                address=address, network=network, took=self.random.uniform(2, 7),
            )  # fmt: skip

    def teller(self, ring: str) -> None:
        """An employee registers people at the counter under their own invite."""
        branch, _, address = self.random.choice(self.branches)
        person, staff = self.number("person"), self.number("staff")
        host = self.member(customer=f"RS{staff}")
        self.add(Person, id=person, created_at=self.now)
        self.add(
            Staff, id=staff, person_id=person, staff_no=f"R{staff}", branch_id=branch,
            role="teller", customer_ref=f"RS{staff}", active=True, wrong_pins=0,
        )  # fmt: skip
        for _ in range(self.random.randrange(5, 9)):
            self.friend(
                host, self.moment(), ring=ring, device="", address=address,
                branch_id=branch, tablet_id=branch, staff_id=staff,
            )  # fmt: skip

    def careful(self, ring: str) -> None:
        """Two members who use a phone twice at most: little to be seen."""
        hosts = [self.member(), self.member()]
        for _ in range(4):
            phone = self.hash()
            for host in hosts:
                self.friend(host, self.moment(), ring=ring, device=phone)

    # Rings that only the bank's word gives away: fresh phones, numbers and addresses.

    def payee(self, ring: str) -> None:
        """One member, and many friends who are paid into one account or two."""
        host, accounts = self.member(), [self.hash() for _ in range(self.random.choice((1, 2)))]
        for place in range(self.random.randrange(8, 12)):
            self.friend(host, self.moment(), ring=ring)
            self.paid_into(accounts[place % len(accounts)])

    def treasury(self, ring: str) -> None:
        """Several members, and friends who are paid into a few accounts."""
        hosts = [self.member() for _ in range(self.random.randrange(3, 5))]
        accounts = [self.hash() for _ in range(2)]
        for place in range(self.random.randrange(8, 13)):
            self.friend(hosts[place % len(hosts)], self.moment(), ring=ring)
            self.paid_into(accounts[place // len(hosts) % 2])

    def purse(self, ring: str) -> None:
        """Sham friends who are paid into the inviter's own account."""
        host, account = self.member(), self.hash()
        self.paid_into(account, host)
        for _ in range(self.random.randrange(3, 7)):
            self.friend(host, self.moment(), ring=ring)
            self.paid_into(account)

    def counter(self, ring: str) -> None:
        """A terminal of one's own: all cards are swiped one after the other, for just enough."""
        host, at = self.member(), self.moment()
        amount = self.random.choice((30_000, 30_100, 31_200))
        for place in range(self.random.randrange(6, 10)):
            self.friend(host, at - timedelta(days=self.random.uniform(0, 20)), ring=ring)
            self.buys(at + timedelta(minutes=place * self.random.uniform(1, 5)), amount)

    def instant(self, ring: str) -> None:
        """A machine activates each card and buys at once, each on another day."""
        host = self.member()
        for _ in range(self.random.randrange(5, 9)):
            self.friend(host, self.moment(), ring=ring)
            self.buys(self.moment(), 0, timedelta(seconds=self.random.uniform(2, 40)))

    def carousel(self, ring: str) -> None:
        """What was bought goes back as soon as the reward is safe, after 30 days."""
        host = self.member()
        for _ in range(self.random.randrange(5, 9)):
            at = self.now - timedelta(days=self.random.uniform(40, 55))
            self.friend(host, at - timedelta(days=3), ring=ring)
            self.buys(at, 0, None, timedelta(days=self.random.uniform(30.1, 39)))

    # All of it.

    def honest(self, count: int) -> None:
        """So many honest friends at least."""
        sorts: tuple[tuple[Callable[[], None], int], ...] = (
            (self.strangers, 46),
            (self.family, 26),
            (self.at_branch, 18),
            (self.twice, 3),
            (self.chain, 4),
        )
        size = min(200, count // 20)
        for _ in range(max(1, count // 2000)):
            self.company(size)
        makes, weights = zip(*sorts, strict=True)
        while len(self.planted.honest) < count:
            self.random.choices(makes, weights)[0]()

    def plant_money_rings(self, count: int) -> None:
        """So many rings that only accounts and purchases give away."""
        sorts = (
            self.payee, self.counter, self.carousel, self.purse, self.instant, self.treasury,
        )  # fmt: skip
        for place in range(count):
            make = sorts[place % len(sorts)]
            make(f"{make.__name__} {place}")

    def plant_rings(self, count: int) -> None:
        """So many rings, each sort in its turn; one of twenty is careful."""
        sorts = (self.farm, self.pool, self.sims, self.circle, self.farm, self.pool, self.teller)
        for place in range(count):
            make = self.careful if place % 20 == 19 else sorts[place % len(sorts)]
            make(f"{make.__name__} {place}")

    def write(self, database: Database) -> None:
        """Everything into the database."""
        with database.transaction() as session:
            for table, rows in self.rows.items():
                for some in _together(rows):
                    session.execute(insert(table), some)


def _together(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows that name the same columns."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(sorted(row)), []).append(row)
    yield from groups.values()


def plant(
    database: Database,
    campaign: int,
    seed: int,
    now: datetime,
    honest: int,
    rings: int,
    money_rings: int = 0,
) -> Planted:
    """Honest friends and rings in the database, all waiting to be looked at."""
    maker = RingMaker(campaign, seed, now)
    maker.honest(honest)
    maker.plant_rings(rings)
    maker.plant_money_rings(money_rings)
    maker.write(database)
    return maker.planted
