"""Fetching claims' pictures: what the member's channel does with those that are wanted.

The network is asked outside of transactions: a try is begun, and what came of it is written down.
A try is counted before it is made, so that a picture which ends the program is not tried for ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shared.actions.notifying import notify_member
from shared.claims import pictures
from shared.claims.claims import OPEN, Claim, State
from shared.claims.pictures import ClaimPicture, Wanted
from shared.people.persons import Person

RETRY = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800))
"""How long after a try the next one is made; the sixth is the last."""


def begin_fetch(session: Session, one: Wanted, now: datetime) -> bool:
    """Count a try that is made now; False when there is nothing to fetch any more."""
    row = pictures.still_wanted(session, one)
    if row is None:
        return False
    if row.tries > len(RETRY):  # the last one was never heard of again
        _lose(session, row, "fetch", now)
        return False
    row.next_at = now + RETRY[min(row.tries, len(RETRY) - 1)]
    row.tries += 1
    return True


def picture_came(session: Session, one: Wanted, jpeg: bytes) -> bool:
    """A fetched picture, drawn anew, is kept; whether it was wanted still."""
    row = pictures.still_wanted(session, one)
    if row is None:
        return False
    person = session.get(Person, row.person_id)
    if person is None or person.key is None:
        session.delete(row)
        return False
    pictures.keep(session, row, person, jpeg)
    return True


def picture_failed(session: Session, one: Wanted, now: datetime, *, for_good: bool) -> None:
    """A try failed: the next one follows, unless it was the last. Then the member is told."""
    row = pictures.still_wanted(session, one)
    if row is not None and (for_good or row.tries > len(RETRY)):
        _lose(session, row, "fetch", now)


def picture_refused(session: Session, one: Wanted, why: str, now: datetime) -> None:
    """What came is no picture to keep (`large`, `kind`, `pixels`, `broken`); the member is told."""
    row = pictures.still_wanted(session, one)
    if row is not None:
        _lose(session, row, why, now)


def put_off(session: Session, one: Wanted, now: datetime, by: timedelta) -> None:
    """The channel itself is away: the try does not count."""
    row = pictures.still_wanted(session, one)
    if row is not None:
        row.tries, row.next_at = max(0, row.tries - 1), now + by


def _lose(session: Session, row: ClaimPicture, why: str, now: datetime) -> None:
    pictures.lose(session, row)
    claim = session.get_one(Claim, row.claim_id)
    if State(claim.state) in OPEN:
        params = {"number": claim.number, "why": why}
        notify_member(session, claim.member_id, "claim.picture_lost", params, now, always=True)
