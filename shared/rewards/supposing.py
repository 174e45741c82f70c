"""Supposing: what a finding about one friend would move, by party and unit; nothing is posted.

It asks settling itself, once as things are and once with the finding added to the facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance
from shared.referrals.findings import Told, Word, facts_found
from shared.referrals.referrals import Referral
from shared.rewards.review import GRANTED, rooms
from shared.rewards.settle import Step, steps
from shared.rewards.situations import situation

_LAST = 10**18 - 1
"""Whatever was found before: the supposed word is the last."""


@dataclass(frozen=True)
class Effect:
    """What changes for one party in one unit, in the unit's smallest piece.

    `less` is no longer owed and `more` newly so (again, or as a cap or a rung is free for
    another friend); `recoverable` is by how much more has to be returned, net of tax, or less.
    """

    party: str
    unit: Unit
    less: int
    more: int
    recoverable: int


def effect_of(
    session: Session, referral: Referral, word: Word, at: datetime, now: datetime
) -> list[Effect]:
    """What finding this about a friend, asked for at a moment, would change now; the member's
    own first."""
    room = rooms(session, referral.campaign_id, now)
    here = situation(session, referral.campaign_id, referral.member_id, now)
    supposed = {referral.id: [Told(_LAST, referral.id, word, at, now)]}
    then = here.supposing(facts_found(here.record.credits, supposed), now)
    return _effects(steps(here, room(here), now), steps(then, room(then), now))


def _effects(before: Sequence[Step], after: Sequence[Step]) -> list[Effect]:
    stood = {step.key: step.after for step in before}
    stands = {step.key: step.after for step in after}
    sums: dict[tuple[str, Unit], list[int]] = defaultdict(lambda: [0, 0, 0])
    for key in stood.keys() | stands.keys():
        for unit, moved in _moved(stood.get(key), stands.get(key)).items():
            place = key.party, unit
            sums[place] = [a + b for a, b in zip(sums[place], moved, strict=True)]
    order = sorted(sums, key=lambda place: (not place[0].startswith("member:"), *place))
    return [Effect(*place, *sums[place]) for place in order if any(sums[place])]


def _moved(stood: Balance | None, stands: Balance | None) -> dict[Unit, tuple[int, int, int]]:
    """Of one key, by unit: what is no longer owed, what newly is, what is to be returned."""
    moves = (stands or Balance()) - (stood or Balance())
    found = {}
    for unit in sorted({unit for _, unit in moves}):
        granted = sum(moves.of(account, unit) for account in GRANTED)
        back = moves.of(Account.RECOVERABLE, unit) + moves.of(Account.WRITTEN_OFF, unit)
        found[unit] = max(0, -granted), max(0, granted), back
    return found
