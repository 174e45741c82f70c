"""What the checks look at: one referral and its surroundings, assembled beforehand.

Internal ids, keyed hashes and counts only; the checks ask nobody anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.campaigns.risk import RiskRules


@dataclass(frozen=True)
class Seen:
    """One registration, or a friend whom a claim brought. Empty texts: nothing is known."""

    registration: int
    """0: there was none, a claim was credited."""
    referral: int | None
    """None: begun and never proven."""
    member: int
    invite: int
    at: datetime
    proven_at: datetime | None = None
    number: str = ""
    """Keyed hash; so are the next four."""
    device: str = ""
    address: str = ""
    network: str = ""
    series: str = ""
    """Of the number's block of a thousand."""
    customer: str = ""
    """The bank's reference, once the friend was approved."""
    became: int | None = None
    """The member whom this friend is, by the number."""
    channel: str = ""
    site: str = ""
    """The host of the page from which the invite was opened."""
    visited_at: datetime | None = None
    branch: int | None = None
    tablet: int | None = None
    staff: int | None = None
    accounts: frozenset[str] = frozenset()
    """Keyed hashes of where the friend is paid."""


def guests(group: Iterable[Seen]) -> list[Seen]:
    """A group without those who registered there and became inviters of others in it: who owns
    a phone is no guest on it, and a family is no ring."""
    rows = list(group)
    hosts = {row.member for row in rows}
    return [row for row in rows if row.became not in hosts]


@dataclass(frozen=True)
class Inviter:
    """A member as an inviter: what is theirs."""

    member: int
    customer: str
    number: str
    devices: frozenset[str] = frozenset()
    """Browsers on which the member's own number was registered some time."""
    staff: int | None = None
    """The employee whom this customer is."""
    failed_claims: int = 0
    """Claims of the last 30 days of whose friend nothing could be found."""
    accounts: frozenset[str] = frozenset()
    """Keyed hashes of where the member is paid."""


@dataclass(frozen=True)
class Clerk:
    """An employee who had a hand in it: took the registration, or decided the claim."""

    staff: int
    own: bool
    """The inviter is this employee as a customer."""
    kin: bool
    """The inviter shares a number, a device or a referral with this employee."""


@dataclass(frozen=True)
class BranchWeek:
    """How many friends a branch registered, or credited by claims, in seven days, and how many
    branches usually do."""

    branch: int
    friends: int
    median: int


@dataclass(frozen=True)
class Spent:
    """How a friend's new card was used."""

    referral: int
    member: int
    """Who invited the friend."""
    at: datetime
    """Of the first purchase that came to what the programme asks, else of the first."""
    amount: int
    """Its amount in fen; so is the next."""
    at_least: int = 0
    """What one purchase must come to; 0: the programme asks for none."""
    waited: int | None = None
    """Whole seconds from the card's activation to it; None: not known."""
    back_late: bool = False
    """It went back once the claw-back window was over."""
    all_back: bool = False
    """Of all that was bought next to nothing is left."""


@dataclass(frozen=True)
class Known:
    """All that is known of one referral."""

    rules: RiskRules
    of: Seen
    inviter: Inviter
    near: tuple[Seen, ...] = ()
    """Others on its device, number, customer, number block; others of the day under its invite
    or from its address."""
    cluster: tuple[Seen, ...] = ()
    """It and whatever hangs together with it by devices, numbers and customers."""
    sharing: int = 0
    """How many of the inviter's friends share a device with another of them; 0 unless this one
    is among them."""
    ring_of_inviter: int = 0
    """How many friends hang together in a ring of which the inviter has several; 0: in none."""
    cycle: tuple[int, ...] = ()
    """Members who invited each other in a circle; the first is the inviter."""
    network_day: int = 0
    """Friends from its network in the busiest day around it."""
    branch_address: bool = False
    """It came from where a branch's own tablets work."""
    spread: int = 0
    """Networks from which friends came under its invite in the day around it."""
    coupon_visits: int = 0
    """Openings of its invite that came from a coupon site."""
    taken_by: Clerk | None = None
    decided_by: tuple[Clerk, ...] = ()
    friend_is_staff: bool = False
    branch_week: BranchWeek | None = None
    blacklisted: frozenset[str] = frozenset()
    """What of it stands on the blacklist: `number`, `device`, `customer`, `account`."""
    claim_week: BranchWeek | None = None
    """Of the branch that credited its claim."""
    spent: Spent | None = None
    """None: nothing was bought yet."""
    spent_near: tuple[Spent, ...] = ()
    """By the inviter's other friends, and others who hang together with it."""


@dataclass(frozen=True)
class Signal:
    """What one check saw: its weight, and the numbers that a person reads beside it."""

    check: str
    weight: int
    detail: Mapping[str, int] = field(default_factory=dict)
