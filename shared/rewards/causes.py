"""Why two books differ: the review's lines, and what is proposed about each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.base.money import Unit
from shared.ledger.balance import Key


class Against(StrEnum):
    """Which two books a line holds against each other."""

    OWED = "owed"
    """What should have been granted, and what was."""
    PAID = "paid"
    """What was granted, and what reached the member."""
    FILE = "file"
    """The ledger, and the bank's file."""


class Cause(StrEnum):
    """Why a line is there."""

    NEVER_SETTLED = "never_settled"
    TOO_MUCH = "too_much"
    TOO_LITTLE = "too_little"
    NO_VERDICT = "no_verdict"
    """The ledger moved and the verdict at the limits is not on record."""
    LIMIT = "limit"
    """Lost by arrival at a shared limit: first n, budget, stock."""
    CAPPED = "capped"
    """Clipped by the member's monthly cap."""
    CLAWED_BACK = "clawed_back"
    EXPIRED = "expired"
    INACTIVE = "inactive"
    """Released, and held as the member is not active."""
    HELD = "held"
    """Released, and held by a flag of the bank or by a person."""
    LATE_FACT = "late_fact"
    """Heard after the month."""
    SETTLED_LATE = "settled_late"
    """Known in the month and put right only after it."""
    PAUSED = "paused"
    WAITING = "waiting"
    """In the settler's queue."""
    UNPAID = "unpaid"
    """Available, and in no payment yet."""
    NOT_IN_FILE = "not_in_file"
    NOT_IN_LEDGER = "not_in_ledger"
    OTHER_AMOUNT = "other_amount"
    MISCOUNT = "miscount"
    """A limit's counter is not what the verdicts hold."""

    @property
    def fault(self) -> bool:
        """Whether it is wrong until somebody mends it; other causes explain a difference."""
        return self in _FAULTS


class Remedy(StrEnum):
    """What is proposed."""

    NONE = "none"
    """The line explains itself."""
    SETTLE = "settle"
    """Settle the member again."""
    RECOUNT = "recount"
    """Count the limits anew from the verdicts."""
    PAY = "pay"
    """Goes into the next payment."""
    PERSON = "person"
    """Somebody has to look: the books alone do not say who is right."""


_FAULTS = frozenset(
    {
        Cause.NEVER_SETTLED,
        Cause.TOO_MUCH,
        Cause.TOO_LITTLE,
        Cause.NO_VERDICT,
        Cause.NOT_IN_FILE,
        Cause.NOT_IN_LEDGER,
        Cause.OTHER_AMOUNT,
        Cause.MISCOUNT,
    }
)

_REMEDIES = {
    Cause.NEVER_SETTLED: Remedy.SETTLE,
    Cause.TOO_MUCH: Remedy.SETTLE,
    Cause.TOO_LITTLE: Remedy.SETTLE,
    Cause.NO_VERDICT: Remedy.SETTLE,
    Cause.UNPAID: Remedy.PAY,
    Cause.NOT_IN_FILE: Remedy.PERSON,
    Cause.NOT_IN_LEDGER: Remedy.PERSON,
    Cause.OTHER_AMOUNT: Remedy.PERSON,
    Cause.MISCOUNT: Remedy.RECOUNT,
}


@dataclass(frozen=True)
class Line:
    """One difference and its cause. Amounts in the unit's smallest piece."""

    member: int
    key: Key
    unit: Unit
    against: Against
    cause: Cause
    should: int
    found: int
    doubted: bool = False
    """Settling again would leave it: the verdict itself has no ground."""

    @property
    def difference(self) -> int:
        """What was found, less what should be there."""
        return self.found - self.should

    @property
    def fault(self) -> bool:
        """Whether it is to be mended."""
        return self.cause.fault

    @property
    def remedy(self) -> Remedy:
        """What is proposed."""
        return Remedy.PERSON if self.doubted else remedy_of(self.cause)


def remedy_of(cause: Cause) -> Remedy:
    """What is usually proposed about a cause."""
    return _REMEDIES.get(cause, Remedy.NONE)
