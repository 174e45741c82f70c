"""Two people who find a friend to be a fraud, or clear them again, in a story told in days."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from till import Till

from shared.actions.remedying import ask_finding, decide_remedy
from shared.base.money import Unit
from shared.ledger.balance import Account
from shared.ledger.entries import positions
from shared.referrals.findings import Word
from shared.referrals.referrals import Referral
from shared.rewards.remedies import RemedyKind, RemedyState
from shared.rewards.review import GRANTED
from shared.rewards.supposing import Effect, effect_of

FRAUD, CLEARED = RemedyKind.FRAUD, RemedyKind.CLEARED
_BACK = (Account.RECOVERABLE, Account.WRITTEN_OFF)


def with_bob(story: Any) -> Any:
    """Alice's friend Bob qualified on day 10, and there are people who find."""
    story.till = Till(story)
    story.friend("Bob", of="Alice")
    story.qualifies("Bob", day=10)
    story.settle(10)
    return story


def asks(
    story: Any, friend: str, day: float, kind: RemedyKind = FRAUD, by: str = "Dai", **other: int
) -> int:
    """Somebody asks; the request's number. `other`: a campaign or number not the friend's."""
    with story.database.transaction() as session:
        return ask_finding(
            session,
            story.till.who(session, by),
            other.get("campaign", story.campaign),
            other.get("number", story.friends.get(friend, 0)),
            kind,
            "same face",
            story.at(day),
        )


def decides(
    story: Any, number: int, day: float, by: str = "Chen", agree: bool = True
) -> RemedyState:
    """Somebody decides."""
    with story.database.transaction() as session:
        return decide_remedy(session, story.till.who(session, by), number, agree, story.at(day))


def finds(
    story: Any, friend: str, day: float, kind: RemedyKind = FRAUD, decided: float = 0
) -> None:
    """Asked for on a day, agreed to then or later, and settled: what moves is what was shown."""
    number = asks(story, friend, day, kind)
    later = decided or day
    story.settle(later)
    shown, before = preview(story, friend, later, kind, day), _stands(story)
    assert decides(story, number, later) is RemedyState.DONE
    story.settle(later)
    after = _stands(story)
    for each in shown:
        had, has = before[each.party, each.unit], after[each.party, each.unit]
        assert (has[0] - had[0], has[1] - had[1]) == (each.more - each.less, each.recoverable)
    moved = {place for place in {*before, *after} if before[place] != after[place]}
    assert moved <= {(each.party, each.unit) for each in shown}


def preview(
    story: Any, friend: str, day: float, kind: RemedyKind = FRAUD, asked: float | None = None
) -> list[Effect]:
    """What the desk is shown before anybody decides."""
    at, now = story.at(day if asked is None else asked), story.at(day)
    with story.database.reading() as session:
        referral = session.get_one(Referral, story.friends[friend])
        return effect_of(session, referral, Word(kind.value), at, now)


def _stands(story: Any) -> dict[tuple[str, Unit], list[int]]:
    """By party and unit: what is granted, and what is to be returned or was given up."""
    found: dict[tuple[str, Unit], list[int]] = defaultdict(lambda: [0, 0])
    with story.database.reading() as session:
        for member in story.members.values():
            for key, balance in positions(session, story.campaign, member).items():
                for (account, unit), amount in balance.items():
                    found[key.party, unit][0] += amount if account in GRANTED else 0
                    found[key.party, unit][1] += amount if account in _BACK else 0
    return found
