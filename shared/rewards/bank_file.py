"""The ledger held against the bank's file, reference by reference. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shared.rewards.causes import Cause

PAID = "paid"
"""The state of a line that the bank carried out; any other moved no money."""


@dataclass(frozen=True)
class FileLine:
    """One line of the bank's file: our reference, the amount in the smallest unit, its state."""

    reference: str
    amount: int
    state: str


@dataclass(frozen=True)
class FileDifference:
    """A reference for which ledger and file do not say the same. Amounts in the smallest unit."""

    reference: str
    cause: Cause
    ledger: int
    file: int


def against_file(paid: Mapping[str, int], lines: Iterable[FileLine]) -> Iterator[FileDifference]:
    """What the ledger says was paid, by reference, held against the lines of the bank's file.

    A reference that the bank carried out twice counts with both amounts.
    """
    carried: Counter[str] = Counter()
    for line in lines:
        if line.state == PAID:
            carried[line.reference] += line.amount
    for reference in sorted(paid.keys() | carried.keys()):
        ledger, file = paid.get(reference, 0), carried[reference]
        if ledger == file:
            continue
        cause = Cause.OTHER_AMOUNT
        if not file:
            cause = Cause.NOT_IN_FILE
        elif not ledger:
            cause = Cause.NOT_IN_LEDGER
        yield FileDifference(reference, cause, ledger, file)
