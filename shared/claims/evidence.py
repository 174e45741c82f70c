"""Evidence for a claim: what kinds there are, what each weighs, and how they read together.

The weights stand here, in the open; `shared.claims.checks` finds the evidence and
`shared.claims.judgement` draws the conclusion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.claims.claims import Reason

SURE = 4
"""From this weight on, and with one of `SPEAKS_ALONE`, the machine credits."""
WORTH_A_PERSON = 3
"""From this weight on what ties the number to the claimant goes to a person at once."""


class EvidenceKind(StrEnum):
    REGISTRATION_OWN = "registration_own"
    """The number registered under the claimant's invite and proved itself, in time."""
    REGISTRATION_SAME_DAY = "registration_same_day"
    """It began to under the claimant's invite, never finished, and applied within a day."""
    REGISTRATION_UNFINISHED = "registration_unfinished"
    """The number began to register under the claimant's invite and never finished."""
    REGISTRATION_SLIP = "registration_slip"
    """A number one slip away registered, or began to, under the claimant's invite."""
    REGISTRATION_LAPSED = "registration_lapsed"
    """Under the claimant's invite, but too long before the application to count for it."""
    REGISTRATION_ELSEWHERE = "registration_elsewhere"
    STAFF_ENTRY = "staff_entry"
    """Staff of a branch entered the number under the claimant's invite."""
    BRANCH_NAMED = "branch_named"
    """The member said so, and the bank names a branch too."""
    BANK_TOKEN = "bank_token"  # noqa: S105 (a word of the domain)
    """The bank's form returned the token of a registration under the claimant's invite."""
    RECEIPT = "receipt"
    """A scan receipt proves a visit of the claimant's invite before the application."""
    SAME_DEVICE = "same_device"
    """The device that registered the number had opened the claimant's invite."""
    VISITS = "visits"
    FRIEND_CONFIRMED = "friend_confirmed"
    """The number's proven owner says that the claimant recommended the card."""
    DATE_FITS = "date_fits"
    DATE_DIFFERS = "date_differs"
    """The application is not from when the member says."""
    APPLICATION = "application"
    APPLICATION_SLIP = "application_slip"
    """The bank has an application under a number one slip away, and nobody counts for it."""
    CREDITED_OWN = "credited_own"
    """The application counts for the claimant already."""
    CREDITED_ELSEWHERE = "credited_elsewhere"
    """It counts for another member by what was recorded: that beats who claims."""
    CLAIMED_ELSEWHERE = "claimed_elsewhere"
    """It counts for another member by a claim."""
    OTHER_CLAIM = "other_claim"
    """Another member claims the same friend."""
    OWN = "own"
    EXISTING = "existing"
    DECLINED = "declined"
    OLDER = "older"
    """The application is older than the window, not older than an override reaches."""
    TOO_OLD = "too_old"
    NO_APPLICATION = "no_application"


WEIGHTS: dict[EvidenceKind, int] = {
    EvidenceKind.REGISTRATION_OWN: 5,
    EvidenceKind.REGISTRATION_SAME_DAY: 4,
    EvidenceKind.BANK_TOKEN: 4,
    EvidenceKind.FRIEND_CONFIRMED: 4,
    EvidenceKind.REGISTRATION_UNFINISHED: 3,
    EvidenceKind.REGISTRATION_SLIP: 3,
    EvidenceKind.SAME_DEVICE: 2,
    EvidenceKind.RECEIPT: 2,
    EvidenceKind.STAFF_ENTRY: 2,
    EvidenceKind.APPLICATION: 2,
    EvidenceKind.APPLICATION_SLIP: 1,
    EvidenceKind.BRANCH_NAMED: 1,
    EvidenceKind.VISITS: 1,
    EvidenceKind.DATE_FITS: 1,
    EvidenceKind.CREDITED_OWN: 1,
    EvidenceKind.DATE_DIFFERS: -1,
    EvidenceKind.REGISTRATION_LAPSED: -1,
    EvidenceKind.OTHER_CLAIM: -1,
    EvidenceKind.REGISTRATION_ELSEWHERE: -2,
    EvidenceKind.OLDER: -2,
    EvidenceKind.NO_APPLICATION: -3,
    EvidenceKind.DECLINED: -4,
    EvidenceKind.TOO_OLD: -5,
    EvidenceKind.EXISTING: -5,
    EvidenceKind.OWN: -5,
    EvidenceKind.CREDITED_ELSEWHERE: -5,
    EvidenceKind.CLAIMED_ELSEWHERE: -5,
}
"""What each thing weighs, for (above zero) or against the claim."""

TIES = frozenset(
    {
        EvidenceKind.REGISTRATION_OWN,
        EvidenceKind.REGISTRATION_SAME_DAY,
        EvidenceKind.REGISTRATION_UNFINISHED,
        EvidenceKind.REGISTRATION_SLIP,
        EvidenceKind.STAFF_ENTRY,
        EvidenceKind.BANK_TOKEN,
        EvidenceKind.RECEIPT,
        EvidenceKind.SAME_DEVICE,
        EvidenceKind.FRIEND_CONFIRMED,
        EvidenceKind.BRANCH_NAMED,
        EvidenceKind.DATE_DIFFERS,
    }
)
"""What ties this number to this claimant, with the one thing that loosens it."""

SPEAKS_ALONE = frozenset(
    {
        EvidenceKind.REGISTRATION_OWN,
        EvidenceKind.FRIEND_CONFIRMED,
    }
)
"""What the number's owner did: a registration that nobody finished anybody could have begun."""

BARS: dict[EvidenceKind, Reason] = {
    EvidenceKind.OWN: Reason.OWN,
    EvidenceKind.EXISTING: Reason.EXISTING,
    EvidenceKind.CREDITED_ELSEWHERE: Reason.ALREADY_REFERRED,
    EvidenceKind.DECLINED: Reason.DECLINED,
    EvidenceKind.TOO_OLD: Reason.TOO_OLD,
    EvidenceKind.NO_APPLICATION: Reason.NO_APPLICATION,
}
"""What stands in the way of any credit, the reason of the first found being told at the desk."""

DOUBTS = frozenset(
    {
        EvidenceKind.REGISTRATION_ELSEWHERE,
        EvidenceKind.REGISTRATION_LAPSED,
        EvidenceKind.APPLICATION_SLIP,
        EvidenceKind.CLAIMED_ELSEWHERE,
        EvidenceKind.OTHER_CLAIM,
        EvidenceKind.OLDER,
    }
)
"""What the machine leaves to people."""

UNCREDITABLE = (EvidenceKind.NO_APPLICATION, EvidenceKind.TOO_OLD)
"""What nobody credits, two people neither: nothing is there, or it is older than any override."""

DISPUTES = frozenset(
    {
        EvidenceKind.CREDITED_ELSEWHERE,
        EvidenceKind.CLAIMED_ELSEWHERE,
        EvidenceKind.OTHER_CLAIM,
    }
)


@dataclass(frozen=True)
class Evidence:
    """One thing found. `count`: how often, where that says something."""

    kind: EvidenceKind
    at: datetime | None = None
    count: int = 0

    @property
    def weight(self) -> int:
        """For (above zero) or against the claim."""
        return WEIGHTS[self.kind]


def kinds_of(found: Iterable[Evidence]) -> frozenset[EvidenceKind]:
    """Which kinds of evidence there are."""
    return frozenset(evidence.kind for evidence in found)


def tie(found: Iterable[Evidence]) -> int:
    """How much ties the number to the claimant: each kind weighs once."""
    return sum(WEIGHTS[kind] for kind in kinds_of(found) & TIES)


def disputed(found: Collection[Evidence]) -> bool:
    """Whether another member has the friend or claims them: two people decide."""
    return bool(kinds_of(found) & DISPUTES)


def barred(found: Iterable[Evidence]) -> Reason | None:
    """Why no credit is possible, if none is."""
    kinds = kinds_of(found)
    return next((reason for kind, reason in BARS.items() if kind in kinds), None)
