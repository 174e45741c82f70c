"""The leaderboard: masked names, only of members who joined it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.base.privacy import mask_name
from shared.campaigns.campaigns import current_version, shown_campaign
from shared.campaigns.clauses import BaseClause
from shared.ledger.balance import Account
from shared.ledger.entries import Entry, Leg
from shared.people.members import Member, get_member
from shared.people.persons import Person, name_of


@dataclass(frozen=True)
class Row:
    """One place: how many friends earned this member a reward."""

    place: int
    name: str
    count: int
    me: bool


@dataclass(frozen=True)
class Leaderboard:
    """The first places, and the reader's own if they joined."""

    rows: tuple[Row, ...]
    joined: bool
    my_place: int | None
    my_count: int


def leaderboard(
    session: Session, member_id: int, now: datetime, most: int = 10
) -> Leaderboard | None:
    """The board of the campaign that is shown now; None when there is none, or it has no board."""
    campaign = shown_campaign(session, now)
    if campaign is None:
        return None
    rules = current_version(session, campaign.id).rules
    if not rules.leaderboard:
        return None
    clauses = [c.id for c in rules.clauses if isinstance(c, BaseClause)]
    counts = _counts(session, campaign.id, clauses)
    joined = {
        member.id: person
        for member, person in session.execute(
            select(Member, Person)
            .join(Person, Person.id == Member.person_id)
            .where(Member.on_leaderboard.is_(True), Member.id.in_(counts))
        )
    }
    ranked = sorted(((n, m) for m, n in counts.items() if m in joined), key=lambda x: (-x[0], x[1]))
    rows: list[Row] = []
    for place, (count, ranked_id) in enumerate(ranked, 1):
        tied = rows and rows[-1].count == count
        rows.append(
            Row(
                rows[-1].place if tied else place,
                mask_name(name_of(session, joined[ranked_id])),
                count,
                ranked_id == member_id,
            )
        )
    mine = next((row for row in rows if row.me), None)
    return Leaderboard(
        tuple(rows[:most]),
        get_member(session, member_id).on_leaderboard,
        mine.place if mine else None,
        counts.get(member_id, 0),
    )


def _counts(session: Session, campaign_id: int, clauses: list[str]) -> dict[int, int]:
    """How many friends stand rewarded with each member: keys of base clauses above zero."""
    standing = (
        select(Entry.member_id, Entry.occasion)
        .join(Leg, Leg.entry_id == Entry.id)
        .where(
            Entry.campaign_id == campaign_id,
            Entry.clause.in_(clauses),
            Leg.account != Account.FUNDING.value,
            Leg.account != Account.RECOVERABLE.value,
            Leg.account != Account.WRITTEN_OFF.value,
        )
        .group_by(Entry.member_id, Entry.occasion)
        .having(func.sum(Leg.amount) > 0)
        .subquery()
    )
    counted = session.execute(
        select(standing.c.member_id, func.count()).group_by(standing.c.member_id)
    )
    return {row[0]: row[1] for row in counted}
