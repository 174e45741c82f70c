"""What a campaign's risk checks weigh, and from which score on something is done.

A check that sees something adds its weight. Circumstances (an address, a network, a pace) are
counted up to a bound below the holding score: alone they never hold anybody.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.campaigns.prizes import Model

COUPON_SITES = (
    "smzdm.com",
    "zuanke8.com",
    "0818tuan.com",
    "fanli.com",
    "ptt.cc",
    "slickdeals.net",
    "retailmenot.com",
)
"""Where codes are passed on to strangers; with everything below these names."""


class RiskWeights(Model):
    """What each check adds to the score; 0 switches it off."""

    own_number: int = Field(default=100, ge=0, le=200)
    own_customer: int = Field(default=100, ge=0, le=200)
    own_device: int = Field(default=20, ge=0, le=200)
    same_customer: int = Field(default=60, ge=0, le=200)
    shared_number: int = Field(default=10, ge=0, le=200)
    shared_device: int = Field(default=30, ge=0, le=200)
    """For each friend on a device beyond its allowance."""
    sharing_friends: int = Field(default=60, ge=0, le=200)
    device_pace: int = Field(default=20, ge=0, le=200)
    ring: int = Field(default=60, ge=0, le=200)
    ring_inviter: int = Field(default=80, ge=0, le=200)
    cycle: int = Field(default=80, ge=0, le=200)
    series: int = Field(default=40, ge=0, le=200)
    robot: int = Field(default=50, ge=0, le=200)
    coupon_site: int = Field(default=40, ge=0, le=200)
    spread: int = Field(default=40, ge=0, le=200)
    staff_own: int = Field(default=100, ge=0, le=200)
    staff_relative: int = Field(default=50, ge=0, le=200)
    staff_friend: int = Field(default=40, ge=0, le=200)
    claim_decider: int = Field(default=100, ge=0, le=200)
    claim_fishing: int = Field(default=40, ge=0, le=200)
    blacklisted: int = Field(default=100, ge=0, le=200)
    own_account: int = Field(default=60, ge=0, le=200)
    shared_account: int = Field(default=40, ge=0, le=200)
    """For each person on a payout account beyond its allowance."""
    same_purchase: int = Field(default=50, ge=0, le=200)
    purchase_burst: int = Field(default=40, ge=0, le=200)
    quick_purchase: int = Field(default=80, ge=0, le=200)
    round_trip: int = Field(default=80, ge=0, le=200)
    only_reversed: int = Field(default=15, ge=0, le=200)
    address: int = Field(default=20, ge=0, le=200)
    network: int = Field(default=10, ge=0, le=200)
    pace: int = Field(default=20, ge=0, le=200)
    burst: int = Field(default=20, ge=0, le=200)
    tablet_pace: int = Field(default=20, ge=0, le=200)
    branch_outlier: int = Field(default=20, ge=0, le=200)
    branch_claims: int = Field(default=20, ge=0, le=200)
    staff_referrer: int = Field(default=10, ge=0, le=200)


class RiskAllowances(Model):
    """How much is usual; a check sees something only beyond."""

    friends_per_device: int = Field(default=2, ge=1)
    friends_per_device_a_day: int = Field(default=2, ge=1)
    sharing_friends: int = Field(default=4, ge=1)
    """So many of one inviter's friends may share a device with another of them."""
    friends_per_address_a_day: int = Field(default=5, ge=1)
    friends_per_branch_address_a_day: int = Field(default=300, ge=1)
    """Where a branch's tablets work: its own Wi-Fi."""
    friends_per_network_a_day: int = Field(default=40, ge=1)
    friends_per_invite_a_day: int = Field(default=10, ge=1)
    friends_in_ten_minutes: int = Field(default=4, ge=1)
    """Under one invite."""
    friends_per_tablet_a_day: int = Field(default=60, ge=1)
    ring_friends: int = Field(default=4, ge=2)
    """So many friends of several members on shared devices are a ring."""
    numbers_in_a_row: int = Field(default=4, ge=2)
    """So many numbers of one block of a thousand are a series."""
    networks_per_invite_a_day: int = Field(default=30, ge=1)
    human_seconds: int = Field(default=8, ge=0)
    """Nobody reads an SMS and fills the form in less."""
    even_gaps: int = Field(default=6, ge=3)
    """So many registrations at even distances are a machine's."""
    branch_times_median: int = Field(default=5, ge=2)
    branch_friends_a_week: int = Field(default=30, ge=1)
    branch_claims_a_week: int = Field(default=10, ge=1)
    """So many credits by claim are usual for a branch, whatever others do."""
    failed_claims_a_month: int = Field(default=3, ge=1)
    people_per_account: int = Field(default=3, ge=1)
    """So many may be paid into one account, an inviter among them: a family's joint one."""
    same_purchases: int = Field(default=4, ge=1)
    """So many of one inviter's friends may buy first for just what the programme asks."""
    threshold_percent: int = Field(default=5, ge=0, le=100)
    """Just what it asks: up to so much beyond."""
    purchases_in_an_hour: int = Field(default=3, ge=1)
    """First purchases, of one inviter's friends."""
    quick_seconds: int = Field(default=60, ge=0)
    """Whoever buys sooner after the card's activation is quick; 0: nobody is."""
    quick_purchases: int = Field(default=3, ge=1)
    late_returns: int = Field(default=2, ge=1)
    """So many of one inviter's friends may take their purchase back after the claw-back."""


class RiskMode(StrEnum):
    """How far the checks go."""

    OFF = "off"
    """Nothing is looked at."""
    WATCH = "watch"
    """Everything is looked at and written down, nothing is held."""
    HOLD = "hold"


class RiskRules(Model):
    """The `risk` section of a campaign file. Without one a campaign is watched: whoever holds
    somebody's reward says so in the campaign's file."""

    mode: RiskMode = RiskMode.HOLD
    watch_from: int = Field(default=40, ge=1)
    hold_from: int = Field(default=80, ge=2)
    circumstances_at_most: int = Field(default=60, ge=0)
    decide_hours: int = Field(default=48, ge=1)
    """A case that nobody decided by then is escalated."""
    traces_days: int = Field(default=180, ge=1)
    """How long the keyed hashes of device, address and network are kept."""
    blacklist_days: int = Field(default=730, ge=1)
    weights: RiskWeights = RiskWeights()
    allowances: RiskAllowances = RiskAllowances()
    coupon_sites: tuple[str, ...] = COUPON_SITES

    @model_validator(mode="after")
    def _sound(self) -> RiskRules:
        if self.watch_from >= self.hold_from:
            at = {"hold": self.hold_from, "at": "watch_from"}
            raise PydanticCustomError("risk_watch", "watches after it holds", at)
        if self.circumstances_at_most >= self.hold_from:
            at = {"hold": self.hold_from, "at": "circumstances_at_most"}
            raise PydanticCustomError("risk_circumstances", "would hold by itself", at)
        return self
