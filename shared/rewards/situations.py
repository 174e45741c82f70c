"""Situations: all that is known about members in a campaign, asked for many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from shared.applications.facts import Fact
from shared.campaigns.campaigns import terms_of
from shared.campaigns.rules import Terms
from shared.ledger.balance import Key
from shared.ledger.entries import NOWHERE, Position, standings_of
from shared.people.members import cardholders
from shared.referrals.eligibility import Record, load_records
from shared.rewards.admission import holdings_of
from shared.rewards.holds import after_holds, held_referrals, lifted_holds
from shared.rewards.owed import Due
from shared.rewards.programme import dues, next_moment
from shared.rewards.room import Holding
from shared.rewards.standing import KeyLife, goodwill_dues, load_lives, next_change


@dataclass(frozen=True)
class Situation:
    """All that is known about one member in one campaign."""

    campaign: int
    member: int
    terms: Terms
    record: Record
    want: dict[Key, Due]
    have: dict[Key, Position]
    lives: Mapping[Key, KeyLife]
    holdings: dict[Key, Holding]
    inactive: datetime | None
    lifted: Mapping[str, datetime]
    """When holds on whole referrals ended, by the referral's number."""
    wakes: tuple[datetime, ...]
    """When facts from the near future begin to count, and when time alone makes a due."""

    def life(self, key: Key) -> KeyLife:
        """The life of a key; a member's key knows whether the member is active."""
        life = self.lives.get(key, _NEW)
        if self.lifted and (at := self.lifted.get(key.of("referral") or "")) is not None:
            life = replace(life, lifted_at=at)
        if self.inactive is None or not key.party.startswith("member:"):
            return life
        return replace(life, inactive_since=self.inactive)

    def supposing(self, facts: Iterable[Fact], now: datetime) -> Situation:
        """The same, had these facts been told as well."""
        record = replace(self.record, facts=tuple(sorted([*self.record.facts, *facts])))
        by_hand = _by_hand(self.lives, self.terms)
        return replace(
            self, record=record, want=_wanted(record, self.terms, self.member, by_hand, now)
        )

    def position(self, key: Key) -> Position:
        """Where a key stands in the ledger."""
        return self.have.get(key, NOWHERE)

    def next_wake(self, now: datetime) -> datetime | None:
        """The next moment at which time alone changes something."""
        times = list(self.wakes)
        for key, due in self.want.items():
            at = next_change(due, self.life(key), now)
            if at is not None:
                times.append(at)
        return min(times, default=None)


_NEW = KeyLife()


def situation(session: Session, campaign_id: int, member_id: int, now: datetime) -> Situation:
    """What is known about one member as of `now`; LookupError when there is none."""
    return situations(session, campaign_id, [member_id], now)[member_id]


def situations(
    session: Session, campaign_id: int, member_ids: Collection[int], now: datetime
) -> dict[int, Situation]:
    """The same for many members: as many questions as for one."""
    members = cardholders(session, member_ids)
    records = load_records(session, campaign_id, members)
    terms = terms_of(session, campaign_id)
    have = standings_of(session, campaign_id, member_ids)
    lives = load_lives(session, campaign_id, *member_ids)
    holdings = holdings_of(session, campaign_id, member_ids)

    by_hand = _by_hand(lives, terms)

    def of(member_id: int) -> Situation:
        record = records[member_id]
        earning = {credit.application for credit in record.earning}
        moment = next_moment(record.earning, record.facts, terms, now)
        heard = (f.at for f in record.facts if f.at > now and f.application in earning)
        return Situation(
            campaign=campaign_id,
            member=member_id,
            terms=terms,
            record=record,
            want=_wanted(record, terms, member_id, by_hand, now),
            have=have[member_id],
            lives=lives,
            holdings=holdings[member_id],
            inactive=members[member_id].inactive_since,
            lifted=by_hand.lifted,
            wakes=(*heard, *([moment] if moment else [])),
        )

    return {member_id: of(member_id) for member_id in member_ids}


class _ByHand(NamedTuple):
    """What people did about some members' keys: options picked, goodwill given, friends held."""

    chosen: Mapping[Key, int]
    given: Mapping[Key, Due]
    held: frozenset[int]
    lifted: Mapping[str, datetime]


def _by_hand(lives: Mapping[Key, KeyLife], terms: Terms) -> _ByHand:
    return _ByHand(
        {key: life.chosen for key, life in lives.items() if life.chosen},
        goodwill_dues(lives, max(terms.versions, default=0)),
        held_referrals(lives),
        lifted_holds(lives),
    )


def _wanted(
    record: Record, terms: Terms, member_id: int, by_hand: _ByHand, now: datetime
) -> dict[Key, Due]:
    """What is owed to a member and their friends, goodwill included."""
    owed = dues(
        record.earning, record.facts, terms, now,
        member=member_id, chosen=by_hand.chosen, held=by_hand.held,
    )  # fmt: skip
    party = f"member:{member_id}"
    return after_holds(owed, by_hand.lifted) | {
        key: due for key, due in by_hand.given.items() if key.party == party
    }
