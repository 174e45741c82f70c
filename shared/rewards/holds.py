"""Holds: a person looks at a referral, and nothing of it is released meanwhile.

A hold is an event of a key's life like any other, under a key that means the whole referral.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from shared.ledger.balance import Key
from shared.rewards.owed import Due
from shared.rewards.standing import Happening, KeyLife, happen

WHOLE = "*"
"""What stands for party and clause where a whole referral is meant: every key there is of it, and
every one to come."""


def held_referrals(lives: Mapping[Key, KeyLife]) -> frozenset[int]:
    """The referrals that a person looks at: nothing of them is released meanwhile."""
    return frozenset(
        int(number)
        for key, life in lives.items()
        if key.clause == WHOLE and life.held and (number := key.of("referral"))
    )


def lifted_holds(lives: Mapping[Key, KeyLife]) -> dict[str, datetime]:
    """When the last hold on a referral ended, by the referral's number."""
    return {
        number: life.lifted_at
        for key, life in lives.items()
        if key.clause == WHOLE and life.lifted_at and (number := key.of("referral"))
    }


def after_holds(owed: Mapping[Key, Due], lifted: Mapping[str, datetime]) -> dict[Key, Due]:
    """Dues as holds that ended left them: the days for making a choice begin anew, so that
    looking at a reward never makes it lapse."""
    if not lifted:
        return dict(owed)
    return {key: _anew(due, lifted.get(key.of("referral") or "")) for key, due in owed.items()}


def _anew(due: Due, lifted: datetime | None) -> Due:
    if lifted is None or due.expires is None or lifted <= due.release:
        return due
    return due._replace(expires=due.expires + (lifted - due.release))


def hold_referral(
    session: Session, campaign_id: int, member_id: int, referral_id: int, now: datetime
) -> None:
    """Nothing of a referral is released until `release_referral`; the caller wakes the settler."""
    key = Key(campaign_id, WHOLE, WHOLE, f"referral:{referral_id}")
    happen(session, key, member_id, Happening.HELD, now)


def release_referral(
    session: Session, campaign_id: int, member_id: int, referral_id: int, now: datetime
) -> None:
    """A hold ends; the caller wakes the settler."""
    key = Key(campaign_id, WHOLE, WHOLE, f"referral:{referral_id}")
    happen(session, key, member_id, Happening.RELEASED, now)
